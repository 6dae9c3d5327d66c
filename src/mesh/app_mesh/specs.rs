//! From the model to the specifications.

use std::time::Duration as StdDuration;

use super::common::{Duration, HttpTimeout, PortMapping};
use super::node::*;
use super::routing::*;
use super::tls::{ClientPolicy, ClientPolicyTls, KeyFiles, ListenerTls};
use crate::mesh::{Edge, MeshError, MeshModel, MeshService, Peer};

const HTTP: &str = "http";
const IDLE: StdDuration = StdDuration::from_secs(300);

/// The mesh: what is no declared backend is not reached from a task. (AWS's own endpoints under `amazonaws.com` still
/// are: API reference, `EgressFilter`.)
pub fn mesh() -> MeshSpec {
    MeshSpec { egress_filter: EgressFilter { kind: "DROP_ALL" } }
}

/// A service's virtual node: one listener, at the application's port, that accepts nothing but the declared callers'
/// certificates, and one backend for each service that it may call.
///
/// The load balancer has no client certificate and so cannot use that listener. A second listener would not help:
/// App Mesh's Envoy hands a request on to the application at the listener's own port, and the application has one.
/// `PERMISSIVE` would let plain text in from everywhere. So the load balancer enters by a port that App Mesh does not
/// redirect (not in `AppPorts`), open to its security group alone, where
/// [`ingress_bootstrap`](crate::mesh::envoy::ingress_bootstrap) hands it on.
///
/// # Errors
/// If the model has no such service.
pub fn virtual_node(model: &MeshModel, service: &str, files: &KeyFiles) -> Result<VirtualNodeSpec, MeshError> {
    let settings = model.service(service)?;
    Ok(VirtualNodeSpec {
        service_discovery: ServiceDiscovery::AwsCloudMap(CloudMap {
            namespace_name: model.namespace().to_owned(),
            service_name: service.to_owned(),
            ip_preference: "IPv4_ONLY",
        }),
        listeners: vec![listener(model, service, settings, files)],
        backends: model.peers_of(service).iter().map(|peer| backend(model, peer, files)).collect(),
        logging: Logging { access_log: AccessLog::File(FileAccessLog { path: "/dev/stdout" }) },
    })
}

/// A service's virtual router: its one port.
///
/// # Errors
/// If the model has no such service.
pub fn virtual_router(model: &MeshModel, service: &str) -> Result<VirtualRouterSpec, MeshError> {
    let port_mapping = http(model.service(service)?.app_port);
    Ok(VirtualRouterSpec { listeners: vec![VirtualRouterListener { port_mapping }] })
}

/// A service's route: everything to its one virtual node. It serves every method alike, so it repeats only what the
/// service cannot have begun to process (a refused connection, a refused stream) and grants one try as long as all. It
/// serves every caller alike, too: what the most patient one is granted.
///
/// # Errors
/// If the model has no such service.
pub fn route(model: &MeshModel, service: &str, virtual_node: &str) -> Result<RouteSpec, MeshError> {
    model.service(service)?;
    let edge = model.most_patient(service);
    let max_retries = u8::try_from(edge.retries).unwrap_or(u8::MAX);
    let target = WeightedTarget { virtual_node: virtual_node.to_owned(), weight: 100 };
    Ok(RouteSpec {
        http_route: HttpRoute {
            action: HttpRouteAction { weighted_targets: vec![target] },
            matching: HttpRouteMatch { prefix: "/" },
            retry_policy: HttpRetryPolicy {
                http_retry_events: vec!["stream-error"],
                tcp_retry_events: vec!["connection-error"],
                max_retries,
                per_retry_timeout: edge.timeout.into(),
            },
            timeout: timeout(edge.timeout),
        },
    })
}

/// The name of a service's virtual service: the one that its callers use.
pub fn virtual_service_name(model: &MeshModel, service: &str) -> String {
    model.host(service)
}

/// A service's virtual service: its router answers for it.
pub fn virtual_service(virtual_router: &str) -> VirtualServiceSpec {
    let router = VirtualRouterProvider { virtual_router_name: virtual_router.to_owned() };
    VirtualServiceSpec { provider: VirtualServiceProvider::VirtualRouter(router) }
}

fn listener(model: &MeshModel, service: &str, settings: &MeshService, files: &KeyFiles) -> Listener {
    Listener {
        port_mapping: http(settings.app_port),
        tls: ListenerTls {
            mode: "STRICT",
            certificate: files.certificate(),
            validation: files.validation(accepted_callers(model, service)),
        },
        health_check: health_check(settings),
        timeout: ListenerTimeout::Http(timeout(settings.application_timeout)),
        outlier_detection: outlier_detection(model.most_patient(service)),
    }
}

/// The identities that may connect. Without any name App Mesh would accept every certificate of the authority (App Mesh
/// User Guide, "Mutual TLS Authentication"), so a service that nobody may call accepts itself alone.
fn accepted_callers(model: &MeshModel, service: &str) -> Vec<String> {
    let callers = model.callers_of(service);
    let accepted = if callers.is_empty() { vec![service] } else { callers };
    accepted.into_iter().map(|caller| model.spiffe(caller)).collect()
}

