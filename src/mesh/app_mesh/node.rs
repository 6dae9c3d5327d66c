//! Data types of a virtual node.

use serde::Serialize;

use super::common::{Duration, HttpTimeout, PortMapping};
use super::tls::{ClientPolicy, ListenerTls};

/// API reference: `VirtualNodeSpec`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualNodeSpec {
    /// How callers find the tasks.
    pub service_discovery: ServiceDiscovery,
    /// What they meet.
    pub listeners: Vec<Listener>,
    /// Whom the tasks may call.
    pub backends: Vec<Backend>,
    /// Where access is logged.
    pub logging: Logging,
}

/// API reference: `ServiceDiscovery`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ServiceDiscovery {
    /// By Cloud Map.
    AwsCloudMap(CloudMap),
}

/// API reference: `AwsCloudMapServiceDiscovery`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CloudMap {
    /// The namespace's name.
    pub namespace_name: String,
    /// The service's name in it.
    pub service_name: String,
    /// `IPv4_ONLY` and the like.
    pub ip_preference: &'static str,
}

/// API reference: `Listener`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listener {
    /// The port.
    pub port_mapping: PortMapping,
    /// How it is protected.
    pub tls: ListenerTls,
    /// How callers check a task.
    pub health_check: HealthCheckPolicy,
    /// How long is waited for the application.
    pub timeout: ListenerTimeout,
    /// When callers put a task aside.
    pub outlier_detection: OutlierDetection,
}

/// API reference: `HealthCheckPolicy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheckPolicy {
    /// Successes in a row that make a task healthy.
    pub healthy_threshold: u8,
    /// Milliseconds between checks.
    pub interval_millis: u64,
    /// The path that is asked for.
    pub path: String,
    /// TCP port.
    pub port: u16,
    /// `http` and the like.
    pub protocol: &'static str,
    /// Milliseconds that are waited for the answer.
    pub timeout_millis: u64,
    /// Failures in a row that make a task unhealthy.
    pub unhealthy_threshold: u8,
}

/// API reference: `ListenerTimeout`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ListenerTimeout {
    /// For HTTP/1.1.
    Http(HttpTimeout),
}

/// API reference: `OutlierDetection`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OutlierDetection {
    /// For how long a task is put aside the first time.
    pub base_ejection_duration: Duration,
    /// How often is looked.
    pub interval: Duration,
    /// How many of the tasks may be aside at once, in percent.
    pub max_ejection_percent: u8,
    /// How many 5xx in a row put a task aside.
    pub max_server_errors: u8,
}

/// API reference: `Backend`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Backend {
    /// A service of this mesh.
    VirtualService(VirtualServiceBackend),
}

/// API reference: `VirtualServiceBackend`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualServiceBackend {
    /// Its name.
    pub virtual_service_name: String,
    /// How it is called.
    pub client_policy: ClientPolicy,
}

/// API reference: `Logging`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Logging {
    /// Where access is logged.
    pub access_log: AccessLog,
}

/// API reference: `AccessLog`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AccessLog {
    /// In a file of the Envoy container.
    File(FileAccessLog),
}

/// API reference: `FileAccessLog`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileAccessLog {
    /// Its path.
    pub path: &'static str,
}
