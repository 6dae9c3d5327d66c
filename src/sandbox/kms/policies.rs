//! Key policies.

use aws_sdk_kms::operation::get_key_policy::{GetKeyPolicyInput, GetKeyPolicyOutput};
use aws_sdk_kms::operation::put_key_policy::{PutKeyPolicyInput, PutKeyPolicyOutput};
use serde_json::json;

use super::checks;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::iam::policy::{Caller, Decision, Grammar, Policy, Request};

/// KMS API reference, PutKeyPolicy: 32 kilobytes.
const LONGEST: usize = 32_768;

/// The policy of a key that is made without one. KMS Developer Guide, "Default key policy".
pub(super) fn default(call: &Call<'_>) -> String {
    json!({ "Version": "2012-10-17", "Id": "key-default-1", "Statement": [{
        "Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": { "AWS": root(call) }, "Action": "kms:*", "Resource": "*",
    }]})
    .to_string()
}

fn root(call: &Call<'_>) -> String {
    format!("arn:aws:iam::{}:root", call.account())
}

/// A key policy that may be put: well formed, all principals known, and somebody of the account left who can change it again.
pub(super) fn checked(call: &Call<'_>, text: &str) -> Result<String, ApiError> {
    let malformed = |message: &str| ApiError::new("MalformedPolicyDocumentException", message);
    if text.len() > LONGEST {
        return Err(ApiError::new("LimitExceededException", "The key policy is longer than 32 kilobytes."));
    }
    let policy = Policy::parse(text, Grammar::Resource).map_err(|flaw| malformed(&flaw))?;
    // KMS Developer Guide, "Changes that I make are not always immediately visible": a role that was just made isn't known yet.
    let known = |arn: &str| {
        let role = call.world.iam.by_arn(arn);
        role.is_some_and(|role| call.now >= role.created_at + call.durations().role_usable)
    };
    if !policy.identities().all(known) {
        return Err(malformed("Policy contains a statement with one or more invalid principals."));
    }
    // KMS API reference, PutKeyPolicy: BypassPolicyLockoutSafetyCheck.
    let root = root(call);
    let caller = Caller::Arn(&root);
    let again = Request { caller, action: "kms:PutKeyPolicy", resource: "*", context: &[] };
    if policy.decide(&again) != Decision::Allow {
        return Err(malformed("The new key policy will not allow you to update the key policy in the future."));
    }
    Ok(text.to_owned())
}

/// KMS API reference, PutKeyPolicy.
pub(super) fn put_key_policy(call: &mut Call<'_>, input: &PutKeyPolicyInput) -> Result<PutKeyPolicyOutput, ApiError> {
    only_default(input.policy_name())?;
    let id = checks::key(call, input.key_id())?.id.clone();
    let policy = checked(call, input.policy().unwrap_or_default())?;
    let (now, delay) = (call.now, call.durations().kms_policy_usable);
    if let Some(key) = call.world.kms.find_mut(&id) {
        let former = std::mem::replace(&mut key.policy, policy);
        if now >= key.policy_changed_at + delay {
            key.former_policy = former;
        }
        key.policy_changed_at = now;
    }
    Ok(PutKeyPolicyOutput::builder().build())
}

/// KMS API reference, GetKeyPolicy.
pub(super) fn get_key_policy(call: &mut Call<'_>, input: &GetKeyPolicyInput) -> Result<GetKeyPolicyOutput, ApiError> {
    only_default(input.policy_name())?;
    let key = checks::visible_key(call, input.key_id())?;
    Ok(GetKeyPolicyOutput::builder().policy(&key.policy).policy_name("default").build())
}

/// KMS API reference: the only valid policy name is `default`.
fn only_default(name: Option<&str>) -> Result<(), ApiError> {
    match name {
        None | Some("default") => Ok(()),
        Some(other) => Err(ApiError::new("NotFoundException", format!("No such policy exists: {other}"))),
    }
}
