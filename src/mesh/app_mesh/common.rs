//! Data types that virtual nodes and routes share.

use serde::Serialize;

/// API reference: `PortMapping`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PortMapping {
    /// TCP port.
    pub port: u16,
    /// `http` and the like.
    pub protocol: &'static str,
}

/// API reference: `HttpTimeout`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpTimeout {
    /// How long a request may take.
    pub per_request: Duration,
    /// How long a connection may be idle.
    pub idle: Duration,
}

/// API reference: `Duration`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Duration {
    /// `ms`.
    pub unit: &'static str,
    /// How many of them.
    pub value: u64,
}

impl From<std::time::Duration> for Duration {
    /// Counts beyond `u64` milliseconds (half a billion years) saturate.
    fn from(duration: std::time::Duration) -> Self {
        Self { unit: "ms", value: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX) }
    }
}
