//! The listener that the load balancer calls. Nobody has an identity here: the security group lets nobody else in.

use serde_json::{Value, json};

use super::bootstrap::Sidecar;
use super::json::{merged, tcp};
use super::{clusters, http, tls};
use crate::mesh::ports;

pub(super) fn listener(sidecar: &Sidecar<'_>) -> Value {
    let layout = sidecar.layout;
    let chain = if layout.ingress_tls { json!({ "transport_socket": tls::server(layout) }) } else { json!({}) };
    let address = tcp(layout.bind, ports::INGRESS);
    let listener = http::listener("ingress", address, chain, connection_manager(sidecar));
    let settings = json!({
        "traffic_direction": "INBOUND",
        "per_connection_buffer_limit_bytes": clusters::BUFFER_BYTES,
    });
    merged(listener, settings)
}

/// An edge: what a stranger claims in `x-envoy-*` and `x-forwarded-client-cert` is dropped, and the client's address is
/// the one that the load balancer appended to `x-forwarded-for`. The idle time-out is longer than the load balancer's
/// own 60 s, or it would meet closed connections (Elastic Load Balancing, "HTTP 502: Bad gateway").
///
/// The target group's health check gets the application's answer, kept for two seconds, and 503 while draining.
fn connection_manager(sidecar: &Sidecar<'_>) -> Value {
    let through_to_application = json!({ "pass_through_mode": true, "cache_time": "2s" });
    let settings = json!({
        "use_remote_address": true,
        "xff_num_trusted_hops": 1,
        "forward_client_cert_details": "SANITIZE",
        "common_http_protocol_options": {
            "idle_timeout": "120s",
            "headers_with_underscores_action": "REJECT_REQUEST",
        },
        "http_filters": [
            http::health_check(&sidecar.service.health_path, through_to_application),
            http::router(true),
        ],
    });
    http::connection_manager(sidecar, "ingress", merged(http::exposed(sidecar), settings))
}
