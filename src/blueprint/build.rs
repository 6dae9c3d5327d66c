//! The table of contents: all chapters, in the order in which they refer to each other.

use super::{
    Draft, Facts, cluster, data, database, encryption, identity, ingress, mesh, network, observability, registry,
    rotator, scaling, secrets,
    services::{self, Foundations},
};
use crate::{
    config::{Config, EnvSuffix},
    engine::Blueprint,
};

/// Everything that the configuration asks for.
pub fn build(config: &Config, suffix: &EnvSuffix, facts: &Facts) -> Blueprint {
    let mut draft = Draft::new(config, suffix, facts);
    let encryption = encryption::add(&mut draft);
    let network = network::add(&mut draft);
    let registry = registry::add(&mut draft, &encryption);
    let data = data::add(&mut draft, &encryption);
    let database = database::add(&mut draft, &encryption, &network);
    let secrets = secrets::add(&mut draft, &encryption, database.as_ref());
    let mesh = mesh::add(&mut draft, &encryption, &network);
    let identity = identity::add(&mut draft, &encryption, &registry, &data, &secrets, &mesh);
    network::add_flow_logs(&mut draft, &network, &encryption.key, &identity.flow_logs);
    let rotator = rotator::add(&mut draft, &encryption, database.as_ref(), &secrets, &mesh);
    let ingress = ingress::add(&mut draft, &network, &data);
    let cluster = cluster::add(&mut draft, &encryption);
    let alarms = observability::add_alarms(&mut draft, &encryption, &ingress, &cluster);
    if let Some(rotator) = &rotator {
        observability::add_rotator_alarm(&mut draft, &alarms.topic, &rotator.function);
    }
    let foundations = Foundations {
        encryption: &encryption,
        network: &network,
        data: &data,
        secrets: &secrets,
        mesh: &mesh,
        identity: &identity,
        ingress: &ingress,
        cluster: &cluster,
        alarms: &alarms.by_service,
        rotator: rotator.as_ref(),
    };
    let services = services::add(&mut draft, &foundations);
    scaling::add(&mut draft, &ingress, &services);
    observability::add_dashboard(&mut draft, &ingress, &cluster, &services);
    draft.blueprint
}
