//! Where requests go: the application, and each peer's tasks.

use serde_json::{Value, json};

use super::bootstrap::Sidecar;
use super::json::{endpoint, extension, seconds, typed};
use super::tls;
use crate::mesh::{Edge, Peer, ports};

/// The application, as a cluster of its sidecar's.
pub(super) const LOCAL_APP: &str = "local_app";
/// Answered by a peer's sidecar itself, over mutual TLS: a host that is not who it should be fails its check.
pub(super) const HEALTH_PATH: &str = "/.mesh/health";
/// Response header of a sidecar whose application never saw the request.
pub(super) const UNPROCESSED: &str = "x-mesh-unprocessed";
/// Bounds what a slow reader makes Envoy hold for a connection.
pub(super) const BUFFER_BYTES: u32 = 1_048_576;

const HTTP_OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/// The peer's cluster, under which its metrics appear too.
pub(super) fn name_of(peer: &Peer) -> String {
    format!("peer_{}", peer.name)
}

/// Flow control of HTTP/2, the same at both ends.
pub(super) fn http2_windows() -> Value {
    json!({
        "max_concurrent_streams": 1000,
        "initial_stream_window_size": 1_048_576,
        "initial_connection_window_size": 4_194_304,
    })
}

/// The application, in plain HTTP over loopback. Idle connections are given up before the application gives them up
/// (many frameworks: after 5 s), or a request now and then would meet a closed one.
///
/// It is checked, so that callers and ECS learn whether the task is ready, and not only its sidecar. Requests go to it all the
/// same: it is the only one that can answer them.
pub(super) fn local_app(sidecar: &Sidecar<'_>) -> Value {
    json!({
        "name": LOCAL_APP,
        "type": "STATIC",
        "connect_timeout": "1s",
        "health_checks": [{
            "timeout": "2s",
            "interval": "5s",
            "no_traffic_interval": "5s",
            "unhealthy_interval": "1s",
            "unhealthy_threshold": 3,
            "healthy_threshold": 1,
            "http_health_check": { "host": sidecar.model.host(sidecar.name), "path": sidecar.service.health_path },
        }],
        "circuit_breakers": { "thresholds": [{
            "max_connections": 1024, "max_pending_requests": 1024, "max_requests": 1024, "max_retries": 16,
        }] },
        "typed_extension_protocol_options": { (HTTP_OPTIONS): typed(HTTP_OPTIONS, json!({
            "common_http_protocol_options": { "idle_timeout": "4s" },
            "explicit_http_config": { "http_protocol_options": {} },
        })) },
        "load_assignment": endpoint(LOCAL_APP, sidecar.layout.loopback, sidecar.service.app_port),
    })
}

/// A peer: all tasks that its name resolves to.
pub(super) fn peer(sidecar: &Sidecar<'_>, peer: &Peer) -> Value {
    let name = name_of(peer);
    let mut http2 = http2_windows();
    http2["connection_keepalive"] = json!({ "interval": "15s", "timeout": "3s" });
    json!({
        "name": name,
        "cluster_type": discovery(),
        "connect_timeout": "1s",
        "lb_policy": "LEAST_REQUEST",
        // Without the second, what checks and outlier detection find would take effect up to a second later.
        "common_lb_config": { "healthy_panic_threshold": { "value": 30 }, "update_merge_window": "0s" },
        "circuit_breakers": { "thresholds": [{
            "max_connections": 1024,
            "max_pending_requests": 1024,
            "max_requests": 1024,
            "retry_budget": { "budget_percent": { "value": 20 }, "min_retry_concurrency": 20 },
        }] },
        "outlier_detection": outlier_detection(peer.edge),
        "health_checks": [health_check()],
        "upstream_connection_options": {
            "tcp_keepalive": { "keepalive_probes": 3, "keepalive_time": 30, "keepalive_interval": 5 },
        },
        "typed_extension_protocol_options": { (HTTP_OPTIONS): typed(HTTP_OPTIONS, json!({
            "common_http_protocol_options": { "idle_timeout": "300s" },
            "explicit_http_config": { "http2_protocol_options": http2 },
        })) },
        "transport_socket": tls::mutual_client(sidecar, peer),
        "load_assignment": endpoint(&name, &peer.host, ports::MESH),
    })
}

/// Nobody: what is loaded for it is counted in how long the certificates last.
pub(super) fn certificate(sidecar: &Sidecar<'_>) -> Value {
    json!({
        "name": "certificate",
        "type": "STATIC",
        "connect_timeout": "1s",
        "transport_socket": tls::loaded(sidecar.layout),
    })
}

/// Plain address records of Cloud Map's private namespace; the port is the same everywhere.
fn discovery() -> Value {
    extension(
        "envoy.clusters.dns",
        "envoy.extensions.clusters.dns.v3.DnsCluster",
        json!({
            "dns_lookup_family": "V4_ONLY",
            "respect_dns_ttl": true,
            "dns_refresh_rate": "5s",
            "dns_failure_refresh_rate": { "base_interval": "0.5s", "max_interval": "5s" },
        }),
    )
}

/// Half of the tasks may be put aside: Envoy's default of a tenth would be none of two. A connection that fails says more than
/// an answer that does.
fn outlier_detection(edge: Edge) -> Value {
    json!({
        "consecutive_5xx": edge.outlier_failures,
        "consecutive_gateway_failure": edge.outlier_failures,
        "enforcing_consecutive_gateway_failure": 100,
        "split_external_local_origin_errors": true,
        "consecutive_local_origin_failure": edge.outlier_failures.min(3),
        "interval": "2s",
        "base_ejection_time": seconds(edge.outlier_ejection),
        "max_ejection_time": seconds(edge.outlier_ejection * 6),
        "max_ejection_percent": 50,
    })
}

/// With active checks a host stays as long as it passes, though Cloud Map answers with at most eight addresses, chosen
/// anew each time (Cloud Map API reference, `DnsConfig`: MULTIVALUE), and a name server may fail for a while. One that is not
/// there yet is looked for every second, so that services which start together find each other at once.
fn health_check() -> Value {
    json!({
        "timeout": "1s",
        "interval": "5s",
        "interval_jitter": "1s",
        "no_traffic_interval": "1s",
        "no_traffic_healthy_interval": "10s",
        "unhealthy_interval": "1s",
        "initial_jitter": "1s",
        "unhealthy_threshold": 2,
        "healthy_threshold": 1,
        "http_health_check": { "path": HEALTH_PATH, "codec_client_type": "HTTP2" },
    })
}
