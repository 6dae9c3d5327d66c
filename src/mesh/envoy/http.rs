//! What the listeners' HTTP handling has in common.

use serde_json::{Value, json};

use super::access_log;
use super::bootstrap::Sidecar;
use super::json::{extension, merged, seconds};

/// A listener with one chain of filters that ends in the given HTTP connection manager.
pub(super) fn listener(name: &str, address: Value, chain: Value, manager: Value) -> Value {
    let chain = merged(merged(json!({ "name": name }), chain), json!({ "filters": [manager] }));
    json!({ "name": name, "stat_prefix": name, "address": address, "filter_chains": [chain] })
}

/// The HTTP connection manager; `statistics` is its name in metrics. Paths are normalized before anything matches them.
pub(super) fn connection_manager(sidecar: &Sidecar<'_>, statistics: &str, settings: Value) -> Value {
    let common = json!({
        "stat_prefix": statistics,
        "codec_type": "AUTO",
        "normalize_path": true,
        "access_log": access_log::requests(sidecar.name, sidecar.service.access_log_percent),
    });
    extension(
        "envoy.filters.network.http_connection_manager",
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        merged(common, settings),
    )
}

/// Settings of the two listeners that others reach.
pub(super) fn exposed(sidecar: &Sidecar<'_>) -> Value {
    json!({
        "server_name": sidecar.name,
        "merge_slashes": true,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "drain_timeout": "5s",
        "stream_idle_timeout": "300s",
        "request_headers_timeout": "10s",
        "early_header_mutation_extensions": [strip_envoy_headers()],
        "route_config": to_application(sidecar),
    })
}

/// The filter that ends each chain. An exposed listener tells nobody how Envoy went about it.
pub(super) fn router(suppress_envoy_headers: bool) -> Value {
    let settings = if suppress_envoy_headers { json!({ "suppress_envoy_headers": true }) } else { json!({}) };
    extension("envoy.filters.http.router", "envoy.extensions.filters.http.router.v3.Router", settings)
}

/// Answers a health check by its path, with 503 while draining, so that whoever checks goes elsewhere.
pub(super) fn health_check(path: &str, settings: Value) -> Value {
    let on_path = json!({ "headers": [{ "name": ":path", "string_match": { "exact": path } }] });
    extension(
        "envoy.filters.http.health_check",
        "envoy.extensions.filters.http.health_check.v3.HealthCheck",
        merged(settings, on_path),
    )
}

/// Waits between tries.
pub(super) fn back_off() -> Value {
    json!({ "base_interval": "0.025s", "max_interval": "0.25s" })
}

/// Everything to the application; repeated only where it cannot have seen the request.
fn to_application(sidecar: &Sidecar<'_>) -> Value {
    json!({
        "name": "local",
        "virtual_hosts": [{
            "name": "local_app",
            "domains": ["*"],
            "routes": [{
                "match": { "prefix": "/" },
                "route": {
                    "cluster": "local_app",
                    "timeout": seconds(sidecar.service.application_timeout),
                    "retry_policy": {
                        "retry_on": "connect-failure,reset-before-request",
                        "num_retries": 2,
                        "retry_back_off": back_off(),
                    },
                },
            }],
        }],
    })
}

/// A caller must not steer this Envoy by its request headers.
fn strip_envoy_headers() -> Value {
    let mutations: Vec<Value> = [
        "x-envoy-retry-on",
        "x-envoy-max-retries",
        "x-envoy-retriable-status-codes",
        "x-envoy-upstream-rq-timeout-ms",
        "x-envoy-upstream-rq-per-try-timeout-ms",
        "x-envoy-original-path",
        "x-envoy-decorator-operation",
    ]
    .iter()
    .map(|header| json!({ "remove": header }))
    .collect();
    extension(
        "envoy.http.early_header_mutation.header_mutation",
        "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
        json!({ "mutations": mutations }),
    )
}
