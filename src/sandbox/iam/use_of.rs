//! What other services ask: may they assume a role, and what does it allow.

use std::collections::{BTreeMap, BTreeSet};

use super::managed;
use super::policy::{Caller, Decision, Grammar, Policy, Request};
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;

/// Why a service can't assume a role. Each service has its own words for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such role.
    Missing,
    /// Its trust policy doesn't name the service, or its conditions aren't met.
    NotTrusted,
    /// It, or its trust policy, is so new that not all of AWS knows it. IAM User Guide, "Changes that I make are not always
    /// immediately visible".
    NotVisibleYet,
}

/// Whether a service (`ecs-tasks.amazonaws.com`) may assume a role on behalf of a resource of this account.
///
/// # Errors
/// Why not.
pub fn assumable(call: &Call<'_>, role_arn: &str, service: &str, source_arn: &str) -> Result<(), Refusal> {
    assumable_in(call, role_arn, service, &[("aws:SourceAccount", call.account()), ("aws:SourceArn", source_arn)])
}

/// The same for a service that doesn't tell on whose behalf it asks, or isn't known to.
pub fn assumable_without_source(call: &Call<'_>, role_arn: &str, service: &str) -> Result<(), Refusal> {
    assumable_in(call, role_arn, service, &[])
}

fn assumable_in(call: &Call<'_>, role_arn: &str, service: &str, context: &[(&str, &str)]) -> Result<(), Refusal> {
    let role = call.world.iam.by_arn(role_arn).ok_or(Refusal::Missing)?;
    let changed = role.trust_changed_at.max(role.created_at);
    if call.now < changed + call.durations().role_usable {
        return Err(Refusal::NotVisibleYet);
    }
    let request = Request { caller: Caller::Service(service), action: "sts:AssumeRole", resource: &role.arn, context };
    match parse(&role.trust, Grammar::Trust).map(|trust| trust.decide(&request)) {
        Some(Decision::Allow) => Ok(()),
        _ => Err(Refusal::NotTrusted),
    }
}

/// Whether a role's policies allow an action. `context` holds the condition keys that the service would send along. While a change of the
/// policies is on its way through AWS, only what is allowed before and after is: IAM User Guide, "Changes that I make are not always
/// immediately visible".
pub fn may(call: &Call<'_>, role_arn: &str, action: &str, resource: &str, context: &[(&str, &str)]) -> bool {
    may_at(call, call.now, role_arn, action, resource, context)
}

/// The same at a moment that is yet to come, if nothing is changed until then.
pub fn may_at(
    call: &Call<'_>,
    at: Moment,
    role_arn: &str,
    action: &str,
    resource: &str,
    context: &[(&str, &str)],
) -> bool {
    let Some(role) = call.world.iam.by_arn(role_arn) else { return false };
    let request = Request { caller: Caller::Arn(role_arn), action, resource, context };
    let allows = |policies: &BTreeMap<String, String>, attached: &BTreeSet<String>| {
        let decisions: Vec<Decision> = documents(policies, attached).map(|policy| policy.decide(&request)).collect();
        decisions.contains(&Decision::Allow) && !decisions.contains(&Decision::Deny)
    };
    let settled = at >= role.changed_at + call.durations().role_usable;
    allows(&role.policies, &role.attached) && (settled || allows(&role.former.policies, &role.former.attached))
}

fn documents<'a>(
    policies: &'a BTreeMap<String, String>,
    attached: &'a BTreeSet<String>,
) -> impl Iterator<Item = Policy> + 'a {
    let inline = policies.values().map(String::as_str);
    let managed = attached.iter().filter_map(|arn| managed::document(arn));
    inline.chain(managed).filter_map(|document| parse(document, Grammar::Identity))
}

/// What was stored was checked before.
fn parse(document: &str, grammar: Grammar) -> Option<Policy> {
    Policy::parse(document, grammar).ok()
}
