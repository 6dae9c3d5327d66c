//! What other services ask: may they assume a role, and what does it allow.

use super::managed;
use super::policy::{Caller, Decision, Grammar, Policy, Request};
use super::state::Role;
use crate::sandbox::call::Call;

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
    let role = call.world.iam.by_arn(role_arn).ok_or(Refusal::Missing)?;
    let changed = role.trust_changed_at.max(role.created_at);
    if call.now < changed + call.durations().role_usable {
        return Err(Refusal::NotVisibleYet);
    }
    let context = [("aws:SourceAccount", call.account()), ("aws:SourceArn", source_arn)];
    let request =
        Request { caller: Caller::Service(service), action: "sts:AssumeRole", resource: &role.arn, context: &context };
    match parse(&role.trust, Grammar::Trust).map(|trust| trust.decide(&request)) {
        Some(Decision::Allow) => Ok(()),
        _ => Err(Refusal::NotTrusted),
    }
}

/// Whether a role's policies allow an action. `context` holds the condition keys that the service would send along.
pub fn may(call: &Call<'_>, role_arn: &str, action: &str, resource: &str, context: &[(&str, &str)]) -> bool {
    let Some(role) = call.world.iam.by_arn(role_arn) else { return false };
    let request = Request { caller: Caller::Arn(role_arn), action, resource, context };
    let decisions: Vec<Decision> = documents(role).map(|policy| policy.decide(&request)).collect();
    decisions.contains(&Decision::Allow) && !decisions.contains(&Decision::Deny)
}

fn documents(role: &Role) -> impl Iterator<Item = Policy> {
    let inline = role.policies.values().map(String::as_str);
    let managed = role.attached.iter().filter_map(|arn| managed::document(arn));
    inline.chain(managed).filter_map(|document| parse(document, Grammar::Identity))
}

/// What was stored was checked before.
fn parse(document: &str, grammar: Grammar) -> Option<Policy> {
    Policy::parse(document, grammar).ok()
}
