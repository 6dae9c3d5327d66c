//! What App Mesh refuses in specifications, and what they refer to. App Mesh API reference, data types.

use aws_sdk_appmesh::types::{
    HealthCheckPolicy, ListenerTimeout, ListenerTls, ListenerTlsCertificate, MeshSpec, PortMapping, RouteSpec,
    ServiceDiscovery, VirtualNodeSpec, VirtualRouterSpec, VirtualServiceProvider, VirtualServiceSpec,
};

use serde_json::Value;

use super::pieces::bad;
use crate::aws::appmesh::convert;
use crate::engine::Failure;
use crate::sandbox::error::ApiError;

/// A specification of one kind of part.
pub(super) trait Spec: std::fmt::Debug + PartialEq + Sized {
    /// As it is kept: in the JSON of the API.
    fn written(&self) -> Value;
    /// As it was given.
    fn read(kept: &Value) -> Result<Self, Failure>;
    /// Refuses what AWS refuses; `mesh` is the path of the mesh. Returns the paths of what is referred to.
    fn check(&self, mesh: &str) -> Result<Vec<String>, ApiError>;
}

/// A specification as it is kept.
pub(super) fn kept<S: Spec>(spec: &S) -> String {
    spec.written().to_string()
}

/// What is kept, as a specification. Settings that the platform never makes are not simulated: they are refused here, since they would be lost.
pub(super) fn given<S: Spec>(kept: &str) -> Result<S, ApiError> {
    let written = serde_json::from_str(kept).map_err(|error| bad(error.to_string()))?;
    S::read(&written).map_err(|failure| bad(failure.message))
}

fn within(what: &str, number: i64, range: std::ops::RangeInclusive<i64>) -> Result<(), ApiError> {
    match range.contains(&number) {
        true => Ok(()),
        false => Err(bad(format!("{what} must be between {} and {}, not {number}", range.start(), range.end()))),
    }
}

fn check_port(mapping: Option<&PortMapping>) -> Result<(), ApiError> {
    let mapping = mapping.ok_or_else(|| bad("A listener needs a port mapping"))?;
    within("port", mapping.port().into(), 1..=65_535)
}

fn check_health(policy: &HealthCheckPolicy) -> Result<(), ApiError> {
    within("healthyThreshold", policy.healthy_threshold().into(), 2..=10)?;
    within("unhealthyThreshold", policy.unhealthy_threshold().into(), 2..=10)?;
    within("intervalMillis", policy.interval_millis(), 5_000..=300_000)?;
    within("timeoutMillis", policy.timeout_millis(), 2_000..=60_000)
}

fn check_tls(tls: &ListenerTls) -> Result<(), ApiError> {
    match tls.certificate() {
        Some(ListenerTlsCertificate::File(file)) => {
            let paths = [file.certificate_chain(), file.private_key()];
            match paths.iter().all(|path| (1..=255).contains(&path.len())) {
                true => Ok(()),
                false => Err(bad("A certificate's paths are 1 to 255 characters long")),
            }
        }
        Some(_) => Ok(()),
        None => Err(bad("A listener with TLS needs a certificate")),
    }
}

impl Spec for MeshSpec {
    fn written(&self) -> Value {
        convert::shown::mesh(self)
    }

    fn read(kept: &Value) -> Result<Self, Failure> {
        convert::mesh(kept)
    }

    fn check(&self, _mesh: &str) -> Result<Vec<String>, ApiError> {
        Ok(Vec::new())
    }
}

impl Spec for VirtualNodeSpec {
    fn written(&self) -> Value {
        convert::shown::virtual_node(self)
    }

    fn read(kept: &Value) -> Result<Self, Failure> {
        convert::virtual_node(kept)
    }

    /// Its backends need not exist: calls go both ways.
    fn check(&self, _mesh: &str) -> Result<Vec<String>, ApiError> {
        // App Mesh User Guide, "App Mesh service quotas": backends per virtual node.
        if self.backends().len() > 50 {
            return Err(ApiError::new("LimitExceededException", "A virtual node can have no more than 50 backends"));
        }
        for listener in self.listeners() {
            check_port(listener.port_mapping())?;
            listener.health_check().map_or(Ok(()), check_health)?;
            listener.tls().map_or(Ok(()), check_tls)?;
            let protocol = listener.port_mapping().map(|mapping| mapping.protocol().as_str());
            if let (Some(ListenerTimeout::Http(_)), Some(protocol)) = (listener.timeout(), protocol)
                && protocol != "http"
            {
                return Err(bad("The timeout must be of the listener's protocol"));
            }
        }
        if let Some(ServiceDiscovery::AwsCloudMap(found)) = self.service_discovery()
            && [found.namespace_name(), found.service_name()].iter().any(|name| name.is_empty())
        {
            return Err(bad("Cloud Map discovery needs a namespace and a service"));
        }
        if !self.listeners().is_empty() && self.service_discovery().is_none() {
            return Err(bad("A virtual node with listeners needs service discovery"));
        }
        Ok(Vec::new())
    }
}

impl Spec for VirtualRouterSpec {
    fn written(&self) -> Value {
        convert::shown::virtual_router(self)
    }

    fn read(kept: &Value) -> Result<Self, Failure> {
        convert::virtual_router(kept)
    }

    fn check(&self, _mesh: &str) -> Result<Vec<String>, ApiError> {
        self.listeners().iter().try_for_each(|listener| check_port(listener.port_mapping()))?;
        Ok(Vec::new())
    }
}

impl Spec for RouteSpec {
    fn written(&self) -> Value {
        convert::shown::route(self)
    }

    fn read(kept: &Value) -> Result<Self, Failure> {
        convert::route(kept)
    }

    fn check(&self, mesh: &str) -> Result<Vec<String>, ApiError> {
        let http = self.http_route().ok_or_else(|| bad("The sandbox simulates HTTP routes"))?;
        let targets = http.action().map(|action| action.weighted_targets()).unwrap_or_default();
        if !(1..=10).contains(&targets.len()) {
            return Err(bad("A route has 1 to 10 targets"));
        }
        targets.iter().try_for_each(|target| within("weight", target.weight().into(), 0..=100))?;
        let prefix = http.r#match().and_then(|matching| matching.prefix()).unwrap_or_default();
        if !prefix.starts_with('/') {
            return Err(bad("The prefix must begin with a slash"));
        }
        if let Some(retry) = http.retry_policy() {
            within("maxRetries", retry.max_retries(), 0..=i64::MAX)?;
            if retry.http_retry_events().is_empty() && retry.tcp_retry_events().is_empty() {
                return Err(bad("A retry policy needs at least one event"));
            }
        }
        Ok(targets.iter().map(|target| format!("{mesh}/virtualNode/{}", target.virtual_node())).collect())
    }
}

impl Spec for VirtualServiceSpec {
    fn written(&self) -> Value {
        convert::shown::virtual_service(self)
    }

    fn read(kept: &Value) -> Result<Self, Failure> {
        convert::virtual_service(kept)
    }

    fn check(&self, mesh: &str) -> Result<Vec<String>, ApiError> {
        Ok(match self.provider() {
            None => Vec::new(),
            Some(VirtualServiceProvider::VirtualRouter(router)) => {
                vec![format!("{mesh}/virtualRouter/{}", router.virtual_router_name())]
            }
            Some(VirtualServiceProvider::VirtualNode(node)) => {
                vec![format!("{mesh}/virtualNode/{}", node.virtual_node_name())]
            }
            Some(_) => return Err(bad("The provider is not one that the sandbox simulates")),
        })
    }
}
