//! Rules of listeners.

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{
    HttpHeaderConditionConfig, PathPatternConditionConfig, Rule as Described, RuleCondition, RulePriorityPair,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    action::{self, Share},
    shared::{self, Found, ListenerArn, ListenerRuleArn},
};
use crate::{
    aws::{Answer, Aws},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Life, Manner, Naming, Output, Outputs, Physical,
        Readiness, Repeat, Resource, Scope, Sighting, Tags, Target, Wait, When,
    },
    tag_list,
};

/// A rule that forwards requests to target groups.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListenerRule {
    /// The listener that it belongs to.
    pub listener: Output<ListenerArn>,
    /// 1 to 50000, unique in the listener; the lower number is tried first.
    pub priority: u32,
    /// Which requests it takes.
    pub conditions: Conditions,
    /// How it spreads them over target groups at first; ECS sets the weights with each deployment.
    pub forward: Vec<Share>,
}

/// Which requests a rule takes: all conditions must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conditions {
    /// Patterns, one of which the path must match.
    pub paths: Vec<String>,
    /// A header that the request must have.
    pub header: Option<Header>,
}

/// A header with its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Handle<ListenerRule> {
    /// Its ARN.
    pub fn arn(&self) -> Output<ListenerRuleArn> {
        self.output("arn")
    }
}

const PATH: &str = "path-pattern";
const HEADER: &str = "http-header";

impl Conditions {
    fn to_sdk(&self) -> Vec<RuleCondition> {
        let paths = PathPatternConditionConfig::builder().set_values(Some(self.paths.clone())).build();
        let path = RuleCondition::builder().field(PATH).path_pattern_config(paths).build();
        let header = self.header.as_ref().map(|header| {
            let config = HttpHeaderConditionConfig::builder().http_header_name(&header.name).values(&header.value);
            RuleCondition::builder().field(HEADER).http_header_config(config.build()).build()
        });
        std::iter::once(path).chain(header).collect()
    }

    /// In the form of the specification; conditions that have none there are given by the names of their fields, and so differ from
    /// each that has.
    fn observe(conditions: &[RuleCondition]) -> Value {
        let of = |field: &str| conditions.iter().find(|condition| condition.field() == Some(field));
        let paths = of(PATH).and_then(RuleCondition::path_pattern_config).map(|config| config.values().to_vec());
        let header = of(HEADER).and_then(RuleCondition::http_header_config).and_then(|config| match config.values() {
            [value] => {
                let name = config.http_header_name().unwrap_or_default().to_owned();
                Some(Header { name, value: value.clone() })
            }
            _ => None,
        });
        let understood = usize::from(paths.is_some()) + usize::from(header.is_some());
        match paths {
            Some(paths) if understood == conditions.len() => json!(Conditions { paths, header }),
            _ => json!(conditions.iter().map(RuleCondition::field).collect::<Vec<_>>()),
        }
    }
}

impl ListenerRule {
    fn priority(&self) -> i32 {
        i32::try_from(self.priority).unwrap_or(i32::MAX)
    }
}

fn outputs(arn: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned())])
}

fn observe(it: &Described, listener: &str) -> Map<String, Value> {
    let priority = it.priority().and_then(|priority| priority.parse::<u32>().ok());
    Map::from_iter([
        ("listener".to_owned(), json!(listener)),
        ("priority".to_owned(), json!(priority)),
        ("conditions".to_owned(), Conditions::observe(it.conditions())),
        ("forward".to_owned(), json!(action::shares(it.actions()))),
    ])
}

/// Whether a target takes the place of a rule: a listener has one of a priority.
fn takes_place(target: &Target, observed: &Map<String, Value>) -> bool {
    ["listener", "priority"].iter().all(|field| target.spec.get(field) == observed.get(*field))
}

#[async_trait]
impl Resource for ListenerRule {
    type Clients = Aws;
    const KIND: &'static str = "listener-rule";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            repeat: Repeat::Lookup,
            usable: When::Created,
            create: Wait::INSTANT,
            delete: Wait::INSTANT,
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "listener" => Field::REPLACE,
            // It moves all traffic from one target group to the other (ECS developer guide, "Blue/green deployments").
            "forward" => Field::owned("ECS blue/green"),
            _ => Field::UPDATE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let mut all = Vec::new();
        for listener in shared::parents(scope, "listener", ":listener-rule/app/") {
            let call = aws.elb.describe_rules().listener_arn(&listener).page_size(shared::PAGE);
            // A load balancer has at most 100 rules (Elastic Load Balancing quotas): one page.
            let answer = shared::found(call.send().await.of("elasticloadbalancing:DescribeRules"))?;
            let rules = answer.and_then(|answer| answer.rules).unwrap_or_default();
            for it in rules.iter().filter(|it| it.is_default() != Some(true)) {
                let arn = it.rule_arn().unwrap_or_default().to_owned();
                let observed = observe(it, &listener);
                let place = scope.targets.iter().find(|target| takes_place(target, &observed));
                let place = place.map(|target| target.name.clone());
                all.push(Found { outputs: outputs(&arn), arn, name: None, place, observed, life: Life::Live });
            }
        }
        shared::identify(aws, scope, Self::KIND, all).await
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let answer = aws
            .elb
            .create_rule()
            .listener_arn(self.listener.get()?)
            .priority(self.priority())
            .set_conditions(Some(self.conditions.to_sdk()))
            .actions(action::forward(&self.forward)?)
            .set_tags(Some(tag_list!(aws_sdk_elasticloadbalancingv2, identity.tags)))
            .send()
            .await
            .of("elasticloadbalancing:CreateRule")?;
        let arn = answer.rules().first().and_then(Described::rule_arn).unwrap_or_default();
        Ok(Created { id: arn.to_owned(), outputs: outputs(arn) })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        if changes.touches("priority") {
            let pair = RulePriorityPair::builder().rule_arn(&it.id).priority(self.priority()).build();
            let call = aws.elb.set_rule_priorities().rule_priorities(pair);
            call.send().await.of("elasticloadbalancing:SetRulePriorities")?;
        }
        if changes.touches("conditions") {
            // Without actions: those stay as ECS has set them.
            let call = aws.elb.modify_rule().rule_arn(&it.id).set_conditions(Some(self.conditions.to_sdk()));
            call.send().await.of("elasticloadbalancing:ModifyRule")?;
        }
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, &it.id, tags).await
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        // CreateRule is synchronous (Elastic Load Balancing API reference).
        Ok(Readiness::Ready(outputs(&it.id)))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        aws.elb.delete_rule().rule_arn(&it.id).send().await.of("elasticloadbalancing:DeleteRule")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // DeleteRule is synchronous (Elastic Load Balancing API reference).
        Ok(Gone::Yes)
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:CreateRule",
            "elasticloadbalancing:DeleteRule",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:ModifyRule",
            "elasticloadbalancing:SetRulePriorities",
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_as_they_are_written() {
        let header = Header { name: "x-test".to_owned(), value: "green".to_owned() };
        let paths = vec!["/a".to_owned(), "/a/*".to_owned()];
        for header in [None, Some(header)] {
            let wanted = Conditions { paths: paths.clone(), header };
            assert_eq!(Conditions::observe(&wanted.to_sdk()), json!(wanted));
        }
        let foreign = RuleCondition::builder().field("source-ip").build();
        assert_eq!(Conditions::observe(&[foreign]), json!(["source-ip"]));
    }
}
