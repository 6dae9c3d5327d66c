//! The great look: all roles with their policies and tags.

use aws_sdk_iam::operation::get_account_authorization_details::{
    GetAccountAuthorizationDetailsInput, GetAccountAuthorizationDetailsOutput,
};
use aws_sdk_iam::types::{AttachedPolicy, EntityType, PolicyDetail, RoleDetail, Tag};

use super::state::Role;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::paging;

/// A document as IAM sends it. IAM API reference, RoleDetail: "URL-encoded compliant with RFC 3986".
pub(super) fn encode(document: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    document.bytes().map(encoded).collect()
}

/// A role's tags.
pub(super) fn tags(role: &Role) -> Result<Vec<Tag>, ApiError> {
    let tags = role.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    Ok(tags.collect::<Result<_, _>>()?)
}

/// The managed policies of a role.
pub(super) fn attached(role: &Role) -> Vec<AttachedPolicy> {
    let named = |arn: &String| arn.rsplit('/').next().unwrap_or_default().to_owned();
    role.attached.iter().map(|arn| AttachedPolicy::builder().policy_name(named(arn)).policy_arn(arn).build()).collect()
}

/// One page of a list. IAM API reference: MaxItems is 1 to 1000 and 100 by default.
pub(super) fn page<T>(
    items: Vec<T>,
    max_items: Option<i32>,
    marker: Option<&str>,
    default: i32,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let size = max_items.unwrap_or(default);
    if !(1..=1000).contains(&size) {
        let message = format!("1 validation error detected: Value '{size}' at 'maxItems' failed to satisfy constraint");
        return Err(ApiError::new("ValidationError", message));
    }
    paging::page(items, size as usize, marker).ok_or_else(|| ApiError::new("ValidationError", "Invalid Marker."))
}

/// IAM API reference, GetAccountAuthorizationDetails. New roles take a moment to show: IAM User Guide, "Changes that I make are not
/// always immediately visible".
pub(super) fn get_account_authorization_details(
    call: &mut Call<'_>,
    input: &GetAccountAuthorizationDetailsInput,
) -> Result<GetAccountAuthorizationDetailsOutput, ApiError> {
    let wants_roles = input.filter().is_empty() || input.filter().contains(&EntityType::Role);
    let visible = call.world.iam.roles.values().filter(|role| wants_roles && call.visible(role.created_at));
    let roles = visible.map(detail).collect::<Result<Vec<_>, _>>()?;
    let (roles, marker) = page(roles, input.max_items(), input.marker(), 100)?;
    let output = GetAccountAuthorizationDetailsOutput::builder().set_role_detail_list(Some(roles));
    Ok(output.is_truncated(marker.is_some()).set_marker(marker).build())
}

fn detail(role: &Role) -> Result<RoleDetail, ApiError> {
    let policy = |(name, document): (&String, &String)| {
        PolicyDetail::builder().policy_name(name).policy_document(encode(document)).build()
    };
    Ok(RoleDetail::builder()
        .path(&role.path)
        .role_name(&role.name)
        .role_id(&role.id)
        .arn(&role.arn)
        .create_date(role.created_at.datetime())
        .assume_role_policy_document(encode(&role.trust))
        .set_role_policy_list(Some(role.policies.iter().map(policy).collect()))
        .set_attached_managed_policies(Some(attached(role)))
        .set_tags(Some(tags(role)?))
        .build())
}
