//! The mesh: names, certificates and, where App Mesh carries it, its configuration.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::{Draft, Encryption, Network};
use crate::{
    aws::{
        appmesh::{self, Route, VirtualNode, VirtualRouter, VirtualService},
        cloudmap::{DiscoveryService, Namespace},
        secrets::{AuthoritySecret, CertificateSecret},
    },
    config::{self, Service},
    engine::{Chapter, Handle},
    mesh::{
        Edge, MeshError, MeshModel, MeshService,
        app_mesh::{self, KeyFiles},
        envoy::Layout,
    },
};

/// Seconds that a resolver may keep the addresses of a service's tasks: how long callers try a task that is gone.
const TTL_SECONDS: u32 = 10;
/// What a sidecar grants its application at least.
const APPLICATION_TIMEOUT: Duration = Duration::from_secs(30);

/// The mesh.
pub struct Mesh {
    /// The private DNS namespace.
    pub namespace: Handle<Namespace>,
    /// Each service's name in it.
    pub discovery: BTreeMap<String, Handle<DiscoveryService>>,
    /// The authority that certifies the services.
    pub authority: Handle<AuthoritySecret>,
    /// Each service's certificate.
    pub certificates: BTreeMap<String, Handle<CertificateSecret>>,
    /// Each service's virtual node; none where Envoy carries the mesh without App Mesh.
    pub virtual_nodes: BTreeMap<String, Handle<VirtualNode>>,
}

/// Who may call whom, under which names and within which times: what the certificates, Envoy and App Mesh are all told.
pub fn model(draft: &Draft<'_>) -> MeshModel {
    let mesh = &draft.config.mesh;
    let configured = &draft.config.services;
    let calls = |service: &Service| -> BTreeMap<String, Edge> {
        let chosen = |callee: &String| service.edges.get(callee).copied().unwrap_or_else(|| mesh.edge());
        service.calls.iter().map(|callee| (callee.clone(), edge(chosen(callee)))).collect()
    };
    // A sidecar never gives its application up before the most patient of those who may ask does.
    let patience = configured.values().flat_map(|service| calls(service).into_values()).map(|edge| edge.timeout).max();
    let application_timeout = patience.unwrap_or_default().max(APPLICATION_TIMEOUT);
    let service = |service: &Service| MeshService {
        app_port: service.port,
        health_path: service.health_path.clone(),
        calls: calls(service),
        application_timeout,
        access_log_percent: mesh.access_log_percent,
    };
    let services = configured.iter().map(|(name, one)| (name.clone(), service(one))).collect();
    MeshModel::new(format!("{}.platform", draft.suffix), namespace(draft), services)
        .expect("the configuration was checked: callees exist, none calls itself, and no port is a sidecar's")
}

fn edge(configured: config::Edge) -> Edge {
    Edge {
        timeout: Duration::from_secs(configured.request_timeout_seconds.into()),
        retries: configured.retries,
        outlier_failures: configured.outlier_failures,
        outlier_ejection: Duration::from_secs(configured.outlier_ejection_seconds.into()),
    }
}

/// The name of the private DNS namespace.
fn namespace(draft: &Draft<'_>) -> String {
    format!("{}.local", draft.suffix)
}

/// Adds the names, the certificates and, where it is to be had, App Mesh.
pub fn add(draft: &mut Draft<'_>, encryption: &Encryption, network: &Network) -> Mesh {
    let model = model(draft);
    let name = namespace(draft);
    let namespace = draft.blueprint.add(Chapter::Mesh, "services", name, Namespace { vpc: network.vpc.id() });
    let mut add_name = |service: &String| {
        let spec = DiscoveryService { namespace: namespace.id(), ttl_seconds: TTL_SECONDS };
        draft.blueprint.add(Chapter::Mesh, service, service, spec)
    };
    let discovery = model.services().keys().map(|service| (service.clone(), add_name(service))).collect();
    let authority = add_authority(draft, encryption, &model);
    let mut add_certificate = |service: &String| add_certificate(draft, encryption, &authority, &model, service);
    let certificates = model.services().keys().map(|service| (service.clone(), add_certificate(service))).collect();
    let virtual_nodes = match draft.facts.mesh.has_app_mesh() {
        true => add_app_mesh(draft, &model).expect("the model is asked for its own services"),
        false => BTreeMap::new(),
    };
    Mesh { namespace, discovery, authority, certificates, virtual_nodes }
}

