//! All services of the simulated AWS.

use super::ec2;
use super::registry::Registry;

/// A registry of every operation that the simulation knows.
pub(super) fn registry() -> Registry {
    let mut registry = Registry::default();
    ec2::register(&mut registry);
    registry
}
