//! The table of contents: all chapters, in the order in which they refer to each other.

use super::{Draft, Facts};
use crate::{
    config::{Config, EnvSuffix},
    engine::Blueprint,
};

/// Everything that the configuration asks for.
pub fn build(config: &Config, suffix: &EnvSuffix, facts: &Facts) -> Blueprint {
    let draft = Draft::new(config, suffix, facts);
    draft.blueprint
}
