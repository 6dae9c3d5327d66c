use std::collections::BTreeMap;
use std::time::Duration;

use super::{MeshError, ports};

/// How one service calls another: what the caller's sidecar does with a callee that is slow or fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// What a call is granted, all its tries together.
    pub timeout: Duration,
    /// How often it is tried again after the first try.
    pub retries: u32,
    /// Failed answers in a row until a task of the callee is left out for a while.
    pub outlier_failures: u32,
    /// How long it is left out the first time; longer each further time.
    pub outlier_ejection: Duration,
}

impl Edge {
    /// What one try of a method that may be repeated is granted, so that all tries fit into the whole.
    pub fn per_try(&self) -> Duration {
        self.timeout / (self.retries + 1)
    }
}

impl Default for Edge {
    fn default() -> Self {
        let outlier_ejection = Duration::from_secs(10);
        Self { timeout: Duration::from_secs(5), retries: 2, outlier_failures: 5, outlier_ejection }
    }
}

/// One service, as the mesh sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeshService {
    /// Where the application listens, on loopback at least. TCP, plain HTTP.
    pub app_port: u16,
    /// Where the application says whether it is well.
    pub health_path: String,
    /// The services that it may call, and how.
    pub calls: BTreeMap<String, Edge>,
    /// What the service's own sidecar grants the application, whoever calls.
    pub application_timeout: Duration,
    /// Of a hundred requests that went well, so many are logged; what failed or took long always is.
    pub access_log_percent: u32,
}

/// A service that another one may call, seen from the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its name (`accounts`).
    pub name: String,
    /// Its name in the private DNS namespace (`accounts.dev.local`).
    pub host: String,
    /// The caller's own loopback port for it (15101 and up).
    pub port: u16,
    /// The environment variable that tells the application (`ACCOUNTS_URL`).
    pub env: String,
    /// That variable's value where Envoy listens for the application. The address is written as a number because
    /// `localhost` may also be `::1`, where nothing listens.
    pub url: String,
    /// That variable's value where traffic is redirected to Envoy (App Mesh): the callee's own name and port.
    pub direct_url: String,
    /// Where the callee's application listens in its own task.
    pub app_port: u16,
    /// How it is called.
    pub edge: Edge,
}

/// The environment variable that tells an application where a peer is.
pub fn variable(peer: &str) -> String {
    format!("{}_URL", peer.to_uppercase().replace('-', "_"))
}

/// The services of one environment and who of them calls whom. All that either data plane is told derives from this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeshModel {
    trust_domain: String,
    namespace: String,
    services: BTreeMap<String, MeshService>,
}

impl MeshModel {
    /// A mesh with its SPIFFE trust domain (`dev.platform`) and its private DNS namespace (`dev.local`).
    ///
    /// # Errors
    /// If a service calls itself or one that does not exist, or listens on a port that its sidecar needs.
    pub fn new(
        trust_domain: impl Into<String>,
        namespace: impl Into<String>,
        services: BTreeMap<String, MeshService>,
    ) -> Result<Self, MeshError> {
        let model = Self { trust_domain: trust_domain.into(), namespace: namespace.into(), services };
        for (name, service) in &model.services {
            model.check_calls(name, service)?;
            model.check_port(name, service)?;
        }
        Ok(model)
    }

    /// SPIFFE trust domain.
    pub fn trust_domain(&self) -> &str {
        &self.trust_domain
    }

    /// Private DNS namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// All services by name.
    pub fn services(&self) -> &BTreeMap<String, MeshService> {
        &self.services
    }

