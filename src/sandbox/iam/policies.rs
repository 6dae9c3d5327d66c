//! What roles allow: inline policies and managed ones.

use aws_sdk_iam::operation::attach_role_policy::{AttachRolePolicyInput, AttachRolePolicyOutput};
use aws_sdk_iam::operation::delete_role_policy::{DeleteRolePolicyInput, DeleteRolePolicyOutput};
use aws_sdk_iam::operation::detach_role_policy::{DetachRolePolicyInput, DetachRolePolicyOutput};
use aws_sdk_iam::operation::list_attached_role_policies::{
    ListAttachedRolePoliciesInput, ListAttachedRolePoliciesOutput,
};
use aws_sdk_iam::operation::list_role_policies::{ListRolePoliciesInput, ListRolePoliciesOutput};
use aws_sdk_iam::operation::put_role_policy::{PutRolePolicyInput, PutRolePolicyOutput};

use super::policy::Grammar;
use super::state::missing;
use super::{checks, details, managed};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// IAM User Guide, "IAM and AWS STS quotas": all inline policies of a role together.
const LONGEST_INLINE: usize = 10_240;
/// IAM User Guide, "IAM and AWS STS quotas": managed policies attached to a role.
const MOST_ATTACHED: usize = 10;

/// IAM API reference, PutRolePolicy.
pub(super) fn put_role_policy(
    call: &mut Call<'_>,
    input: &PutRolePolicyInput,
) -> Result<PutRolePolicyOutput, ApiError> {
    let name = checks::name(input.policy_name(), "policyName", 128)?.to_owned();
    let (now, propagation) = (call.now, call.durations().role_usable);
    let role = call.world.iam.role_mut(input.role_name())?;
    let (document, _) = checks::document(input.policy_document(), Grammar::Identity)?;
    let others = role.policies.iter().filter(|(other, _)| **other != name);
    let total: usize = others.map(|(_, document)| checks::weight(document)).sum();
    if total + checks::weight(&document) > LONGEST_INLINE {
        let message = format!("Maximum policy size of {LONGEST_INLINE} bytes exceeded for role {}", role.name);
        return Err(ApiError::new("LimitExceeded", message).with_status(409));
    }
    role.about_to_change(now, propagation);
    role.policies.insert(name, document);
    Ok(PutRolePolicyOutput::builder().build())
}

/// IAM API reference, DeleteRolePolicy.
pub(super) fn delete_role_policy(
    call: &mut Call<'_>,
    input: &DeleteRolePolicyInput,
) -> Result<DeleteRolePolicyOutput, ApiError> {
    let name = input.policy_name().unwrap_or_default();
    let (now, propagation) = (call.now, call.durations().role_usable);
    let role = call.world.iam.role_mut(input.role_name())?;
    if !role.policies.contains_key(name) {
        return Err(missing(format!("The role policy with name {name} cannot be found.")));
    }
    role.about_to_change(now, propagation);
    role.policies.remove(name);
    Ok(DeleteRolePolicyOutput::builder().build())
}

/// IAM API reference, ListRolePolicies.
pub(super) fn list_role_policies(
    call: &mut Call<'_>,
    input: &ListRolePoliciesInput,
) -> Result<ListRolePoliciesOutput, ApiError> {
    let names = call.world.iam.role(input.role_name())?.policies.keys().cloned().collect();
    let (names, marker) = details::page(names, input.max_items(), input.marker(), 100)?;
    let output = ListRolePoliciesOutput::builder().set_policy_names(Some(names));
    Ok(output.is_truncated(marker.is_some()).set_marker(marker).build()?)
}

/// IAM API reference, AttachRolePolicy: attaching again changes nothing.
pub(super) fn attach_role_policy(
    call: &mut Call<'_>,
    input: &AttachRolePolicyInput,
) -> Result<AttachRolePolicyOutput, ApiError> {
    let arn = input.policy_arn().unwrap_or_default();
    let (now, propagation) = (call.now, call.durations().role_usable);
    let role = call.world.iam.role_mut(input.role_name())?;
    if managed::document(arn).is_none() {
        return Err(missing(format!("Policy {arn} does not exist or is not attachable.")));
    }
    if !role.attached.contains(arn) && role.attached.len() >= MOST_ATTACHED {
        let message = format!("Cannot exceed quota for PoliciesPerRole: {MOST_ATTACHED}");
        return Err(ApiError::new("LimitExceeded", message).with_status(409));
    }
    if !role.attached.contains(arn) {
        role.about_to_change(now, propagation);
        role.attached.insert(arn.to_owned());
    }
    Ok(AttachRolePolicyOutput::builder().build())
}

/// IAM API reference, DetachRolePolicy.
pub(super) fn detach_role_policy(
    call: &mut Call<'_>,
    input: &DetachRolePolicyInput,
) -> Result<DetachRolePolicyOutput, ApiError> {
    let arn = input.policy_arn().unwrap_or_default();
    let (now, propagation) = (call.now, call.durations().role_usable);
    let role = call.world.iam.role_mut(input.role_name())?;
    if !role.attached.contains(arn) {
        return Err(missing(format!("Policy {arn} was not found.")));
    }
    role.about_to_change(now, propagation);
    role.attached.remove(arn);
    Ok(DetachRolePolicyOutput::builder().build())
}

/// IAM API reference, ListAttachedRolePolicies.
pub(super) fn list_attached_role_policies(
    call: &mut Call<'_>,
    input: &ListAttachedRolePoliciesInput,
) -> Result<ListAttachedRolePoliciesOutput, ApiError> {
    let attached = details::attached(call.world.iam.role(input.role_name())?);
    let (attached, marker) = details::page(attached, input.max_items(), input.marker(), 100)?;
    let output = ListAttachedRolePoliciesOutput::builder().set_attached_policies(Some(attached));
    Ok(output.is_truncated(marker.is_some()).set_marker(marker).build())
}
