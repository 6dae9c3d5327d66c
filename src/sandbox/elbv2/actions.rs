//! What listeners and rules do, and when.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, FixedResponseActionConfig, ForwardActionConfig, HttpHeaderConditionConfig,
    PathPatternConditionConfig, RedirectActionConfig, RedirectActionStatusCodeEnum, RuleCondition, TargetGroupTuple,
};
use serde::{Deserialize, Serialize};

use super::service::invalid;
use super::state::Elbv2State;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// The largest weight (API reference, TargetGroupTuple).
const MOST_WEIGHT: i32 = 999;
/// Target groups of one forward action (API reference, ForwardActionConfig).
const MOST_GROUPS: usize = 5;
/// Target groups of one load balancer (user guide, "Quotas for your Application Load Balancers").
const MOST_GROUPS_OF_BALANCER: usize = 100;

/// One action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    /// Answers itself: status, content type, body.
    Answer(String, String, String),
    /// Redirects: protocol, port, status.
    Redirect(String, String, String),
    /// Forwards: target groups and weights.
    Forward(Vec<(String, i32)>),
}

impl Act {
    /// True where requests reach the target group, whatever its weight.
    pub fn reaches(&self, group: &str) -> bool {
        matches!(self, Act::Forward(shares) if shares.iter().any(|(arn, _)| arn == group))
    }

    fn to_sdk(&self) -> Action {
        match self {
            Act::Answer(status, kind, body) => {
                let config = FixedResponseActionConfig::builder()
                    .status_code(status)
                    .content_type(kind)
                    .message_body(body)
                    .build();
                Action::builder().r#type(ActionTypeEnum::FixedResponse).order(1).fixed_response_config(config).build()
            }
            Act::Redirect(protocol, port, status) => {
                let config = RedirectActionConfig::builder()
                    .protocol(protocol)
                    .port(port)
                    .host("#{host}")
                    .path("/#{path}")
                    .query("#{query}")
                    .status_code(RedirectActionStatusCodeEnum::from(status.as_str()))
                    .build();
                Action::builder().r#type(ActionTypeEnum::Redirect).order(1).redirect_config(config).build()
            }
            Act::Forward(shares) => {
                let tuple = |(arn, weight): &(String, i32)| {
                    TargetGroupTuple::builder().target_group_arn(arn).weight(*weight).build()
                };
                let config =
                    ForwardActionConfig::builder().set_target_groups(Some(shares.iter().map(tuple).collect())).build();
                let only = (shares.len() == 1).then(|| shares[0].0.clone());
                Action::builder()
                    .r#type(ActionTypeEnum::Forward)
                    .order(1)
                    .set_target_group_arn(only)
                    .forward_config(config)
                    .build()
            }
        }
    }
}

/// As the SDK's type.
pub(super) fn to_sdk(acts: &[Act]) -> Vec<Action> {
    acts.iter().map(Act::to_sdk).collect()
}

/// Checks and reads actions: exactly one that ends the request (API reference, CreateRule, "Actions").
pub(super) fn read(state: &Elbv2State, actions: &[Action]) -> Result<Vec<Act>, ApiError> {
    let [action] = actions else { return Err(invalid("Exactly one action that ends the request is needed")) };
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let act = match action.r#type() {
        Some(ActionTypeEnum::FixedResponse) => {
            let config = action
                .fixed_response_config()
                .ok_or_else(|| invalid("A fixed-response action needs FixedResponseConfig"))?;
            let status = text(config.status_code());
            if !status.starts_with(['2', '4', '5']) || status.len() != 3 {
                return Err(invalid(format!("The status code '{status}' must be 2XX, 4XX or 5XX")));
            }
            Act::Answer(status, text(config.content_type()), text(config.message_body()))
        }
        Some(ActionTypeEnum::Redirect) => {
            let config = action.redirect_config().ok_or_else(|| invalid("A redirect action needs RedirectConfig"))?;
            let status = config.status_code().ok_or_else(|| invalid("A redirect needs a status code"))?;
            Act::Redirect(text(config.protocol()), text(config.port()), status.as_str().to_owned())
        }
        Some(ActionTypeEnum::Forward) => Act::Forward(shares(state, action)?),
        other => return Err(invalid(format!("The action type {other:?} is not simulated"))),
    };
    Ok(vec![act])
}

fn shares(state: &Elbv2State, action: &Action) -> Result<Vec<(String, i32)>, ApiError> {
    let mut shares: Vec<(String, i32)> = Vec::new();
    for tuple in action.forward_config().map(ForwardActionConfig::target_groups).unwrap_or_default() {
        shares.push((tuple.target_group_arn().unwrap_or_default().to_owned(), tuple.weight().unwrap_or(1)));
    }
    if shares.is_empty() {
        shares.extend(action.target_group_arn().map(|arn| (arn.to_owned(), 1)));
    }
    if shares.is_empty() || shares.len() > MOST_GROUPS {
        return Err(invalid("A forward action names 1 to 5 target groups"));
    }
    for (arn, weight) in &shares {
        if !(0..=MOST_WEIGHT).contains(weight) {
            return Err(invalid(format!("The weight {weight} must be between 0 and 999")));
        }
        if !state.target_groups.contains_key(arn) {
            return Err(ApiError::new("TargetGroupNotFound", format!("Target groups '{arn}' not found")));
        }
    }
    Ok(shares)
}