/// Days as certificates count them; the configuration allows no more than fit.
fn days(days: u32) -> u16 {
    u16::try_from(days).unwrap_or(u16::MAX)
}

fn add_authority(draft: &mut Draft<'_>, encryption: &Encryption, model: &MeshModel) -> Handle<AuthoritySecret> {
    let authority = AuthoritySecret {
        key: encryption.key.arn(),
        trust_domain: model.trust_domain().to_owned(),
        namespace: model.namespace().to_owned(),
        days: days(draft.config.mesh.authority_days),
        to: draft.facts.rotation.to,
    };
    draft.add(Chapter::Mesh, "services", &["mesh-authority"], authority)
}

fn add_certificate(
    draft: &mut Draft<'_>,
    encryption: &Encryption,
    authority: &Handle<AuthoritySecret>,
    model: &MeshModel,
    service: &str,
) -> Handle<CertificateSecret> {
    let valid = days(draft.config.mesh.certificate_days);
    let certificate = CertificateSecret {
        key: encryption.key.arn(),
        authority: authority.arn(),
        issuer: authority.fingerprint(),
        trust: authority.trust(),
        service: service.to_owned(),
        trust_domain: model.trust_domain().to_owned(),
        dns_name: model.host(service),
        days: valid,
        // A third of its life is left for somebody to run `up` again, or to find out why nobody does.
        renew_before_days: valid / 3,
        issued_after: draft.facts.rotation.issued_after.get(service).cloned(),
    };
    draft.add(Chapter::Mesh, service, &["mesh-certificate", service], certificate)
}

/// A specification in App Mesh's own JSON.
fn spec(spec: impl serde::Serialize) -> Value {
    serde_json::to_value(spec).expect("a specification is plain data")
}

