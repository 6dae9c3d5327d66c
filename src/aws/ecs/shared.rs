//! What all kinds of ECS resources have in common: markers, tags, ARNs.

use aws_sdk_ecs::types::{CapacityProviderStrategyItem, Tag};
use serde::{Deserialize, Serialize};

use crate::{
    aws::{Answer, Aws, tags},
    engine::{Failure, Tags},
    markers, tag_list,
};

markers! {
    /// A cluster's ARN.
    ClusterArn,
    /// A cluster's name.
    ClusterName,
    /// The ARN of one revision of a task definition.
    TaskDefinitionArn,
    /// A service's ARN.
    ServiceArn,
    /// A service's name.
    ServiceName,
}

/// How much of a service runs on one capacity provider.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Share {
    /// `FARGATE` or `FARGATE_SPOT`.
    pub provider: String,
    /// So many tasks come first.
    pub base: u32,
    /// Its share of the other tasks, relative to the other providers' weights.
    pub weight: u32,
}

impl Share {
    /// Tasks on Fargate up to a base, all others on Fargate Spot.
    pub fn spot(on_demand_base: u32) -> Vec<Share> {
        let spot = Share { provider: "FARGATE_SPOT".to_owned(), base: 0, weight: 1 };
        match on_demand_base {
            0 => vec![spot],
            base => vec![Share { provider: "FARGATE".to_owned(), base, weight: 0 }, spot],
        }
    }

    /// As the API takes them.
    ///
    /// # Errors
    /// Where a number is beyond the API's.
    pub(super) fn items(shares: &[Share]) -> Result<Vec<CapacityProviderStrategyItem>, Failure> {
        let item = |share: &Share| {
            CapacityProviderStrategyItem::builder()
                .capacity_provider(&share.provider)
                .base(number(share.base)?)
                .weight(number(share.weight)?)
                .build()
                .map_err(|error| Failure::internal(error.to_string()))
        };
        shares.iter().map(item).collect()
    }

    /// As the API gives them, in a fixed order, since AWS's has no meaning.
    pub(super) fn read(items: &[CapacityProviderStrategyItem]) -> Vec<Share> {
        let share = |item: &CapacityProviderStrategyItem| Share {
            provider: item.capacity_provider().to_owned(),
            base: item.base().unsigned_abs(),
            weight: item.weight().unsigned_abs(),
        };
        let mut shares: Vec<Share> = items.iter().map(share).collect();
        shares.sort();
        shares
    }
}

/// A number as the API takes it.
///
/// # Errors
/// Where it is beyond the API's 32 bits.
pub(super) fn number(value: u32) -> Result<i32, Failure> {
    i32::try_from(value).map_err(|_| Failure::internal(format!("{value} is beyond what ECS takes")))
}

/// Tags as ECS takes them.
pub(in crate::aws) fn tag_list(tags: &Tags) -> Vec<Tag> {
    tag_list!(aws_sdk_ecs, tags)
}

/// Tags as ECS gives them.
pub(in crate::aws) fn read_tags(list: &[Tag]) -> Tags {
    tags::collect(list.iter().map(|tag| (tag.key(), tag.value())))
}

/// Sets tags by ARN.
///
/// # Errors
/// The call's own.
pub(in crate::aws) async fn tag(aws: &Aws, arn: &str, tags: &Tags) -> Result<(), Failure> {
    let call = aws.ecs.tag_resource().resource_arn(arn).set_tags(Some(tag_list(tags)));
    call.send().await.of("ecs:TagResource")?;
    Ok(())
}

/// The cluster that a service's ARN names: `arn:aws:ecs:region:account:service/cluster/name`.
pub(super) fn cluster_of(service_arn: &str) -> Option<&str> {
    let (_, rest) = service_arn.split_once(":service/")?;
    rest.split_once('/').map(|(cluster, _)| cluster)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cluster_is_read_off_a_services_arn() {
        let arn = "arn:aws:ecs:us-east-1:123456789012:service/cluster-dev/service-payments-dev";
        assert_eq!(cluster_of(arn), Some("cluster-dev"));
        assert_eq!(cluster_of("arn:aws:ecs:us-east-1:123456789012:cluster/cluster-dev"), None);
    }

    #[test]
    fn shares_come_back_as_they_were_sent() {
        let shares = Share::spot(1);
        assert_eq!(Share::read(&Share::items(&shares).expect("small numbers")), shares);
        assert_eq!(Share::spot(0).len(), 1);
        assert!(number(u32::MAX).is_err());
    }
}
