//! The operations of IAM.

use super::{details, policies, roles, simulate};
use crate::sandbox::registry::{Registry, Service, operations};
use crate::sandbox::throttle::{Limits, Rate};

/// AWS publishes no rates for IAM; these are cautious.
pub(super) static IAM: Service = Service {
    name: "iam",
    sdk_id: "IAM",
    limits: Limits {
        reading: Rate { burst: 60.0, per_second: 15.0 },
        changing: Rate { burst: 60.0, per_second: 10.0 },
        code: "Throttling",
        status: 400,
    },
};

/// Adds IAM.
pub(in crate::sandbox) fn register(registry: &mut Registry) {
    operations!(registry, &IAM, aws_sdk_iam, {
        attach_role_policy::AttachRolePolicyError => policies::attach_role_policy,
        create_role::CreateRoleError => roles::create_role,
        delete_role::DeleteRoleError => roles::delete_role,
        delete_role_policy::DeleteRolePolicyError => policies::delete_role_policy,
        detach_role_policy::DetachRolePolicyError => policies::detach_role_policy,
        get_account_authorization_details::GetAccountAuthorizationDetailsError => details::get_account_authorization_details,
        get_role::GetRoleError => roles::get_role,
        list_attached_role_policies::ListAttachedRolePoliciesError => policies::list_attached_role_policies,
        list_instance_profiles_for_role::ListInstanceProfilesForRoleError => roles::list_instance_profiles_for_role,
        list_role_policies::ListRolePoliciesError => policies::list_role_policies,
        list_roles::ListRolesError => roles::list_roles,
        put_role_policy::PutRolePolicyError => policies::put_role_policy,
        simulate_principal_policy::SimulatePrincipalPolicyError => simulate::simulate,
        tag_role::TagRoleError => roles::tag_role,
        update_assume_role_policy::UpdateAssumeRolePolicyError => roles::update_assume_role_policy,
        update_role::UpdateRoleError => roles::update_role,
    });
}
