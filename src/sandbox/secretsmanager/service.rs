//! The operations of Secrets Manager.

use super::{describe, rotation, secrets, state, values};
use crate::sandbox::registry::{Registry, Service, operations};
use crate::sandbox::throttle::{Limits, Rate};

/// Secrets Manager User Guide, "AWS Secrets Manager quotas": 100 a second for ListSecrets, 50 a second for the calls that change something.
static SECRETS_MANAGER: Service = Service {
    name: "secretsmanager",
    sdk_id: "Secrets Manager",
    limits: Limits {
        reading: Rate { burst: 100.0, per_second: 100.0 },
        changing: Rate { burst: 50.0, per_second: 50.0 },
        code: "ThrottlingException",
        status: 400,
    },
};

/// Adds Secrets Manager.
pub(in crate::sandbox) fn register(registry: &mut Registry) {
    registry.before_each_call(state::advance);
    operations!(registry, &SECRETS_MANAGER, aws_sdk_secretsmanager, {
        cancel_rotate_secret::CancelRotateSecretError => rotation::cancel_rotate_secret,
        create_secret::CreateSecretError => secrets::create_secret,
        delete_secret::DeleteSecretError => secrets::delete_secret,
        describe_secret::DescribeSecretError => describe::describe_secret,
        get_secret_value::GetSecretValueError => values::get_secret_value,
        list_secrets::ListSecretsError => describe::list_secrets,
        put_secret_value::PutSecretValueError => values::put_secret_value,
        rotate_secret::RotateSecretError => rotation::rotate_secret,
        update_secret::UpdateSecretError => values::update_secret,
        update_secret_version_stage::UpdateSecretVersionStageError => values::update_secret_version_stage,
    });
}
