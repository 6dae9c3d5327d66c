//! Whether a task of one service reaches a task of another: a pure function of the two task definitions, the security groups and what App
//! Mesh was told. It follows a request as ECS, iptables and both Envoys would treat it, and shares nothing with the code that writes all that.

use std::collections::BTreeMap;

use platformctl::mesh::scripts;
use serde_json::{Value, json};

/// What can be seen of a task definition.
#[derive(Clone, Debug, Default)]
pub struct Definition {
    /// Environment, ports and user by container.
    pub containers: BTreeMap<String, Container>,
    /// The container of the redirection, and its properties.
    pub proxy: Option<(String, BTreeMap<String, String>)>,
}

/// A container of it.
#[derive(Clone, Debug, Default)]
pub struct Container {
    pub environment: BTreeMap<String, String>,
    pub ports: Vec<u16>,
    pub user: Option<String>,
}

/// A rule of a security group: of which, outbound or not, a port, and the other group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub group: String,
    pub is_egress: bool,
    pub port: u16,
    pub peer: String,
}

/// A task and what is around it.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    pub service: &'a str,
    pub definition: &'a Definition,
    pub group: &'a str,
}

/// What both share.
pub struct Around<'a> {
    pub rules: &'a [Rule],
    /// The specification of each part of App Mesh, by its path.
    pub app_mesh: &'a BTreeMap<String, Value>,
}

const MESH_USER: &str = "1337";

/// Follows a call. The error says where it ends.
pub fn reaches(caller: Task<'_>, callee: Task<'_>, around: &Around<'_>) -> Result<(), String> {
    let variable = format!("{}_URL", callee.service.to_uppercase().replace('-', "_"));
    let url = caller.definition.containers["app"].environment.get(&variable);
    let url = url.ok_or_else(|| format!("{} has no {variable}", caller.service))?;
    let (host, port) = url.strip_prefix("http://").and_then(|rest| rest.split_once(':')).expect("a URL");
    let port: u16 = port.parse().expect("a port");
    let port = match host {
        // Loopback is never redirected.
        "127.0.0.1" => out_of_ours(caller, callee, port)?,
        _ => out_of_app_mesh(caller, callee, (host, port), around)?,
    };
    let allows = |group: &str, is_egress: bool, peer: &str| {
        let wanted = Rule { group: group.to_owned(), is_egress, port, peer: peer.to_owned() };
        around.rules.contains(&wanted)
    };
    if !allows(caller.group, true, callee.group) {
        return Err(format!(
            "the security group of {} lets nothing out to {port} of {}",
            caller.service, callee.service
        ));
    }
    if !allows(callee.group, false, caller.group) {
        return Err(format!(
            "the security group of {} lets nothing in to {port} from {}",
            callee.service, caller.service
        ));
    }
    arrives(caller, callee, port, around)
}

