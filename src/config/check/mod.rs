//! The rules that hold values against each other, within a section and across sections.

mod paths;
mod sections;
mod services;

pub(super) use sections::region;
pub use services::MOST_SERVICES;

use super::report::Report;
use super::types::Config;

/// Every rule that needs no environment suffix.
pub(super) fn all(config: &Config, report: &mut Report) {
    sections::check(config, report);
    if services::count(config, report) {
        services::check(config, report);
        paths::check(config, report);
    }
}
