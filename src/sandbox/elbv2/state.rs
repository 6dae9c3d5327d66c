//! What Elastic Load Balancing holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::actions::{Act, Test};
use crate::sandbox::clock::Moment;
use crate::sandbox::world::{Item, Place, Simulated, Tags};

/// All of it, by ARN.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Elbv2State {
    /// Load balancers.
    pub load_balancers: BTreeMap<String, LoadBalancer>,
    /// Target groups.
    pub target_groups: BTreeMap<String, TargetGroup>,
    /// Listeners.
    pub listeners: BTreeMap<String, Listener>,
    /// Rules, without the default ones.
    pub rules: BTreeMap<String, Rule>,
}

/// An application load balancer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as in the API")]
pub struct LoadBalancer {
    pub arn: String,
    pub name: String,
    pub id: String,
    pub scheme: String,
    pub subnets: Vec<String>,
    pub groups: Vec<String>,
    pub vpc: String,
    pub dns_name: String,
    pub created_at: Moment,
    pub attributes: BTreeMap<String, String>,
    pub tags: Tags,
}

/// A target group.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as in the API")]
pub struct TargetGroup {
    pub arn: String,
    pub name: String,
    pub target_type: String,
    pub protocol: String,
    pub port: i32,
    pub vpc: String,
    pub check: Check,
    pub attributes: BTreeMap<String, String>,
    pub targets: Vec<Target>,
    pub tags: Tags,
}

/// A target group's health check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as in the API")]
pub struct Check {
    pub path: String,
    pub protocol: String,
    pub port: String,
    pub interval: i32,
    pub timeout: i32,
    pub healthy: i32,
    pub unhealthy: i32,
    pub codes: String,
}

/// A registered address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Target {
    /// Its address.
    pub address: String,
    /// Its port.
    pub port: i32,
    /// Since when it answers.
    pub since: Moment,
    /// When it was deregistered.
    pub leaving: Option<Moment>,
    /// It answers the health check.
    #[serde(default = "yes")]
    pub answers: bool,
}

fn yes() -> bool {
    true
}

/// A listener.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as in the API")]
pub struct Listener {
    pub arn: String,
    pub load_balancer: String,
    pub port: i32,
    pub protocol: String,
    pub ssl_policy: Option<String>,
    pub certificate: Option<String>,
    pub actions: Vec<Act>,
    pub tags: Tags,
}

/// A rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as in the API")]
pub struct Rule {
    pub arn: String,
    pub listener: String,
    pub priority: i32,
    pub tests: Vec<Test>,
    pub actions: Vec<Act>,
    pub tags: Tags,
}

impl Elbv2State {
    /// The load balancers through which requests reach a target group.
    pub fn in_front_of(&self, group: &str) -> Vec<&LoadBalancer> {
        let by_listener =
            self.listeners.values().filter(|listener| listener.actions.iter().any(|act| act.reaches(group)));
        let by_rule = self.rules.values().filter(|rule| rule.actions.iter().any(|act| act.reaches(group)));
        let by_rule = by_rule.filter_map(|rule| self.listeners.get(&rule.listener));
        let mut arns: Vec<&str> = by_listener.chain(by_rule).map(|listener| listener.load_balancer.as_str()).collect();
        arns.sort_unstable();
        arns.dedup();
        arns.into_iter().filter_map(|arn| self.load_balancers.get(arn)).collect()
    }
}

impl Simulated for Elbv2State {
    fn inventory(&self, _now: Moment, _place: &Place) -> Vec<Item> {
        let item = |kind, id: &str, arn: &str, tags: &Tags| Item {
            kind,
            id: id.to_owned(),
            arn: arn.to_owned(),
            tags: tags.clone(),
        };
        let balancers = self.load_balancers.values();
        let groups = self.target_groups.values();
        let listeners = self.listeners.values();
        let rules = self.rules.values();
        balancers
            .map(|it| item("elasticloadbalancing:loadbalancer", &it.name, &it.arn, &it.tags))
            .chain(groups.map(|it| item("elasticloadbalancing:targetgroup", &it.name, &it.arn, &it.tags)))
            .chain(listeners.map(|it| item("elasticloadbalancing:listener", &it.arn, &it.arn, &it.tags)))
            .chain(rules.map(|it| item("elasticloadbalancing:listener-rule", &it.arn, &it.arn, &it.tags)))
            .collect()
    }

    fn tags_by_arn(&mut self, _place: &Place, arn: &str) -> Option<&mut Tags> {
        let balancer = self.load_balancers.get_mut(arn).map(|it| &mut it.tags);
        let group = self.target_groups.get_mut(arn).map(|it| &mut it.tags);
        let listener = self.listeners.get_mut(arn).map(|it| &mut it.tags);
        let rule = self.rules.get_mut(arn).map(|it| &mut it.tags);
        balancer.or(group).or(listener).or(rule)
    }
}
