//! What other services ask: is there such a key, and may they use it.

use super::state::Key;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::iam::policy::{Caller, Decision, Grammar, Policy, Request};

/// A key that a service is told to use: by id, ARN, alias or alias ARN.
///
/// # Errors
/// KMS's own: `NotFoundException`, and `KMSInvalidStateException` for a key that is pending deletion. Each service has its own words
/// for these.
pub fn usable<'a>(call: &'a Call<'_>, reference: &str) -> Result<&'a Key, ApiError> {
    let key = call.world.kms.find(reference);
    key.ok_or_else(|| ApiError::new("NotFoundException", format!("Key '{reference}' does not exist")))?.live()
}

/// Whether the key's policy lets a service (`logs.us-east-1.amazonaws.com`) do all of these in its own name. A change of the policy takes a
/// moment to be seen. KMS Developer Guide, "AWS KMS eventual consistency".
pub fn service_may(call: &Call<'_>, key: &Key, service: &str, actions: &[&str], context: &[(&str, &str)]) -> bool {
    let settled = call.now >= key.policy_changed_at + call.durations().kms_policy_usable;
    allows(if settled { &key.policy } else { &key.former_policy }, key, service, actions, context)
}

/// The same once every change of the policy is known everywhere.
pub fn service_will(key: &Key, service: &str, actions: &[&str], context: &[(&str, &str)]) -> bool {
    allows(&key.policy, key, service, actions, context)
}

fn allows(document: &str, key: &Key, service: &str, actions: &[&str], context: &[(&str, &str)]) -> bool {
    let Ok(policy) = Policy::parse(document, Grammar::Resource) else { return false };
    actions.iter().all(|action| {
        let request = Request { caller: Caller::Service(service), action, resource: &key.arn, context };
        policy.decide(&request) == Decision::Allow
    })
}
