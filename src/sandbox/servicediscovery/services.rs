//! Services.

use std::time::Duration;

use aws_sdk_servicediscovery::operation::create_service::{CreateServiceInput, CreateServiceOutput};
use aws_sdk_servicediscovery::operation::delete_service::{DeleteServiceInput, DeleteServiceOutput};
use aws_sdk_servicediscovery::operation::get_service::{GetServiceInput, GetServiceOutput};
use aws_sdk_servicediscovery::operation::list_services::{ListServicesInput, ListServicesOutput};
use aws_sdk_servicediscovery::operation::update_service::{UpdateServiceInput, UpdateServiceOutput};
use aws_sdk_servicediscovery::types::{
    self, DnsConfig, DnsRecord, HealthCheckCustomConfig, OperationTargetType, OperationType, RecordType, RoutingPolicy,
    ServiceFilterName, ServiceSummary, ServiceType,
};

use super::checks::{self, TAGS, holds, invalid, page};
use super::operations::begin;
use super::state::Service;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::tag_rules;
use crate::sandbox::world::Tags;

/// How long a change takes. Estimate.
const UPDATE: Duration = Duration::from_secs(1);

/// The time to live of the one `A` record.
fn ttl(records: &[DnsRecord]) -> Result<i64, ApiError> {
    match records {
        [record] if *record.r#type() == RecordType::A && (0..=2_147_483_647).contains(&record.ttl()) => {
            Ok(record.ttl())
        }
        _ => Err(invalid("The sandbox simulates services with one record of type A")),
    }
}

/// Cloud Map API reference, CreateService.
pub(super) fn create_service(call: &mut Call<'_>, input: &CreateServiceInput) -> Result<CreateServiceOutput, ApiError> {
    let dns = input.dns_config().ok_or_else(|| invalid("The sandbox simulates services with DNS records"))?;
    let namespace = checks::namespace(call, input.namespace_id())?.id.clone();
    let name = checks::dns_name(input.name()).ok().filter(|name| name.len() <= 127);
    let name = name.ok_or_else(|| invalid("The name is not valid"))?;
    let token = checks::token(input.creator_request_id())?;
    if dns.routing_policy().is_some_and(|policy| *policy != RoutingPolicy::Multivalue) {
        return Err(invalid("The sandbox simulates the routing policy MULTIVALUE"));
    }
    if input.health_check_config().is_some() {
        // "Health checks are basic Route 53 health checks … you can't use them in private namespaces": HealthCheckConfig.
        return Err(invalid("HealthCheckConfig isn't supported in a private DNS namespace"));
    }
    let ttl = ttl(dns.dns_records())?;
    let tags = input.tags().iter().map(|tag| (Some(tag.key()), Some(tag.value())));
    let tags = tag_rules::merged(&Tags::new(), tags, &TAGS)?;
    let same = |other: &&Service| other.namespace == namespace && other.name.eq_ignore_ascii_case(name);
    if call.world.servicediscovery.services.values().any(|other| same(&other)) {
        return Err(ApiError::new("ServiceAlreadyExists", format!("Service {name} already exists")));
    }
    checks::unused(call, token, "ServiceAlreadyExists")?;
    let id = format!("srv-{}", call.hex(16));
    let made = Service {
        arn: call.arn("servicediscovery", &format!("service/{id}")),
        id: id.clone(),
        name: name.to_owned(),
        namespace,
        creator_request_id: token.map(str::to_owned),
        ttl,
        custom_health: input.health_check_custom_config().is_some(),
        created_at: call.now,
        tags,
        instances: Default::default(),
    };
    let output = CreateServiceOutput::builder().service(described(&made, call)?);
    call.world.servicediscovery.services.insert(id, made);
    Ok(output.build())
}

