//! Virtual nodes.

use aws_sdk_appmesh::types::{
    AccessLog, AwsCloudMapServiceDiscovery, Backend, ClientPolicy, ClientPolicyTls, ClientTlsCertificate, Duration,
    DurationUnit, FileAccessLog, HealthCheckPolicy, HttpTimeout, IpPreference, Listener, ListenerTimeout, ListenerTls,
    ListenerTlsCertificate, ListenerTlsFileCertificate, ListenerTlsMode, ListenerTlsValidationContext,
    ListenerTlsValidationContextTrust, Logging, OutlierDetection, PortMapping, PortProtocol, ServiceDiscovery,
    SubjectAlternativeNameMatchers, SubjectAlternativeNames, TlsValidationContext, TlsValidationContextFileTrust,
    TlsValidationContextTrust, VirtualNodeSpec, VirtualServiceBackend,
};
use serde_json::Value;

use super::part::{Part, built};
use crate::engine::Failure;

const TLS: &[&str] = &["mode", "certificate", "validation"];
const CLIENT_TLS: &[&str] = &["enforce", "ports", "certificate", "validation"];

/// `VirtualNodeSpec`.
pub(crate) fn virtual_node(spec: &Value) -> Result<VirtualNodeSpec, Failure> {
    let node = Part::root("virtual node", spec, &["serviceDiscovery", "listeners", "backends", "logging"])?;
    let fields = ["portMapping", "tls", "healthCheck", "timeout", "outlierDetection"];
    let listeners: Result<Vec<_>, _> = node.list("listeners", &fields)?.iter().map(listener).collect();
    let backends: Result<Vec<_>, _> = node.list("backends", &["virtualService"])?.iter().map(backend).collect();
    Ok(VirtualNodeSpec::builder()
        .service_discovery(discovery(&node)?)
        .set_listeners(Some(listeners?))
        .set_backends(Some(backends?))
        .logging(logging(&node)?)
        .build())
}

fn discovery(node: &Part<'_>) -> Result<ServiceDiscovery, Failure> {
    let cloud_map = node
        .at("serviceDiscovery", &["awsCloudMap"])?
        .at("awsCloudMap", &["namespaceName", "serviceName", "ipPreference"])?;
    let discovery = AwsCloudMapServiceDiscovery::builder()
        .namespace_name(cloud_map.text("namespaceName")?)
        .service_name(cloud_map.text("serviceName")?)
        .ip_preference(IpPreference::from(cloud_map.text("ipPreference")?));
    Ok(ServiceDiscovery::AwsCloudMap(built(discovery.build())?))
}

fn listener(listener: &Part<'_>) -> Result<Listener, Failure> {
    let tls = listener.at("tls", TLS)?;
    let validation = tls.at("validation", &["trust", "subjectAlternativeNames"])?;
    let validation = ListenerTlsValidationContext::builder()
        .trust(ListenerTlsValidationContextTrust::File(file_trust(&validation)?))
        .subject_alternative_names(names(&validation)?);
    let tls = ListenerTls::builder()
        .mode(ListenerTlsMode::from(tls.text("mode")?))
        .certificate(ListenerTlsCertificate::File(certificate(&tls)?))
        .validation(validation.build());
    let timeout = listener.at("timeout", &["http"])?;
    Ok(Listener::builder()
        .port_mapping(port_mapping(listener)?)
        .tls(built(tls.build())?)
        .health_check(health_check(listener)?)
        .timeout(ListenerTimeout::Http(http_timeout(&timeout, "http")?))
        .outlier_detection(outlier_detection(listener)?)
        .build())
}

/// `portMapping` of a listener or router.
pub(super) fn port_mapping(listener: &Part<'_>) -> Result<PortMapping, Failure> {
    let mapping = listener.at("portMapping", &["port", "protocol"])?;
    let protocol = PortProtocol::from(mapping.text("protocol")?);
    built(PortMapping::builder().port(mapping.small("port")?).protocol(protocol).build())
}

/// `HttpTimeout` in a field.
pub(super) fn http_timeout(part: &Part<'_>, field: &str) -> Result<HttpTimeout, Failure> {
    let timeout = part.at(field, &["perRequest", "idle"])?;
    let timeouts = HttpTimeout::builder().per_request(duration(&timeout, "perRequest")?);
    Ok(timeouts.idle(duration(&timeout, "idle")?).build())
}

