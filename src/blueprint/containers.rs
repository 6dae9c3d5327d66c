//! The containers of a service's task: the application and what stands beside it. What each gets of the task's CPU and memory: [`sizes`](super::sizes).

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    Draft,
    sizes::{Size, Sizes},
};
use crate::{
    aws::{
        appmesh::VirtualNode,
        ecs::{Check, Container, Log, Mount, Proxy, SecretKey, Variable},
        logs::LogGroup,
        secrets::{CertificateSecret, CredentialsSecret},
    },
    config::{Service, injected},
    engine::{Handle, Output},
    mesh::{DataPlane, MeshModel, Way, envoy, envoy::Layout, ports, scripts},
};

/// The container that serves the application.
pub const APPLICATION: &str = "app";
/// The container of the mesh.
pub const ENVOY: &str = "envoy";
/// Our Envoy beside App Mesh's: it lets the load balancer in and, while one provider takes over from the other, calls of peers.
pub const INGRESS: &str = "ingress";
const INIT: &str = "mesh-init";
const AGENT: &str = "agent";

const KEYS: &str = "mesh-keys";
const CONFIGURATION: &str = "mesh-configuration";
const TEMPORARY: &str = "temporary";
/// What the CloudWatch agent writes: the translation of its configuration, its log, its state.
const AGENT_VOLUMES: [&str; 3] = ["etc", "logs", "var"];
/// What ECS Exec's own agent writes in a container whose root file system is read-only, by volume
/// (ECS Developer Guide, "Monitor Amazon ECS containers with ECS Exec").
const EXEC_VOLUMES: [(&str, &str); 2] = [("exec-state", "/var/lib/amazon"), ("exec-log", "/var/log/amazon")];

/// Seconds in which a task may fail its checks because it is still starting.
pub const GRACE_SECONDS: u32 = 60;

/// Envoy holds two connections for each request under way.
const OPEN_FILES: u32 = 65_535;
/// Fargate's longest; a Spot task is told two minutes ahead (ECS Developer Guide, "Fargate Spot termination notices").
const STOP_SECONDS: u32 = 120;

/// Capabilities of a container by default. The init container keeps CHOWN, to give the keys to Envoy.
const ALL_BUT_CHOWN: [&str; 13] = [
    "AUDIT_WRITE",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// The namespace of the metrics that a service's sidecars send. It tells services apart, since Envoy's own dimensions don't.
pub fn metrics_namespace(suffix: &str, service: &str) -> String {
    format!("platformctl/{suffix}/{service}")
}

/// What the containers of one service are made from.
pub struct Task<'a> {
    /// The service's name.
    pub name: &'a str,
    /// Its configuration.
    pub service: &'a Service,
    /// Who calls whom.
    pub model: &'a MeshModel,
    /// Where the containers log.
    pub log: &'a Handle<LogGroup>,
    /// The service's certificate.
    pub certificate: &'a Handle<CertificateSecret>,
    /// Its database credentials, if it has some.
    pub credentials: Option<&'a Handle<CredentialsSecret>>,
    /// What carries its calls.
    pub plane: DataPlane,
    /// Its virtual node, where App Mesh's Envoy is in the task.
    pub virtual_node: Option<&'a Handle<VirtualNode>>,
    /// Names of what it keeps its data in, by environment variable.
    pub data: BTreeMap<&'static str, Output<Variable>>,
}