/// Through our Envoy's loopback port to the port that its cluster has.
fn out_of_ours(caller: Task<'_>, callee: Task<'_>, port: u16) -> Result<u16, String> {
    let none = || format!("nobody listens on loopback port {port} of {}", caller.service);
    let bootstrap = bootstrap(caller.definition).ok_or_else(none)?;
    let listener = listener(&bootstrap, "127.0.0.1", port).ok_or_else(none)?;
    let text = listener.to_string();
    let clusters = bootstrap["static_resources"]["clusters"].as_array().expect("clusters");
    let of_it = |it: &&Value| text.contains(&format!("\"cluster\":{}", it["name"]));
    let cluster = clusters.iter().find(of_it).ok_or("the listener leads nowhere")?;
    let address =
        &cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"];
    if address["address"] != json!(format!("{}.dev.local", callee.service)) {
        return Err(format!("{} calls {address} for {}", caller.service, callee.service));
    }
    if !cluster["transport_socket"]
        .to_string()
        .contains(&format!("\"exact\":\"spiffe://dev.platform/{}\"", callee.service))
    {
        return Err(format!("{} believes somebody else to be {}", caller.service, callee.service));
    }
    // What it sends is its user's, which App Mesh must not redirect.
    let user = ours(caller.definition).and_then(|it| it.user.clone());
    match &caller.definition.proxy {
        Some((_, properties)) if properties.get("IgnoredUID") != user.as_ref() => {
            Err(format!("what our Envoy of {} sends is redirected to App Mesh's", caller.service))
        }
        _ => Ok(address["port_value"].as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port")),
    }
}

/// Redirected to App Mesh's Envoy, and out to the virtual node of the name.
fn out_of_app_mesh(caller: Task<'_>, callee: Task<'_>, to: (&str, u16), around: &Around<'_>) -> Result<u16, String> {
    let (container, properties) = caller
        .definition
        .proxy
        .as_ref()
        .ok_or_else(|| format!("{} calls {} itself, in plain text", caller.service, callee.service))?;
    if caller.definition.containers["app"].user.as_deref() == Some(MESH_USER)
        || properties["ProxyEgressPort"] != "15001"
    {
        return Err(format!("what {} sends is not redirected", caller.service));
    }
    let node = node_of(caller.definition, container, around)?;
    let backends = node["backends"].as_array().cloned().unwrap_or_default();
    if !backends.iter().any(|it| it["virtualService"]["virtualServiceName"] == json!(to.0)) {
        return Err(format!("{} is no backend of {}", to.0, caller.service));
    }
    let find = |suffix: String| around.app_mesh.iter().find(|(path, _)| path.ends_with(&suffix)).map(|(_, spec)| spec);
    let service = find(format!("/virtualService/{}", to.0)).ok_or("there is no such virtual service")?;
    let router = &service["provider"]["virtualRouter"]["virtualRouterName"];
    let route = around
        .app_mesh
        .iter()
        .find(|(path, _)| path.contains(&format!("/virtualRouter/{}/route/", router.as_str().unwrap_or_default())))
        .ok_or("the router has no route")?;
    let target = &route.1["httpRoute"]["action"]["weightedTargets"][0]["virtualNode"];
    let node = find(format!("/virtualNode/{}", target.as_str().unwrap_or_default())).ok_or("there is no such node")?;
    if node["serviceDiscovery"]["awsCloudMap"]["serviceName"] != json!(callee.service) {
        return Err(format!("{} leads to somebody else than {}", to.0, callee.service));
    }
    let port = &node["listeners"][0]["portMapping"]["port"];
    if *port != json!(to.1) {
        return Err(format!("{} has no listener at {}", callee.service, to.1));
    }
    Ok(to.1)
}

/// Who takes it at the callee, and whether he lets it in and hands it on.
fn arrives(caller: Task<'_>, callee: Task<'_>, port: u16, around: &Around<'_>) -> Result<(), String> {
    let identity = format!("spiffe://dev.platform/{}", caller.service);
    let application = callee.definition.containers["app"].environment["PORT"].clone();
    if let Some((container, properties)) = &callee.definition.proxy
        && properties["AppPorts"].split(',').any(|it| it == port.to_string())
    {
        let node = node_of(callee.definition, container, around)?;
        let listener = &node["listeners"][0];
        if listener["portMapping"]["port"] != json!(port) || application != port.to_string() {
            return Err(format!("App Mesh's Envoy of {} knows no port {port}", callee.service));
        }
        let names = &listener["tls"]["validation"]["subjectAlternativeNames"]["match"]["exact"];
        return match names.as_array().is_some_and(|names| names.contains(&json!(identity))) {
            true => Ok(()),
            false => Err(format!("App Mesh's Envoy of {} does not let {} in", callee.service, caller.service)),
        };
    }
    let none = || format!("nobody is at port {port} of {}", callee.service);
    let bootstrap = bootstrap(callee.definition).ok_or_else(none)?;
    let listener = listener(&bootstrap, "0.0.0.0", port).ok_or_else(none)?;
    if !ours(callee.definition).is_some_and(|it| it.ports.contains(&port)) {
        return Err(format!("port {port} of {} is not mapped", callee.service));
    }
    let text = listener.to_string();
    if !text.contains("\"require_client_certificate\":true") || !text.contains(&format!("\"exact\":\"{identity}\"")) {
        return Err(format!("our Envoy of {} does not let {} in", callee.service, caller.service));
    }
    let clusters = bootstrap["static_resources"]["clusters"].as_array().expect("clusters");
    let local = clusters.iter().find(|it| it["name"] == "local_app").expect("the application");
    match local.to_string().contains(&format!("\"port_value\":{application}")) {
        true => Ok(()),
        false => Err(format!("our Envoy of {} does not find its application", callee.service)),
    }
}

/// What App Mesh tells an Envoy.
fn node_of<'a>(definition: &Definition, container: &str, around: &'a Around<'_>) -> Result<&'a Value, String> {
    let arn = definition.containers.get(container).and_then(|it| it.environment.get("APPMESH_RESOURCE_ARN"));
    let path = arn.and_then(|arn| arn.splitn(6, ':').nth(5)).unwrap_or_default();
    around.app_mesh.get(path).ok_or_else(|| format!("App Mesh knows no {path}"))
}

/// The container that is our Envoy.
fn ours(definition: &Definition) -> Option<&Container> {
    definition.containers.values().find(|it| it.environment.contains_key("ADMIN"))
}

/// Its configuration.
fn bootstrap(definition: &Definition) -> Option<Value> {
    ours(definition)?;
    scripts::unpacked(definition.containers.get("mesh-init")?.environment.get("MESH_BOOTSTRAP")?)
}

fn listener(bootstrap: &Value, address: &str, port: u16) -> Option<Value> {
    let listeners = bootstrap["static_resources"]["listeners"].as_array()?;
    let here = |it: &&Value| {
        it["address"]["socket_address"] == json!({ "address": address, "port_value": port })
            || (it["address"]["socket_address"]["address"] == address
                && it["address"]["socket_address"]["port_value"] == port)
    };
    listeners.iter().find(here).cloned()
}
