//! The same mesh as App Mesh is told it: specifications in the shape of the App Mesh API (API reference, `CreateMesh`,
//! `CreateVirtualNode`, `CreateVirtualRouter`, `CreateRoute`, `CreateVirtualService`). Names of fields and values are
//! the API's; serialized, they are its JSON.

mod common;
mod node;
mod routing;
mod specs;
mod tls;

pub use common::{Duration, HttpTimeout, PortMapping};
pub use node::{
    AccessLog, Backend, CloudMap, FileAccessLog, HealthCheckPolicy, Listener, ListenerTimeout, Logging,
    OutlierDetection, ServiceDiscovery, VirtualNodeSpec, VirtualServiceBackend,
};
pub use routing::{
    EgressFilter, HttpRetryPolicy, HttpRoute, HttpRouteAction, HttpRouteMatch, MeshSpec, RouteSpec,
    VirtualRouterListener, VirtualRouterProvider, VirtualRouterSpec, VirtualServiceProvider, VirtualServiceSpec,
    WeightedTarget,
};
pub use specs::{mesh, route, virtual_node, virtual_router, virtual_service, virtual_service_name};
pub use tls::{
    ClientPolicy, ClientPolicyTls, FileCertificate, FileTrust, KeyFiles, ListenerTls, SubjectAlternativeNameMatchers,
    SubjectAlternativeNames, TlsCertificate, TlsTrust, TlsValidation,
};
