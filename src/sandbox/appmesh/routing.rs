//! The operations of each kind of part: what they have of their own are the types and the path.

use aws_sdk_appmesh::types::{
    self, MeshData, MeshRef, MeshStatus, MeshStatusCode, RouteData, RouteRef, RouteStatus, RouteStatusCode,
    VirtualNodeData, VirtualNodeRef, VirtualNodeStatus, VirtualNodeStatusCode, VirtualRouterData, VirtualRouterRef,
    VirtualRouterStatus, VirtualRouterStatusCode, VirtualServiceData, VirtualServiceRef, VirtualServiceStatus,
    VirtualServiceStatusCode,
};

use super::pieces::{self, Wanted, bad, metadata};
use super::specs::{self, Spec};
use super::state::Piece;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// The path of a mesh.
fn mesh(name: Option<&str>) -> String {
    format!("mesh/{}", name.unwrap_or_default())
}

/// The path of a router.
fn router(mesh_name: Option<&str>, name: Option<&str>) -> String {
    format!("{}/virtualRouter/{}", mesh(mesh_name), name.unwrap_or_default())
}

/// The name of the router that a route belongs to.
fn router_of(piece: &Piece) -> &str {
    piece.path.split('/').nth(3).unwrap_or_default()
}

/// Create, update, delete and describe of one kind. `$input => $parent` says, of any of the four inputs, what the part is in.
macro_rules! changes {
    (
        $kind:literal $field:ident $name:ident $data:ident, $input:ident => $parent:expr,
        $create:ident $create_input:ident $create_output:ident,
        $update:ident $update_input:ident $update_output:ident,
        $delete:ident $delete_input:ident $delete_output:ident,
        $describe:ident $describe_input:ident $describe_output:ident,
    ) => {
        pub(super) fn $describe(
            call: &mut Call<'_>,
            $input: &aws_sdk_appmesh::operation::$describe::$describe_input,
        ) -> Result<aws_sdk_appmesh::operation::$describe::$describe_output, ApiError> {
            let parent = $parent;
            let path = pieces::path(&parent, $kind, $input.$name().unwrap_or_default());
            let found = pieces::get(call, &path)?;
            let data = $data(call, &found)?.spec(specs::given(&found.spec)?).build()?;
            Ok(aws_sdk_appmesh::operation::$describe::$describe_output::builder().$field(data).build())
        }

        pub(super) fn $create(
            call: &mut Call<'_>,
            $input: &aws_sdk_appmesh::operation::$create::$create_input,
        ) -> Result<aws_sdk_appmesh::operation::$create::$create_output, ApiError> {
            let spec = $input.spec().ok_or_else(|| bad("spec is required"))?;
            let wanted = Wanted {
                parent: $parent,
                kind: $kind,
                name: $input.$name().unwrap_or_default(),
                token: $input.client_token(),
                tags: $input.tags(),
                refers: spec.check(&mesh($input.mesh_name()))?,
                spec: specs::kept(spec),
            };
            let made = pieces::create(call, wanted)?;
            let data = $data(call, &made)?.spec(spec.clone()).build()?;
            Ok(aws_sdk_appmesh::operation::$create::$create_output::builder().$field(data).build())
        }

        pub(super) fn $update(
            call: &mut Call<'_>,
            $input: &aws_sdk_appmesh::operation::$update::$update_input,
        ) -> Result<aws_sdk_appmesh::operation::$update::$update_output, ApiError> {
            let spec = $input.spec().ok_or_else(|| bad("spec is required"))?;
            let refers = spec.check(&mesh($input.mesh_name()))?;
            let parent = $parent;
            let path = pieces::path(&parent, $kind, $input.$name().unwrap_or_default());
            let changed = pieces::update(call, &path, specs::kept(spec), refers)?;
            let data = $data(call, &changed)?.spec(spec.clone()).build()?;
            Ok(aws_sdk_appmesh::operation::$update::$update_output::builder().$field(data).build())
        }

        pub(super) fn $delete(
            call: &mut Call<'_>,
            $input: &aws_sdk_appmesh::operation::$delete::$delete_input,
        ) -> Result<aws_sdk_appmesh::operation::$delete::$delete_output, ApiError> {
            let parent = $parent;
            let path = pieces::path(&parent, $kind, $input.$name().unwrap_or_default());
            let deleted = pieces::delete(call, &path)?;
            let data = $data(call, &deleted)?.build()?;
            Ok(aws_sdk_appmesh::operation::$delete::$delete_output::builder().$field(data).build())
        }
    };
}

