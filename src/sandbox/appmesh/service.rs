//! The operations of App Mesh.

use super::{routing, tags};
use crate::sandbox::registry::{Registry, Service, operations};
use crate::sandbox::throttle::{Limits, Rate};

/// Unpublished; these are cautious.
static APP_MESH: Service = Service {
    name: "appmesh",
    sdk_id: "App Mesh",
    limits: Limits {
        reading: Rate { burst: 20.0, per_second: 10.0 },
        changing: Rate { burst: 10.0, per_second: 5.0 },
        code: "TooManyRequestsException",
        status: 429,
    },
};

/// Adds App Mesh.
pub(in crate::sandbox) fn register(registry: &mut Registry) {
    operations!(registry, &APP_MESH, aws_sdk_appmesh, {
        create_mesh::CreateMeshError => routing::create_mesh,
        create_route::CreateRouteError => routing::create_route,
        create_virtual_node::CreateVirtualNodeError => routing::create_virtual_node,
        create_virtual_router::CreateVirtualRouterError => routing::create_virtual_router,
        create_virtual_service::CreateVirtualServiceError => routing::create_virtual_service,
        delete_mesh::DeleteMeshError => routing::delete_mesh,
        delete_route::DeleteRouteError => routing::delete_route,
        delete_virtual_node::DeleteVirtualNodeError => routing::delete_virtual_node,
        delete_virtual_router::DeleteVirtualRouterError => routing::delete_virtual_router,
        delete_virtual_service::DeleteVirtualServiceError => routing::delete_virtual_service,
        describe_mesh::DescribeMeshError => routing::describe_mesh,
        describe_route::DescribeRouteError => routing::describe_route,
        describe_virtual_node::DescribeVirtualNodeError => routing::describe_virtual_node,
        describe_virtual_router::DescribeVirtualRouterError => routing::describe_virtual_router,
        describe_virtual_service::DescribeVirtualServiceError => routing::describe_virtual_service,
        list_meshes::ListMeshesError => routing::list_meshes,
        list_routes::ListRoutesError => routing::list_routes,
        list_tags_for_resource::ListTagsForResourceError => tags::list_tags_for_resource,
        list_virtual_nodes::ListVirtualNodesError => routing::list_virtual_nodes,
        list_virtual_routers::ListVirtualRoutersError => routing::list_virtual_routers,
        list_virtual_services::ListVirtualServicesError => routing::list_virtual_services,
        update_mesh::UpdateMeshError => routing::update_mesh,
        update_route::UpdateRouteError => routing::update_route,
        update_virtual_node::UpdateVirtualNodeError => routing::update_virtual_node,
        update_virtual_router::UpdateVirtualRouterError => routing::update_virtual_router,
        update_virtual_service::UpdateVirtualServiceError => routing::update_virtual_service,
    });
}
