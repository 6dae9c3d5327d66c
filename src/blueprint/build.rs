//! The table of contents: all chapters, in the order in which they refer to each other.

use super::{Draft, Facts, cluster, data, encryption, ingress, mesh, network, secrets};
use crate::{
    config::{Config, EnvSuffix},
    engine::Blueprint,
};

/// Everything that the configuration asks for.
pub fn build(config: &Config, suffix: &EnvSuffix, facts: &Facts) -> Blueprint {
    let mut draft = Draft::new(config, suffix, facts);
    let encryption = encryption::add(&mut draft);
    let network = network::add(&mut draft);
    let data = data::add(&mut draft, &encryption);
    secrets::add(&mut draft, &encryption);
    mesh::add(&mut draft, &encryption, &network);
    ingress::add(&mut draft, &network, &data);
    cluster::add(&mut draft, &encryption);
    draft.blueprint
}