impl Task<'_> {
    /// The application's container.
    pub fn application(&self, draft: &Draft<'_>) -> Container {
        let Size { cpu, memory } = self.sizes().application;
        let mut mounts = vec![mount(TEMPORARY, "/tmp", false)];
        if draft.config.cluster.execute_command {
            mounts.extend(EXEC_VOLUMES.map(|(volume, path)| mount(volume, path, false)));
        }
        // App Mesh redirects the application's calls, so nothing reaches anybody before its Envoy is well. /tmp must be open to every
        // user before that, which App Mesh's Envoy waits for, too.
        let first = match self.virtual_node {
            Some(_) => (ENVOY.to_owned(), "HEALTHY".to_owned()),
            None => (INIT.to_owned(), "SUCCESS".to_owned()),
        };
        // Nobody but the sidecar is to reach it, unless App Mesh redirects what comes for it.
        let ports = self.virtual_node.map(|_| self.service.port);
        Container {
            cpu,
            memory: None,
            memory_reservation: Some(memory),
            environment: self.environment(draft),
            secrets: self.secrets(),
            ports: ports.into_iter().collect(),
            depends_on: [first].into(),
            mounts,
            stop_timeout: Some(self.service.stop_timeout_seconds),
            init_process: true,
            ..self.blank(draft, APPLICATION)
        }
    }

    /// The containers beside it.
    pub fn sidecars(&self, draft: &Draft<'_>) -> Vec<Container> {
        let envoy = match self.virtual_node {
            None => self.envoy(draft),
            Some(node) => self.app_mesh_envoy(draft, node),
        };
        let ingress = self.sizes().ingress.map(|size| self.beside_app_mesh(draft, size));
        [Some(self.init(draft)), Some(envoy), ingress, Some(self.agent(draft))].into_iter().flatten().collect()
    }

    /// The volumes that all of them share.
    pub fn volumes(&self, draft: &Draft<'_>) -> Vec<String> {
        let mut volumes: Vec<String> = [KEYS, CONFIGURATION, TEMPORARY].map(str::to_owned).to_vec();
        volumes.extend(AGENT_VOLUMES.map(agent_volume));
        if draft.config.cluster.execute_command {
            volumes.extend(EXEC_VOLUMES.map(|(volume, _)| volume.to_owned()));
        }
        volumes
    }

    /// App Mesh's redirection. Only what comes from outside for the application's port and only what goes out is redirected: not the ports of
    /// our own Envoy, not what the application sends to loopback, and nothing of the user that both Envoys run as (App Mesh User Guide,
    /// "Getting started", `envoy-networking.sh`).
    pub fn proxy(&self) -> Option<Proxy> {
        self.virtual_node.map(|_| Proxy {
            container: ENVOY.to_owned(),
            ignored_user: ports::MESH_UID,
            ignored_group: ports::MESH_UID,
            application_ports: vec![self.service.port],
            ingress_port: ports::APP_MESH_INGRESS,
            egress_port: ports::EGRESS,
            // Credentials and metadata of the task (ECS Developer Guide, "Task metadata endpoint").
            ignored_addresses: vec!["169.254.170.2".to_owned(), "169.254.169.254".to_owned()],
        })
    }

    /// The container that the load balancer calls.
    pub fn entrance(&self) -> &'static str {
        if self.virtual_node.is_some() { INGRESS } else { ENVOY }
    }

    fn sizes(&self) -> Sizes {
        Sizes::of(self.service.cpu, self.service.memory, self.plane)
    }

    fn blank(&self, draft: &Draft<'_>, name: &str) -> Container {
        Container {
            name: name.to_owned(),
            image: None,
            essential: true,
            cpu: 0,
            memory: None,
            memory_reservation: None,
            user: None,
            entry_point: Vec::new(),
            command: Vec::new(),
            environment: BTreeMap::new(),
            secrets: BTreeMap::new(),
            ports: Vec::new(),
            depends_on: BTreeMap::new(),
            mounts: Vec::new(),
            health_check: None,
            stop_timeout: None,
            open_files: None,
            dropped_capabilities: vec!["ALL".to_owned()],
            init_process: false,
            log: Log { group: self.log.name(), region: draft.facts.region.clone() },
        }
    }

    fn environment(&self, draft: &Draft<'_>) -> BTreeMap<String, Output<Variable>> {
        let own = self.service.environment.iter().map(|(name, value)| (name.clone(), Output::known(value)));
        let peers = self.model.peers_of(self.name).into_iter().map(|peer| {
            let url = match self.plane.calls_by() {
                Way::AppMesh => &peer.direct_url,
                Way::Envoy => &peer.url,
            };
            (peer.env.clone(), Output::known(url))
        });
        let fixed = [
            (injected::HOST, Layout::fargate().loopback.to_string()),
            (injected::PORT, self.service.port.to_string()),
            (injected::SERVICE_NAME, self.name.to_owned()),
            (injected::ENVIRONMENT_SUFFIX, draft.suffix.as_str().to_owned()),
        ];
        let fixed = fixed.map(|(name, value)| (name.to_owned(), Output::known(value)));
        let data = self.data.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        own.chain(peers).chain(fixed).chain(data).collect()
    }

    /// `<arn>:<json key>::` is the current version of one key (ECS Developer Guide, "Pass Secrets Manager secrets through
    /// Amazon ECS environment variables").
    fn secrets(&self) -> BTreeMap<String, Output<SecretKey>> {
        let Some(credentials) = self.credentials else { return BTreeMap::new() };
        let mut keys = vec![(injected::DATABASE_USERNAME, "username"), (injected::DATABASE_PASSWORD, "password")];
        if self.service.database {
            let place = [
                (injected::DATABASE_HOST, "host"),
                (injected::DATABASE_PORT, "port"),
                (injected::DATABASE_NAME, "dbname"),
            ];
            keys.extend(place);
        }
        let secret = |(name, key): (&str, &str)| (name.to_owned(), credentials.arn().wrap("", &format!(":{key}::")));
        keys.into_iter().map(secret).collect()
    }

    /// Lays out keys and configuration for Envoy, and ends.
    fn init(&self, draft: &Draft<'_>) -> Container {
        let layout = self.layout();
        // The configuration was checked: the service exists.
        let bootstrap = match self.plane.has_envoy() {
            true => envoy::bootstrap(self.model, self.name, &layout),
            false => envoy::ingress_bootstrap(self.model, self.name, &layout),
        }
        .expect("a configured service is part of the mesh");
        let mut environment: BTreeMap<String, Output<Variable>> = scripts::init_environment(&bootstrap, &layout)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Output::known(value)))
            .collect();
        // Nobody reads it: with another certificate it makes another revision, and so new tasks that load it. What the rotator renews needs no
        // other revision, since it starts the deployment itself.
        environment.insert("MESH_CERTIFICATE".to_owned(), self.certificate.ordered().wrap("", ""));
        let secret = |key: &str| self.certificate.arn().wrap("", &format!(":{key}::"));
        Container {
            image: Some(draft.config.mesh.envoy_image.clone()),
            essential: false,
            memory: Some(self.sizes().init.memory),
            user: Some("0".to_owned()),
            entry_point: scripts::init_entry_point(),
            environment,
            secrets: scripts::INIT_SECRETS.iter().map(|(name, key)| ((*name).to_owned(), secret(key))).collect(),
            mounts: vec![
                mount(KEYS, "/keys", false),
                mount(CONFIGURATION, "/etc/mesh", false),
                mount(TEMPORARY, "/tmp", false),
            ],
            dropped_capabilities: ALL_BUT_CHOWN.map(str::to_owned).to_vec(),
            ..self.blank(draft, INIT)
        }
    }

    fn layout(&self) -> Layout {
        let layout = if self.plane.has_app_mesh() { Layout::beside_app_mesh() } else { Layout::fargate() };
        Layout { max_heap_mib: self.sizes().envoy_heap, ..layout }
    }

    /// An Envoy that is configured by files. It starts after the application and so is stopped before it, in reverse order: what
    /// it still has to finish finds the application alive (ECS Developer Guide, "Container dependency").
    fn file_envoy(&self, draft: &Draft<'_>, name: &str, size: Size, secrets: &[&str]) -> Container {
        let (variable, value) = scripts::envoy_environment(&self.layout());
        Container {
            image: Some(draft.config.mesh.envoy_image.clone()),
            cpu: size.cpu,
            memory: Some(size.memory),
            user: Some(ports::MESH_UID.to_string()),
            entry_point: scripts::envoy_entry_point(),
            command: scripts::envoy_command(),
            environment: [(variable.to_owned(), Output::known(value))].into(),
            depends_on: [(INIT, "SUCCESS"), (APPLICATION, "START")]
                .map(|(name, condition)| (name.to_owned(), condition.to_owned()))
                .into(),
            mounts: vec![mount(KEYS, "/keys", true), mount(CONFIGURATION, "/etc/mesh", true)],
            health_check: Some(ready(scripts::envoy_health_check(secrets))),
            stop_timeout: Some(STOP_SECONDS),
            open_files: Some(OPEN_FILES),
            ..self.blank(draft, name)
        }
    }

    fn envoy(&self, draft: &Draft<'_>) -> Container {
        let ports = vec![ports::MESH, ports::INGRESS];
        Container { ports, ..self.file_envoy(draft, ENVOY, self.sizes().envoy, &scripts::SIDECAR_SECRETS) }
    }

    /// Beside App Mesh's: for the load balancer alone, or for peers as well.
    fn beside_app_mesh(&self, draft: &Draft<'_>, size: Size) -> Container {
        let (ports, secrets): (Vec<u16>, &[&str]) = match self.plane.has_envoy() {
            true => (vec![ports::MESH, ports::INGRESS], &scripts::SIDECAR_SECRETS),
            false => (vec![ports::INGRESS], &[]),
        };
        Container { ports, ..self.file_envoy(draft, INGRESS, size, secrets) }
    }

    /// App Mesh's Envoy, configured by its control plane (App Mesh User Guide, "Envoy image" and "Envoy configuration variables").
    fn app_mesh_envoy(&self, draft: &Draft<'_>, node: &Handle<VirtualNode>) -> Container {
        let settings = [
            ("ENVOY_LOG_LEVEL", "warning".to_owned()),
            ("ENVOY_CONCURRENCY", "1".to_owned()),
            ("ENVOY_ADMIN_ACCESS_PORT", ports::ADMIN.to_string()),
            ("ENABLE_ENVOY_DOG_STATSD", "1".to_owned()),
            ("STATSD_PORT", ports::STATSD.to_string()),
            ("APPMESH_METRIC_EXTENSION_VERSION", "1".to_owned()),
        ];
        let mut environment: BTreeMap<String, Output<Variable>> =
            settings.into_iter().map(|(name, value)| (name.to_owned(), Output::known(value))).collect();
        environment.insert("APPMESH_RESOURCE_ARN".to_owned(), node.arn().wrap("", ""));
        let size = self.sizes().envoy;
        let live = format!("curl -s http://localhost:{}/server_info | grep state | grep -q LIVE", ports::ADMIN);
        Container {
            image: Some(draft.config.mesh.app_mesh_image.clone()),
            cpu: size.cpu,
            memory: Some(size.memory),
            user: Some(ports::MESH_UID.to_string()),
            environment,
            depends_on: [(INIT.to_owned(), "SUCCESS".to_owned())].into(),
            mounts: vec![mount(KEYS, "/keys", true), mount(TEMPORARY, "/tmp", false)],
            health_check: Some(check(vec!["CMD-SHELL".to_owned(), live])),
            stop_timeout: Some(STOP_SECONDS),
            open_files: Some(OPEN_FILES),
            ..self.blank(draft, ENVOY)
        }
    }

    /// Carries the mesh's metrics to CloudWatch. The task lives on without it.
    fn agent(&self, draft: &Draft<'_>) -> Container {
        let configuration = json!({
            "metrics": {
                "namespace": metrics_namespace(draft.suffix.as_str(), self.name),
                "metrics_collected": {
                    "statsd": {
                        "service_address": format!("127.0.0.1:{}", ports::STATSD),
                        "metrics_collection_interval": 10,
                        "metrics_aggregation_interval": 60,
                    },
                },
            },
        });
        let volume =
            |name: &str| mount(&agent_volume(name), &format!("/opt/aws/amazon-cloudwatch-agent/{name}"), false);
        Container {
            image: Some(draft.config.observability.agent_image.clone()),
            essential: false,
            cpu: self.sizes().agent.cpu,
            memory: Some(self.sizes().agent.memory),
            // App Mesh doesn't redirect this group's traffic; the files of its volumes are root's.
            user: Some(format!("0:{}", ports::MESH_UID)),
            environment: [("CW_CONFIG_CONTENT".to_owned(), Output::known(configuration.to_string()))].into(),
            mounts: AGENT_VOLUMES.map(volume).to_vec(),
            ..self.blank(draft, AGENT)
        }
    }
}

fn agent_volume(name: &str) -> String {
    format!("agent-{name}")
}

fn mount(volume: &str, path: &str, read_only: bool) -> Mount {
    Mount { volume: volume.to_owned(), path: path.to_owned(), read_only }
}

/// The check that takes the application in: no less patient with it than the load balancer is.
fn ready(command: Vec<String>) -> Check {
    Check { timeout: 5, retries: 6, start_period: GRACE_SECONDS, ..check(command) }
}

fn check(command: Vec<String>) -> Check {
    Check { command, interval: 5, timeout: 2, retries: 3, start_period: 15 }
}
