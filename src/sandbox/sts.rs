//! STS: who is calling.

use aws_sdk_sts::operation::get_caller_identity::{GetCallerIdentityInput, GetCallerIdentityOutput};

use super::call::Call;
use super::error::ApiError;
use super::registry::{Registry, Service, operations};
use super::throttle::{Limits, Rate};

static STS: Service = Service {
    name: "sts",
    sdk_id: "STS",
    limits: Limits {
        reading: Rate { burst: 600.0, per_second: 600.0 },
        changing: Rate { burst: 600.0, per_second: 600.0 },
        code: "Throttling",
        status: 400,
    },
};

/// Adds STS.
pub(in crate::sandbox) fn register(registry: &mut Registry) {
    operations!(registry, &STS, aws_sdk_sts, {
        get_caller_identity::GetCallerIdentityError => get_caller_identity,
    });
}

fn get_caller_identity(call: &mut Call<'_>, _: &GetCallerIdentityInput) -> Result<GetCallerIdentityOutput, ApiError> {
    let account = call.account().to_owned();
    Ok(GetCallerIdentityOutput::builder()
        .arn(format!("arn:aws:iam::{account}:user/sandbox"))
        .user_id("AIDASANDBOXUSER000000")
        .account(account)
        .build())
}
