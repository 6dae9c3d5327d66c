//! Everything that exists in the simulated account.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::appmesh::AppMeshState;
use super::autoscaling::AutoScalingState;
use super::clock::Moment;
use super::cloudwatch::CloudWatchState;
use super::dynamodb::DynamoDbState;
use super::ec2::Ec2State;
use super::ecr::EcrState;
use super::ecs::EcsState;
use super::elbv2::Elbv2State;
use super::iam::IamState;
use super::kms::KmsState;
use super::lambda::LambdaState;
use super::logs::LogsState;
use super::rds::RdsState;
use super::s3::S3State;
use super::secretsmanager::SecretsManagerState;
use super::servicediscovery::ServiceDiscoveryState;
use super::sns::SnsState;
use super::tagging::TaggingState;
use super::web::WebState;

/// Tags of a thing.
pub type Tags = BTreeMap<String, String>;

/// Account and region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Twelve digits.
    pub account: String,
    /// `us-east-1`, …
    pub region: String,
}

impl Place {
    /// `arn:aws:{service}:{region}:{account}:{resource}`.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }
}

/// Something that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Service and resource type, as the tagging API writes them: `ec2:vpc`.
    pub kind: &'static str,
    /// Its id, or its name where it has no id.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// Its tags.
    pub tags: Tags,
}

/// A service's state.
pub trait Simulated {
    /// What exists at `now`, without what AWS itself put into every account and what merely lingers after deletion.
    fn inventory(&self, now: Moment, place: &Place) -> Vec<Item>;

    /// The tags of the thing with this ARN, for the tagging API to change; none where it is not one of this service's, or where the
    /// API does not reach the service (Resource Groups Tagging API reference, "Services that support the API").
    fn tags_by_arn(&mut self, _place: &Place, _arn: &str) -> Option<&mut Tags> {
        None
    }
}

/// A service's state that knows whether it was touched since it was last written.
#[derive(Debug, Default)]
pub struct Tracked<T> {
    value: T,
    touched: bool,
    /// How often it was.
    changes: u64,
}

impl<T> Deref for Tracked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Tracked<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.touched = true;
        self.changes += 1;
        &mut self.value
    }
}

/// A part of the world that has a file of its own.
pub(super) trait Part {
    fn touched(&self) -> bool;
    fn touch(&mut self);
    fn written(&mut self);
    fn to_json(&self) -> serde_json::Result<Vec<u8>>;
    fn replace(&mut self, json: Option<&[u8]>) -> serde_json::Result<()>;
}

impl<T: Serialize + DeserializeOwned + Default> Part for Tracked<T> {
    fn touched(&self) -> bool {
        self.touched
    }

    fn touch(&mut self) {
        self.touched = true;
    }

    fn written(&mut self) {
        self.touched = false;
    }

    fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&self.value)
    }

    /// Takes what the file holds; without a file the service is empty.
    fn replace(&mut self, json: Option<&[u8]>) -> serde_json::Result<()> {
        self.value = json.map(serde_json::from_slice).transpose()?.unwrap_or_default();
        self.touched = false;
        self.changes += 1;
        Ok(())
    }
}

macro_rules! world {
    ($($(#[$doc:meta])* $service:ident: $state:ty,)*) => {
        /// Everything that exists, service by service.
        #[derive(Debug, Default)]
        pub struct World {
            $($(#[$doc])* pub $service: Tracked<$state>,)*
        }

        impl World {
            /// What exists at `now`.
            pub fn inventory(&self, now: Moment, place: &Place) -> Vec<Item> {
                let mut items = Vec::new();
                $(items.extend(self.$service.inventory(now, place));)*
                items
            }

            /// How often anything was changed by this process or taken over from another.
            pub(super) fn changes(&self) -> u64 {
                0 $(+ self.$service.changes)*
            }

            /// The tags of the thing with this ARN.
            pub fn tags_by_arn(&mut self, arn: &str, now: Moment, place: &Place) -> Option<&mut Tags> {
                // Looked up first, so that only the state that changes is marked for writing.
                $(if self.$service.inventory(now, place).iter().any(|item| item.arn == arn) {
                    return self.$service.tags_by_arn(place, arn);
                })*
                None
            }

            /// The parts with the names of their files.
            pub(super) fn parts(&mut self) -> Vec<(&'static str, &mut dyn Part)> {
                vec![$((stringify!($service), &mut self.$service as &mut dyn Part),)*]
            }
        }
    };
}

world! {
    /// Meshes and what is in them.
    appmesh: AppMeshState,
    /// Scalable targets and scaling policies.
    autoscaling: AutoScalingState,
    /// Alarms and dashboards.
    cloudwatch: CloudWatchState,
    /// Tables.
    dynamodb: DynamoDbState,
    /// VPC, subnets, gateways, groups, network interfaces.
    ec2: Ec2State,
    /// Image repositories.
    ecr: EcrState,
    /// Clusters, task definitions, services, tasks.
    ecs: EcsState,
    /// Load balancers, target groups, listeners, rules.
    elbv2: Elbv2State,
    /// Roles.
    iam: IamState,
    /// Keys and aliases.
    kms: KmsState,
    /// Functions.
    lambda: LambdaState,
    /// Log groups.
    logs: LogsState,
    /// Databases.
    rds: RdsState,
    /// Buckets and what is in them.
    s3: S3State,
    /// Secrets and their versions.
    secretsmanager: SecretsManagerState,
    /// Namespaces, services, instances.
    servicediscovery: ServiceDiscoveryState,
    /// Topics and subscriptions.
    sns: SnsState,
    /// What the tagging API has come to know of.
    tagging: TaggingState,
    /// What registries have told.
    web: WebState,
}
