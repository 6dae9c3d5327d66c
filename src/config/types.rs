//! What `platform.toml` says, with every default filled in.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;

use super::database::Database;
use super::origin::Origin;
use super::service::{Edge, Service};

/// A whole configuration that passed every check which needs no environment suffix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Who owns the environment and where it stands.
    pub platform: Platform,
    /// The VPC.
    pub network: Network,
    /// The load balancer.
    pub ingress: Ingress,
    /// Mutual TLS between the services.
    pub mesh: Mesh,
    /// The ECS cluster.
    pub cluster: Cluster,
    /// Logs, alarms and the dashboard.
    pub observability: Observability,
    /// The customer-managed key.
    pub encryption: Encryption,
    /// The database; `None` where there is no `[database]`.
    pub database: Option<Database>,
    /// The microservices by name; at least one.
    pub services: BTreeMap<String, Service>,
    /// Where each value was written, for errors that are found later; `Origin::default()` where it came from no file.
    pub origin: Origin,
}

/// `[platform]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// Value of the tag `Team`.
    pub team: String,
    /// Value of the tag `CostCenter`.
    pub cost_center: String,
    /// AWS region.
    pub region: String,
    /// Exactly three distinct zones of the region, or `None` to take the first three that the account offers.
    pub zones: Option<Vec<String>>,
    /// Lifetime of an environment in hours, counted from its creation; `None` for no end.
    pub expires_after: Option<u32>,
}

impl Platform {
    /// The region where the configuration names none.
    pub const DEFAULT_REGION: &str = "us-east-1";
}

/// `[network]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Address range of the VPC: private, /16 to /20, so that a sixteenth of it (a /24 at least) is left for each of the
    /// six subnets.
    pub cidr: Ipv4Net,
    /// Networks that the VPC will be connected to one day; `cidr` overlaps none of them.
    pub avoid: Vec<Ipv4Net>,
    /// How many NAT gateways.
    pub nat: NatMode,
    /// Retention of the VPC flow logs, in days; one of the values that CloudWatch Logs accepts.
    pub flow_log_retention_days: u32,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            cidr: Ipv4Net::new_assert(std::net::Ipv4Addr::new(10, 20, 0, 0), 16),
            avoid: Vec::new(),
            nat: NatMode::PerZone,
            flow_log_retention_days: 30,
        }
    }
}

/// How the private subnets reach the Internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NatMode {
    /// A NAT gateway in each zone: a zone that fails takes only itself down.
    PerZone,
    /// One NAT gateway for all zones: a third of the price, and a single point of failure.
    Single,
}

impl NatMode {
    /// The words of the configuration file.
    pub const NAMES: &[(&str, Self)] = &[("per-zone", Self::PerZone), ("single", Self::Single)];
}

/// `[ingress]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingress {
    /// ACM certificate in the region; with it there is an HTTPS listener and HTTP redirects to it.
    pub certificate_arn: Option<String>,
    /// Whether the load balancer writes access logs to its bucket.
    pub access_logs: bool,
    /// Seconds that a connection may be idle.
    pub idle_timeout_seconds: u32,
    /// Seconds that a target which leaves keeps its open requests.
    pub deregistration_delay_seconds: u32,
    /// How targets are checked.
    pub health_check: HealthCheck,
    /// Who may reach the load balancer; none of them lies within another.
    pub allowed_cidrs: Vec<Ipv4Net>,
}

impl Default for Ingress {
    fn default() -> Self {
        Self {
            certificate_arn: None,
            access_logs: true,
            idle_timeout_seconds: 60,
            deregistration_delay_seconds: 30,
            health_check: HealthCheck::default(),
            allowed_cidrs: vec![Ipv4Net::default()],
        }
    }
}

/// `[ingress.health_check]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthCheck {
    /// Seconds from one check to the next.
    pub interval_seconds: u32,
    /// Seconds that an answer may take; less than the interval.
    pub timeout_seconds: u32,
    /// Good answers in a row until a target counts as healthy.
    pub healthy_threshold: u32,
    /// Bad answers in a row until a target counts as unhealthy.
    pub unhealthy_threshold: u32,
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self { interval_seconds: 10, timeout_seconds: 5, healthy_threshold: 2, unhealthy_threshold: 3 }
    }
}