fn dns(service: &Service) -> Result<DnsConfig, ApiError> {
    let record = DnsRecord::builder().r#type(RecordType::A).ttl(service.ttl).build()?;
    Ok(DnsConfig::builder().routing_policy(RoutingPolicy::Multivalue).dns_records(record).build()?)
}

/// "This parameter is no longer supported and is always set to 1": HealthCheckCustomConfig.
#[expect(deprecated, reason = "the service still answers it")]
fn health(service: &Service) -> Option<HealthCheckCustomConfig> {
    service.custom_health.then(|| HealthCheckCustomConfig::builder().failure_threshold(1).build())
}

fn described(service: &Service, call: &Call<'_>) -> Result<types::Service, ApiError> {
    Ok(types::Service::builder()
        .id(&service.id)
        .arn(&service.arn)
        .name(&service.name)
        .namespace_id(&service.namespace)
        .r#type(ServiceType::DnsHttp)
        .dns_config(dns(service)?)
        .set_health_check_custom_config(health(service))
        .instance_count(i32::try_from(service.present(call.now).count()).unwrap_or(i32::MAX))
        .create_date(service.created_at.datetime())
        .set_creator_request_id(service.creator_request_id.clone())
        .build())
}

pub(super) fn get_service(call: &mut Call<'_>, input: &GetServiceInput) -> Result<GetServiceOutput, ApiError> {
    let service = described(checks::service(call, input.id())?, call)?;
    Ok(GetServiceOutput::builder().service(service).build())
}

/// Cloud Map API reference, ListServices.
pub(super) fn list_services(call: &mut Call<'_>, input: &ListServicesInput) -> Result<ListServicesOutput, ApiError> {
    let mut found = Vec::new();
    for service in call.world.servicediscovery.services.values() {
        let mut passes = true;
        for filter in input.filters() {
            if *filter.name() != ServiceFilterName::NamespaceId {
                return Err(invalid("The sandbox does not simulate this filter"));
            }
            passes &= holds(filter.condition(), filter.values(), &service.namespace)?;
        }
        if passes {
            let summary = ServiceSummary::builder()
                .id(&service.id)
                .arn(&service.arn)
                .name(&service.name)
                .r#type(ServiceType::DnsHttp)
                .dns_config(dns(service)?)
                .set_health_check_custom_config(health(service))
                .instance_count(i32::try_from(service.present(call.now).count()).unwrap_or(i32::MAX))
                .create_date(service.created_at.datetime());
            found.push(summary.build());
        }
    }
    let (page, next) = page(found, input.max_results(), input.next_token())?;
    Ok(ListServicesOutput::builder().set_services(Some(page)).set_next_token(next).build())
}

/// Cloud Map API reference, UpdateService.
pub(super) fn update_service(call: &mut Call<'_>, input: &UpdateServiceInput) -> Result<UpdateServiceOutput, ApiError> {
    let id = checks::service(call, input.id())?.id.clone();
    let dns = input.service().and_then(|change| change.dns_config());
    let ttl = ttl(dns.ok_or_else(|| invalid("The sandbox simulates changes of DNS records"))?.dns_records())?;
    let operation = begin(call, &OperationType::UpdateService, (&OperationTargetType::Service, &id), UPDATE, None);
    if let Some(service) = call.world.servicediscovery.services.get_mut(&id) {
        service.ttl = ttl;
    }
    Ok(UpdateServiceOutput::builder().operation_id(operation).build())
}

/// Cloud Map API reference, DeleteService: refused while instances are registered.
pub(super) fn delete_service(call: &mut Call<'_>, input: &DeleteServiceInput) -> Result<DeleteServiceOutput, ApiError> {
    let service = checks::service(call, input.id())?;
    if service.present(call.now).next().is_some() {
        let message = "Service contains registered instances; delete the instances before deleting the service";
        return Err(ApiError::new("ResourceInUse", message));
    }
    let id = service.id.clone();
    call.world.servicediscovery.services.remove(&id);
    Ok(DeleteServiceOutput::builder().build())
}
