//! Target groups of Application Load Balancers.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{
    Matcher, ProtocolEnum, TargetGroup as Described, TargetGroupAttribute, TargetTypeEnum,
};
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::shared::{self, Found, TargetGroupArn, TargetGroupDimension};
use crate::{
    aws::{Answer, Aws, ec2::shared::VpcId},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Life, Manner, Naming, Output, Outputs, Physical,
        Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
    tag_list,
};

/// A target group of IP addresses, which is what Fargate's tasks need, called over HTTP.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TargetGroup {
    /// The VPC that its targets are in.
    pub vpc: Output<VpcId>,
    /// The port that its targets are called on, unless they were registered with another one.
    pub port: u16,
    /// How they are checked.
    pub health_check: HealthCheck,
    /// Its attributes, as Elastic Load Balancing names them; those that are not named here are left as they are.
    pub attributes: BTreeMap<String, String>,
}

/// How targets are checked: over HTTP, on the port that they serve on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// Path that is asked for.
    pub path: String,
    /// Seconds from one check to the next.
    pub interval_seconds: u32,
    /// Seconds that an answer may take.
    pub timeout_seconds: u32,
    /// Good answers in a row until a target counts as healthy.
    pub healthy_threshold: u32,
    /// Bad answers in a row until a target counts as unhealthy.
    pub unhealthy_threshold: u32,
    /// Status codes that count as good: `200`, `200-299`.
    pub matcher: String,
}

impl Handle<TargetGroup> {
    /// Its ARN.
    pub fn arn(&self) -> Output<TargetGroupArn> {
        self.output("arn")
    }

    /// Its name as CloudWatch's dimension `TargetGroup`: `targetgroup/name/id`.
    pub fn full_name(&self) -> Output<TargetGroupDimension> {
        self.output("full_name")
    }
}

/// Checks go to the port that the target serves on (Elastic Load Balancing API reference, CreateTargetGroup).
const TRAFFIC_PORT: &str = "traffic-port";

/// How many target groups are asked for their attributes at a time; there is no call for several.
const AT_ONCE: usize = 8;

fn outputs(arn: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned()), ("full_name".to_owned(), shared::dimension(arn).to_owned())])
}

fn observe(it: &Described) -> Map<String, Value> {
    let number = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok()).unwrap_or_default();
    let health_check = HealthCheck {
        path: it.health_check_path().unwrap_or_default().to_owned(),
        interval_seconds: number(it.health_check_interval_seconds()),
        timeout_seconds: number(it.health_check_timeout_seconds()),
        healthy_threshold: number(it.healthy_threshold_count()),
        unhealthy_threshold: number(it.unhealthy_threshold_count()),
        matcher: it.matcher().and_then(Matcher::http_code).unwrap_or_default().to_owned(),
    };
    Map::from_iter([
        ("vpc".to_owned(), json!(it.vpc_id())),
        ("port".to_owned(), json!(it.port())),
        ("health_check".to_owned(), json!(health_check)),
    ])
}

async fn sight(aws: &Aws, scope: &Scope<'_>, it: Described) -> Result<Found, Failure> {
    let arn = it.target_group_arn().unwrap_or_default();
    let name = it.target_group_name().unwrap_or_default();
    let mut observed = observe(&it);
    if let Some(target) = scope.by_id(arn).or_else(|| scope.by_name(name)) {
        let call = aws.elb.describe_target_group_attributes().target_group_arn(arn);
        let answer = call.send().await.of("elasticloadbalancing:DescribeTargetGroupAttributes")?;
        let attributes = answer.attributes().iter().map(|attribute| (attribute.key(), attribute.value()));
        observed.insert("attributes".to_owned(), shared::wanted_attributes(target, attributes));
    }
    let name = Some(name.to_owned());
    Ok(Found { outputs: outputs(arn), arn: arn.to_owned(), name, place: None, observed, life: Life::Live })
}

