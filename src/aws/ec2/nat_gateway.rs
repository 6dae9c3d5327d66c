//! NAT gateways.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, ConnectivityType, Filter, NatGatewayState, ResourceType};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::shared::{self, AllocationId, InternetGatewayId, NatGatewayId, Seen, SubnetId};
use crate::{
    aws::{Answer, Aws},
    engine::{
        Changes, Class, Created, Failure, Field, Gone, Handle, Identity, Life, Manner, Naming, Output, Outputs,
        Physical, Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
};

/// A public NAT gateway.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NatGateway {
    /// The public subnet that it stands in.
    pub subnet: Output<SubnetId>,
    /// The address that it speaks from.
    pub address: Output<AllocationId>,
    /// The Internet gateway of the VPC: without one attached it fails, and it must be gone before that is detached (EC2 API reference,
    /// NatGateway: `Gateway.NotAttached`).
    pub after: Output<InternetGatewayId>,
}

impl Handle<NatGateway> {
    /// Its id.
    pub fn id(&self) -> Output<NatGatewayId> {
        self.output("id")
    }
}

async fn describe(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<types::NatGateway>, Failure> {
    let call = aws.ec2.describe_nat_gateways().set_filter(Some(filters));
    call.into_paginator().items().send().collect::<Result<_, _>>().await.of("ec2:DescribeNatGateways")
}

/// The environment's gateways, as their tags tell: one answer for the looks at the gateways and at the addresses that they hold.
pub(super) async fn ours(aws: &Aws, scope: &Scope<'_>) -> Result<Arc<Vec<types::NatGateway>>, Failure> {
    let ask = || describe(aws, shared::ours(scope.suffix).into());
    scope.answers.once("ec2:DescribeNatGateways of the environment", ask).await
}

async fn one(aws: &Aws, id: &str) -> Result<Option<types::NatGateway>, Failure> {
    let look = aws.ec2.describe_nat_gateways().nat_gateway_ids(id).send().await.of("ec2:DescribeNatGateways");
    Ok(shared::if_there(look)?.and_then(|answer| answer.nat_gateways?.into_iter().next()))
}

/// Why it failed.
fn failure(gateway: &types::NatGateway) -> String {
    let code = gateway.failure_code().unwrap_or("failed");
    let message = gateway.failure_message().unwrap_or("AWS gives no reason");
    format!("the NAT gateway failed: {code}: {message}")
}

/// `None` once it is deleted: EC2 goes on listing it for about an hour (VPC User Guide, "Delete a NAT gateway").
fn life(gateway: &types::NatGateway) -> Option<Life> {
    match gateway.state()? {
        NatGatewayState::Deleted => None,
        NatGatewayState::Deleting => Some(Life::Ending("deleting".to_owned())),
        NatGatewayState::Failed => Some(Life::Broken(failure(gateway))),
        _ => Some(Life::Live),
    }
}

#[async_trait]
impl Resource for NatGateway {
    type Clients = Aws;
    const KIND: &'static str = "nat-gateway";

    fn manner() -> Manner {
        Manner {
            // The address can be on one gateway at a time.
            naming: Naming::Unique,
            repeat: Repeat::Safe,
            usable: When::Ready,
            create: Wait::seconds(105, 900),
            delete: Wait::seconds(55, 900),
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "after" => Field::SILENT,
            _ => Field::REPLACE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        if scope.targets.is_empty() && !scope.sweep {
            return Ok(Vec::new());
        }
        let (id, look) = (types::NatGateway::nat_gateway_id, |filters| describe(aws, filters));
        let found = ours(aws, scope).await?.to_vec();
        let gateways = shared::complete(scope, found, "nat-gateway-id", id, look).await?;
        let sighting = |gateway: &types::NatGateway| {
            let mut observed = shared::observed([("subnet", json!(gateway.subnet_id()))]);
            let addresses = gateway.nat_gateway_addresses();
            let primary = addresses.iter().find(|one| one.is_primary() == Some(true)).or(addresses.first());
            let address = primary.and_then(|one| one.allocation_id());
            observed.extend(address.map(|id| ("address".to_owned(), json!(id))));
            let (id, tags) = (gateway.nat_gateway_id(), gateway.tags());
            Seen { id, tags, outputs: Outputs::new(), observed, life: life(gateway)? }.sighting(scope, Self::KIND)
        };
        Ok(gateways.iter().filter_map(sighting).collect())
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let answer = aws
            .ec2
            .create_nat_gateway()
            .subnet_id(self.subnet.get()?)
            .allocation_id(self.address.get()?)
            .connectivity_type(ConnectivityType::Public)
            .client_token(&identity.token)
            .tag_specifications(shared::specification(ResourceType::Natgateway, &identity.tags))
            .send()
            .await
            .of("ec2:CreateNatGateway")?;
        let id = answer.nat_gateway().and_then(types::NatGateway::nat_gateway_id).unwrap_or_default();
        Ok(Created { id: id.to_owned(), outputs: shared::outputs(id) })
    }

    async fn update(&self, _aws: &Aws, _it: &Physical, _changes: &Changes) -> Result<Outputs, Failure> {
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, &it.id, tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        let Some(gateway) = one(aws, &it.id).await? else {
            return Ok(Readiness::Waiting("not visible yet".to_owned()));
        };
        Ok(match gateway.state() {
            Some(NatGatewayState::Available) => Readiness::Ready(shared::outputs(&it.id)),
            Some(NatGatewayState::Failed) => Readiness::Failed(
                Failure::new(Class::Invalid, failure(&gateway)).remedy("run up again: it is replaced by a new one"),
            ),
            Some(NatGatewayState::Deleting | NatGatewayState::Deleted) => {
                Readiness::Failed(Failure::new(Class::Invalid, "somebody deleted it").remedy("run up again"))
            }
            _ => Readiness::Waiting("pending".to_owned()),
        })
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        aws.ec2.delete_nat_gateway().nat_gateway_id(&it.id).send().await.of("ec2:DeleteNatGateway")?;
        Ok(())
    }

    async fn gone(aws: &Aws, it: &Physical) -> Result<Gone, Failure> {
        Ok(match one(aws, &it.id).await?.as_ref().and_then(types::NatGateway::state) {
            None | Some(NatGatewayState::Deleted) => Gone::Yes,
            Some(state) => Gone::NotYet(state.as_str().to_owned()),
        })
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        // Nothing keeps a NAT gateway: routes to it stay behind and lead nowhere (EC2 API reference, DeleteNatGateway).
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        &["ec2:CreateNatGateway", "ec2:CreateTags", "ec2:DeleteNatGateway", "ec2:DescribeNatGateways"]
    }
}