/// `Duration` in a field.
pub(super) fn duration(part: &Part<'_>, field: &str) -> Result<Duration, Failure> {
    let duration = part.at(field, &["unit", "value"])?;
    let unit = DurationUnit::from(duration.text("unit")?);
    Ok(Duration::builder().unit(unit).value(duration.number("value")?).build())
}

fn certificate(tls: &Part<'_>) -> Result<ListenerTlsFileCertificate, Failure> {
    let file = tls.at("certificate", &["file"])?.at("file", &["certificateChain", "privateKey"])?;
    let certificate = ListenerTlsFileCertificate::builder()
        .certificate_chain(file.text("certificateChain")?)
        .private_key(file.text("privateKey")?);
    built(certificate.build())
}

fn file_trust(validation: &Part<'_>) -> Result<TlsValidationContextFileTrust, Failure> {
    let file = validation.at("trust", &["file"])?.at("file", &["certificateChain"])?;
    built(TlsValidationContextFileTrust::builder().certificate_chain(file.text("certificateChain")?).build())
}

fn names(validation: &Part<'_>) -> Result<SubjectAlternativeNames, Failure> {
    let names = validation.at("subjectAlternativeNames", &["match"])?.at("match", &["exact"])?;
    let exact = SubjectAlternativeNameMatchers::builder().set_exact(Some(names.texts("exact")?));
    Ok(SubjectAlternativeNames::builder().r#match(built(exact.build())?).build())
}

fn health_check(listener: &Part<'_>) -> Result<HealthCheckPolicy, Failure> {
    let fields =
        ["healthyThreshold", "intervalMillis", "path", "port", "protocol", "timeoutMillis", "unhealthyThreshold"];
    let check = listener.at("healthCheck", &fields)?;
    let policy = HealthCheckPolicy::builder()
        .healthy_threshold(check.small("healthyThreshold")?)
        .interval_millis(check.number("intervalMillis")?)
        .path(check.text("path")?)
        .port(check.small("port")?)
        .protocol(PortProtocol::from(check.text("protocol")?))
        .timeout_millis(check.number("timeoutMillis")?)
        .unhealthy_threshold(check.small("unhealthyThreshold")?);
    built(policy.build())
}

fn outlier_detection(listener: &Part<'_>) -> Result<OutlierDetection, Failure> {
    let fields = ["baseEjectionDuration", "interval", "maxEjectionPercent", "maxServerErrors"];
    let detection = listener.at("outlierDetection", &fields)?;
    let outliers = OutlierDetection::builder()
        .base_ejection_duration(duration(&detection, "baseEjectionDuration")?)
        .interval(duration(&detection, "interval")?)
        .max_ejection_percent(detection.small("maxEjectionPercent")?)
        .max_server_errors(detection.number("maxServerErrors")?);
    built(outliers.build())
}

fn backend(backend: &Part<'_>) -> Result<Backend, Failure> {
    let service = backend.at("virtualService", &["virtualServiceName", "clientPolicy"])?;
    let tls = service.at("clientPolicy", &["tls"])?.at("tls", CLIENT_TLS)?;
    let validation = tls.at("validation", &["trust", "subjectAlternativeNames"])?;
    let validation = TlsValidationContext::builder()
        .trust(TlsValidationContextTrust::File(file_trust(&validation)?))
        .subject_alternative_names(names(&validation)?);
    let policy = ClientPolicyTls::builder()
        .enforce(tls.flag("enforce")?)
        .set_ports(Some(tls.numbers("ports")?))
        .certificate(ClientTlsCertificate::File(certificate(&tls)?))
        .validation(validation.build());
    let service = VirtualServiceBackend::builder()
        .virtual_service_name(service.text("virtualServiceName")?)
        .client_policy(ClientPolicy::builder().tls(policy.build()).build());
    Ok(Backend::VirtualService(built(service.build())?))
}

fn logging(node: &Part<'_>) -> Result<Logging, Failure> {
    let file = node.at("logging", &["accessLog"])?.at("accessLog", &["file"])?.at("file", &["path"])?;
    let file = FileAccessLog::builder().path(file.text("path")?);
    Ok(Logging::builder().access_log(AccessLog::File(built(file.build())?)).build())
}
