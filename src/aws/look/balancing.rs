//! How the load balancer fares, which targets are healthy and who gets the traffic.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{
    LoadBalancer, LoadBalancerStateEnum, Rule, TargetHealthDescription, TargetHealthStateEnum,
};
use futures::future::try_join_all;
use serde::Serialize;

use crate::{
    aws::{Answer, Aws},
    engine::{Class, Failure, failure::absent_is_fine},
};

/// That many rules are asked for at once: ELB publishes no limit, and twenty is that of its other lists.
const RULES_AT_ONCE: usize = 20;

/// How many targets a target group has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TargetCounts {
    /// Those that pass the health check.
    pub healthy: usize,
    /// All but those that are being taken out.
    pub total: usize,
    /// Those that are being taken out.
    pub draining: usize,
}

/// A load balancer as ELB shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balancer {
    /// `provisioning`, `active`, `active_impaired` or `failed`.
    pub state: String,
    /// Its DNS name.
    pub address: Option<String>,
}

/// A load balancer; `None` where it is gone.
///
/// # Errors
/// The call's own.
pub async fn load_balancer(aws: &Aws, arn: &str) -> Result<Option<Balancer>, Failure> {
    let call = aws.elb.describe_load_balancers().load_balancer_arns(arn);
    let answer = call.send().await.of("elasticloadbalancing:DescribeLoadBalancers");
    let found = absent_is_fine(answer.map(|answer| answer.load_balancers.unwrap_or_default()))?;
    Ok(found.first().map(balancer))
}

fn balancer(it: &LoadBalancer) -> Balancer {
    let state = it.state().and_then(|state| state.code()).map_or("unknown", LoadBalancerStateEnum::as_str);
    Balancer { state: state.to_owned(), address: it.dns_name().map(str::to_owned) }
}

/// The targets of each group, by the group's ARN. ELB tells them one group a call.
///
/// # Errors
/// The calls' own.
pub async fn targets(aws: &Aws, groups: Vec<String>) -> Result<BTreeMap<String, TargetCounts>, Failure> {
    let look = async |arn: String| {
        let call = aws.elb.describe_target_health().target_group_arn(&arn);
        let answer = call.send().await.of("elasticloadbalancing:DescribeTargetHealth");
        let found = absent_is_fine(answer.map(|answer| Some(answer.target_health_descriptions.unwrap_or_default())))?;
        Ok::<_, Failure>(found.map(|targets| (arn, count(&targets))))
    };
    Ok(try_join_all(groups.into_iter().map(look)).await?.into_iter().flatten().collect())
}

fn count(targets: &[TargetHealthDescription]) -> TargetCounts {
    let in_state = |state: TargetHealthStateEnum| {
        let is = |target: &&TargetHealthDescription| {
            target.target_health().and_then(|health| health.state()) == Some(&state)
        };
        targets.iter().filter(is).count()
    };
    let draining = in_state(TargetHealthStateEnum::Draining);
    TargetCounts { healthy: in_state(TargetHealthStateEnum::Healthy), total: targets.len() - draining, draining }
}

/// A rule's weights by target group.
pub type Weights = BTreeMap<String, i32>;

/// The weights of each rule, by the rule's ARN.
///
/// # Errors
/// The calls' own.
pub async fn weights(aws: &Aws, rules: Vec<String>) -> Result<BTreeMap<String, Weights>, Failure> {
    let look = async |arns: &[String]| match describe_rules(aws, arns).await {
        // One rule that is gone spoils the answer for all.
        Err(failure) if failure.class == Class::Absent => {
            let single =
                arns.iter().map(async |arn| absent_is_fine(describe_rules(aws, std::slice::from_ref(arn)).await));
            Ok(try_join_all(single).await?.into_iter().flatten().collect())
        }
        answer => answer,
    };
    let found = try_join_all(rules.chunks(RULES_AT_ONCE).map(look)).await?;
    Ok(found.iter().flatten().filter_map(|rule| Some((rule.rule_arn()?.to_owned(), weights_of(rule)))).collect())
}

async fn describe_rules(aws: &Aws, arns: &[String]) -> Result<Vec<Rule>, Failure> {
    let call = aws.elb.describe_rules().set_rule_arns(Some(arns.to_vec()));
    Ok(call.send().await.of("elasticloadbalancing:DescribeRules")?.rules.unwrap_or_default())
}

fn weights_of(rule: &Rule) -> Weights {
    let groups = rule.actions().iter().filter_map(|action| action.forward_config());
    let weight = |weight: Option<i32>| weight.unwrap_or(1);
    groups
        .flat_map(|config| config.target_groups())
        .filter_map(|group| Some((group.target_group_arn()?.to_owned(), weight(group.weight()))))
        .collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::TargetHealth;

    use super::*;

    #[test]
    fn targets_on_their_way_out_are_counted_apart() {
        let target = |state| {
            let health = TargetHealth::builder().state(state).build();
            TargetHealthDescription::builder().target_health(health).build()
        };
        let states = [
            TargetHealthStateEnum::Healthy,
            TargetHealthStateEnum::Initial,
            TargetHealthStateEnum::Draining,
            TargetHealthStateEnum::Healthy,
        ];
        let counted = count(&states.map(target));
        assert_eq!(counted, TargetCounts { healthy: 2, total: 3, draining: 1 });
    }
}
