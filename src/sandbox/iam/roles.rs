//! Roles: making, changing, deleting.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::operation::create_role::{CreateRoleInput, CreateRoleOutput};
use aws_sdk_iam::operation::delete_role::{DeleteRoleInput, DeleteRoleOutput};
use aws_sdk_iam::operation::get_role::{GetRoleInput, GetRoleOutput};
use aws_sdk_iam::operation::list_instance_profiles_for_role::{
    ListInstanceProfilesForRoleInput, ListInstanceProfilesForRoleOutput,
};
use aws_sdk_iam::operation::list_roles::{ListRolesInput, ListRolesOutput};
use aws_sdk_iam::operation::tag_role::{TagRoleInput, TagRoleOutput};
use aws_sdk_iam::operation::update_assume_role_policy::{UpdateAssumeRolePolicyInput, UpdateAssumeRolePolicyOutput};
use aws_sdk_iam::operation::update_role::{UpdateRoleInput, UpdateRoleOutput};
use aws_sdk_iam::types::{self, InstanceProfile};

use super::policy::{Grammar, Policy};
use super::state::{Role, missing};
use super::{checks, details, linked};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

/// IAM User Guide, "IAM and AWS STS quotas": length of a trust policy.
const LONGEST_TRUST: usize = 2048;
/// IAM User Guide, "IAM and AWS STS quotas": roles in an account.
const MOST_ROLES: usize = 1000;

/// IAM API reference, CreateRole.
pub(super) fn create_role(call: &mut Call<'_>, input: &CreateRoleInput) -> Result<CreateRoleOutput, ApiError> {
    let name = checks::name(input.role_name(), "roleName", 64)?.to_owned();
    let path = input.path().unwrap_or("/").to_owned();
    let description = checks::description(input.description())?;
    let tags = checks::tags(input.tags(), &Tags::new())?;
    let trust = trust(call, input.assume_role_policy_document())?;
    if call.world.iam.find(&name).is_some() {
        let message = format!("Role with name {name} already exists.");
        return Err(ApiError::new("EntityAlreadyExists", message).with_status(409));
    }
    if call.world.iam.roles.len() >= MOST_ROLES {
        let message = format!("Cannot exceed quota for RolesPerAccount: {MOST_ROLES}");
        return Err(ApiError::new("LimitExceeded", message).with_status(409));
    }
    let role = Role {
        id: format!("AROA{}", call.alphanumeric(17).to_ascii_uppercase()),
        arn: format!("arn:aws:iam::{}:role{path}{name}", call.account()),
        name: name.clone(),
        path,
        created_at: call.now,
        description,
        trust,
        trust_changed_at: call.now,
        policies: BTreeMap::new(),
        attached: BTreeSet::new(),
        former: Default::default(),
        changed_at: Default::default(),
        instance_profiles: BTreeSet::new(),
        tags,
    };
    let described = described(&role)?;
    call.world.iam.roles.insert(name, role);
    Ok(CreateRoleOutput::builder().role(described).build())
}

/// IAM API reference, GetRole. A new role takes a moment to show: IAM User Guide, "Changes that I make are not always immediately
/// visible".
pub(super) fn get_role(call: &mut Call<'_>, input: &GetRoleInput) -> Result<GetRoleOutput, ApiError> {
    let linked = linked::find(call, input.role_name().unwrap_or_default());
    let role = match &linked {
        Some(linked) => linked,
        None => call.world.iam.role(input.role_name())?,
    };
    if !call.visible(role.created_at) {
        return Err(missing(format!("The role with name {} cannot be found.", role.name)));
    }
    Ok(GetRoleOutput::builder().role(described(role)?).build())
}

/// IAM API reference, ListRoles: without tags and permissions boundaries. New roles take a moment to show.
pub(super) fn list_roles(call: &mut Call<'_>, input: &ListRolesInput) -> Result<ListRolesOutput, ApiError> {
    let prefix = input.path_prefix().unwrap_or("/");
    let visible = |role: &&Role| role.path.starts_with(prefix) && call.visible(role.created_at);
    let untagged = |role: &Role| {
        let mut role = described(role)?;
        role.tags = None;
        Ok::<_, ApiError>(role)
    };
    let roles = call.world.iam.roles.values().filter(visible).map(untagged).collect::<Result<Vec<_>, _>>()?;
    let (roles, marker) = details::page(roles, input.max_items(), input.marker(), 100)?;
    let output = ListRolesOutput::builder().set_roles(Some(roles));
    Ok(output.is_truncated(marker.is_some()).set_marker(marker).build()?)
}

