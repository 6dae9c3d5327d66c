//! Meshes, virtual routers, routes and virtual services.

use aws_sdk_appmesh::types::{
    EgressFilter, EgressFilterType, HttpRetryPolicy, HttpRoute, HttpRouteAction, HttpRouteMatch, MeshSpec, RouteSpec,
    TcpRetryPolicyEvent, VirtualRouterListener, VirtualRouterServiceProvider, VirtualRouterSpec,
    VirtualServiceProvider, VirtualServiceSpec, WeightedTarget,
};
use serde_json::Value;

use super::{
    node::{duration, http_timeout, port_mapping},
    part::{Part, built},
};
use crate::engine::Failure;

/// `MeshSpec`.
pub(crate) fn mesh(spec: &Value) -> Result<MeshSpec, Failure> {
    let filter = Part::root("mesh", spec, &["egressFilter"])?.at("egressFilter", &["type"])?;
    let filter = EgressFilter::builder().r#type(EgressFilterType::from(filter.text("type")?)).build();
    Ok(MeshSpec::builder().egress_filter(built(filter)?).build())
}

/// `VirtualRouterSpec`.
pub(crate) fn virtual_router(spec: &Value) -> Result<VirtualRouterSpec, Failure> {
    let router = Part::root("virtual router", spec, &["listeners"])?;
    let listener = |part: &Part<'_>| Ok(VirtualRouterListener::builder().port_mapping(port_mapping(part)?).build());
    let listeners: Result<Vec<_>, Failure> = router.list("listeners", &["portMapping"])?.iter().map(listener).collect();
    Ok(VirtualRouterSpec::builder().set_listeners(Some(listeners?)).build())
}

/// `RouteSpec`.
pub(crate) fn route(spec: &Value) -> Result<RouteSpec, Failure> {
    let fields = ["action", "match", "retryPolicy", "timeout"];
    let http = Part::root("route", spec, &["httpRoute"])?.at("httpRoute", &fields)?;
    let action = http.at("action", &["weightedTargets"])?;
    let target = |part: &Part<'_>| {
        let target = WeightedTarget::builder().virtual_node(part.text("virtualNode")?).weight(part.small("weight")?);
        built(target.build())
    };
    let targets: Result<Vec<_>, Failure> =
        action.list("weightedTargets", &["virtualNode", "weight"])?.iter().map(target).collect();
    let action = HttpRouteAction::builder().set_weighted_targets(Some(targets?)).build();
    let prefix = http.at("match", &["prefix"])?.text("prefix")?;
    let route = HttpRoute::builder()
        .action(built(action)?)
        .r#match(HttpRouteMatch::builder().prefix(prefix).build())
        .retry_policy(retry_policy(&http)?)
        .timeout(http_timeout(&http, "timeout")?);
    Ok(RouteSpec::builder().http_route(route.build()).build())
}

fn retry_policy(http: &Part<'_>) -> Result<HttpRetryPolicy, Failure> {
    let fields = ["httpRetryEvents", "tcpRetryEvents", "maxRetries", "perRetryTimeout"];
    let retry = http.at("retryPolicy", &fields)?;
    let tcp_events = retry.texts("tcpRetryEvents")?;
    let tcp_events = tcp_events.iter().map(|event| TcpRetryPolicyEvent::from(event.as_str())).collect();
    let policy = HttpRetryPolicy::builder()
        .set_http_retry_events(Some(retry.texts("httpRetryEvents")?))
        .set_tcp_retry_events(Some(tcp_events))
        .max_retries(retry.number("maxRetries")?)
        .per_retry_timeout(duration(&retry, "perRetryTimeout")?);
    built(policy.build())
}

/// `VirtualServiceSpec`.
pub(crate) fn virtual_service(spec: &Value) -> Result<VirtualServiceSpec, Failure> {
    let provider = Part::root("virtual service", spec, &["provider"])?.at("provider", &["virtualRouter"])?;
    let router = provider.at("virtualRouter", &["virtualRouterName"])?;
    let router = VirtualRouterServiceProvider::builder().virtual_router_name(router.text("virtualRouterName")?);
    let provider = VirtualServiceProvider::VirtualRouter(built(router.build())?);
    Ok(VirtualServiceSpec::builder().provider(provider).build())
}
