//! What callers are told: the healthy instances of a service.

use aws_sdk_servicediscovery::operation::discover_instances::{DiscoverInstancesInput, DiscoverInstancesOutput};
use aws_sdk_servicediscovery::types::{HealthStatus, HealthStatusFilter, HttpInstanceSummary};

use super::checks::invalid;
use super::state::Instance;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// Cloud Map API reference, DiscoverInstances: by names; those that are healthy, where nothing else is said, or all where none is.
pub(super) fn discover_instances(
    call: &mut Call<'_>,
    input: &DiscoverInstancesInput,
) -> Result<DiscoverInstancesOutput, ApiError> {
    let (namespace_name, service_name) =
        (input.namespace_name().unwrap_or_default(), input.service_name().unwrap_or_default());
    let state = &call.world.servicediscovery;
    let namespace = state.namespaces.values().find(|other| other.name == namespace_name && other.is_ready(call.now));
    let namespace = namespace.ok_or_else(|| ApiError::new("NamespaceNotFound", "No namespace has that name"))?;
    let service = state.services.values().find(|other| other.namespace == namespace.id && other.name == service_name);
    let service = service.ok_or_else(|| ApiError::new("ServiceNotFound", "No service has that name"))?;
    let most = input.max_results().unwrap_or(100);
    if !(1..=1000).contains(&most) {
        return Err(invalid("MaxResults must be between 1 and 1000"));
    }
    let ready: Vec<(&String, &Instance)> =
        service.present(call.now).filter(|(_, instance)| call.now >= instance.ready_at).collect();
    let none_healthy = !ready.iter().any(|(_, instance)| instance.healthy);
    let passes = |instance: &Instance| match input.health_status() {
        Some(HealthStatusFilter::All) => true,
        Some(HealthStatusFilter::Unhealthy) => !instance.healthy,
        Some(HealthStatusFilter::Healthy) => instance.healthy,
        _ => instance.healthy || none_healthy,
    };
    let found = ready.into_iter().filter(|(_, instance)| passes(instance)).take(most as usize);
    let found = found.map(|(id, instance)| {
        let health = if instance.healthy { HealthStatus::Healthy } else { HealthStatus::Unhealthy };
        HttpInstanceSummary::builder()
            .instance_id(id)
            .namespace_name(&namespace.name)
            .service_name(&service.name)
            .health_status(health)
            .set_attributes(Some(instance.attributes.clone().into_iter().collect()))
            .build()
    });
    Ok(DiscoverInstancesOutput::builder().set_instances(Some(found.collect())).build())
}
