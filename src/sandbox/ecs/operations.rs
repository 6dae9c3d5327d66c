//! The operations of ECS.

use super::{
    advance, cluster, cluster_list, deployment_calls, execute, service_calls, tag_calls, task, task_definition,
    task_definition_lists,
};
use crate::sandbox::registry::{Registry, Service, operations};
use crate::sandbox::throttle::{Limits, Rate};

/// AWS publishes no figures for ECS; these are of the order of EC2's. ECS API reference, "Common errors".
static ECS: Service = Service {
    name: "ecs",
    sdk_id: "ECS",
    limits: Limits {
        reading: Rate { burst: 100.0, per_second: 20.0 },
        changing: Rate { burst: 50.0, per_second: 10.0 },
        code: "ThrottlingException",
        status: 400,
    },
};

/// Adds ECS.
pub(in crate::sandbox) fn register(registry: &mut Registry) {
    registry.before_each_call(advance::advance);
    operations!(registry, &ECS, aws_sdk_ecs, {
        create_cluster::CreateClusterError => cluster::create,
        describe_clusters::DescribeClustersError => cluster::describe,
        list_clusters::ListClustersError => cluster_list::list,
        update_cluster::UpdateClusterError => cluster::update,
        put_cluster_capacity_providers::PutClusterCapacityProvidersError => cluster::put_capacity_providers,
        delete_cluster::DeleteClusterError => cluster::delete,
        register_task_definition::RegisterTaskDefinitionError => task_definition::register,
        describe_task_definition::DescribeTaskDefinitionError => task_definition::describe,
        deregister_task_definition::DeregisterTaskDefinitionError => task_definition::deregister,
        delete_task_definitions::DeleteTaskDefinitionsError => task_definition::delete,
        list_task_definitions::ListTaskDefinitionsError => task_definition_lists::revisions,
        list_task_definition_families::ListTaskDefinitionFamiliesError => task_definition_lists::families,
        create_service::CreateServiceError => service_calls::create,
        describe_services::DescribeServicesError => service_calls::describe,
        list_services::ListServicesError => service_calls::list,
        update_service::UpdateServiceError => service_calls::update,
        delete_service::DeleteServiceError => service_calls::delete,
        list_service_deployments::ListServiceDeploymentsError => deployment_calls::list,
        describe_service_deployments::DescribeServiceDeploymentsError => deployment_calls::describe,
        describe_service_revisions::DescribeServiceRevisionsError => deployment_calls::describe_revisions,
        stop_service_deployment::StopServiceDeploymentError => deployment_calls::stop,
        continue_service_deployment::ContinueServiceDeploymentError => deployment_calls::go_on,
        execute_command::ExecuteCommandError => execute::execute,
        list_tasks::ListTasksError => task::list,
        describe_tasks::DescribeTasksError => task::describe,
        tag_resource::TagResourceError => tag_calls::tag,
        untag_resource::UntagResourceError => tag_calls::untag,
        list_tags_for_resource::ListTagsForResourceError => tag_calls::list,
    });
}