fn backend(model: &MeshModel, peer: &Peer, files: &KeyFiles) -> Backend {
    let tls = ClientPolicyTls {
        enforce: true,
        ports: vec![peer.app_port],
        certificate: files.certificate(),
        validation: files.validation(vec![model.spiffe(&peer.name)]),
    };
    Backend::VirtualService(VirtualServiceBackend {
        virtual_service_name: virtual_service_name(model, &peer.name),
        client_policy: ClientPolicy { tls },
    })
}

/// Made by the callers' Envoys, with their certificates. The least that the API takes: 5 s apart, 2 s to answer, two in
/// a row (API reference, `HealthCheckPolicy`).
fn health_check(settings: &MeshService) -> HealthCheckPolicy {
    HealthCheckPolicy {
        healthy_threshold: 2,
        interval_millis: 5000,
        path: settings.health_path.clone(),
        port: settings.app_port,
        protocol: HTTP,
        timeout_millis: 2000,
        unhealthy_threshold: 2,
    }
}

fn outlier_detection(edge: Edge) -> OutlierDetection {
    OutlierDetection {
        base_ejection_duration: edge.outlier_ejection.into(),
        interval: seconds(2),
        max_ejection_percent: 50,
        max_server_errors: u8::try_from(edge.outlier_failures).unwrap_or(u8::MAX),
    }
}

fn timeout(per_request: StdDuration) -> HttpTimeout {
    HttpTimeout { per_request: per_request.into(), idle: IDLE.into() }
}

fn seconds(count: u64) -> Duration {
    StdDuration::from_secs(count).into()
}

fn http(port: u16) -> PortMapping {
    PortMapping { port, protocol: HTTP }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::mesh::model::samples::example;

    fn node(service: &str) -> Value {
        let files = KeyFiles { keys_dir: "/keys".into() };
        let spec = virtual_node(&example(), service, &files).expect("the service exists");
        serde_json::to_value(spec).expect("JSON")
    }

    #[test]
    fn the_virtual_node_is_the_apis_json() {
        insta::assert_json_snapshot!(node("accounts"));
    }

    #[test]
    fn a_listener_accepts_exactly_the_declared_callers() {
        let accepted = |service: &str| {
            node(service)["listeners"][0]["tls"]["validation"]["subjectAlternativeNames"]["match"]["exact"].clone()
        };
        assert_eq!(
            accepted("notifications"),
            json!(["spiffe://dev.platform/accounts", "spiffe://dev.platform/payments"])
        );
        assert_eq!(accepted("accounts"), json!(["spiffe://dev.platform/payments"]));
    }

    #[test]
    fn without_callers_the_list_of_names_is_still_not_empty() {
        let tls = &node("payments")["listeners"][0]["tls"];
        assert_eq!(tls["mode"], "STRICT");
        assert_eq!(
            tls["validation"]["subjectAlternativeNames"]["match"]["exact"],
            json!(["spiffe://dev.platform/payments"])
        );
    }

    #[test]
    fn backends_follow_the_declared_calls() {
        assert_eq!(node("notifications")["backends"], json!([]));
        let backends = node("payments")["backends"].clone();
        let names: Vec<_> = backends
            .as_array()
            .expect("a list")
            .iter()
            .map(|backend| backend["virtualService"]["virtualServiceName"].as_str().expect("a name"))
            .collect();
        assert_eq!(names, ["accounts.dev.local", "notifications.dev.local"]);
    }

    #[test]
    fn the_route_repeats_nothing_that_may_have_been_processed() {
        let spec = route(&example(), "accounts", "virtual-node-accounts-dev").expect("the service exists");
        assert_eq!(
            serde_json::to_value(spec).expect("JSON"),
            json!({ "httpRoute": {
                "action": { "weightedTargets": [{ "virtualNode": "virtual-node-accounts-dev", "weight": 100 }] },
                "match": { "prefix": "/" },
                "retryPolicy": {
                    "httpRetryEvents": ["stream-error"],
                    "tcpRetryEvents": ["connection-error"],
                    "maxRetries": 2,
                    "perRetryTimeout": { "unit": "ms", "value": 5000 },
                },
                "timeout": {
                    "perRequest": { "unit": "ms", "value": 5000 },
                    "idle": { "unit": "ms", "value": 300_000 },
                },
            } })
        );
    }

    #[test]
    fn mesh_router_and_service_are_the_apis_json() {
        assert_eq!(serde_json::to_value(mesh()).expect("JSON"), json!({ "egressFilter": { "type": "DROP_ALL" } }));
        let router = virtual_router(&example(), "accounts").expect("the service exists");
        assert_eq!(
            serde_json::to_value(router).expect("JSON"),
            json!({ "listeners": [{ "portMapping": { "port": 8080, "protocol": "http" } }] })
        );
        assert_eq!(
            serde_json::to_value(virtual_service("virtual-router-accounts-dev")).expect("JSON"),
            json!({ "provider": { "virtualRouter": { "virtualRouterName": "virtual-router-accounts-dev" } } })
        );
        assert_eq!(virtual_service_name(&example(), "accounts"), "accounts.dev.local");
    }

    #[test]
    fn an_unknown_service_has_no_specification() {
        assert!(matches!(route(&example(), "ledger", "x"), Err(MeshError::UnknownService(name)) if name == "ledger"));
    }
}
