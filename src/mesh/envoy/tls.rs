//! Who this sidecar is and whom it believes.
//!
//! Certificate and authorities come by secret discovery from files, because only then does Envoy take up changed ones:
//! files of a static configuration are read once. Both levels watch the directory of the volume, into which the link
//! `current` is moved: with the inner watch alone, an Envoy that started before the files were there never recovers.

use serde_json::{Value, json};

use super::Layout;
use super::bootstrap::Sidecar;
use super::json::{extension, typed};
use crate::mesh::Peer;

/// Whoever speaks first or last, nothing older is spoken between sidecars.
fn tls_1_3() -> Value {
    json!({ "tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3" })
}

/// What peers meet: no client certificate, no connection. Sessions are never resumed, since that would carry a
/// certificate past its end.
///
/// Any workload of the trust domain may shake hands; who may call is decided by the access rules after it, where a
/// refusal is an answer and a statistic instead of a dead connection.
pub(super) fn mutual_server(sidecar: &Sidecar<'_>) -> Value {
    let trust_domain = format!("spiffe://{}/", sidecar.model.trust_domain());
    downstream(json!({
        "require_client_certificate": true,
        "disable_stateless_session_resumption": true,
        "disable_stateful_session_resumption": true,
        "common_tls_context": {
            "tls_params": tls_1_3(),
            "alpn_protocols": ["h2", "http/1.1"],
            "tls_certificate_sds_secret_configs": [source(sidecar.layout, "leaf")],
            "combined_validation_context": believing(sidecar.layout, json!({ "prefix": trust_domain })),
        },
    }))
}

/// What the load balancer meets where it speaks TLS.
pub(super) fn server(layout: &Layout) -> Value {
    downstream(json!({
        "common_tls_context": {
            "tls_params": { "tls_minimum_protocol_version": "TLSv1_2" },
            "alpn_protocols": ["h2", "http/1.1"],
            "tls_certificate_sds_secret_configs": [source(layout, "leaf")],
        },
    }))
}

/// How a peer is called. Its identity must be exactly the one that was meant: name service and addresses are not
/// trusted, and any other workload of the mesh has a valid certificate too.
pub(super) fn mutual_client(sidecar: &Sidecar<'_>, peer: &Peer) -> Value {
    extension(
        "envoy.transport_sockets.tls",
        "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        json!({
            "sni": peer.host,
            "max_session_keys": 0,
            "common_tls_context": {
                "tls_params": tls_1_3(),
                "tls_certificate_sds_secret_configs": [source(sidecar.layout, "leaf")],
                "combined_validation_context":
                    believing(sidecar.layout, json!({ "exact": sidecar.model.spiffe(&peer.name) })),
            },
        }),
    )
}

/// Loads the certificate and the authorities without anybody to call: what an Envoy has loaded, it tells the days of.
pub(super) fn loaded(layout: &Layout) -> Value {
    extension(
        "envoy.transport_sockets.tls",
        "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        json!({
            "common_tls_context": {
                "tls_params": tls_1_3(),
                "tls_certificate_sds_secret_configs": [source(layout, "leaf")],
                "validation_context_sds_secret_config": source(layout, "trust"),
            },
        }),
    )
}

/// The file through which a sidecar finds its certificate and key.
pub fn sds_leaf(layout: &Layout) -> Value {
    secret(
        "leaf",
        "tls_certificate",
        json!({
            "certificate_chain": { "filename": current(layout, "cert_chain.pem") },
            "private_key": { "filename": current(layout, "private_key.pem") },
            "watched_directory": { "path": layout.keys_dir },
        }),
    )
}

/// The file through which a sidecar finds the authorities that it trusts.
pub fn sds_trust(layout: &Layout) -> Value {
    secret(
        "trust",
        "validation_context",
        json!({
            "trusted_ca": { "filename": current(layout, "ca_bundle.pem") },
            "watched_directory": { "path": layout.keys_dir },
        }),
    )
}

fn downstream(context: Value) -> Value {
    extension("envoy.transport_sockets.tls", "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext", context)
}

/// A certificate of our authorities whose URI name matches.
fn believing(layout: &Layout, uri: Value) -> Value {
    json!({
        "default_validation_context": {
            "match_typed_subject_alt_names": [{ "san_type": "URI", "matcher": uri }],
        },
        "validation_context_sds_secret_config": source(layout, "trust"),
    })
}

fn source(layout: &Layout, name: &str) -> Value {
    json!({
        "name": name,
        "sds_config": {
            "resource_api_version": "V3",
            "path_config_source": {
                "path": format!("{}/{name}.json", layout.sds_dir),
                "watched_directory": { "path": layout.keys_dir },
            },
        },
    })
}

fn secret(name: &str, kind: &str, content: Value) -> Value {
    let resource = typed("envoy.extensions.transport_sockets.tls.v3.Secret", json!({ "name": name, (kind): content }));
    json!({ "resources": [resource] })
}

fn current(layout: &Layout, file: &str) -> String {
    format!("{}/current/{file}", layout.keys_dir)
}
