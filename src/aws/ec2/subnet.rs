//! Subnets.

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, Filter, ResourceType, SubnetState};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::shared::{self, Seen, SubnetId, VpcId};
use crate::{
    aws::{Answer, Aws},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Life, Manner, Naming, Output, Outputs, Physical,
        Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
};

/// A subnet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subnet {
    /// The VPC that it is part of.
    pub vpc: Output<VpcId>,
    /// Its address range, inside the VPC's.
    pub cidr: Ipv4Net,
    /// Its availability zone, such as `us-east-1a`.
    pub zone: String,
}

impl Handle<Subnet> {
    /// Its id.
    pub fn id(&self) -> Output<SubnetId> {
        self.output("id")
    }
}

async fn describe(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<types::Subnet>, Failure> {
    let call = aws.ec2.describe_subnets().set_filters(Some(filters));
    call.into_paginator().items().send().collect::<Result<_, _>>().await.of("ec2:DescribeSubnets")
}

/// The subnets of a VPC, for people.
///
/// # Errors
/// The call's own.
pub async fn ids_in(aws: &Aws, vpc: &str) -> Result<Vec<String>, Failure> {
    let subnets = describe(aws, vec![shared::filter("vpc-id", [vpc])]).await?;
    Ok(subnets.iter().filter_map(|subnet| Some(format!("subnet {}", subnet.subnet_id()?))).collect())
}

#[async_trait]
impl Resource for Subnet {
    type Clients = Aws;
    const KIND: &'static str = "subnet";

    fn manner() -> Manner {
        Manner {
            // A VPC takes a range only once (EC2 API reference, CreateSubnet: `InvalidSubnet.Conflict`).
            naming: Naming::Unique,
            repeat: Repeat::Lookup,
            usable: When::Created,
            create: Wait::seconds(1, 120),
            // Interfaces of load balancers and tasks outlive these by minutes.
            delete: Wait::seconds(1, 2400),
        }
    }

    fn field(_name: &str) -> Field {
        Field::REPLACE
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let by_tag = shared::ours(scope.suffix).into();
        let look = |filters| describe(aws, filters);
        let subnets = shared::seek(scope, by_tag, "subnet-id", types::Subnet::subnet_id, look).await?;
        let sighting = |subnet: &types::Subnet| {
            Seen {
                id: subnet.subnet_id(),
                tags: subnet.tags(),
                outputs: Outputs::new(),
                observed: shared::observed([
                    ("vpc", json!(subnet.vpc_id())),
                    ("cidr", json!(subnet.cidr_block())),
                    ("zone", json!(subnet.availability_zone())),
                ]),
                life: Life::Live,
            }
            .sighting(scope, Self::KIND)
        };
        Ok(subnets.iter().filter_map(sighting).collect())
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let answer = aws
            .ec2
            .create_subnet()
            .vpc_id(self.vpc.get()?)
            .cidr_block(self.cidr.to_string())
            .availability_zone(&self.zone)
            .tag_specifications(shared::specification(ResourceType::Subnet, &identity.tags))
            .send()
            .await
            .of("ec2:CreateSubnet")?;
        let id = answer.subnet().and_then(types::Subnet::subnet_id).unwrap_or_default();
        Ok(Created { id: id.to_owned(), outputs: shared::outputs(id) })
    }

    async fn update(&self, _aws: &Aws, _it: &Physical, _changes: &Changes) -> Result<Outputs, Failure> {
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, &it.id, tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        let look = aws.ec2.describe_subnets().subnet_ids(&it.id).send().await.of("ec2:DescribeSubnets");
        let answer = shared::if_there(look)?;
        Ok(match answer.as_ref().and_then(|answer| answer.subnets().first()?.state()) {
            Some(SubnetState::Available) => Readiness::Ready(shared::outputs(&it.id)),
            _ => Readiness::Waiting("pending".to_owned()),
        })
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        aws.ec2.delete_subnet().subnet_id(&it.id).send().await.of("ec2:DeleteSubnet")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // DeleteSubnet is synchronous (EC2 API reference, DeleteSubnet).
        Ok(Gone::Yes)
    }

    async fn blockers(aws: &Aws, it: &Physical) -> Result<Vec<String>, Failure> {
        let interfaces = shared::interfaces(aws, "subnet-id", &it.id).await?;
        Ok(interfaces.iter().map(shared::describe_interface).collect())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "ec2:CreateSubnet",
            "ec2:CreateTags",
            "ec2:DeleteSubnet",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
        ]
    }
}
