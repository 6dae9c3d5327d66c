//! All that Cloud Map holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::world::{Item, Place, Simulated, Tags};

/// All that Cloud Map holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceDiscoveryState {
    /// Namespaces by id.
    pub namespaces: BTreeMap<String, Namespace>,
    /// Services by id.
    pub services: BTreeMap<String, Service>,
    /// Operations by id.
    pub operations: BTreeMap<String, Operation>,
    /// Private zones that nobody's namespace holds any more: VPC and name.
    pub orphaned_zones: BTreeSet<(String, String)>,
    /// The `CreatorRequestId`s of namespaces and services: they outlive what they made.
    pub tokens: BTreeSet<String>,
}

/// A private DNS namespace.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the API's Namespace")]
pub struct Namespace {
    pub id: String,
    pub arn: String,
    pub name: String,
    pub vpc: String,
    pub creator_request_id: Option<String>,
    pub hosted_zone: String,
    pub created_at: Moment,
    /// When its creation is done; only then it is there for others.
    pub ready_at: Moment,
    /// When it will be gone, once that was ordered.
    pub gone_at: Option<Moment>,
    pub tags: Tags,
}

/// A service.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the API's Service")]
pub struct Service {
    pub id: String,
    pub arn: String,
    pub name: String,
    pub namespace: String,
    pub creator_request_id: Option<String>,
    /// Seconds that its answers may be kept.
    pub ttl: i64,
    /// Whether those who register say who is healthy.
    pub custom_health: bool,
    pub created_at: Moment,
    pub tags: Tags,
    /// Instances by id.
    pub instances: BTreeMap<String, Instance>,
}

/// An instance: a task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Instance {
    /// What is known of it: `AWS_INSTANCE_IPV4`, ….
    pub attributes: BTreeMap<String, String>,
    /// From when on it is discovered.
    pub ready_at: Moment,
    /// When it will be gone, once that was ordered.
    pub gone_at: Option<Moment>,
    /// Whether it is well.
    pub healthy: bool,
}

/// Something that takes time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the API's Operation")]
pub struct Operation {
    pub kind: String,
    /// `NAMESPACE`, `SERVICE` or `INSTANCE`, with its id.
    pub target: (String, String),
    pub created_at: Moment,
    pub done_at: Moment,
    /// Code and message, if it fails.
    pub failure: Option<(String, String)>,
}

impl Operation {
    /// As the API writes it.
    pub fn status(&self, now: Moment) -> &'static str {
        match (now < self.done_at, &self.failure) {
            (true, _) if now == self.created_at => "SUBMITTED",
            (true, _) => "PENDING",
            (false, None) => "SUCCESS",
            (false, Some(_)) => "FAIL",
        }
    }
}

impl Namespace {
    /// Whether others can use it.
    pub fn is_ready(&self, now: Moment) -> bool {
        now >= self.ready_at && self.gone_at.is_none_or(|at| now < at)
    }
}

impl Service {
    /// The instances that are still there.
    pub fn present(&self, now: Moment) -> impl Iterator<Item = (&String, &Instance)> {
        self.instances.iter().filter(move |(_, instance)| instance.gone_at.is_none_or(|at| now < at))
    }
}

impl ServiceDiscoveryState {
    /// A service by id or ARN.
    pub fn service(&self, reference: &str) -> Option<&Service> {
        self.services.get(reference.rsplit('/').next().unwrap_or_default())
    }

    fn service_mut(&mut self, reference: &str) -> Option<&mut Service> {
        self.services.get_mut(reference.rsplit('/').next().unwrap_or_default())
    }

    /// Registers a task with a service, given by id or ARN, as ECS does without a call that anybody sees. False where the service is not
    /// there.
    pub fn attach(&mut self, service: &str, id: &str, attributes: BTreeMap<String, String>, now: Moment) -> bool {
        let instance = Instance { attributes, ready_at: now, gone_at: None, healthy: true };
        self.service_mut(service).map(|service| service.instances.insert(id.to_owned(), instance)).is_some()
    }

    /// Says whether a registered task is well. False where it is not registered.
    pub fn set_health(&mut self, service: &str, id: &str, healthy: bool) -> bool {
        let instance = self.service_mut(service).and_then(|service| service.instances.get_mut(id));
        instance.map(|instance| instance.healthy = healthy).is_some()
    }

    /// Deregisters a task at a time of its own: ECS does so a while after the task is gone. False where it is not registered.
    pub fn detach(&mut self, service: &str, id: &str, at: Moment) -> bool {
        let instance = self.service_mut(service).and_then(|service| service.instances.get_mut(id));
        instance.map(|instance| instance.gone_at = Some(at)).is_some()
    }
}

/// Removes what is gone by now.
pub(super) fn advance(call: &mut Call<'_>) {
    let (now, state) = (call.now, &call.world.servicediscovery);
    let is_due = |gone_at: Option<Moment>| gone_at.is_some_and(|at| now >= at);
    let due = state.namespaces.values().any(|namespace| is_due(namespace.gone_at))
        || state.services.values().any(|service| service.instances.values().any(|instance| is_due(instance.gone_at)));
    if due {
        let state = &mut *call.world.servicediscovery;
        state.namespaces.retain(|_, namespace| !is_due(namespace.gone_at));
        for service in state.services.values_mut() {
            service.instances.retain(|_, instance| !is_due(instance.gone_at));
        }
    }
}

impl Simulated for ServiceDiscoveryState {
    fn inventory(&self, now: Moment, _place: &Place) -> Vec<Item> {
        let namespaces = self.namespaces.values().filter(|namespace| namespace.gone_at.is_none_or(|at| now < at));
        let namespaces = namespaces.map(|namespace| Item {
            kind: "servicediscovery:namespace",
            id: namespace.id.clone(),
            arn: namespace.arn.clone(),
            tags: namespace.tags.clone(),
        });
        let services = self.services.values().map(|service| Item {
            kind: "servicediscovery:service",
            id: service.id.clone(),
            arn: service.arn.clone(),
            tags: service.tags.clone(),
        });
        namespaces.chain(services).collect()
    }

    fn tags_by_arn(&mut self, _place: &Place, arn: &str) -> Option<&mut Tags> {
        let namespaces = self.namespaces.values_mut().map(|namespace| (&namespace.arn, &mut namespace.tags));
        let services = self.services.values_mut().map(|service| (&service.arn, &mut service.tags));
        namespaces.chain(services).find(|(other, _)| *other == arn).map(|(_, tags)| tags)
    }
}