    /// One service.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn service(&self, name: &str) -> Result<&MeshService, MeshError> {
        self.services.get(name).ok_or_else(|| MeshError::UnknownService(name.to_owned()))
    }

    /// The service's identity: `spiffe://dev.platform/payments`.
    pub fn spiffe(&self, service: &str) -> String {
        format!("spiffe://{}/{service}", self.trust_domain)
    }

    /// The service's DNS name: `payments.dev.local`.
    pub fn host(&self, service: &str) -> String {
        format!("{service}.{}", self.namespace)
    }

    /// The services that may call this one, in alphabetical order.
    pub fn callers_of(&self, service: &str) -> Vec<&str> {
        self.services
            .iter()
            .filter(|(_, other)| other.calls.contains_key(service))
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// The services that this one may call, in alphabetical order. A peer's port is its place in this list, so that a
    /// service's numbers change with its own `calls` alone, never because another service came or went.
    pub fn peers_of(&self, service: &str) -> Vec<Peer> {
        let callees = self.services.get(service).into_iter().flat_map(|service| &service.calls);
        callees.zip(ports::FIRST_PEER..).filter_map(|((name, edge), port)| self.peer(name, *edge, port)).collect()
    }

    /// One edge for all who call a service, for a data plane that can't tell its callers apart: the most patient one's.
    pub fn most_patient(&self, service: &str) -> Edge {
        let edges = self.services.values().filter_map(|caller| caller.calls.get(service)).copied();
        edges
            .reduce(|one, other| Edge {
                timeout: one.timeout.max(other.timeout),
                retries: one.retries.max(other.retries),
                outlier_failures: one.outlier_failures.max(other.outlier_failures),
                outlier_ejection: one.outlier_ejection.min(other.outlier_ejection),
            })
            .unwrap_or_default()
    }

    fn peer(&self, name: &str, edge: Edge, port: u16) -> Option<Peer> {
        let service = self.services.get(name)?;
        let host = self.host(name);
        Some(Peer {
            name: name.to_owned(),
            port,
            env: variable(name),
            url: format!("http://127.0.0.1:{port}"),
            direct_url: format!("http://{host}:{}", service.app_port),
            app_port: service.app_port,
            edge,
            host,
        })
    }

    fn check_calls(&self, name: &str, service: &MeshService) -> Result<(), MeshError> {
        for peer in service.calls.keys() {
            if peer == name {
                return Err(MeshError::CallsItself(name.to_owned()));
            }
            if !self.services.contains_key(peer) {
                return Err(MeshError::UnknownPeer { service: name.to_owned(), peer: peer.clone() });
            }
        }
        Ok(())
    }

    /// The containers of a task share their ports.
    fn check_port(&self, name: &str, service: &MeshService) -> Result<(), MeshError> {
        let port = service.app_port;
        let fixed =
            [ports::APP_MESH_INGRESS, ports::EGRESS, ports::MESH, ports::INGRESS, ports::ADMIN, ports::INGRESS_ADMIN];
        if fixed.contains(&port) || self.peers_of(name).iter().any(|peer| peer.port == port) {
            return Err(MeshError::PortTaken { service: name.to_owned(), port });
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod samples {
    use super::*;

    /// A service on port 8080 with the given callees.
    pub fn service(calls: &[&str]) -> MeshService {
        MeshService {
            app_port: 8080,
            health_path: "/healthz".into(),
            calls: calls.iter().map(|&callee| (callee.to_owned(), Edge::default())).collect(),
            application_timeout: Duration::from_secs(30),
            access_log_percent: 100,
        }
    }

    /// A mesh of these services.
    pub fn model(services: &[(&str, &[&str])]) -> Result<MeshModel, MeshError> {
        let services = services.iter().map(|(name, calls)| ((*name).to_owned(), service(calls))).collect();
        MeshModel::new("dev.platform", "dev.local", services)
    }

    /// The mesh of the example configuration.
    pub fn example() -> MeshModel {
        model(&[("payments", &["notifications", "accounts"]), ("accounts", &["notifications"]), ("notifications", &[])])
            .expect("the example is sound")
    }

    /// `count` services, each calling its next eight neighbours.
    pub fn crowd(count: usize) -> MeshModel {
        let name = |index: usize| format!("service-number-{:02}", index % count);
        let services = (0..count)
            .map(|index| {
                let callees: Vec<String> = (1..=8.min(count - 1)).map(|step| name(index + step)).collect();
                let callees: Vec<&str> = callees.iter().map(String::as_str).collect();
                (name(index), service(&callees))
            })
            .collect();
        MeshModel::new("dev.platform", "dev.local", services).expect("the crowd is sound")
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{example, model, service};
    use super::*;

    #[test]
    fn callers_and_peers_mirror_the_declared_calls() {
        let model = example();
        assert_eq!(model.callers_of("notifications"), ["accounts", "payments"]);
        assert!(model.callers_of("payments").is_empty());
        let peers = model.peers_of("payments");
        let seen: Vec<_> = peers.iter().map(|p| (p.name.as_str(), p.port, p.env.as_str(), p.url.as_str())).collect();
        assert_eq!(
            seen,
            [
                ("accounts", 15101, "ACCOUNTS_URL", "http://127.0.0.1:15101"),
                ("notifications", 15102, "NOTIFICATIONS_URL", "http://127.0.0.1:15102"),
            ]
        );
        assert_eq!(peers[0].direct_url, "http://accounts.dev.local:8080");
        assert!(model.peers_of("notifications").is_empty());
    }

    #[test]
    fn a_hyphen_cannot_stand_in_a_variable() {
        let model = model(&[("web", &["user-profile"]), ("user-profile", &[])]).expect("sound");
        assert_eq!(model.peers_of("web")[0].env, "USER_PROFILE_URL");
    }

    #[test]
    fn a_new_service_leaves_the_ports_of_others_alone() {
        let grown = model(&[
            ("aaa", &[]),
            ("payments", &["notifications", "accounts"]),
            ("accounts", &["notifications", "aaa"]),
            ("notifications", &[]),
        ])
        .expect("sound");
        assert_eq!(grown.peers_of("payments"), example().peers_of("payments"));
    }

    #[test]
    fn all_tries_fit_into_what_a_call_is_granted() {
        let edge = Edge { timeout: Duration::from_secs(9), retries: 2, ..Edge::default() };
        assert_eq!(edge.per_try(), Duration::from_secs(3));
        assert_eq!(Edge { retries: 0, ..edge }.per_try(), edge.timeout);
    }

    #[test]
    fn the_most_patient_caller_speaks_for_all() {
        let edge =
            |seconds: u64, retries: u32| Edge { timeout: Duration::from_secs(seconds), retries, ..Edge::default() };
        let calling = |edge: Edge| MeshService { calls: [("api".to_owned(), edge)].into(), ..service(&[]) };
        let services = [
            ("one".to_owned(), calling(edge(3, 4))),
            ("two".to_owned(), calling(edge(7, 0))),
            ("api".to_owned(), service(&[])),
        ];
        let model = MeshModel::new("dev.platform", "dev.local", services.into()).expect("sound");
        assert_eq!(model.most_patient("api"), edge(7, 4));
        assert_eq!(model.most_patient("one"), Edge::default());
    }

    #[test]
    fn unsound_meshes_are_refused() {
        assert!(matches!(model(&[("web", &["web"])]), Err(MeshError::CallsItself(name)) if name == "web"));
        assert!(matches!(model(&[("web", &["api"])]), Err(MeshError::UnknownPeer { peer, .. }) if peer == "api"));
        let taken = |port: u16| {
            let services = [
                ("web".to_owned(), MeshService { app_port: port, ..service(&["api"]) }),
                ("api".to_owned(), service(&[])),
            ];
            MeshModel::new("dev.platform", "dev.local", services.into())
        };
        assert!(matches!(taken(15006), Err(MeshError::PortTaken { port: 15006, .. })));
        assert!(matches!(taken(15101), Err(MeshError::PortTaken { port: 15101, .. })));
        assert!(taken(15102).is_ok());
    }

    #[test]
    fn an_unknown_service_is_an_error() {
        assert!(matches!(example().service("ledger"), Err(MeshError::UnknownService(name)) if name == "ledger"));
    }
}