fn add_app_mesh(draft: &mut Draft<'_>, model: &MeshModel) -> Result<BTreeMap<String, Handle<VirtualNode>>, MeshError> {
    let mesh = appmesh::Mesh { spec: spec(app_mesh::mesh()) };
    let mesh = draft.add(Chapter::Mesh, "services", &["mesh"], mesh);
    let files = KeyFiles { keys_dir: Layout::fargate().keys_dir };
    let mut nodes = BTreeMap::new();
    for service in model.services().keys() {
        let node = VirtualNode { mesh: mesh.name(), spec: spec(app_mesh::virtual_node(model, service, &files)?) };
        let node = draft.add(Chapter::Mesh, service, &["virtual-node", service], node);
        let router = VirtualRouter { mesh: mesh.name(), spec: spec(app_mesh::virtual_router(model, service)?) };
        let router = draft.add(Chapter::Mesh, service, &["virtual-router", service], router);
        // References instead of names: the route comes after its node, and goes before it.
        let mut route = spec(app_mesh::route(model, service, "")?);
        route["httpRoute"]["action"]["weightedTargets"][0]["virtualNode"] = json!(node.name());
        let route = Route { mesh: mesh.name(), router: router.name(), spec: route };
        draft.add(Chapter::Mesh, service, &["route", service], route);
        let mut provider = spec(app_mesh::virtual_service(""));
        provider["provider"]["virtualRouter"]["virtualRouterName"] = json!(router.name());
        let virtual_service = VirtualService { mesh: mesh.name(), spec: provider };
        let name = app_mesh::virtual_service_name(model, service);
        draft.blueprint.add(Chapter::Mesh, service, name, virtual_service);
        nodes.insert(service.clone(), node);
    }
    Ok(nodes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        blueprint::{
            Facts, Rotation, network,
            samples::{encryption, facts, parse},
        },
        config::EnvSuffix,
        engine::{Blueprint, Key},
        mesh::{DataPlane, Stage},
    };

    const SERVICES: &str = "[services.payments]\ncalls = [\"accounts\"]\n[services.accounts]";

    fn write(more: &str, app_mesh: bool) -> (Blueprint, Mesh) {
        let (config, suffix) = (parse(more), EnvSuffix::parse("dev").expect("a suffix"));
        let mesh = if app_mesh { DataPlane::AppMesh } else { DataPlane::Envoy };
        let facts = Facts { mesh, ..facts() };
        let mut draft = Draft::new(&config, &suffix, &facts);
        let encryption = encryption(&mut draft);
        let network = network::add(&mut draft);
        let mesh = add(&mut draft, &encryption, &network);
        draft.blueprint.check().expect("references point backwards and keys are unique");
        (draft.blueprint, mesh)
    }

    fn names(blueprint: &Blueprint, chapter: Chapter) -> Vec<String> {
        let nodes = blueprint.nodes().iter().filter(|node| node.chapter == chapter);
        nodes.map(|node| format!("{} {}", node.key, node.name)).collect()
    }

    #[test]
    fn each_service_has_a_name_and_a_certificate() {
        let (blueprint, mesh) = write(SERVICES, false);
        assert_eq!(
            names(&blueprint, Chapter::Mesh),
            [
                "namespace/services dev.local",
                "discovery-service/accounts accounts",
                "discovery-service/payments payments",
                "mesh-authority/services mesh-authority-dev",
                "mesh-certificate/accounts mesh-certificate-accounts-dev",
                "mesh-certificate/payments mesh-certificate-payments-dev",
            ]
        );
        assert!(mesh.virtual_nodes.is_empty());
        let certificate = blueprint.get(mesh.certificates["payments"].key()).expect("the certificate");
        assert_eq!(certificate.dependencies(), [Key::new("kms-key", "main"), Key::new("mesh-authority", "services")]);
        assert_eq!(certificate.spec["dns_name"], "payments.dev.local");
        assert_eq!((&certificate.spec["days"], &certificate.spec["renew_before_days"]), (&json!(30), &json!(10)));
    }

    #[test]
    fn rotations_ask_the_authority_for_a_stage_and_certificates_for_an_age() {
        let (config, suffix) = (parse(SERVICES), EnvSuffix::parse("dev").expect("a suffix"));
        let rotation = Rotation {
            issued_after: BTreeMap::from([("payments".to_owned(), "2026-11-23T07:00:00Z".to_owned())]),
            to: Some(Stage::Introduced),
        };
        let facts = Facts { rotation, ..facts() };
        let mut draft = Draft::new(&config, &suffix, &facts);
        let encryption = encryption(&mut draft);
        let network = network::add(&mut draft);
        add(&mut draft, &encryption, &network);
        let spec = |kind: &str, name: &str| &draft.blueprint.get(&Key::new(kind, name)).expect("there").spec;
        assert_eq!(spec("mesh-authority", "services")["to"], "introduced");
        assert_eq!(spec("mesh-certificate", "payments")["issued_after"], "2026-11-23T07:00:00Z");
        assert_eq!(spec("mesh-certificate", "accounts")["issued_after"], Value::Null);
    }

    #[test]
    fn app_mesh_comes_in_the_order_in_which_it_can_be_made() {
        let (blueprint, mesh) = write(SERVICES, true);
        assert_eq!(mesh.virtual_nodes.keys().collect::<Vec<_>>(), ["accounts", "payments"]);
        let on = |kind: &str, name: &str| {
            let node = blueprint.get(&Key::new(kind, name)).expect("a part of the mesh");
            node.dependencies().iter().map(|key| key.kind().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(on("virtual-node", "payments"), ["mesh"]);
        assert_eq!(on("virtual-router", "payments"), ["mesh"]);
        assert_eq!(on("mesh-route", "payments"), ["mesh", "virtual-node", "virtual-router"]);
        assert_eq!(on("virtual-service", "payments"), ["mesh", "virtual-router"]);
        let service = blueprint.get(&Key::new("virtual-service", "payments")).expect("the service");
        assert_eq!(service.name, "payments.dev.local");
    }

    #[test]
    fn the_model_follows_the_configuration() {
        let text = "[mesh]\nrequest_timeout_seconds = 9\nretries = 2\n[services.payments]\ncalls = [\"accounts\", \"ledger\"]\n\
                    [services.payments.edges.ledger]\nrequest_timeout_seconds = 60\nretries = 0\n[services.accounts]\n[services.ledger]";
        let config = parse(text);
        let (suffix, facts) = (EnvSuffix::parse("pr-1").expect("a suffix"), facts());
        let model = model(&Draft::new(&config, &suffix, &facts));
        assert_eq!((model.trust_domain(), model.namespace()), ("pr-1.platform", "pr-1.local"));
        let edges = model.peers_of("payments").into_iter().map(|peer| (peer.name, peer.edge));
        let edges: Vec<_> = edges.map(|(name, edge)| (name, edge.timeout.as_secs(), edge.retries)).collect();
        assert_eq!(edges, [("accounts".to_owned(), 9, 2), ("ledger".to_owned(), 60, 0)]);
        assert_eq!(model.service("accounts").expect("a service").application_timeout.as_secs(), 60);
        assert_eq!(model.callers_of("accounts"), ["payments"]);
    }
}
