//! The listener that peers call: mutual TLS, then the access rules, then the application.

use serde_json::{Map, Value, json};

use super::bootstrap::Sidecar;
use super::json::{extension, merged, tcp};
use super::{access_log, clusters, http, tls};
use crate::mesh::ports;

/// No connection lives longer, because a handshake is the only moment at which a certificate is looked at.
const MAX_CONNECTION: &str = "3600s";

pub(super) fn listener(sidecar: &Sidecar<'_>) -> Value {
    let chain = json!({
        "transport_socket_connect_timeout": "5s",
        "transport_socket": tls::mutual_server(sidecar),
    });
    let address = tcp(sidecar.layout.bind, ports::MESH);
    let listener = http::listener("mesh_inbound", address, chain, connection_manager(sidecar));
    let settings = json!({
        "traffic_direction": "INBOUND",
        "per_connection_buffer_limit_bytes": clusters::BUFFER_BYTES,
        "access_log": access_log::refused_handshakes(sidecar.name),
    });
    merged(listener, settings)
}

fn connection_manager(sidecar: &Sidecar<'_>) -> Value {
    let settings = json!({
        "generate_request_id": false,
        "preserve_external_request_id": true,
        "http2_protocol_options": clusters::http2_windows(),
        "common_http_protocol_options": {
            "idle_timeout": "900s",
            "max_connection_duration": MAX_CONNECTION,
            "headers_with_underscores_action": "REJECT_REQUEST",
        },
        "local_reply_config": mark_unprocessed(),
        "forward_client_cert_details": "SANITIZE_SET",
        "set_current_client_cert_details": { "uri": true },
        "http_filters": [
            http::health_check(clusters::HEALTH_PATH, ready_with_application()),
            access_rules(sidecar),
            http::router(true),
        ],
    });
    http::connection_manager(sidecar, "mesh_inbound", merged(http::exposed(sidecar), settings))
}

/// Callers' checks: this sidecar answers them itself, and says no while it drains or the application is not well.
fn ready_with_application() -> Value {
    json!({ "pass_through_mode": false, "cluster_min_healthy_percentages": { (clusters::LOCAL_APP): { "value": 100 } } })
}

/// Marks an answer of this sidecar itself that says: the application never saw the request. The caller's sidecar may
/// then repeat even a POST.
fn mark_unprocessed() -> Value {
    json!({ "mappers": [{
        "filter": { "response_flag_filter": { "flags": ["UF", "UH", "UO"] } },
        "headers_to_add": [{
            "header": { "key": clusters::UNPROCESSED, "value": "1" },
            "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
        }],
    }] })
}

/// The declared callers, by identity, and nobody else: 403. `rules` is always there, since a filter without it allows
/// everybody; with no policies in it, nobody.
fn access_rules(sidecar: &Sidecar<'_>) -> Value {
    let policies: Map<String, Value> = sidecar
        .model
        .callers_of(sidecar.name)
        .into_iter()
        .map(|caller| {
            let identity = sidecar.model.spiffe(caller);
            let policy = json!({
                "principals": [{ "authenticated": { "principal_name": { "exact": identity } } }],
                "permissions": [{ "any": true }],
            });
            (caller.to_owned(), policy)
        })
        .collect();
    extension(
        "envoy.filters.http.rbac",
        "envoy.extensions.filters.http.rbac.v3.RBAC",
        json!({ "track_per_rule_stats": true, "rules": { "action": "ALLOW", "policies": policies } }),
    )
}
