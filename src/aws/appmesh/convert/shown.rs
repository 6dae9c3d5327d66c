//! From the types of the SDK to the JSON of the App Mesh API. What we never set is shown too, as text, so that it differs.

use std::fmt::Debug;

use aws_sdk_appmesh::types::{
    AccessLog, Backend, ClientPolicyTls, ClientTlsCertificate, Duration, HealthCheckPolicy, HttpRetryPolicy, HttpRoute,
    HttpTimeout, Listener, ListenerTimeout, ListenerTls, ListenerTlsCertificate, ListenerTlsFileCertificate,
    ListenerTlsValidationContextTrust, Logging, MeshSpec, OutlierDetection, PortMapping, RouteSpec, ServiceDiscovery,
    SubjectAlternativeNames, TlsValidationContextFileTrust, TlsValidationContextTrust, VirtualNodeSpec,
    VirtualRouterSpec, VirtualServiceProvider, VirtualServiceSpec,
};
use serde_json::{Map, Value, json};

/// An object without the fields that are not there.
fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect::<Map<_, _>>().into()
}

/// Something that the platform never sets, as the SDK writes it.
fn foreign(what: &impl Debug) -> Value {
    format!("{what:?}").into()
}

/// `MeshSpec`.
pub(crate) fn mesh(spec: &MeshSpec) -> Value {
    object([("egressFilter", spec.egress_filter().map(|filter| json!({ "type": filter.r#type().as_str() })))])
}

/// `VirtualRouterSpec`.
pub(crate) fn virtual_router(spec: &VirtualRouterSpec) -> Value {
    let listeners = spec.listeners().iter();
    let listeners = listeners.map(|one| object([("portMapping", one.port_mapping().map(port_mapping))]));
    json!({ "listeners": listeners.collect::<Vec<_>>() })
}

/// `VirtualServiceSpec`.
pub(crate) fn virtual_service(spec: &VirtualServiceSpec) -> Value {
    let provider = spec.provider().map(|provider| match provider {
        VirtualServiceProvider::VirtualRouter(router) => {
            json!({ "virtualRouter": { "virtualRouterName": router.virtual_router_name() } })
        }
        other => foreign(other),
    });
    object([("provider", provider)])
}

/// `RouteSpec`.
pub(crate) fn route(spec: &RouteSpec) -> Value {
    object([
        ("httpRoute", spec.http_route().map(http_route)),
        ("http2Route", spec.http2_route().map(foreign)),
        ("tcpRoute", spec.tcp_route().map(foreign)),
        ("grpcRoute", spec.grpc_route().map(foreign)),
        ("priority", spec.priority().map(|priority| json!(priority))),
    ])
}

fn http_route(route: &HttpRoute) -> Value {
    let target = |target: &aws_sdk_appmesh::types::WeightedTarget| {
        object([
            ("virtualNode", Some(json!(target.virtual_node()))),
            ("weight", Some(json!(target.weight()))),
            ("port", target.port().map(|port| json!(port))),
        ])
    };
    let action = route
        .action()
        .map(|action| json!({ "weightedTargets": action.weighted_targets().iter().map(target).collect::<Vec<_>>() }));
    let matching = route.r#match().map(|one| {
        let bare = one.path().is_none()
            && one.headers().is_empty()
            && one.query_parameters().is_empty()
            && one.method().is_none()
            && one.scheme().is_none()
            && one.port().is_none();
        object([("prefix", one.prefix().map(|prefix| json!(prefix))), ("more", (!bare).then(|| foreign(one)))])
    });
    object([
        ("action", action),
        ("match", matching),
        ("retryPolicy", route.retry_policy().map(retry_policy)),
        ("timeout", route.timeout().map(http_timeout)),
    ])
}

fn retry_policy(policy: &HttpRetryPolicy) -> Value {
    let tcp: Vec<&str> = policy.tcp_retry_events().iter().map(|event| event.as_str()).collect();
    object([
        ("httpRetryEvents", Some(json!(policy.http_retry_events()))),
        ("tcpRetryEvents", Some(json!(tcp))),
        ("maxRetries", Some(json!(policy.max_retries()))),
        ("perRetryTimeout", policy.per_retry_timeout().map(duration)),
    ])
}

/// `VirtualNodeSpec`.
pub(crate) fn virtual_node(spec: &VirtualNodeSpec) -> Value {
    object([
        ("serviceDiscovery", spec.service_discovery().map(discovery)),
        ("listeners", Some(spec.listeners().iter().map(listener).collect())),
        ("backends", Some(spec.backends().iter().map(backend).collect())),
        ("backendDefaults", spec.backend_defaults().map(foreign)),
        ("logging", spec.logging().map(logging)),
    ])
}

fn discovery(discovery: &ServiceDiscovery) -> Value {
    match discovery {
        ServiceDiscovery::AwsCloudMap(found) if found.attributes().is_empty() => json!({ "awsCloudMap": object([
            ("namespaceName", Some(json!(found.namespace_name()))),
            ("serviceName", Some(json!(found.service_name()))),
            ("ipPreference", found.ip_preference().map(|preference| json!(preference.as_str()))),
        ]) }),
        other => foreign(other),
    }
}

fn listener(listener: &Listener) -> Value {
    object([
        ("portMapping", listener.port_mapping().map(port_mapping)),
        ("tls", listener.tls().map(listener_tls)),
        ("healthCheck", listener.health_check().map(health_check)),
        ("timeout", listener.timeout().map(listener_timeout)),
        ("outlierDetection", listener.outlier_detection().map(outlier_detection)),
        ("connectionPool", listener.connection_pool().map(foreign)),
    ])
}

fn port_mapping(mapping: &PortMapping) -> Value {
    json!({ "port": mapping.port(), "protocol": mapping.protocol().as_str() })
}

fn listener_timeout(timeout: &ListenerTimeout) -> Value {
    match timeout {
        ListenerTimeout::Http(timeout) => json!({ "http": http_timeout(timeout) }),
        other => foreign(other),
    }
}

fn http_timeout(timeout: &HttpTimeout) -> Value {
    object([("perRequest", timeout.per_request().map(duration)), ("idle", timeout.idle().map(duration))])
}

fn duration(duration: &Duration) -> Value {
    object([
        ("unit", duration.unit().map(|unit| json!(unit.as_str()))),
        ("value", duration.value().map(|value| json!(value))),
    ])
}

fn listener_tls(tls: &ListenerTls) -> Value {
    let certificate = tls.certificate().map(|certificate| match certificate {
        ListenerTlsCertificate::File(file) => files(file),
        other => foreign(other),
    });
    let validation = tls.validation().map(|context| {
        let trust = context.trust().map(|trust| match trust {
            ListenerTlsValidationContextTrust::File(file) => file_trust(file),
            other => foreign(other),
        });
        object([("trust", trust), ("subjectAlternativeNames", context.subject_alternative_names().map(names))])
    });
    object([("mode", Some(json!(tls.mode().as_str()))), ("certificate", certificate), ("validation", validation)])
}

fn files(file: &ListenerTlsFileCertificate) -> Value {
    json!({ "file": { "certificateChain": file.certificate_chain(), "privateKey": file.private_key() } })
}

fn file_trust(file: &TlsValidationContextFileTrust) -> Value {
    json!({ "file": { "certificateChain": file.certificate_chain() } })
}

fn names(names: &SubjectAlternativeNames) -> Value {
    object([("match", names.r#match().map(|matching| json!({ "exact": matching.exact() })))])
}

fn health_check(policy: &HealthCheckPolicy) -> Value {
    object([
        ("healthyThreshold", Some(json!(policy.healthy_threshold()))),
        ("intervalMillis", Some(json!(policy.interval_millis()))),
        ("path", policy.path().map(|path| json!(path))),
        ("port", policy.port().map(|port| json!(port))),
        ("protocol", Some(json!(policy.protocol().as_str()))),
        ("timeoutMillis", Some(json!(policy.timeout_millis()))),
        ("unhealthyThreshold", Some(json!(policy.unhealthy_threshold()))),
    ])
}

fn outlier_detection(detection: &OutlierDetection) -> Value {
    object([
        ("baseEjectionDuration", detection.base_ejection_duration().map(duration)),
        ("interval", detection.interval().map(duration)),
        ("maxEjectionPercent", Some(json!(detection.max_ejection_percent()))),
        ("maxServerErrors", Some(json!(detection.max_server_errors()))),
    ])
}

fn backend(backend: &Backend) -> Value {
    let Backend::VirtualService(service) = backend else { return foreign(backend) };
    let policy = service.client_policy().map(|policy| object([("tls", policy.tls().map(client_tls))]));
    let name = json!(service.virtual_service_name());
    json!({ "virtualService": object([("virtualServiceName", Some(name)), ("clientPolicy", policy)]) })
}

fn client_tls(tls: &ClientPolicyTls) -> Value {
    let certificate = tls.certificate().map(|certificate| match certificate {
        ClientTlsCertificate::File(file) => files(file),
        other => foreign(other),
    });
    let validation = tls.validation().map(|context| {
        let trust = context.trust().map(|trust| match trust {
            TlsValidationContextTrust::File(file) => file_trust(file),
            other => foreign(other),
        });
        object([("trust", trust), ("subjectAlternativeNames", context.subject_alternative_names().map(names))])
    });
    object([
        ("enforce", tls.enforce().map(|enforce| json!(enforce))),
        ("ports", Some(json!(tls.ports()))),
        ("certificate", certificate),
        ("validation", validation),
    ])
}

fn logging(logging: &Logging) -> Value {
    let log = logging.access_log().map(|log| match log {
        AccessLog::File(file) if file.format().is_none() => json!({ "file": { "path": file.path() } }),
        other => foreign(other),
    });
    object([("accessLog", log)])
}
