//! The VPC.

use async_trait::async_trait;
use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType, VpcAttributeName, VpcState};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::shared::{self, VpcId};
use crate::{
    aws::{Answer, Aws, tags},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Key, Life, Manner, Naming, Output, Outputs, Physical,
        Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
};

/// A VPC.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Vpc {
    /// Its address range.
    pub cidr: Ipv4Net,
    /// Instances and tasks resolve names through Amazon's resolver.
    pub dns_support: bool,
    /// Public addresses get names; private DNS namespaces need it.
    pub dns_hostnames: bool,
}

impl Handle<Vpc> {
    /// Its id.
    pub fn id(&self) -> Output<VpcId> {
        self.output("id")
    }
}

fn outputs(id: &str) -> Outputs {
    Outputs::from([("id".to_owned(), id.to_owned())])
}

async fn attribute(aws: &Aws, id: &str, name: VpcAttributeName) -> Result<bool, Failure> {
    let answer =
        aws.ec2.describe_vpc_attribute().vpc_id(id).attribute(name).send().await.of("ec2:DescribeVpcAttribute")?;
    let value = answer.enable_dns_support().or(answer.enable_dns_hostnames());
    Ok(value.and_then(AttributeBooleanValue::value).unwrap_or_default())
}

#[async_trait]
impl Resource for Vpc {
    type Clients = Aws;
    const KIND: &'static str = "vpc";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Free,
            repeat: Repeat::Lookup,
            usable: When::Created,
            create: Wait::seconds(1, 120),
            delete: Wait::seconds(1, 900),
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "dns_support" | "dns_hostnames" => Field::UPDATE.later(),
            _ => Field::REPLACE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let mut pages =
            aws.ec2.describe_vpcs().set_filters(Some(shared::ours(scope.suffix).into())).into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            for vpc in page.of("ec2:DescribeVpcs")?.vpcs() {
                let id = vpc.vpc_id().unwrap_or_default().to_owned();
                let tags = shared::read_tags(vpc.tags());
                let mut observed = serde_json::Map::new();
                observed.insert("cidr".into(), json!(vpc.cidr_block()));
                observed.insert(
                    "dns_support".into(),
                    attribute(aws, &id, VpcAttributeName::EnableDnsSupport).await?.into(),
                );
                let hostnames = attribute(aws, &id, VpcAttributeName::EnableDnsHostnames).await?;
                observed.insert("dns_hostnames".into(), hostnames.into());
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
            .create_vpc()
            .cidr_block(self.cidr.to_string())
            .tag_specifications(shared::specification(ResourceType::Vpc, &identity.tags))
            .send()
            .await
            .of("ec2:CreateVpc")?;
        let id = answer.vpc().and_then(|vpc| vpc.vpc_id()).unwrap_or_default();
        Ok(Created { id: id.to_owned(), outputs: outputs(id) })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        let value = |on| AttributeBooleanValue::builder().value(on).build();
        // One attribute a call (EC2 API reference, ModifyVpcAttribute).
        if changes.touches("dns_support") {
            let call = aws.ec2.modify_vpc_attribute().vpc_id(&it.id).enable_dns_support(value(self.dns_support));
            call.send().await.of("ec2:ModifyVpcAttribute")?;
        }
        if changes.touches("dns_hostnames") {
            let call = aws.ec2.modify_vpc_attribute().vpc_id(&it.id).enable_dns_hostnames(value(self.dns_hostnames));
            call.send().await.of("ec2:ModifyVpcAttribute")?;
        }
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, &it.id, tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        let answer = aws.ec2.describe_vpcs().vpc_ids(&it.id).send().await.of("ec2:DescribeVpcs")?;
        Ok(match answer.vpcs().first().and_then(|vpc| vpc.state()) {
            Some(VpcState::Available) => Readiness::Ready(outputs(&it.id)),
            _ => Readiness::Waiting("pending".to_owned()),
        })
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        aws.ec2.delete_vpc().vpc_id(&it.id).send().await.of("ec2:DeleteVpc")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // DeleteVpc is synchronous (EC2 API reference, DeleteVpc).
        Ok(Gone::Yes)
    }

    async fn blockers(aws: &Aws, it: &Physical) -> Result<Vec<String>, Failure> {
        shared::interfaces(aws, "vpc-id", &it.id).await
    }

    fn actions() -> &'static [&'static str] {
        &[
            "ec2:CreateVpc",
            "ec2:CreateTags",
            "ec2:DeleteVpc",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeVpcAttribute",
            "ec2:DescribeVpcs",
            "ec2:ModifyVpcAttribute",
        ]
    }
}
