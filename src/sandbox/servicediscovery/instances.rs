//! Instances, registered and deregistered by calls. ECS does the same without calls: see the state.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use aws_sdk_servicediscovery::operation::deregister_instance::{DeregisterInstanceInput, DeregisterInstanceOutput};
use aws_sdk_servicediscovery::operation::list_instances::{ListInstancesInput, ListInstancesOutput};
use aws_sdk_servicediscovery::operation::register_instance::{RegisterInstanceInput, RegisterInstanceOutput};
use aws_sdk_servicediscovery::types::{InstanceSummary, OperationTargetType, OperationType};

use super::checks::{self, invalid, page};
use super::operations::{begin, in_progress};
use super::state::Instance;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// How long a registration takes, and a deregistration. Estimates.
const REGISTER: Duration = Duration::from_secs(2);
const DEREGISTER: Duration = Duration::from_secs(5);
/// Cloud Map Developer Guide, "AWS Cloud Map service quotas": instances per service.
const MOST: usize = 1000;
const ADDRESS: &str = "AWS_INSTANCE_IPV4";

/// Cloud Map API reference, RegisterInstance. A service with `A` records needs the address.
pub(super) fn register_instance(
    call: &mut Call<'_>,
    input: &RegisterInstanceInput,
) -> Result<RegisterInstanceOutput, ApiError> {
    let service = checks::service(call, input.service_id())?;
    let id = input.instance_id().unwrap_or_default();
    let formed = id.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:/@".contains(c));
    if !(1..=64).contains(&id.len()) || !formed {
        return Err(invalid("InstanceId is not valid"));
    }
    let attributes: BTreeMap<String, String> = input.attributes().cloned().unwrap_or_default().into_iter().collect();
    if attributes.get(ADDRESS).is_none_or(|address| address.parse::<Ipv4Addr>().is_err()) {
        return Err(invalid(format!("The attribute {ADDRESS} must hold an IPv4 address")));
    }
    if service.instances.get(id).is_some_and(|instance| call.now < instance.ready_at) {
        return Err(in_progress());
    }
    if service.instances.len() >= MOST && !service.instances.contains_key(id) {
        return Err(ApiError::new("ResourceLimitExceeded", "The quota of instances is reached"));
    }
    let instance = Instance { attributes, ready_at: call.now + REGISTER, gone_at: None, healthy: true };
    let service = service.id.clone();
    let operation = begin(call, &OperationType::RegisterInstance, (&OperationTargetType::Instance, id), REGISTER, None);
    if let Some(service) = call.world.servicediscovery.services.get_mut(&service) {
        service.instances.insert(id.to_owned(), instance);
    }
    Ok(RegisterInstanceOutput::builder().operation_id(operation).build())
}

/// Cloud Map API reference, DeregisterInstance.
pub(super) fn deregister_instance(
    call: &mut Call<'_>,
    input: &DeregisterInstanceInput,
) -> Result<DeregisterInstanceOutput, ApiError> {
    let service = checks::service(call, input.service_id())?.id.clone();
    let id = input.instance_id().unwrap_or_default();
    let gone_at = call.now + DEREGISTER;
    let present = call.world.servicediscovery.services.get(&service).and_then(|service| service.instances.get(id));
    match present {
        None => return Err(ApiError::new("InstanceNotFound", format!("Instance {id} does not exist"))),
        // What ECS is about to deregister can be deregistered earlier; what a call is deregistering can't.
        Some(instance) if instance.gone_at.is_some_and(|at| at <= gone_at) => return Err(in_progress()),
        Some(_) => {}
    }
    let target = (&OperationTargetType::Instance, id);
    let operation = begin(call, &OperationType::DeregisterInstance, target, DEREGISTER, None);
    call.world.servicediscovery.detach(&service, id, gone_at);
    Ok(DeregisterInstanceOutput::builder().operation_id(operation).build())
}

/// Cloud Map API reference, ListInstances.
pub(super) fn list_instances(call: &mut Call<'_>, input: &ListInstancesInput) -> Result<ListInstancesOutput, ApiError> {
    let service = checks::service(call, input.service_id())?;
    let summary = |(id, instance): (&String, &Instance)| {
        let attributes = instance.attributes.clone().into_iter().collect();
        InstanceSummary::builder().id(id).set_attributes(Some(attributes)).build()
    };
    let found = service.present(call.now).map(summary).collect();
    let (page, next) = page(found, input.max_results(), input.next_token())?;
    Ok(ListInstancesOutput::builder().set_instances(Some(page)).set_next_token(next).build())
}