/// `[mesh]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mesh {
    /// Who runs the mesh.
    pub provider: MeshProvider,
    /// Image of the sidecar where the mesh is Envoy on its own.
    pub envoy_image: String,
    /// Image of the sidecar where the mesh is App Mesh, which needs AWS's own build of Envoy.
    pub app_mesh_image: String,
    /// Days that a service's certificate is valid.
    pub certificate_days: u32,
    /// Whether a function renews certificates by itself, long before they end; else `up` does when somebody runs it.
    pub rotate_certificates: bool,
    /// Days that the environment's certificate authority is valid; more than `certificate_days`.
    pub authority_days: u32,
    /// Seconds that a call from one service to another may take, its retries included.
    pub request_timeout_seconds: u32,
    /// How often a failed call is tried again.
    pub retries: u32,
    /// Failed answers in a row until a task of the called service is left out for a while.
    pub outlier_failures: u32,
    /// Seconds that it is left out the first time.
    pub outlier_ejection_seconds: u32,
    /// Of a hundred requests that went well, so many are logged.
    pub access_log_percent: u32,
}

impl Mesh {
    /// How a service calls another where the service doesn't say otherwise.
    pub fn edge(&self) -> Edge {
        Edge {
            request_timeout_seconds: self.request_timeout_seconds,
            retries: self.retries,
            outlier_failures: self.outlier_failures,
            outlier_ejection_seconds: self.outlier_ejection_seconds,
        }
    }
}

impl Default for Mesh {
    fn default() -> Self {
        Self {
            provider: MeshProvider::Auto,
            envoy_image: "docker.io/envoyproxy/envoy:v1.40.0".into(),
            app_mesh_image: "public.ecr.aws/appmesh/aws-appmesh-envoy:v1.29.12.1-prod".into(),
            certificate_days: 30,
            rotate_certificates: true,
            authority_days: 365,
            request_timeout_seconds: 5,
            retries: 2,
            outlier_failures: 5,
            outlier_ejection_seconds: 10,
            access_log_percent: 100,
        }
    }
}

/// Who runs the mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeshProvider {
    /// App Mesh where the account still reaches it, else Envoy.
    Auto,
    /// AWS App Mesh.
    AppMesh,
    /// Envoy with a configuration of our own.
    Envoy,
}

impl MeshProvider {
    /// The words of the configuration file.
    pub const NAMES: &[(&str, Self)] = &[("auto", Self::Auto), ("app-mesh", Self::AppMesh), ("envoy", Self::Envoy)];
}

/// `[cluster]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cluster {
    /// Whether `ecs execute-command` is allowed; its sessions are logged and encrypted.
    pub execute_command: bool,
    /// What Container Insights records.
    pub container_insights: ContainerInsights,
    /// Tasks of each service that run on Fargate before any runs on Fargate Spot; a service may say otherwise.
    pub on_demand_base: u32,
}

impl Default for Cluster {
    fn default() -> Self {
        Self { execute_command: true, container_insights: ContainerInsights::Enhanced, on_demand_base: 0 }
    }
}

/// The cluster setting `containerInsights` (ECS API reference, ClusterSetting).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerInsights {
    /// Metrics down to the container.
    Enhanced,
    /// Metrics down to the service.
    Enabled,
    /// None.
    Disabled,
}

impl ContainerInsights {
    /// The words of the configuration file, which are also the words of the API.
    pub const NAMES: &[(&str, Self)] =
        &[("enhanced", Self::Enhanced), ("enabled", Self::Enabled), ("disabled", Self::Disabled)];
}

/// `[observability]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observability {
    /// Retention of the services' logs, in days; one of the values that CloudWatch Logs accepts.
    pub log_retention_days: u32,
    /// Who is told of alarms.
    pub alarm_emails: Vec<String>,
    /// Alarm: share of answers that are 5xx, in percent of the requests.
    pub error_rate_percent: u32,
    /// Alarm: 99th percentile of the response time, in milliseconds.
    pub latency_p99_milliseconds: u32,
    /// Alarm: average memory use, in percent of the task's memory.
    pub memory_percent: u32,
    /// Minutes in a row that a threshold must be passed before the alarm goes off.
    pub alarm_minutes: u32,
    /// Image of the CloudWatch agent, which carries the mesh's metrics.
    pub agent_image: String,
}

impl Default for Observability {
    fn default() -> Self {
        Self {
            log_retention_days: 30,
            alarm_emails: Vec::new(),
            error_rate_percent: 5,
            latency_p99_milliseconds: 1000,
            memory_percent: 85,
            alarm_minutes: 3,
            agent_image: "public.ecr.aws/cloudwatch-agent/cloudwatch-agent:1.300057.1b1167".into(),
        }
    }
}

/// `[encryption]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encryption {
    /// Days that KMS keeps the deleted key before it is gone; 7 to 30 (KMS API reference, ScheduleKeyDeletion).
    pub key_deletion_days: u32,
}

impl Default for Encryption {
    fn default() -> Self {
        Self { key_deletion_days: 7 }
    }
}
