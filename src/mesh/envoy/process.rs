//! The Envoy process itself: admin interface, limits, name resolution.

use serde_json::{Value, json};

use super::Layout;
use super::json::{extension, tcp, typed};

const MAX_CONNECTIONS: u32 = 10_000;

pub(super) fn settings(layout: &Layout) -> Value {
    json!({
        "admin": admin(layout),
        "typed_dns_resolver_config": dns_resolver(),
        "overload_manager": overload_manager(layout),
    })
}

/// The application shares the task's loopback, so it sees the admin interface: only what the container scripts and
/// metrics need is answered there, not `/config_dump`, `/certs` or `/quitquitquit`.
fn admin(layout: &Layout) -> Value {
    json!({
        "address": tcp(layout.loopback, layout.admin_port),
        "ignore_global_conn_limit": true,
        "allow_paths": [
            { "exact": "/ready" },
            { "exact": "/server_info" },
            { "prefix": "/stats" },
            { "exact": "/healthcheck/fail" },
        ],
    })
}

/// Short tries: a name server that drops packets otherwise holds up the start for more than ten seconds.
fn dns_resolver() -> Value {
    extension(
        "envoy.network.dns_resolver.cares",
        "envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
        json!({
            "dns_resolver_options": { "no_default_search_domain": true },
            "query_timeout_seconds": 1,
            "query_tries": 2,
        }),
    )
}

/// Near the end of its heap Envoy gives memory back and then refuses requests, rather than being killed by the container's limit.
fn overload_manager(layout: &Layout) -> Value {
    let fixed_heap = "envoy.resource_monitors.fixed_heap";
    let action = |name: &str, threshold: f64| json!({ "name": name, "triggers": [{ "name": fixed_heap, "threshold": { "value": threshold } }] });
    json!({
        "refresh_interval": "0.25s",
        "resource_monitors": [
            {
                "name": "envoy.resource_monitors.global_downstream_max_connections",
                "typed_config": typed(
                    "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
                    json!({ "max_active_downstream_connections": MAX_CONNECTIONS }),
                ),
            },
            {
                "name": fixed_heap,
                "typed_config": typed(
                    "envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
                    json!({ "max_heap_size_bytes": u64::from(layout.max_heap_mib) * 1024 * 1024 }),
                ),
            },
        ],
        "actions": [
            action("envoy.overload_actions.shrink_heap", 0.9),
            action("envoy.overload_actions.stop_accepting_requests", 0.97),
        ],
    })
}
