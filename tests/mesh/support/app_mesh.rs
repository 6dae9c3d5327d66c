//! A stand-in for App Mesh's Envoy. There is no control plane any more that would configure the real one, so this is our Envoy with a static
//! configuration of what App Mesh is told: a mutual-TLS listener on the application's port, an egress listener that knows the backends by
//! their names, a cluster for each. What comes of it shows that the two data planes meet; not how App Mesh's own Envoy behaves.

use std::net::Ipv4Addr;

use platformctl::{engine::Blueprint, mesh::ports};
use serde_json::{Value, json};

use super::world::spec;

fn typed(name: &str, mut value: Value) -> Value {
    value["@type"] = json!(format!("type.googleapis.com/{name}"));
    value
}

fn address(ip: Ipv4Addr, port: &Value) -> Value {
    json!({ "socket_address": { "address": ip.to_string(), "port_value": port } })
}

fn duration(value: &Value) -> String {
    assert_eq!(value["unit"], "ms");
    format!("{}s", value["value"].as_f64().expect("a number") / 1000.0)
}

/// `tls` of a listener or of a backend's client policy, with the files where this machine has them.
fn tls(kind: &str, tls: &Value, moved: &dyn Fn(&str) -> String) -> Value {
    let file = |value: &Value| json!({ "filename": moved(value.as_str().expect("a path")) });
    let certificate = &tls["certificate"]["file"];
    let validation = &tls["validation"];
    let names = validation["subjectAlternativeNames"]["match"]["exact"].as_array().expect("names").iter();
    let names: Vec<Value> = names.map(|name| json!({ "san_type": "URI", "matcher": { "exact": name } })).collect();
    let context = json!({
        "tls_certificates": [{
            "certificate_chain": file(&certificate["certificateChain"]),
            "private_key": file(&certificate["privateKey"]),
        }],
        "validation_context": {
            "trusted_ca": file(&validation["trust"]["file"]["certificateChain"]),
            "match_typed_subject_alt_names": names,
        },
    });
    let strict = if kind == "Downstream" { json!({ "require_client_certificate": true }) } else { json!({}) };
    let mut whole = json!({ "common_tls_context": context });
    whole.as_object_mut().expect("an object").extend(strict.as_object().expect("an object").clone());
    json!({
        "name": "envoy.transport_sockets.tls",
        "typed_config": typed(&format!("envoy.extensions.transport_sockets.tls.v3.{kind}TlsContext"), whole),
    })
}

fn listener(name: &str, address: Value, chain: Value, hosts: Vec<Value>) -> Value {
    let router = json!({
        "name": "envoy.filters.http.router",
        "typed_config": typed("envoy.extensions.filters.http.router.v3.Router", json!({})),
    });
    let manager = json!({
        "stat_prefix": name,
        "route_config": { "virtual_hosts": hosts },
        "http_filters": [router],
    });
    let kind = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
    let mut chain = chain;
    chain["filters"] =
        json!([{ "name": "envoy.filters.network.http_connection_manager", "typed_config": typed(kind, manager) }]);
    json!({ "name": name, "address": address, "filter_chains": [chain] })
}

fn endpoint(name: &str, address: Value) -> Value {
    json!({ "cluster_name": name, "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": address } }] }] })
}

/// A backend: the tasks of the virtual node that its route leads to. App Mesh tells their addresses as Cloud Map has them; here the name server
/// does. An address that is gone from there is called no more.
fn cluster(name: &str, node: &Value, client: &Value, moved: &dyn Fn(&str) -> String) -> Value {
    let listener = &node["listeners"][0];
    let port = &listener["portMapping"]["port"];
    let (check, outlier) = (&listener["healthCheck"], &listener["outlierDetection"]);
    let milliseconds = |value: &Value| format!("{}s", value.as_f64().expect("a number") / 1000.0);
    let discovery = json!({ "dns_lookup_family": "V4_ONLY", "dns_refresh_rate": "1s" });
    json!({
        "name": name,
        "cluster_type": {
            "name": "envoy.clusters.dns",
            "typed_config": typed("envoy.extensions.clusters.dns.v3.DnsCluster", discovery),
        },
        "connect_timeout": "1s",
        "ignore_health_on_host_removal": true,
        "health_checks": [{
            "timeout": milliseconds(&check["timeoutMillis"]),
            "interval": milliseconds(&check["intervalMillis"]),
            "no_traffic_interval": milliseconds(&check["intervalMillis"]),
            "unhealthy_threshold": check["unhealthyThreshold"],
            "healthy_threshold": check["healthyThreshold"],
            "http_health_check": { "path": check["path"] },
        }],
        "outlier_detection": {
            "consecutive_5xx": outlier["maxServerErrors"],
            "interval": duration(&outlier["interval"]),
            "base_ejection_time": duration(&outlier["baseEjectionDuration"]),
            "max_ejection_percent": outlier["maxEjectionPercent"],
        },
        "transport_socket": tls("Upstream", client, moved),
        "load_assignment": endpoint(name, json!({ "socket_address": { "address": name, "port_value": port } })),
    })
}

/// What it is started with: for a service, at its addresses.
pub fn bootstrap(
    blueprint: &Blueprint,
    service: &str,
    (interface, loopback): (Ipv4Addr, Ipv4Addr),
    resolver: &Value,
    moved: &dyn Fn(&str) -> String,
) -> Value {
    let node = |service: &str| spec(blueprint, "virtual-node", service)["spec"].clone();
    let own = node(service);
    let listening = &own["listeners"][0];
    let port = &listening["portMapping"]["port"];
    let all = json!({ "prefix": "/" });
    let local = json!({
        "name": "local",
        "domains": ["*"],
        "routes": [{
            "match": all,
            "route": { "cluster": "local", "timeout": duration(&listening["timeout"]["http"]["perRequest"]) },
        }],
    });
    let chain = json!({ "transport_socket": tls("Downstream", &listening["tls"], moved) });
    let ingress = listener("ingress", address(interface, port), chain, vec![local]);
    let mut clusters = vec![json!({
        "name": "local",
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": endpoint("local", address(loopback, port)),
    })];
    let mut hosts = Vec::new();
    for backend in own["backends"].as_array().expect("backends") {
        let backend = &backend["virtualService"];
        let name = backend["virtualServiceName"].as_str().expect("a name");
        let callee = name.split('.').next().expect("a name");
        let route = &spec(blueprint, "mesh-route", callee)["spec"]["httpRoute"];
        assert_eq!(route["retryPolicy"]["tcpRetryEvents"], json!(["connection-error"]));
        hosts.push(json!({
            "name": name,
            "domains": [name, format!("{name}:{}", node(callee)["listeners"][0]["portMapping"]["port"])],
            "routes": [{ "match": all, "route": {
                "cluster": name,
                "timeout": duration(&route["timeout"]["perRequest"]),
                "retry_policy": {
                    "retry_on": "connect-failure,refused-stream",
                    "num_retries": route["retryPolicy"]["maxRetries"],
                },
            } }],
        }));
        clusters.push(cluster(name, &node(callee), &backend["clientPolicy"]["tls"], moved));
    }
    // `DROP_ALL`: what is no backend leads nowhere.
    let egress = listener("egress", address(loopback, &json!(ports::EGRESS)), json!({}), hosts);
    json!({
        "node": { "id": service, "cluster": service },
        "admin": { "address": address(loopback, &json!(ports::ADMIN)) },
        "typed_dns_resolver_config": resolver,
        "static_resources": { "listeners": [ingress, egress], "clusters": clusters },
    })
}