fn signed(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

#[async_trait]
impl Resource for TargetGroup {
    type Clients = Aws;
    const KIND: &'static str = "target-group";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            // The same name with the same settings is the same target group (Elastic Load Balancing API reference,
            // CreateTargetGroup).
            repeat: Repeat::Safe,
            usable: When::Created,
            create: Wait::INSTANT,
            // A rule that was just deleted may keep it in use for a moment.
            delete: Wait::seconds(1, 600),
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "health_check" => Field::UPDATE,
            "attributes" => Field::UPDATE.later(),
            _ => Field::REPLACE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let hits = scope.sweep && scope.tagged_with(":targetgroup/").next().is_some();
        if scope.targets.is_empty() && !hits {
            return Ok(Vec::new());
        }
        // Unfiltered: a call that names what doesn't exist fails as a whole.
        let mut pages = aws.elb.describe_target_groups().page_size(shared::PAGE).into_paginator().send();
        let mut wanted = Vec::new();
        while let Some(page) = pages.next().await {
            let groups = page.of("elasticloadbalancing:DescribeTargetGroups")?.target_groups.unwrap_or_default();
            wanted.extend(groups.into_iter().filter(|it| {
                let (arn, name) = (it.target_group_arn(), it.target_group_name());
                shared::is_wanted(scope, arn.unwrap_or_default(), name.unwrap_or_default())
            }));
        }
        let looks = wanted.into_iter().map(|it| sight(aws, scope, it));
        let found = stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
        shared::identify(aws, scope, Self::KIND, found).await
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let check = &self.health_check;
        let answer = aws
            .elb
            .create_target_group()
            .name(&identity.name)
            .target_type(TargetTypeEnum::Ip)
            .protocol(ProtocolEnum::Http)
            .port(i32::from(self.port))
            .vpc_id(self.vpc.get()?)
            .health_check_enabled(true)
            .health_check_protocol(ProtocolEnum::Http)
            .health_check_port(TRAFFIC_PORT)
            .health_check_path(&check.path)
            .health_check_interval_seconds(signed(check.interval_seconds))
            .health_check_timeout_seconds(signed(check.timeout_seconds))
            .healthy_threshold_count(signed(check.healthy_threshold))
            .unhealthy_threshold_count(signed(check.unhealthy_threshold))
            .matcher(Matcher::builder().http_code(&check.matcher).build())
            .set_tags(Some(tag_list!(aws_sdk_elasticloadbalancingv2, identity.tags)))
            .send()
            .await
            .of("elasticloadbalancing:CreateTargetGroup")?;
        let arn = answer.target_groups().first().and_then(Described::target_group_arn).unwrap_or_default();
        Ok(Created { id: arn.to_owned(), outputs: outputs(arn) })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        if changes.touches("health_check") {
            let check = &self.health_check;
            aws.elb
                .modify_target_group()
                .target_group_arn(&it.id)
                .health_check_path(&check.path)
                .health_check_interval_seconds(signed(check.interval_seconds))
                .health_check_timeout_seconds(signed(check.timeout_seconds))
                .healthy_threshold_count(signed(check.healthy_threshold))
                .unhealthy_threshold_count(signed(check.unhealthy_threshold))
                .matcher(Matcher::builder().http_code(&check.matcher).build())
                .send()
                .await
                .of("elasticloadbalancing:ModifyTargetGroup")?;
        }
        if changes.touches("attributes") {
            let mut call = aws.elb.modify_target_group_attributes().target_group_arn(&it.id);
            for (key, value) in &self.attributes {
                call = call.attributes(TargetGroupAttribute::builder().key(key).value(value).build());
            }
            call.send().await.of("elasticloadbalancing:ModifyTargetGroupAttributes")?;
        }
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, &it.id, tags).await
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        // CreateTargetGroup is synchronous (Elastic Load Balancing API reference).
        Ok(Readiness::Ready(outputs(&it.id)))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        let call = aws.elb.delete_target_group().target_group_arn(&it.id);
        call.send().await.of("elasticloadbalancing:DeleteTargetGroup")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // DeleteTargetGroup is synchronous (Elastic Load Balancing API reference).
        Ok(Gone::Yes)
    }

    async fn blockers(aws: &Aws, it: &Physical) -> Result<Vec<String>, Failure> {
        let call = aws.elb.describe_target_groups().target_group_arns(&it.id);
        let answer = shared::found(call.send().await.of("elasticloadbalancing:DescribeTargetGroups"))?;
        let groups = answer.and_then(|answer| answer.target_groups).unwrap_or_default();
        let users = groups.iter().flat_map(Described::load_balancer_arns);
        Ok(users.map(|arn| format!("a listener or rule of load balancer {}", shared::dimension(arn))).collect())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:CreateTargetGroup",
            "elasticloadbalancing:DeleteTargetGroup",
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:ModifyTargetGroup",
            "elasticloadbalancing:ModifyTargetGroupAttributes",
        ]
    }
}
