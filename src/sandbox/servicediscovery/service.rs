//! The operations of Cloud Map.

use super::{discover, instances, namespaces, operations as tasks, services, state, tags};
use crate::sandbox::registry::{self, Registry, operations};
use crate::sandbox::throttle::{Limits, Rate};

/// Cloud Map Developer Guide, "AWS Cloud Map service quotas", names rates for discovering (1,000 a second) and registering (50); the others are
/// unpublished, and these are cautious.
static CLOUD_MAP: registry::Service = registry::Service {
    name: "servicediscovery",
    sdk_id: "ServiceDiscovery",
    limits: Limits {
        reading: Rate { burst: 50.0, per_second: 20.0 },
        changing: Rate { burst: 20.0, per_second: 5.0 },
        code: "RequestLimitExceeded",
        status: 400,
    },
};

/// Adds Cloud Map.
pub(in crate::sandbox) fn register(registry: &mut Registry) {
    registry.before_each_call(state::advance);
    operations!(registry, &CLOUD_MAP, aws_sdk_servicediscovery, {
        create_private_dns_namespace::CreatePrivateDnsNamespaceError => namespaces::create_private_dns_namespace,
        create_service::CreateServiceError => services::create_service,
        delete_namespace::DeleteNamespaceError => namespaces::delete_namespace,
        delete_service::DeleteServiceError => services::delete_service,
        deregister_instance::DeregisterInstanceError => instances::deregister_instance,
        discover_instances::DiscoverInstancesError => discover::discover_instances,
        get_namespace::GetNamespaceError => namespaces::get_namespace,
        get_operation::GetOperationError => tasks::get_operation,
        get_service::GetServiceError => services::get_service,
        list_instances::ListInstancesError => instances::list_instances,
        list_namespaces::ListNamespacesError => namespaces::list_namespaces,
        list_operations::ListOperationsError => tasks::list_operations,
        list_services::ListServicesError => services::list_services,
        list_tags_for_resource::ListTagsForResourceError => tags::list_tags_for_resource,
        register_instance::RegisterInstanceError => instances::register_instance,
        update_service::UpdateServiceError => services::update_service,
    });
}
