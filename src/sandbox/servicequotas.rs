//! Service Quotas: what the account may have.

use aws_sdk_servicequotas::operation::get_aws_default_service_quota::{
    GetAwsDefaultServiceQuotaInput, GetAwsDefaultServiceQuotaOutput,
};
use aws_sdk_servicequotas::operation::get_service_quota::{GetServiceQuotaInput, GetServiceQuotaOutput};
use aws_sdk_servicequotas::operation::list_service_quotas::{ListServiceQuotasInput, ListServiceQuotasOutput};
use aws_sdk_servicequotas::types::ServiceQuota;

use super::call::Call;
use super::error::ApiError;
use super::paging;
use super::quotas::{QUOTAS, Quota};
use super::registry::{Registry, Service, operations};
use super::throttle::{Limits, Rate};

/// Service Quotas API reference: no rate is published; this is cautious.
static SERVICE_QUOTAS: Service = Service {
    name: "servicequotas",
    sdk_id: "Service Quotas",
    limits: Limits {
        reading: Rate { burst: 10.0, per_second: 10.0 },
        changing: Rate { burst: 5.0, per_second: 1.0 },
        code: "TooManyRequestsException",
        status: 400,
    },
};

/// Adds Service Quotas.
pub(in crate::sandbox) fn register(registry: &mut Registry) {
    operations!(registry, &SERVICE_QUOTAS, aws_sdk_servicequotas, {
        get_aws_default_service_quota::GetAWSDefaultServiceQuotaError => get_default,
        get_service_quota::GetServiceQuotaError => get_service_quota,
        list_service_quotas::ListServiceQuotasError => list_service_quotas,
    });
}

/// Service Quotas API reference, GetServiceQuota, "Errors".
fn find(service: Option<&str>, code: Option<&str>) -> Result<&'static Quota, ApiError> {
    let found = code.and_then(Quota::find).filter(|quota| Some(quota.service) == service);
    found.ok_or_else(|| {
        let message = "The request failed because the specified service quota does not exist.";
        ApiError::new("NoSuchResourceException", message)
    })
}

fn get_service_quota(call: &mut Call<'_>, input: &GetServiceQuotaInput) -> Result<GetServiceQuotaOutput, ApiError> {
    let quota = find(input.service_code(), input.quota_code())?;
    Ok(GetServiceQuotaOutput::builder().quota(describe(quota, call.quota(quota.code))).build())
}

/// Service Quotas API reference, GetAWSDefaultServiceQuota: not what the account has, but what a new one has.
fn get_default(
    _call: &mut Call<'_>,
    input: &GetAwsDefaultServiceQuotaInput,
) -> Result<GetAwsDefaultServiceQuotaOutput, ApiError> {
    let quota = find(input.service_code(), input.quota_code())?;
    Ok(GetAwsDefaultServiceQuotaOutput::builder().quota(describe(quota, quota.default)).build())
}

fn list_service_quotas(
    call: &mut Call<'_>,
    input: &ListServiceQuotasInput,
) -> Result<ListServiceQuotasOutput, ApiError> {
    let all: Vec<_> = QUOTAS
        .iter()
        .filter(|quota| Some(quota.service) == input.service_code.as_deref())
        .map(|quota| describe(quota, call.quota(quota.code)))
        .collect();
    if all.is_empty() {
        return Err(ApiError::new("NoSuchResourceException", "The specified service does not exist."));
    }
    let size = usize::try_from(input.max_results.unwrap_or(100)).unwrap_or(100);
    let (page, next) = paging::page(all, size, input.next_token.as_deref())
        .ok_or_else(|| ApiError::new("InvalidPaginationTokenException", "Invalid input was provided."))?;
    Ok(ListServiceQuotasOutput::builder().set_quotas(Some(page)).set_next_token(next).build())
}

fn describe(quota: &Quota, value: f64) -> ServiceQuota {
    ServiceQuota::builder()
        .service_code(quota.service)
        .quota_code(quota.code)
        .quota_name(quota.name)
        .value(value)
        .build()
}
