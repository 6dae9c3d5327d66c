//! The VPC.

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, AttributeBooleanValue, Filter, ResourceType, VpcAttributeName, VpcState};
use futures::{future::try_join_all, join, try_join};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    default_group,
    shared::{self, Seen, VpcId},
};
use crate::{
    aws::{Answer, Aws},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Life, Manner, Naming, Output, Outputs, Physical,
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
    /// Rules of the default security group: empty, since no other rules are ever made in it. What is found there is revoked.
    pub default_group_rules: Vec<String>,
}

impl Handle<Vpc> {
    /// Its id.
    pub fn id(&self) -> Output<VpcId> {
        self.output("id")
    }
}

async fn describe(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<types::Vpc>, Failure> {
    let call = aws.ec2.describe_vpcs().set_filters(Some(filters));
    call.into_paginator().items().send().collect::<Result<_, _>>().await.of("ec2:DescribeVpcs")
}

/// One attribute of one VPC a call (EC2 API reference, DescribeVpcAttribute).
async fn attribute(aws: &Aws, id: &str, name: VpcAttributeName) -> Result<bool, Failure> {
    let call = aws.ec2.describe_vpc_attribute().vpc_id(id).attribute(name);
    let answer = call.send().await.of("ec2:DescribeVpcAttribute")?;
    let value = answer.enable_dns_support().or(answer.enable_dns_hostnames());
    Ok(value.and_then(AttributeBooleanValue::value).unwrap_or_default())
}

/// DNS support and DNS host names; `None` for one that has gone since it was listed.
async fn dns(aws: &Aws, id: &str) -> Result<Option<(bool, bool)>, Failure> {
    let both = async {
        try_join!(
            attribute(aws, id, VpcAttributeName::EnableDnsSupport),
            attribute(aws, id, VpcAttributeName::EnableDnsHostnames),
        )
    };
    shared::if_there(both.await)
}

impl Vpc {
    /// One attribute a call, and host names only where there is DNS support (EC2 API reference, ModifyVpcAttribute).
    async fn set_dns(&self, aws: &Aws, id: &str, changes: &Changes) -> Result<(), Failure> {
        let value = |on| AttributeBooleanValue::builder().value(on).build();
        if changes.touches("dns_support") {
            let call = aws.ec2.modify_vpc_attribute().vpc_id(id).enable_dns_support(value(self.dns_support));
            call.send().await.of("ec2:ModifyVpcAttribute")?;
        }
        if changes.touches("dns_hostnames") {
            let call = aws.ec2.modify_vpc_attribute().vpc_id(id).enable_dns_hostnames(value(self.dns_hostnames));
            call.send().await.of("ec2:ModifyVpcAttribute")?;
        }
        Ok(())
    }

    async fn empty_default_group(aws: &Aws, id: &str, changes: &Changes) -> Result<(), Failure> {
        if changes.touches("default_group_rules") { default_group::empty(aws, id).await } else { Ok(()) }
    }
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
            "dns_support" | "dns_hostnames" | "default_group_rules" => Field::UPDATE.later(),
            _ => Field::REPLACE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let by_tag = shared::ours(scope.suffix).into();
        let vpcs = shared::seek(scope, by_tag, "vpc-id", types::Vpc::vpc_id, |filters| describe(aws, filters)).await?;
        let ids: Vec<&str> = vpcs.iter().filter_map(types::Vpc::vpc_id).collect();
        let (dns, rules) =
            try_join!(try_join_all(ids.iter().map(|id| dns(aws, id))), default_group::rules(aws, scope, &ids))?;
        let sighting = |(vpc, dns): (&types::Vpc, Option<(bool, bool)>)| {
            let (support, hostnames) = dns?;
            let mut observed = shared::observed([
                ("cidr", json!(vpc.cidr_block())),
                ("dns_support", json!(support)),
                ("dns_hostnames", json!(hostnames)),
            ]);
            let rules = rules.get(vpc.vpc_id()?);
            observed.extend(rules.map(|rules| ("default_group_rules".to_owned(), json!(rules))));
            let (id, tags) = (vpc.vpc_id(), vpc.tags());
            Seen { id, tags, outputs: Outputs::new(), observed, life: Life::Live }.sighting(scope, Self::KIND)
        };
        Ok(vpcs.iter().zip(dns).filter_map(sighting).collect())
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
        let id = answer.vpc().and_then(types::Vpc::vpc_id).unwrap_or_default();
        Ok(Created { id: id.to_owned(), outputs: shared::outputs(id) })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        // Both are seen to their end, so that no call is left in flight.
        let (dns, group) = join!(self.set_dns(aws, &it.id, changes), Self::empty_default_group(aws, &it.id, changes));
        dns.and(group).map(|()| Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, &it.id, tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        let answer = shared::if_there(aws.ec2.describe_vpcs().vpc_ids(&it.id).send().await.of("ec2:DescribeVpcs"))?;
        Ok(match answer.as_ref().and_then(|answer| answer.vpcs().first()?.state()) {
            Some(VpcState::Available) => Readiness::Ready(shared::outputs(&it.id)),
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
        let (interfaces, subnets, groups) = try_join!(
            shared::interfaces(aws, "vpc-id", &it.id),
            super::subnet::ids_in(aws, &it.id),
            super::security_group::names_in(aws, &it.id),
        )?;
        let interfaces = interfaces.iter().map(shared::describe_interface);
        Ok(interfaces.chain(subnets).chain(groups).collect())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "ec2:CreateTags",
            "ec2:CreateVpc",
            "ec2:DeleteVpc",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcAttribute",
            "ec2:DescribeVpcs",
            "ec2:ModifyVpcAttribute",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
        ]
    }
}
