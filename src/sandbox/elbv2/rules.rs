//! Listener rules.

use aws_sdk_elasticloadbalancingv2::operation::create_rule::{CreateRuleInput, CreateRuleOutput};
use aws_sdk_elasticloadbalancingv2::operation::delete_rule::{DeleteRuleInput, DeleteRuleOutput};
use aws_sdk_elasticloadbalancingv2::operation::describe_rules::{DescribeRulesInput, DescribeRulesOutput};
use aws_sdk_elasticloadbalancingv2::operation::modify_rule::{ModifyRuleInput, ModifyRuleOutput};
use aws_sdk_elasticloadbalancingv2::operation::set_rule_priorities::{SetRulePrioritiesInput, SetRulePrioritiesOutput};
use aws_sdk_elasticloadbalancingv2::types::Rule as Described;

use super::service::{invalid, page};
use super::state::{Listener, Rule};
use super::{actions, tags};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

/// Rules of one load balancer, without the default ones (user guide, "Quotas for your Application Load Balancers").
const MOST: usize = 100;

fn absent(arn: &str) -> ApiError {
    ApiError::new("RuleNotFound", format!("One or more rules not found: '{arn}'"))
}

fn balancer_of(call: &Call<'_>, listener: &str) -> String {
    call.world.elbv2.listeners.get(listener).map(|it| it.load_balancer.clone()).unwrap_or_default()
}

fn check_priority(priority: i32, is_taken: bool) -> Result<(), ApiError> {
    if !(1..=50_000).contains(&priority) {
        return Err(invalid(format!("The rule priority '{priority}' must be between 1 and 50000")));
    }
    if is_taken {
        return Err(ApiError::new("PriorityInUse", format!("Priority '{priority}' is currently in use")));
    }
    Ok(())
}

/// CreateRule.
pub(super) fn create(call: &mut Call<'_>, input: &CreateRuleInput) -> Result<CreateRuleOutput, ApiError> {
    let listener = input.listener_arn().unwrap_or_default();
    if !call.world.elbv2.listeners.contains_key(listener) {
        return Err(ApiError::new("ListenerNotFound", format!("Listener '{listener}' not found")));
    }
    let priority = input.priority().unwrap_or_default();
    let taken = |rule: &Rule| rule.listener == listener && rule.priority == priority;
    check_priority(priority, call.world.elbv2.rules.values().any(taken))?;
    let tests = actions::read_tests(input.conditions())?;
    let acts = actions::read(&call.world.elbv2, input.actions())?;
    let tags = tags::read(&Tags::new(), input.tags())?;
    let balancer = balancer_of(call, listener);
    actions::check_groups(call, &balancer, &acts)?;
    let beside = call.world.elbv2.rules.values().filter(|rule| balancer_of(call, &rule.listener) == balancer).count();
    if beside >= MOST {
        return Err(ApiError::new("TooManyRules", "The maximum number of rules on a load balancer has been reached"));
    }
    let arn = format!("{}/{}", listener.replacen(":listener/", ":listener-rule/", 1), call.hex(16));
    let made = Rule { arn: arn.clone(), listener: listener.to_owned(), priority, tests, actions: acts, tags };
    let shown = show(&made);
    call.world.elbv2.rules.insert(arn, made);
    Ok(CreateRuleOutput::builder().rules(shown).build())
}

fn show(it: &Rule) -> Described {
    Described::builder()
        .rule_arn(&it.arn)
        .priority(it.priority.to_string())
        .set_conditions(Some(actions::tests_to_sdk(&it.tests)))
        .set_actions(Some(actions::to_sdk(&it.actions)))
        .is_default(false)
        .build()
}

/// The default rule of a listener: always there, and not to be deleted.
fn show_default(it: &Listener) -> Described {
    Described::builder()
        .rule_arn(default_arn(it))
        .priority("default")
        .set_conditions(Some(Vec::new()))
        .set_actions(Some(actions::to_sdk(&it.actions)))
        .is_default(true)
        .build()
}

fn default_arn(it: &Listener) -> String {
    format!("{}/default0000000000", it.arn.replacen(":listener/", ":listener-rule/", 1))
}