/// Target groups that actions forward to are of the load balancer's VPC, are no other load balancer's, and are not too many (user guide,
/// "Target groups for your Application Load Balancers" and "Quotas").
pub(super) fn check_groups(call: &Call<'_>, balancer: &str, acts: &[Act]) -> Result<(), ApiError> {
    let state = &call.world.elbv2;
    let vpc = state.load_balancers.get(balancer).map(|it| it.vpc.as_str());
    let named = |act: &Act| -> Vec<String> {
        match act {
            Act::Forward(shares) => shares.iter().map(|(arn, _)| arn.clone()).collect(),
            _ => Vec::new(),
        }
    };
    let led_to = |group: &&String| state.in_front_of(group).iter().any(|it| it.arn == balancer);
    let mut groups: BTreeSet<String> = state.target_groups.keys().filter(led_to).cloned().collect();
    groups.extend(acts.iter().flat_map(named));
    if groups.len() > MOST_GROUPS_OF_BALANCER {
        let message = "The maximum number of unique target groups per load balancer has been reached";
        return Err(ApiError::new("TooManyUniqueTargetGroupsPerLoadBalancer", message));
    }
    for arn in acts.iter().flat_map(named) {
        if state.target_groups.get(&arn).map(|group| group.vpc.as_str()) != vpc {
            let message = format!("The following target groups have a different VPC than the load balancer: {arn}");
            return Err(ApiError::new("InvalidConfigurationRequest", message));
        }
        if state.in_front_of(&arn).iter().any(|other| other.arn != balancer) {
            let message =
                format!("The following target groups cannot be associated with more than one load balancer: {arn}");
            return Err(ApiError::new("TargetGroupAssociationLimit", message));
        }
    }
    Ok(())
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Test {
    /// The path matches one of these patterns.
    Path(Vec<String>),
    /// A header has one of these values.
    Header(String, Vec<String>),
}

/// Checks and reads conditions.
pub(super) fn read_tests(conditions: &[RuleCondition]) -> Result<Vec<Test>, ApiError> {
    let read = |condition: &RuleCondition| match condition.field() {
        Some("path-pattern") => {
            let config = condition.path_pattern_config().map(PathPatternConditionConfig::values);
            let values = config.filter(|values| !values.is_empty()).unwrap_or(condition.values());
            // At most 128 characters each (API reference, PathPatternConditionConfig).
            if values.is_empty() || values.iter().any(|value| value.is_empty() || value.len() > 128) {
                return Err(invalid("A path pattern has 1 to 128 characters"));
            }
            Ok(Test::Path(values.to_vec()))
        }
        Some("http-header") => {
            let config =
                condition.http_header_config().ok_or_else(|| invalid("A header condition needs HttpHeaderConfig"))?;
            let name = config.http_header_name().filter(|name| !name.is_empty() && name.len() <= 40);
            let name = name.ok_or_else(|| invalid("A header name has 1 to 40 characters"))?;
            Ok(Test::Header(name.to_owned(), config.values().to_vec()))
        }
        other => Err(invalid(format!("The condition field {other:?} is not simulated"))),
    };
    let tests: Vec<Test> = conditions.iter().map(read).collect::<Result<_, _>>()?;
    let values: usize = tests
        .iter()
        .map(|test| match test {
            Test::Path(values) | Test::Header(_, values) => values.len(),
        })
        .sum();
    // At most five values in all conditions together (user guide, "Quotas for your Application Load Balancers").
    if tests.is_empty() || values > 5 {
        return Err(invalid("A rule has conditions with 1 to 5 values together"));
    }
    Ok(tests)
}

/// As the SDK's type.
pub(super) fn tests_to_sdk(tests: &[Test]) -> Vec<RuleCondition> {
    let one = |test: &Test| match test {
        Test::Path(values) => {
            let config = PathPatternConditionConfig::builder().set_values(Some(values.clone())).build();
            RuleCondition::builder()
                .field("path-pattern")
                .set_values(Some(values.clone()))
                .path_pattern_config(config)
                .build()
        }
        Test::Header(name, values) => {
            let config =
                HttpHeaderConditionConfig::builder().http_header_name(name).set_values(Some(values.clone())).build();
            RuleCondition::builder().field("http-header").http_header_config(config).build()
        }
    };
    tests.iter().map(one).collect()
}
