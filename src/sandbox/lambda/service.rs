//! The operations of Lambda.

use super::{describe, functions, permissions};
use crate::sandbox::registry::{Registry, Service, operations};
use crate::sandbox::throttle::{Limits, Rate};

/// Lambda quotas: 100 a second for GetFunction, 15 for GetPolicy and for all others together.
static LAMBDA: Service = Service {
    name: "lambda",
    sdk_id: "Lambda",
    limits: Limits {
        reading: Rate { burst: 100.0, per_second: 15.0 },
        changing: Rate { burst: 15.0, per_second: 15.0 },
        code: "TooManyRequestsException",
        status: 429,
    },
};

/// Adds Lambda.
pub(in crate::sandbox) fn register(registry: &mut Registry) {
    operations!(registry, &LAMBDA, aws_sdk_lambda, {
        add_permission::AddPermissionError => permissions::add,
        create_function::CreateFunctionError => functions::create,
        delete_function::DeleteFunctionError => functions::delete,
        get_function::GetFunctionError => describe::get_function,
        get_function_configuration::GetFunctionConfigurationError => describe::get_function_configuration,
        get_policy::GetPolicyError => permissions::get,
        remove_permission::RemovePermissionError => permissions::remove,
        update_function_code::UpdateFunctionCodeError => functions::update_code,
        update_function_configuration::UpdateFunctionConfigurationError => functions::update_configuration,
    });
}