/// List of one kind, page by page.
macro_rules! lists {
    ($kind:literal $set:ident $reference:ident, $input:ident => $parent:expr, $list:ident $list_input:ident $list_output:ident) => {
        pub(super) fn $list(
            call: &mut Call<'_>,
            $input: &aws_sdk_appmesh::operation::$list::$list_input,
        ) -> Result<aws_sdk_appmesh::operation::$list::$list_output, ApiError> {
            let parent = $parent;
            let (page, next) = pieces::list(call, &parent, $kind, $input.limit(), $input.next_token())?;
            let refs: Result<Vec<_>, ApiError> = page.iter().map(|piece| $reference(call, piece)).collect();
            let output = aws_sdk_appmesh::operation::$list::$list_output::builder().$set(Some(refs?));
            Ok(output.set_next_token(next).build()?)
        }
    };
}

/// A mesh is in nothing else.
fn no_parent() -> String {
    String::new()
}

changes! {
    "mesh" mesh mesh_name mesh_data, input => no_parent(),
    create_mesh CreateMeshInput CreateMeshOutput,
    update_mesh UpdateMeshInput UpdateMeshOutput,
    delete_mesh DeleteMeshInput DeleteMeshOutput,
    describe_mesh DescribeMeshInput DescribeMeshOutput,
}
lists!("mesh" set_meshes mesh_ref, input => no_parent(), list_meshes ListMeshesInput ListMeshesOutput);

changes! {
    "virtualNode" virtual_node virtual_node_name virtual_node_data, input => mesh(input.mesh_name()),
    create_virtual_node CreateVirtualNodeInput CreateVirtualNodeOutput,
    update_virtual_node UpdateVirtualNodeInput UpdateVirtualNodeOutput,
    delete_virtual_node DeleteVirtualNodeInput DeleteVirtualNodeOutput,
    describe_virtual_node DescribeVirtualNodeInput DescribeVirtualNodeOutput,
}
lists!("virtualNode" set_virtual_nodes virtual_node_ref, input => mesh(input.mesh_name()), list_virtual_nodes ListVirtualNodesInput ListVirtualNodesOutput);

changes! {
    "virtualRouter" virtual_router virtual_router_name virtual_router_data, input => mesh(input.mesh_name()),
    create_virtual_router CreateVirtualRouterInput CreateVirtualRouterOutput,
    update_virtual_router UpdateVirtualRouterInput UpdateVirtualRouterOutput,
    delete_virtual_router DeleteVirtualRouterInput DeleteVirtualRouterOutput,
    describe_virtual_router DescribeVirtualRouterInput DescribeVirtualRouterOutput,
}
lists!("virtualRouter" set_virtual_routers virtual_router_ref, input => mesh(input.mesh_name()), list_virtual_routers ListVirtualRoutersInput ListVirtualRoutersOutput);

changes! {
    "virtualService" virtual_service virtual_service_name virtual_service_data, input => mesh(input.mesh_name()),
    create_virtual_service CreateVirtualServiceInput CreateVirtualServiceOutput,
    update_virtual_service UpdateVirtualServiceInput UpdateVirtualServiceOutput,
    delete_virtual_service DeleteVirtualServiceInput DeleteVirtualServiceOutput,
    describe_virtual_service DescribeVirtualServiceInput DescribeVirtualServiceOutput,
}
lists!("virtualService" set_virtual_services virtual_service_ref, input => mesh(input.mesh_name()), list_virtual_services ListVirtualServicesInput ListVirtualServicesOutput);

changes! {
    "route" route route_name route_data, input => router(input.mesh_name(), input.virtual_router_name()),
    create_route CreateRouteInput CreateRouteOutput,
    update_route UpdateRouteInput UpdateRouteOutput,
    delete_route DeleteRouteInput DeleteRouteOutput,
    describe_route DescribeRouteInput DescribeRouteOutput,
}
lists!("route" set_routes route_ref, input => router(input.mesh_name(), input.virtual_router_name()), list_routes ListRoutesInput ListRoutesOutput);

fn mesh_data(call: &Call<'_>, piece: &Piece) -> Result<types::builders::MeshDataBuilder, ApiError> {
    Ok(MeshData::builder()
        .mesh_name(piece.mesh())
        .metadata(metadata(call, piece)?)
        .status(MeshStatus::builder().status(MeshStatusCode::Active).build()))
}

