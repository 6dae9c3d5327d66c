//! Elastic IP addresses.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Address, DomainType, Filter, NatGateway, NatGatewayState, ResourceType};
use serde::{Deserialize, Serialize};
use serde_json::Map;

use super::{
    nat_gateway,
    shared::{self, AllocationId, PublicAddress, Seen},
};
use crate::{
    aws::{Answer, Aws, tags},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Life, Manner, Naming, Output, Outputs, Physical,
        Readiness, Repeat, Resource, Scope, Sighting, Tags, Target, Wait, When,
    },
};

/// An Elastic IP address. There is nothing to choose about it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ElasticIp {}

impl Handle<ElasticIp> {
    /// Its allocation id.
    pub fn id(&self) -> Output<AllocationId> {
        self.output("id")
    }

    /// The address.
    pub fn address(&self) -> Output<PublicAddress> {
        self.output("address")
    }
}

/// DescribeAddresses knows no pages.
async fn describe(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<Address>, Failure> {
    let call = aws.ec2.describe_addresses().set_filters(Some(filters));
    let answer = call.send().await.of("ec2:DescribeAddresses")?;
    Ok(answer.addresses.unwrap_or_default())
}

/// All wanted addresses, where NAT gateways hold each of them: what is in use can't have been released, so that the look at the
/// gateways says all there is to say.
async fn held(aws: &Aws, scope: &Scope<'_>) -> Result<Option<Vec<Sighting>>, Failure> {
    if scope.sweep || scope.targets.is_empty() || scope.targets.iter().any(|target| target.id.is_none()) {
        return Ok(None);
    }
    let gateways = nat_gateway::ours(aws, scope).await?;
    let alive =
        |gateway: &&NatGateway| matches!(gateway.state(), Some(NatGatewayState::Available | NatGatewayState::Pending));
    let held = gateways.iter().filter(alive).flat_map(NatGateway::nat_gateway_addresses);
    let held: BTreeMap<&str, &str> = held.filter_map(|one| Some((one.allocation_id()?, one.public_ip()?))).collect();
    let sighting = |target: &Target| {
        let id = target.id.as_deref()?;
        let mut all = shared::outputs(id);
        all.extend(outputs(Some(held.get(id)?)));
        let arn = format!("arn:{}:ec2:{}:{}:elastic-ip/{id}", aws.partition(), aws.region, aws.account);
        let (key, name, id) = (target.key.clone(), target.name.clone(), id.to_owned());
        let tags = tags::searched(scope, &arn).cloned();
        Some(Sighting { key, name, id, outputs: all, observed: Map::new(), tags, life: Life::Live })
    };
    Ok(scope.targets.iter().map(sighting).collect())
}

fn outputs(address: Option<&str>) -> Outputs {
    address.map(|address| ("address".to_owned(), address.to_owned())).into_iter().collect()
}

#[async_trait]
impl Resource for ElasticIp {
    type Clients = Aws;
    const KIND: &'static str = "elastic-ip";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Free,
            repeat: Repeat::Lookup,
            usable: When::Created,
            create: Wait::INSTANT,
            // A NAT gateway holds its address for a while after it is gone.
            delete: Wait::seconds(2, 900),
        }
    }

    fn field(_name: &str) -> Field {
        Field::REPLACE
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        if let Some(held) = held(aws, scope).await? {
            return Ok(held);
        }
        let by_tag = shared::ours(scope.suffix).into();
        let look = |filters| describe(aws, filters);
        let addresses = shared::seek(scope, by_tag, "allocation-id", Address::allocation_id, look).await?;
        let sighting = |address: &Address| {
            Seen {
                id: address.allocation_id(),
                tags: address.tags(),
                outputs: outputs(address.public_ip()),
                observed: Map::new(),
                life: Life::Live,
            }
            .sighting(scope, Self::KIND)
        };
        Ok(addresses.iter().filter_map(sighting).collect())
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let answer = aws
            .ec2
            .allocate_address()
            .domain(DomainType::Vpc)
            .tag_specifications(shared::specification(ResourceType::ElasticIp, &identity.tags))
            .send()
            .await
            .of("ec2:AllocateAddress")?;
        let id = answer.allocation_id().unwrap_or_default();
        let mut all = shared::outputs(id);
        all.extend(outputs(answer.public_ip()));
        Ok(Created { id: id.to_owned(), outputs: all })
    }

    async fn update(&self, _aws: &Aws, _it: &Physical, _changes: &Changes) -> Result<Outputs, Failure> {
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, &it.id, tags).await
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        // AllocateAddress is synchronous and answers with the address.
        Ok(Readiness::Ready(it.outputs.clone()))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        aws.ec2.release_address().allocation_id(&it.id).send().await.of("ec2:ReleaseAddress")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // ReleaseAddress is synchronous.
        Ok(Gone::Yes)
    }

    async fn blockers(aws: &Aws, it: &Physical) -> Result<Vec<String>, Failure> {
        let interfaces = shared::interfaces(aws, "association.allocation-id", &it.id).await?;
        Ok(interfaces.iter().map(shared::describe_interface).collect())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "ec2:AllocateAddress",
            "ec2:CreateTags",
            "ec2:DescribeAddresses",
            "ec2:DescribeNetworkInterfaces",
            "ec2:ReleaseAddress",
        ]
    }
}
