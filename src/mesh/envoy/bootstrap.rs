use serde_json::{Value, json};

use super::json::merged;
use super::{Layout, clusters, egress, inbound, ingress, process, stats};
use crate::mesh::{MeshError, MeshModel, MeshService, Peer};

/// One sidecar: whose it is, whom it may call and where it finds things.
pub(super) struct Sidecar<'a> {
    pub model: &'a MeshModel,
    pub name: &'a str,
    pub service: &'a MeshService,
    pub peers: Vec<Peer>,
    pub layout: &'a Layout,
}

/// The bootstrap of a service's sidecar: mutual TLS 1.3 from and to peers along the declared calls, an entrance for the
/// load balancer, metrics and logs.
///
/// # Errors
/// If the model has no such service.
pub fn bootstrap(model: &MeshModel, service: &str, layout: &Layout) -> Result<Value, MeshError> {
    let sidecar =
        Sidecar { model, name: service, service: model.service(service)?, peers: model.peers_of(service), layout };
    let listeners: Vec<Value> = [inbound::listener(&sidecar), ingress::listener(&sidecar)]
        .into_iter()
        .chain(egress::listeners(&sidecar))
        .collect();
    let clusters: Vec<Value> = std::iter::once(clusters::local_app(&sidecar))
        .chain(sidecar.peers.iter().map(|peer| clusters::peer(&sidecar, peer)))
        .collect();
    Ok(assembled(&sidecar, listeners, clusters))
}

/// The bootstrap of a second Envoy that does nothing but let the load balancer in.
///
/// With App Mesh the sidecar's configuration comes from the control plane, whose listeners hand a request on to the
/// application at the listener's own port. The application has one port, and that one demands a client certificate,
/// which no load balancer has. So the load balancer comes in by a port that App Mesh does not redirect, and this Envoy
/// hands it on over loopback, which is never redirected. It also loads the certificate and the authorities, which it needs for nothing but to
/// tell how long they last, since App Mesh's Envoy, started with the same files, doesn't. Its layout is [`Layout::beside_app_mesh`].
///
/// # Errors
/// If the model has no such service.
pub fn ingress_bootstrap(model: &MeshModel, service: &str, layout: &Layout) -> Result<Value, MeshError> {
    let sidecar = Sidecar { model, name: service, service: model.service(service)?, peers: Vec::new(), layout };
    let clusters = vec![clusters::local_app(&sidecar), clusters::certificate(&sidecar)];
    Ok(assembled(&sidecar, vec![ingress::listener(&sidecar)], clusters))
}

fn assembled(sidecar: &Sidecar<'_>, listeners: Vec<Value>, clusters: Vec<Value>) -> Value {
    let node = json!({ "node": { "id": sidecar.name, "cluster": sidecar.name } });
    let resources = json!({ "static_resources": { "listeners": listeners, "clusters": clusters } });
    [process::settings(sidecar.layout), stats::settings(sidecar.layout), resources].into_iter().fold(node, merged)
}
