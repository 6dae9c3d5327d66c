//! The listeners through which the application calls its peers. Loopback only, so only the task's own containers.

use serde_json::{Value, json};

use super::bootstrap::Sidecar;
use super::json::{extension, merged, seconds, tcp};
use super::{clusters, http};
use crate::mesh::{Peer, ports};

/// None without peers; else one for each peer and, where the layout has it, one for all peers by name.
pub(super) fn listeners(sidecar: &Sidecar<'_>) -> Vec<Value> {
    if sidecar.peers.is_empty() {
        return Vec::new();
    }
    let by_name = sidecar.layout.by_name.then(|| by_name(sidecar));
    by_name.into_iter().chain(sidecar.peers.iter().map(|peer| own_port(sidecar, peer))).collect()
}

/// By `Host` header or in the manner of a proxy. A name that is no declared peer gets 421, and nothing leaves the task.
fn by_name(sidecar: &Sidecar<'_>) -> Value {
    let undeclared = json!({
        "name": "undeclared",
        "domains": ["*"],
        "routes": [{
            "match": { "prefix": "/" },
            "direct_response": {
                "status": 421,
                "body": { "inline_string": format!("not a declared peer of {}\n", sidecar.name) },
            },
        }],
    });
    let hosts: Vec<Value> = sidecar
        .peers
        .iter()
        .map(|peer| virtual_host(peer, json!([peer.host, peer.name])))
        .chain(std::iter::once(undeclared))
        .collect();
    let settings = json!({ "http_protocol_options": { "allow_absolute_url": true }, "strip_any_host_port": true });
    listener(sidecar, "egress", ports::EGRESS, hosts, settings)
}

/// Whatever the `Host` header says: a port belongs to a peer.
fn own_port(sidecar: &Sidecar<'_>, peer: &Peer) -> Value {
    let hosts = vec![virtual_host(peer, json!(["*"]))];
    listener(sidecar, &format!("egress_{}", peer.name), peer.port, hosts, json!({}))
}

/// `MODIFY_ONLY`: a drain, which is about those who call in, must not close the application's own connections.
fn listener(sidecar: &Sidecar<'_>, name: &str, port: u16, virtual_hosts: Vec<Value>, settings: Value) -> Value {
    let common = json!({
        "common_http_protocol_options": { "idle_timeout": "300s" },
        "forward_client_cert_details": "SANITIZE",
        "http_filters": [http::router(false)],
        "route_config": { "name": name, "virtual_hosts": virtual_hosts },
    });
    let manager = http::connection_manager(sidecar, "egress", merged(common, settings));
    let listener = http::listener(name, tcp(sidecar.layout.loopback, port), json!({}), manager);
    merged(listener, json!({ "traffic_direction": "OUTBOUND", "drain_type": "MODIFY_ONLY" }))
}

/// Safe methods are also repeated after an answer that failed; the others only where the peer cannot have begun.
fn virtual_host(peer: &Peer, domains: Value) -> Value {
    let safe = json!({ "prefix": "/", "headers": [{
        "name": ":method",
        "string_match": { "safe_regex": { "regex": "GET|HEAD|OPTIONS" } },
    }] });
    let repeat_safe = json!({ "per_try_timeout": seconds(peer.edge.per_try()) });
    json!({
        "name": peer.name,
        "domains": domains,
        "routes": [
            route(peer, safe, "connect-failure,refused-stream,reset,reset-before-request,gateway-error,retriable-headers", repeat_safe),
            route(peer, json!({ "prefix": "/" }), "connect-failure,refused-stream,reset-before-request,retriable-headers", json!({})),
        ],
    })
}

fn route(peer: &Peer, matching: Value, retry_on: &str, policy: Value) -> Value {
    let route = json!({
        "cluster": clusters::name_of(peer),
        "host_rewrite_literal": peer.host,
        "timeout": seconds(peer.edge.timeout),
    });
    let repeating = match peer.edge.retries {
        0 => json!({}),
        retries => json!({ "retry_policy": merged(repeat(retries, retry_on), policy) }),
    };
    json!({ "match": matching, "route": merged(route, repeating) })
}

/// A retry goes to another task of the peer, if there is one: it is drawn for so often, and the busier a task the rarer it is drawn.
fn repeat(retries: u32, retry_on: &str) -> Value {
    let elsewhere = extension(
        "envoy.retry_host_predicates.previous_hosts",
        "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
        json!({}),
    );
    json!({
        "retry_on": retry_on,
        "retriable_headers": [{ "name": clusters::UNPROCESSED, "present_match": true }],
        "num_retries": retries,
        "retry_back_off": http::back_off(),
        "retry_host_predicate": [elsewhere],
        "host_selection_retry_max_attempts": 20,
    })
}
