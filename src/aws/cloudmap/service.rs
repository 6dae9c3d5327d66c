//! Services of a namespace: the names under which tasks are found.

use serde::{Deserialize, Serialize};

use super::NamespaceId;
use crate::{
    engine::{Handle, Output},
    markers,
};

markers! {
    /// A discovery service's id.
    DiscoveryServiceId,
    /// A discovery service's ARN.
    DiscoveryServiceArn,
}

/// A name in the namespace that answers with the addresses of up to eight healthy tasks (`A` records, multivalue). ECS
/// registers the tasks and says which of them are healthy. Its physical name is the first label of its DNS name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DiscoveryService {
    /// The namespace that it is part of.
    pub namespace: Output<NamespaceId>,
    /// How long resolvers may keep an answer, in seconds.
    pub ttl_seconds: u32,
}

impl Handle<DiscoveryService> {
    /// Its id.
    pub fn id(&self) -> Output<DiscoveryServiceId> {
        self.output("id")
    }

    /// Its ARN.
    pub fn arn(&self) -> Output<DiscoveryServiceArn> {
        self.output("arn")
    }
}
