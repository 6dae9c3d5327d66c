//! Namespaces.

use aws_sdk_servicediscovery::operation::create_private_dns_namespace::{
    CreatePrivateDnsNamespaceInput, CreatePrivateDnsNamespaceOutput,
};
use aws_sdk_servicediscovery::operation::delete_namespace::{DeleteNamespaceInput, DeleteNamespaceOutput};
use aws_sdk_servicediscovery::operation::get_namespace::{GetNamespaceInput, GetNamespaceOutput};
use aws_sdk_servicediscovery::operation::list_namespaces::{ListNamespacesInput, ListNamespacesOutput};
use aws_sdk_servicediscovery::types::{
    self, DnsProperties, NamespaceFilterName, NamespaceProperties, NamespaceSummary, NamespaceType,
    OperationTargetType, OperationType,
};

use super::checks::{self, TAGS, holds, invalid, page};
use super::operations::{begin, in_progress, is_busy};
use super::state::Namespace;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::tag_rules;
use crate::sandbox::world::Tags;

/// Cloud Map Developer Guide, "AWS Cloud Map service quotas": namespaces per Region.
const MOST: usize = 50;

/// Cloud Map API reference, CreatePrivateDnsNamespace. Within a VPC, names are unique.
pub(super) fn create_private_dns_namespace(
    call: &mut Call<'_>,
    input: &CreatePrivateDnsNamespaceInput,
) -> Result<CreatePrivateDnsNamespaceOutput, ApiError> {
    let name = checks::dns_name(input.name())?;
    let token = checks::token(input.creator_request_id())?;
    let vpc = input.vpc().unwrap_or_default();
    if !call.world.ec2.vpcs.contains_key(vpc) {
        return Err(invalid(format!("The VPC {vpc} does not exist in this Region")));
    }
    let tags = input.tags().iter().map(|tag| (Some(tag.key()), Some(tag.value())));
    let tags = tag_rules::merged(&Tags::new(), tags, &TAGS)?;
    let state = &call.world.servicediscovery;
    if let Some(present) = state.namespaces.values().find(|other| other.vpc == vpc && other.name == name) {
        if present.creator_request_id.as_deref() == token && call.now < present.ready_at {
            return Err(in_progress());
        }
        return Err(ApiError::new("NamespaceAlreadyExists", format!("The namespace {name} already exists")));
    }
    if state.namespaces.len() >= MOST {
        return Err(ApiError::new("ResourceLimitExceeded", "The quota of namespaces is reached"));
    }
    let is_orphaned = state.orphaned_zones.contains(&(vpc.to_owned(), name.to_owned()));
    let takes = call.durations().namespace;
    let id = format!("ns-{}", call.hex(16));
    let kind = (&OperationTargetType::Namespace, id.as_str());
    if is_orphaned {
        // The hosted zone is Route 53's, and one that was left behind is in the way: Route 53 API reference, CreateHostedZone,
        // ConflictingDomainExists.
        let message = format!("ConflictingDomainExists: a hosted zone {name} is associated with {vpc} already");
        let failure = Some(("CANNOT_CREATE_HOSTED_ZONE", message));
        let operation = begin(call, &OperationType::CreateNamespace, kind, takes, failure);
        return Ok(CreatePrivateDnsNamespaceOutput::builder().operation_id(operation).build());
    }
    checks::unused(call, token, "NamespaceAlreadyExists")?;
    let made = Namespace {
        arn: call.arn("servicediscovery", &format!("namespace/{id}")),
        id: id.clone(),
        name: name.to_owned(),
        vpc: vpc.to_owned(),
        creator_request_id: token.map(str::to_owned),
        hosted_zone: format!("Z{}", call.hex(20).to_uppercase()),
        created_at: call.now,
        ready_at: call.now + takes,
        gone_at: None,
        tags,
    };
    let operation = begin(call, &OperationType::CreateNamespace, kind, takes, None);
    call.world.servicediscovery.namespaces.insert(id, made);
    Ok(CreatePrivateDnsNamespaceOutput::builder().operation_id(operation).build())
}

/// Cloud Map API reference, DeleteNamespace: refused while it has services.
pub(super) fn delete_namespace(
    call: &mut Call<'_>,
    input: &DeleteNamespaceInput,
) -> Result<DeleteNamespaceOutput, ApiError> {
    let id = checks::namespace(call, input.id())?.id.clone();
    if is_busy(call, &OperationTargetType::Namespace, &id) {
        return Err(in_progress());
    }
    if call.world.servicediscovery.services.values().any(|service| service.namespace == id) {
        let message = "The namespace has associated services; delete the services before deleting the namespace";
        return Err(ApiError::new("ResourceInUse", message));
    }
    let takes = call.durations().namespace_deleted;
    let gone_at = call.now + takes;
    let operation = begin(call, &OperationType::DeleteNamespace, (&OperationTargetType::Namespace, &id), takes, None);
    if let Some(namespace) = call.world.servicediscovery.namespaces.get_mut(&id) {
        namespace.gone_at = Some(gone_at);
    }
    Ok(DeleteNamespaceOutput::builder().operation_id(operation).build())
}

fn properties(namespace: &Namespace) -> NamespaceProperties {
    let dns = DnsProperties::builder().hosted_zone_id(&namespace.hosted_zone).build();
    NamespaceProperties::builder().dns_properties(dns).build()
}

pub(super) fn get_namespace(call: &mut Call<'_>, input: &GetNamespaceInput) -> Result<GetNamespaceOutput, ApiError> {
    let found = checks::namespace(call, input.id())?;
    let services = call.world.servicediscovery.services.values().filter(|service| service.namespace == found.id);
    let namespace = types::Namespace::builder()
        .id(&found.id)
        .arn(&found.arn)
        .name(&found.name)
        .r#type(NamespaceType::DnsPrivate)
        .service_count(i32::try_from(services.count()).unwrap_or(i32::MAX))
        .properties(properties(found))
        .create_date(found.created_at.datetime())
        .set_creator_request_id(found.creator_request_id.clone());
    Ok(GetNamespaceOutput::builder().namespace(namespace.build()).build())
}

/// Cloud Map API reference, ListNamespaces.
pub(super) fn list_namespaces(
    call: &mut Call<'_>,
    input: &ListNamespacesInput,
) -> Result<ListNamespacesOutput, ApiError> {
    let mut found = Vec::new();
    for namespace in call.world.servicediscovery.namespaces.values().filter(|other| other.is_ready(call.now)) {
        let mut passes = true;
        for filter in input.filters() {
            let value = match filter.name() {
                NamespaceFilterName::Type => "DNS_PRIVATE",
                NamespaceFilterName::Name => &namespace.name,
                _ => return Err(invalid("The sandbox does not simulate this filter")),
            };
            passes &= holds(filter.condition(), filter.values(), value)?;
        }
        if passes {
            let summary = NamespaceSummary::builder().id(&namespace.id).arn(&namespace.arn).name(&namespace.name);
            let summary = summary.r#type(NamespaceType::DnsPrivate).properties(properties(namespace));
            found.push(summary.create_date(namespace.created_at.datetime()).build());
        }
    }
    let (page, next) = page(found, input.max_results(), input.next_token())?;
    Ok(ListNamespacesOutput::builder().set_namespaces(Some(page)).set_next_token(next).build())
}
