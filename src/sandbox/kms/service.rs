//! The operations of KMS.

use super::{aliases, keys, policies, rotation, state, tags};
use crate::sandbox::registry::{Registry, Service, operations};
use crate::sandbox::throttle::{Limits, Rate};

/// KMS Developer Guide, "Request quotas": for each operation of its own, 5 per second for CreateKey, CreateAlias and EnableKeyRotation, 10 to
/// 15 for others that change something, 100 to 2000 for what reads. Here those that change something share a bucket.
pub(super) static KMS: Service = Service {
    name: "kms",
    sdk_id: "KMS",
    limits: Limits {
        reading: Rate { burst: 100.0, per_second: 100.0 },
        changing: Rate { burst: 25.0, per_second: 10.0 },
        code: "ThrottlingException",
        status: 400,
    },
};

/// Adds KMS.
pub(in crate::sandbox) fn register(registry: &mut Registry) {
    registry.before_each_call(state::advance);
    operations!(registry, &KMS, aws_sdk_kms, {
        create_alias::CreateAliasError => aliases::create_alias,
        create_key::CreateKeyError => keys::create_key,
        delete_alias::DeleteAliasError => aliases::delete_alias,
        describe_key::DescribeKeyError => keys::describe_key,
        disable_key_rotation::DisableKeyRotationError => rotation::disable_key_rotation,
        enable_key_rotation::EnableKeyRotationError => rotation::enable_key_rotation,
        get_key_policy::GetKeyPolicyError => policies::get_key_policy,
        get_key_rotation_status::GetKeyRotationStatusError => rotation::get_key_rotation_status,
        list_aliases::ListAliasesError => aliases::list_aliases,
        list_keys::ListKeysError => keys::list_keys,
        list_resource_tags::ListResourceTagsError => tags::list_resource_tags,
        put_key_policy::PutKeyPolicyError => policies::put_key_policy,
        schedule_key_deletion::ScheduleKeyDeletionError => keys::schedule_key_deletion,
        tag_resource::TagResourceError => tags::tag_resource,
        update_alias::UpdateAliasError => aliases::update_alias,
        update_key_description::UpdateKeyDescriptionError => keys::update_key_description,
    });
}
