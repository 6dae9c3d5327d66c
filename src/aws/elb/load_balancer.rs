//! Application Load Balancers.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{
    LoadBalancer as Described, LoadBalancerAttribute, LoadBalancerSchemeEnum, LoadBalancerStateEnum,
    LoadBalancerTypeEnum,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::shared::{self, AttributeValue, DnsName, Found, LoadBalancerArn, LoadBalancerDimension};
use crate::{
    aws::{
        Answer, Aws,
        ec2::shared::{SecurityGroupId, SubnetId, VpcId},
    },
    engine::{
        Changes, Class, Created, Failure, Field, Gone, Handle, Identity, Life, Manner, Naming, Output, Outputs,
        Physical, Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
    tag_list,
};

/// An Application Load Balancer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoadBalancer {
    /// `internet-facing` or `internal`.
    pub scheme: String,
    /// The VPC of its subnets. It isn't sent, but a load balancer can't move to another one.
    pub vpc: Output<VpcId>,
    /// Its subnets, in two zones at least.
    pub subnets: Vec<Output<SubnetId>>,
    /// Who may reach it.
    pub security_groups: Vec<Output<SecurityGroupId>>,
    /// Its attributes, as Elastic Load Balancing names them; those that are not named here are left as they are.
    pub attributes: BTreeMap<String, Output<AttributeValue>>,
    /// What must be there before it though it doesn't name it: the VPC's Internet gateway.
    pub after: Vec<Output<()>>,
}

impl Handle<LoadBalancer> {
    /// Its ARN.
    pub fn arn(&self) -> Output<LoadBalancerArn> {
        self.output("arn")
    }

    /// Its public name.
    pub fn dns_name(&self) -> Output<DnsName> {
        self.output("dns_name")
    }

    /// Its name as CloudWatch's dimension `LoadBalancer`: `app/name/id`.
    pub fn full_name(&self) -> Output<LoadBalancerDimension> {
        self.output("full_name")
    }
}

fn outputs(it: &Described) -> Outputs {
    let arn = it.load_balancer_arn().unwrap_or_default();
    Outputs::from([
        ("arn".to_owned(), arn.to_owned()),
        ("dns_name".to_owned(), it.dns_name().unwrap_or_default().to_owned()),
        ("full_name".to_owned(), shared::dimension(arn).to_owned()),
        // An alias record in Route 53 wants it.
        ("zone_id".to_owned(), it.canonical_hosted_zone_id().unwrap_or_default().to_owned()),
    ])
}

fn observe(it: &Described) -> Map<String, Value> {
    let subnets: Vec<_> = it.availability_zones().iter().filter_map(|zone| zone.subnet_id()).collect();
    Map::from_iter([
        ("scheme".to_owned(), json!(it.scheme().map(LoadBalancerSchemeEnum::as_str))),
        ("vpc".to_owned(), json!(it.vpc_id())),
        ("subnets".to_owned(), json!(subnets)),
        ("security_groups".to_owned(), json!(it.security_groups())),
    ])
}

fn life(it: &Described) -> Life {
    match it.state() {
        Some(state) if state.code() == Some(&LoadBalancerStateEnum::Failed) => {
            Life::Broken(state.reason().unwrap_or("could not be set up").to_owned())
        }
        _ => Life::Live,
    }
}

async fn describe(aws: &Aws, arn: &str) -> Result<Option<Described>, Failure> {
    let call = aws.elb.describe_load_balancers().load_balancer_arns(arn);
    let answer = shared::found(call.send().await.of("elasticloadbalancing:DescribeLoadBalancers"))?;
    Ok(answer.and_then(|answer| answer.load_balancers.unwrap_or_default().into_iter().next()))
}

fn values<T>(outputs: &[Output<T>]) -> Result<Option<Vec<String>>, Failure> {
    outputs.iter().map(|output| output.get().map(str::to_owned)).collect::<Result<_, _>>().map(Some)
}

