//! Data types of mesh, virtual router, route and virtual service.

use serde::Serialize;

use super::common::{Duration, HttpTimeout, PortMapping};

/// API reference: `MeshSpec`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MeshSpec {
    /// What a task may call outside the mesh.
    pub egress_filter: EgressFilter,
}

/// API reference: `EgressFilter`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EgressFilter {
    /// `DROP_ALL` or `ALLOW_ALL`.
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// API reference: `VirtualRouterSpec`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VirtualRouterSpec {
    /// The ports that it routes.
    pub listeners: Vec<VirtualRouterListener>,
}

/// API reference: `VirtualRouterListener`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualRouterListener {
    /// The port.
    pub port_mapping: PortMapping,
}

/// API reference: `RouteSpec`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteSpec {
    /// For HTTP/1.1.
    pub http_route: HttpRoute,
}

/// API reference: `HttpRoute`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpRoute {
    /// Where requests go.
    pub action: HttpRouteAction,
    /// Which requests.
    #[serde(rename = "match")]
    pub matching: HttpRouteMatch,
    /// What is repeated.
    pub retry_policy: HttpRetryPolicy,
    /// How long is waited.
    pub timeout: HttpTimeout,
}

/// API reference: `HttpRouteAction`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteAction {
    /// Targets with their shares.
    pub weighted_targets: Vec<WeightedTarget>,
}

/// API reference: `WeightedTarget`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WeightedTarget {
    /// The virtual node's name.
    pub virtual_node: String,
    /// Its share.
    pub weight: u8,
}

/// API reference: `HttpRouteMatch`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HttpRouteMatch {
    /// What the path begins with.
    pub prefix: &'static str,
}

/// API reference: `HttpRetryPolicy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpRetryPolicy {
    /// Answers after which it is tried again.
    pub http_retry_events: Vec<&'static str>,
    /// Failures below HTTP after which it is tried again.
    pub tcp_retry_events: Vec<&'static str>,
    /// How often.
    pub max_retries: u8,
    /// How long is waited for each try.
    pub per_retry_timeout: Duration,
}

/// API reference: `VirtualServiceSpec`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VirtualServiceSpec {
    /// Who answers for it.
    pub provider: VirtualServiceProvider,
}

/// API reference: `VirtualServiceProvider`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum VirtualServiceProvider {
    /// A virtual router.
    VirtualRouter(VirtualRouterProvider),
}

/// API reference: `VirtualRouterServiceProvider`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualRouterProvider {
    /// Its name.
    pub virtual_router_name: String,
}