/// DescribeRules: of one listener, or by ARN.
pub(super) fn describe(call: &mut Call<'_>, input: &DescribeRulesInput) -> Result<DescribeRulesOutput, ApiError> {
    let state = &call.world.elbv2;
    let shown: Vec<Described> = match input.listener_arn() {
        Some(arn) => {
            let listener = state.listeners.get(arn);
            let listener =
                listener.ok_or_else(|| ApiError::new("ListenerNotFound", format!("Listener '{arn}' not found")))?;
            let mut own: Vec<&Rule> = state.rules.values().filter(|rule| rule.listener == arn).collect();
            own.sort_by_key(|rule| rule.priority);
            own.into_iter().map(show).chain([show_default(listener)]).collect()
        }
        None if input.rule_arns().is_empty() => return Err(invalid("Either a listener or rules must be named")),
        None => {
            let one = |arn: &String| state.rules.get(arn).map(show).ok_or_else(|| absent(arn));
            input.rule_arns().iter().map(one).collect::<Result<_, _>>()?
        }
    };
    let (page, next) = page(shown, input.page_size(), input.marker())?;
    Ok(DescribeRulesOutput::builder().set_rules(Some(page)).set_next_marker(next).build())
}

/// ModifyRule: what is named replaces what was there.
pub(super) fn modify(call: &mut Call<'_>, input: &ModifyRuleInput) -> Result<ModifyRuleOutput, ApiError> {
    let arn = input.rule_arn().unwrap_or_default();
    let mut it = call.world.elbv2.rules.get(arn).cloned().ok_or_else(|| absent(arn))?;
    if !input.conditions().is_empty() {
        it.tests = actions::read_tests(input.conditions())?;
    }
    if !input.actions().is_empty() {
        it.actions = actions::read(&call.world.elbv2, input.actions())?;
        actions::check_groups(call, &balancer_of(call, &it.listener), &it.actions)?;
    }
    let shown = show(&it);
    call.world.elbv2.rules.insert(it.arn.clone(), it);
    Ok(ModifyRuleOutput::builder().rules(shown).build())
}

/// SetRulePriorities: all or none; rules may change places.
pub(super) fn set_priorities(
    call: &mut Call<'_>,
    input: &SetRulePrioritiesInput,
) -> Result<SetRulePrioritiesOutput, ApiError> {
    let mut moved: Vec<Rule> = Vec::new();
    for pair in input.rule_priorities() {
        let arn = pair.rule_arn().unwrap_or_default();
        let mut it = call.world.elbv2.rules.get(arn).cloned().ok_or_else(|| absent(arn))?;
        it.priority = pair.priority().unwrap_or_default();
        moved.push(it);
    }
    for it in &moved {
        let others = || call.world.elbv2.rules.values().filter(|rule| !moved.iter().any(|it| it.arn == rule.arn));
        let clashes = |rule: &&Rule| rule.listener == it.listener && rule.priority == it.priority;
        check_priority(
            it.priority,
            others().chain(&moved).filter(|rule| rule.arn != it.arn).any(|rule| clashes(&rule)),
        )?;
    }
    let shown = moved.iter().map(show).collect();
    for it in moved {
        call.world.elbv2.rules.insert(it.arn.clone(), it);
    }
    Ok(SetRulePrioritiesOutput::builder().set_rules(Some(shown)).build())
}

/// DeleteRule: not the default one.
pub(super) fn delete(call: &mut Call<'_>, input: &DeleteRuleInput) -> Result<DeleteRuleOutput, ApiError> {
    let arn = input.rule_arn().unwrap_or_default();
    if call.world.elbv2.listeners.values().any(|listener| default_arn(listener) == arn) {
        return Err(ApiError::new("OperationNotPermitted", format!("Default rule '{arn}' cannot be deleted")));
    }
    if !call.world.elbv2.rules.contains_key(arn) {
        return Err(absent(arn));
    }
    call.world.elbv2.rules.remove(arn);
    Ok(DeleteRuleOutput::builder().build())
}