fn mesh_ref(call: &Call<'_>, piece: &Piece) -> Result<MeshRef, ApiError> {
    Ok(MeshRef::builder()
        .mesh_name(piece.mesh())
        .arn(piece.arn(call.place()))
        .version(piece.version)
        .created_at(piece.created_at.datetime())
        .last_updated_at(piece.updated_at.datetime())
        .mesh_owner(call.account())
        .resource_owner(call.account())
        .build()?)
}

fn virtual_node_data(call: &Call<'_>, piece: &Piece) -> Result<types::builders::VirtualNodeDataBuilder, ApiError> {
    Ok(VirtualNodeData::builder()
        .mesh_name(piece.mesh())
        .virtual_node_name(piece.name())
        .metadata(metadata(call, piece)?)
        .status(VirtualNodeStatus::builder().status(VirtualNodeStatusCode::Active).build()?))
}

fn virtual_node_ref(call: &Call<'_>, piece: &Piece) -> Result<VirtualNodeRef, ApiError> {
    Ok(VirtualNodeRef::builder()
        .mesh_name(piece.mesh())
        .virtual_node_name(piece.name())
        .arn(piece.arn(call.place()))
        .version(piece.version)
        .created_at(piece.created_at.datetime())
        .last_updated_at(piece.updated_at.datetime())
        .mesh_owner(call.account())
        .resource_owner(call.account())
        .build()?)
}

fn virtual_router_data(call: &Call<'_>, piece: &Piece) -> Result<types::builders::VirtualRouterDataBuilder, ApiError> {
    Ok(VirtualRouterData::builder()
        .mesh_name(piece.mesh())
        .virtual_router_name(piece.name())
        .metadata(metadata(call, piece)?)
        .status(VirtualRouterStatus::builder().status(VirtualRouterStatusCode::Active).build()?))
}

fn virtual_router_ref(call: &Call<'_>, piece: &Piece) -> Result<VirtualRouterRef, ApiError> {
    Ok(VirtualRouterRef::builder()
        .mesh_name(piece.mesh())
        .virtual_router_name(piece.name())
        .arn(piece.arn(call.place()))
        .version(piece.version)
        .created_at(piece.created_at.datetime())
        .last_updated_at(piece.updated_at.datetime())
        .mesh_owner(call.account())
        .resource_owner(call.account())
        .build()?)
}

fn virtual_service_data(
    call: &Call<'_>,
    piece: &Piece,
) -> Result<types::builders::VirtualServiceDataBuilder, ApiError> {
    Ok(VirtualServiceData::builder()
        .mesh_name(piece.mesh())
        .virtual_service_name(piece.name())
        .metadata(metadata(call, piece)?)
        .status(VirtualServiceStatus::builder().status(VirtualServiceStatusCode::Active).build()?))
}

fn virtual_service_ref(call: &Call<'_>, piece: &Piece) -> Result<VirtualServiceRef, ApiError> {
    Ok(VirtualServiceRef::builder()
        .mesh_name(piece.mesh())
        .virtual_service_name(piece.name())
        .arn(piece.arn(call.place()))
        .version(piece.version)
        .created_at(piece.created_at.datetime())
        .last_updated_at(piece.updated_at.datetime())
        .mesh_owner(call.account())
        .resource_owner(call.account())
        .build()?)
}

fn route_data(call: &Call<'_>, piece: &Piece) -> Result<types::builders::RouteDataBuilder, ApiError> {
    Ok(RouteData::builder()
        .mesh_name(piece.mesh())
        .virtual_router_name(router_of(piece))
        .route_name(piece.name())
        .metadata(metadata(call, piece)?)
        .status(RouteStatus::builder().status(RouteStatusCode::Active).build()?))
}

fn route_ref(call: &Call<'_>, piece: &Piece) -> Result<RouteRef, ApiError> {
    Ok(RouteRef::builder()
        .mesh_name(piece.mesh())
        .virtual_router_name(router_of(piece))
        .route_name(piece.name())
        .arn(piece.arn(call.place()))
        .version(piece.version)
        .created_at(piece.created_at.datetime())
        .last_updated_at(piece.updated_at.datetime())
        .mesh_owner(call.account())
        .resource_owner(call.account())
        .build()?)
}
