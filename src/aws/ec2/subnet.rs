//! Subnets.

use async_trait::async_trait;
use aws_sdk_ec2::types::{ResourceType, SubnetState};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::shared::{self, SubnetId, VpcId};
use crate::{
    aws::{Answer, Aws, tags},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Key, Life, Manner, Naming, Output, Outputs, Physical,
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

fn outputs(id: &str) -> Outputs {
    Outputs::from([("id".to_owned(), id.to_owned())])
}

#[async_trait]
impl Resource for Subnet {
    type Clients = Aws;
    const KIND: &'static str = "subnet";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Free,
            repeat: Repeat::Lookup,
            usable: When::Created,
            create: Wait::seconds(1, 120),
            delete: Wait::seconds(1, 2400),
        }
    }

    fn field(_name: &str) -> Field {
        Field::REPLACE
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let mut pages =
            aws.ec2.describe_subnets().set_filters(Some(shared::ours(scope.suffix).into())).into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            for subnet in page.of("ec2:DescribeSubnets")?.subnets() {
                let id = subnet.subnet_id().unwrap_or_default().to_owned();
                let tags = shared::read_tags(subnet.tags());
                let mut observed = serde_json::Map::new();
                observed.insert("vpc".into(), json!(subnet.vpc_id()));
                observed.insert("cidr".into(), json!(subnet.cidr_block()));
                observed.insert("zone".into(), json!(subnet.availability_zone()));
                let seen = Sighting {
                    key: Key::new(Self::KIND, "?"),
                    name: tags::name_of(&tags),
                    outputs: outputs(&id),
                    id,
                    observed,
                    tags: None,
                    life: Life::Live,
                };
                found.extend(tags::identify(scope, seen, &tags));
            }
        }
        Ok(found)
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
        let id = answer.subnet().and_then(|subnet| subnet.subnet_id()).unwrap_or_default();
        Ok(Created { id: id.to_owned(), outputs: outputs(id) })
    }

    async fn update(&self, _aws: &Aws, _it: &Physical, _changes: &Changes) -> Result<Outputs, Failure> {
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, &it.id, tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        let answer = aws.ec2.describe_subnets().subnet_ids(&it.id).send().await.of("ec2:DescribeSubnets")?;
        Ok(match answer.subnets().first().and_then(|subnet| subnet.state()) {
            Some(SubnetState::Available) => Readiness::Ready(outputs(&it.id)),
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
        shared::interfaces(aws, "subnet-id", &it.id).await
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