#[async_trait]
impl Resource for LoadBalancer {
    type Clients = Aws;
    const KIND: &'static str = "load-balancer";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            // The same name with the same settings is the same load balancer (Elastic Load Balancing API reference,
            // CreateLoadBalancer).
            repeat: Repeat::Safe,
            // Listeners and rules don't wait until it is active.
            usable: When::Created,
            create: Wait::seconds(150, 900),
            delete: Wait::seconds(1, 300),
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "subnets" | "security_groups" => Field::UPDATE.unordered(),
            "attributes" => Field::UPDATE.later(),
            "after" => Field::SILENT,
            _ => Field::REPLACE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let hits = scope.sweep && scope.tagged_with(":loadbalancer/app/").next().is_some();
        if scope.targets.is_empty() && !hits {
            return Ok(Vec::new());
        }
        // Unfiltered: a call that names what doesn't exist fails as a whole, and an account has few load balancers.
        let mut pages = aws.elb.describe_load_balancers().page_size(shared::PAGE).into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            for it in page.of("elasticloadbalancing:DescribeLoadBalancers")?.load_balancers() {
                let (arn, name) =
                    (it.load_balancer_arn().unwrap_or_default(), it.load_balancer_name().unwrap_or_default());
                if !shared::is_wanted(scope, arn, name) {
                    continue;
                }
                let mut observed = observe(it);
                if let Some(target) = scope.by_id(arn).or_else(|| scope.by_name(name)) {
                    let call = aws.elb.describe_load_balancer_attributes().load_balancer_arn(arn);
                    let answer = call.send().await.of("elasticloadbalancing:DescribeLoadBalancerAttributes")?;
                    let attributes = answer.attributes().iter().map(|attribute| (attribute.key(), attribute.value()));
                    observed.insert("attributes".to_owned(), shared::wanted_attributes(target, attributes));
                }
                found.push(Found {
                    arn: arn.to_owned(),
                    name: Some(name.to_owned()),
                    place: None,
                    outputs: outputs(it),
                    observed,
                    life: life(it),
                });
            }
        }
        shared::identify(aws, scope, Self::KIND, found).await
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let answer = aws
            .elb
            .create_load_balancer()
            .name(&identity.name)
            .r#type(LoadBalancerTypeEnum::Application)
            .scheme(LoadBalancerSchemeEnum::from(self.scheme.as_str()))
            .set_subnets(values(&self.subnets)?)
            .set_security_groups(values(&self.security_groups)?)
            .set_tags(Some(tag_list!(aws_sdk_elasticloadbalancingv2, identity.tags)))
            .send()
            .await
            .of("elasticloadbalancing:CreateLoadBalancer")?;
        let made = answer.load_balancers().first();
        Ok(Created {
            id: made.and_then(Described::load_balancer_arn).unwrap_or_default().to_owned(),
            outputs: made.map(outputs).unwrap_or_default(),
        })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        if changes.touches("subnets") {
            let call = aws.elb.set_subnets().load_balancer_arn(&it.id).set_subnets(values(&self.subnets)?);
            call.send().await.of("elasticloadbalancing:SetSubnets")?;
        }
        if changes.touches("security_groups") {
            let groups = values(&self.security_groups)?;
            let call = aws.elb.set_security_groups().load_balancer_arn(&it.id).set_security_groups(groups);
            call.send().await.of("elasticloadbalancing:SetSecurityGroups")?;
        }
        if changes.touches("attributes") {
            let mut call = aws.elb.modify_load_balancer_attributes().load_balancer_arn(&it.id);
            for (key, value) in &self.attributes {
                call = call.attributes(LoadBalancerAttribute::builder().key(key).value(value.get()?).build());
            }
            call.send().await.of("elasticloadbalancing:ModifyLoadBalancerAttributes")?;
        }
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, &it.id, tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        let Some(described) = describe(aws, &it.id).await? else {
            return Ok(Readiness::Waiting("not visible yet".to_owned()));
        };
        let state = described.state();
        Ok(match state.and_then(|state| state.code()) {
            // Impaired: active, but short of addresses to grow (Elastic Load Balancing API reference, LoadBalancerState).
            Some(LoadBalancerStateEnum::Active | LoadBalancerStateEnum::ActiveImpaired) => {
                Readiness::Ready(outputs(&described))
            }
            Some(LoadBalancerStateEnum::Failed) => {
                let reason = state.and_then(|state| state.reason()).unwrap_or("no reason given");
                let message = format!("load balancer {} could not be set up: {reason}", it.name);
                Readiness::Failed(Failure::new(Class::Invalid, message))
            }
            _ => Readiness::Waiting("provisioning".to_owned()),
        })
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        let call = aws.elb.delete_load_balancer().load_balancer_arn(&it.id);
        call.send().await.of("elasticloadbalancing:DeleteLoadBalancer")?;
        Ok(())
    }

    /// Its network interfaces outlive it by up to some minutes; who needs them gone (subnets, groups, the Internet gateway) is blocked by
    /// them and waits, nobody else.
    async fn gone(aws: &Aws, it: &Physical) -> Result<Gone, Failure> {
        Ok(match describe(aws, &it.id).await? {
            None => Gone::Yes,
            Some(_) => Gone::NotYet("deleting".to_owned()),
        })
    }

    async fn blockers(aws: &Aws, it: &Physical) -> Result<Vec<String>, Failure> {
        // DeleteLoadBalancer takes listeners and rules along; what somebody turned on by hand can refuse it.
        let call = aws.elb.describe_load_balancer_attributes().load_balancer_arn(&it.id);
        let answer = shared::found(call.send().await.of("elasticloadbalancing:DescribeLoadBalancerAttributes"))?;
        let attributes = answer.and_then(|answer| answer.attributes).unwrap_or_default();
        let is_protected = |attribute: &LoadBalancerAttribute| {
            attribute.key() == Some("deletion_protection.enabled") && attribute.value() == Some("true")
        };
        Ok(attributes.iter().filter(|one| is_protected(one)).map(|_| "its deletion protection".to_owned()).collect())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:CreateLoadBalancer",
            "elasticloadbalancing:DeleteLoadBalancer",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:ModifyLoadBalancerAttributes",
            "elasticloadbalancing:SetSecurityGroups",
            "elasticloadbalancing:SetSubnets",
        ]
    }
}
