//! STS: who is calling.

use aws_sdk_sts::operation::get_caller_identity::{GetCallerIdentityInput, GetCallerIdentityOutput};

use super::call::Call;
use super::error::ApiError;
use super::registry::{Registry, Service, operations};
use super::throttle::{Limits, Rate};

/// IAM User Guide, "IAM and AWS STS quotas": 600 requests per second.
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
pub(super) fn register(registry: &mut Registry) {
    operations!(registry, &STS, aws_sdk_sts, {
        get_caller_identity::GetCallerIdentityError => get_caller_identity,
    });
}

/// STS API reference, GetCallerIdentity.
fn get_caller_identity(
    call: &mut Call<'_>,
    _input: &GetCallerIdentityInput,
) -> Result<GetCallerIdentityOutput, ApiError> {
    let account = call.account();
    Ok(GetCallerIdentityOutput::builder()
        .account(account)
        .user_id("AIDASANDBOXSANDBOX000")
        .arn(format!("arn:aws:iam::{account}:user/sandbox"))
        .build())
}