fn described(role: &Role) -> Result<types::Role, ApiError> {
    let built = types::Role::builder()
        .path(&role.path)
        .role_name(&role.name)
        .role_id(&role.id)
        .arn(&role.arn)
        .create_date(role.created_at.datetime())
        .description(&role.description)
        .assume_role_policy_document(details::encode(&role.trust))
        .set_tags(Some(details::tags(role)?))
        .build()?;
    Ok(built)
}

/// A trust policy: well formed, not too long, and all identities that it names exist.
fn trust(call: &Call<'_>, text: Option<&str>) -> Result<String, ApiError> {
    let (text, policy) = checks::document(text, Grammar::Trust)?;
    if checks::weight(&text) > LONGEST_TRUST {
        let message = format!("Cannot exceed quota for ACLSizePerRole: {LONGEST_TRUST}");
        return Err(ApiError::new("LimitExceeded", message).with_status(409));
    }
    check_identities(call, &policy)?;
    Ok(text)
}

/// IAM User Guide, "Troubleshooting IAM roles": a principal that doesn't exist (yet) makes the document malformed.
fn check_identities(call: &Call<'_>, policy: &Policy) -> Result<(), ApiError> {
    match policy.identities().find(|arn| call.world.iam.by_arn(arn).is_none()) {
        None => Ok(()),
        Some(arn) => {
            let message = format!("Invalid principal in policy: \"AWS\":\"{arn}\"");
            Err(ApiError::new("MalformedPolicyDocument", message))
        }
    }
}

/// IAM API reference, UpdateAssumeRolePolicy.
pub(super) fn update_assume_role_policy(
    call: &mut Call<'_>,
    input: &UpdateAssumeRolePolicyInput,
) -> Result<UpdateAssumeRolePolicyOutput, ApiError> {
    call.world.iam.role(input.role_name())?;
    let trust = trust(call, input.policy_document())?;
    let now = call.now;
    let role = call.world.iam.role_mut(input.role_name())?;
    (role.trust, role.trust_changed_at) = (trust, now);
    Ok(UpdateAssumeRolePolicyOutput::builder().build())
}

/// IAM API reference, UpdateRole.
pub(super) fn update_role(call: &mut Call<'_>, input: &UpdateRoleInput) -> Result<UpdateRoleOutput, ApiError> {
    let description = checks::description(input.description())?;
    let role = call.world.iam.role_mut(input.role_name())?;
    if input.description().is_some() {
        role.description = description;
    }
    Ok(UpdateRoleOutput::builder().build())
}

/// IAM API reference, TagRole.
pub(super) fn tag_role(call: &mut Call<'_>, input: &TagRoleInput) -> Result<TagRoleOutput, ApiError> {
    let role = call.world.iam.role_mut(input.role_name())?;
    role.tags = checks::tags(input.tags(), &role.tags)?;
    Ok(TagRoleOutput::builder().build())
}

/// IAM API reference, DeleteRole: all policies and instance profiles must be off it first.
pub(super) fn delete_role(call: &mut Call<'_>, input: &DeleteRoleInput) -> Result<DeleteRoleOutput, ApiError> {
    let role = call.world.iam.role(input.role_name())?;
    let conflict = |what: &str| {
        ApiError::new("DeleteConflict", format!("Cannot delete entity, must {what} first.")).with_status(409)
    };
    if !role.attached.is_empty() {
        return Err(conflict("detach all policies"));
    }
    if !role.policies.is_empty() {
        return Err(conflict("delete policies"));
    }
    if !role.instance_profiles.is_empty() {
        return Err(conflict("remove roles from instance profile"));
    }
    let name = role.name.clone();
    call.world.iam.roles.remove(&name);
    Ok(DeleteRoleOutput::builder().build())
}

/// IAM API reference, ListInstanceProfilesForRole.
pub(super) fn list_instance_profiles_for_role(
    call: &mut Call<'_>,
    input: &ListInstanceProfilesForRoleInput,
) -> Result<ListInstanceProfilesForRoleOutput, ApiError> {
    let role = call.world.iam.role(input.role_name())?;
    let profile = |name: &String| {
        InstanceProfile::builder()
            .path("/")
            .instance_profile_name(name)
            .instance_profile_id(format!("AIPA{:0>17}", role.id.trim_start_matches("AROA")))
            .arn(format!("arn:aws:iam::{}:instance-profile/{name}", call.account()))
            .create_date(role.created_at.datetime())
            .set_roles(Some(Vec::new()))
            .build()
    };
    let profiles = role.instance_profiles.iter().map(profile).collect::<Result<Vec<_>, _>>()?;
    Ok(ListInstanceProfilesForRoleOutput::builder().set_instance_profiles(Some(profiles)).build()?)
}
