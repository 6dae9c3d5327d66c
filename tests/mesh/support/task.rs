//! One task: the init container's script, Envoy under its entry script, and an application, all as the task definition says.

use std::{
    fs,
    io::Read as _,
    net::Ipv4Addr,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, read::GzDecoder, read::GzEncoder};
use platformctl::{
    engine::Blueprint,
    mesh::{LeafSecret, ports},
};
use serde_json::{Value, json};

use super::{Answer, Application, Launch, Request, World, app_mesh, client, tls::Identity, until, world};

/// Production waits for twenty seconds until names and load balancer have let go; here both do within two.
const DRAIN_MIN: &str = "3";

/// A running task.
pub struct Task<'w> {
    pub service: String,
    /// What stands for its network interface.
    pub address: Ipv4Addr,
    /// What stands for its loopback.
    pub loopback: Ipv4Addr,
    /// The application's variables.
    pub environment: Value,
    pub application: Option<Application>,
    world: &'w World,
    place: Place,
    definition: Value,
    envoy: Child,
    /// What stands for App Mesh's Envoy, where there is one.
    app_mesh: Option<Child>,
    ended: bool,
}

/// Where a task's files and addresses lie on this machine.
#[derive(Clone)]
struct Place {
    directory: PathBuf,
    address: Ipv4Addr,
    loopback: Ipv4Addr,
}

impl Place {
    /// A text of the task definition: paths of the task's volumes and its addresses become those of this machine.
    fn moved(&self, text: &str) -> String {
        let volume = text == "/keys" || text.starts_with("/keys/") || text.starts_with("/etc/mesh");
        match text {
            "0.0.0.0" => self.address.to_string(),
            _ if volume => format!("{}{text}", self.directory.display()),
            _ => text.replace("127.0.0.1", &self.loopback.to_string()),
        }
    }

    fn moved_all(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => json!(self.moved(text)),
            Value::Array(items) => items.iter().map(|item| self.moved_all(item)).collect(),
            Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), self.moved_all(value))).collect(),
            plain => plain.clone(),
        }
    }
}

/// The container of that name.
pub fn container<'a>(definition: &'a Value, name: &str) -> &'a Value {
    let all = definition["sidecars"].as_array().expect("containers");
    all.iter().find(|container| container["name"] == name).unwrap_or_else(|| panic!("no container {name}"))
}

/// The container that is our Envoy: beside App Mesh's it has another name.
pub fn ours(definition: &Value) -> &Value {
    container(definition, if definition["proxy"].is_null() { "envoy" } else { "ingress" })
}

/// What the init container unpacks.
pub fn unpacked(definition: &Value, variable: &str) -> Value {
    let packed = container(definition, "mesh-init")["environment"][variable].as_str().expect("a variable");
    let mut text = String::new();
    GzDecoder::new(&*STANDARD.decode(packed).expect("base64")).read_to_string(&mut text).expect("gzip");
    serde_json::from_str(&text).expect("JSON")
}

fn packed(value: &Value) -> String {
    let mut bytes = Vec::new();
    GzEncoder::new(value.to_string().as_bytes(), Compression::fast()).read_to_end(&mut bytes).expect("memory");
    STANDARD.encode(bytes)
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text").to_owned()).collect()
}

/// The bootstrap as it is run here: moved, and asking the world's name server.
fn bootstrap(world: &World, place: &Place, definition: &Value, change: fn(&mut Value)) -> Value {
    let mut bootstrap = place.moved_all(&unpacked(definition, "MESH_BOOTSTRAP"));
    let (ip, port) = (world.dns.address.ip(), world.dns.address.port());
    let resolver = json!({ "socket_address": { "address": ip, "port_value": port } });
    bootstrap["typed_dns_resolver_config"]["typed_config"]["resolvers"] = json!([resolver]);
    change(&mut bootstrap);
    bootstrap
}

pub(super) fn begin<'w>(
    world: &'w World,
    launch: &Launch<'_>,
    secret: &LeafSecret,
    address: Ipv4Addr,
    loopback: Ipv4Addr,
    directory: &Path,
) -> Task<'w> {
    let blueprint = launch.blueprint.unwrap_or(&world.blueprint);
    let definition = world::spec(blueprint, "task-definition", launch.service).clone();
    let place = Place { directory: directory.to_owned(), address, loopback };
    let bootstrap = bootstrap(world, &place, &definition, launch.change);
    if launch.keys {
        init(&place, &definition, &bootstrap, secret);
    } else {
        configuration_only(&place, &definition, &bootstrap);
    }
    let environment = place.moved_all(&definition["application"]["environment"]);
    let app_mesh =
        (!definition["proxy"].is_null()).then(|| start_app_mesh(world, &place, launch.service, blueprint, &bootstrap));
    app_mesh.iter().for_each(|process| world.reaper.watch(process.id()));
    let envoy = start_envoy(world, &place, &definition);
    world.reaper.watch(envoy.id());
    let mut task = Task {
        service: launch.service.to_owned(),
        address,
        loopback,
        environment,
        application: None,
        world,
        place,
        definition,
        envoy,
        app_mesh,
        ended: false,
    };
    if launch.application {
        task.start_application();
    }
    task
}

/// Runs the init container's script with what ECS would put into its environment.
fn init(place: &Place, definition: &Value, bootstrap: &Value, secret: &LeafSecret) {
    let container = container(definition, "mesh-init");
    fs::create_dir_all(place.moved("/keys")).expect("the key volume");
    let temporary = place.directory.join("tmp");
    fs::create_dir_all(&temporary).expect("the volume for temporary files");
    let secret: Value = serde_json::from_str(&secret.to_json().expect("text")).expect("JSON");
    // `valueFrom` is `<arn>:<key>::`: the value of that key.
    let secrets = container["secrets"].as_object().expect("secrets").iter().map(|(variable, reference)| {
        let key = reference["$suffix"].as_str().expect("a key").trim_matches(':');
        (variable.clone(), secret[key].as_str().expect("a value of the secret").to_owned())
    });
    let sds = |variable: &str| packed(&place.moved_all(&unpacked(definition, variable)));
    let entry = texts(&container["entry_point"]);
    let whoami = Command::new("id").arg("-u").output().expect("id runs").stdout;
    let status = Command::new(&entry[0])
        .args(&entry[1..])
        .envs(secrets)
        .env("MESH_BOOTSTRAP", packed(bootstrap))
        .env("MESH_SDS_LEAF", sds("MESH_SDS_LEAF"))
        .env("MESH_SDS_TRUST", sds("MESH_SDS_TRUST"))
        .env("KEYS", place.moved("/keys"))
        .env("CONF", place.moved("/etc/mesh"))
        .env("TEMPORARY", &temporary)
        .env("MESH_UID", String::from_utf8_lossy(&whoami).trim())
        .status()
        .expect("bash runs");
    assert!(status.success(), "the init script failed");
    let mode = fs::metadata(&temporary).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o7777, 0o1777, "whoever the application runs as may write temporary files");
}

/// A task whose keys are not there: the configuration alone.
fn configuration_only(place: &Place, definition: &Value, bootstrap: &Value) {
    let directory = PathBuf::from(place.moved("/etc/mesh"));
    fs::create_dir_all(directory.join("sds")).expect("the configuration volume");
    fs::create_dir_all(place.moved("/keys")).expect("the key volume");
    let write = |name: &str, value: &Value| fs::write(directory.join(name), value.to_string()).expect("a file");
    write("envoy.json", bootstrap);
    for (name, variable) in [("sds/leaf.json", "MESH_SDS_LEAF"), ("sds/trust.json", "MESH_SDS_TRUST")] {
        write(name, &place.moved_all(&unpacked(definition, variable)));
    }
}

/// The stand-in for App Mesh's Envoy, without an entry script, as App Mesh's image has its own.
fn start_app_mesh(world: &World, place: &Place, service: &str, blueprint: &Blueprint, ours: &Value) -> Child {
    let moved = |path: &str| place.moved(path);
    let (addresses, resolver) = ((place.address, place.loopback), &ours["typed_dns_resolver_config"]);
    let bootstrap = app_mesh::bootstrap(blueprint, service, addresses, resolver, &moved);
    let file = place.directory.join("app-mesh.json");
    fs::write(&file, bootstrap.to_string()).expect("a file");
    let log = fs::File::create(place.directory.join("app-mesh.log")).expect("a log");
    Command::new(world.envoy())
        .arg("-c")
        .arg(file)
        .args(["--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"])
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a second handle"))
        .stderr(log)
        .spawn()
        .expect("Envoy runs")
}

fn start_envoy(world: &World, place: &Place, definition: &Value) -> Child {
    let container = ours(definition);
    let log = fs::File::create(place.directory.join("envoy.log")).expect("a log");
    let arguments = [texts(&container["entry_point"]), texts(&container["command"])].concat();
    Command::new(&arguments[0])
        .args(arguments[1..].iter().map(|argument| place.moved(argument)))
        .envs(admin(place, container))
        .env("ENVOY", world.envoy())
        .env("DRAIN_MIN", DRAIN_MIN)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a second handle"))
        .stderr(log)
        .spawn()
        .expect("bash runs")
}

fn admin(place: &Place, container: &Value) -> Vec<(String, String)> {
    let variables = container["environment"].as_object().expect("variables").iter();
    variables.map(|(name, value)| (name.clone(), place.moved(value.as_str().expect("a text")))).collect()
}

impl Task<'_> {
    /// Starts its application, where it has none.
    pub fn start_application(&mut self) {
        let port = self.environment["PORT"].as_str().and_then(|port| port.parse().ok()).expect("a port");
        let host = self.environment["HOST"].as_str().and_then(|host| host.parse().ok()).expect("an address");
        let health_path = self.world.model.service(&self.service).map(|service| service.health_path.clone());
        let health_path = health_path.unwrap_or_else(|_| "/healthz".to_owned());
        self.application = Some(Application::start(&self.service, host, port, &health_path));
    }

    /// Requests that its application answered.
    pub fn served(&self) -> u64 {
        self.application.as_ref().map_or(0, Application::served)
    }

    /// Whether the container's health check passes.
    pub fn healthy(&self) -> bool {
        if self.app_mesh.is_some()
            && client::ask(self.loopback, ports::ADMIN, &Request::get("/ready")).is_ok_and(|it| it.status != 200)
        {
            return false;
        }
        let container = ours(&self.definition);
        let check = texts(&container["health_check"]["command"]);
        assert_eq!(check[0], "CMD");
        let command = Command::new(&check[1])
            .args(&check[2..])
            .envs(admin(&self.place, container))
            .stderr(Stdio::null())
            .status();
        command.expect("bash runs").success()
    }

    pub fn wait_healthy(&self) {
        until(&format!("{} to be healthy: {}", self.service, self.log()), || self.healthy().then_some(()));
    }

    /// What Envoy, its entry script and its access log said so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.place.directory.join("envoy.log")).unwrap_or_default()
    }

    /// Lays out other keys beside the running Envoy, as the init container does.
    pub fn renew(&self, secret: &LeafSecret) {
        let bootstrap = bootstrap(self.world, &self.place, &self.definition, |_| {});
        init(&self.place, &self.definition, &bootstrap, secret);
    }

    /// Its key volume.
    pub fn keys(&self) -> PathBuf {
        self.place.moved("/keys").into()
    }

    /// The address that the application was told for a peer.
    fn told(&self, peer: &str) -> (&str, u16) {
        let variable = format!("{}_URL", peer.to_uppercase().replace('-', "_"));
        let url = self.environment[&variable].as_str().unwrap_or_else(|| panic!("no variable {variable}"));
        let (host, port) = url.strip_prefix("http://").and_then(|rest| rest.split_once(':')).expect("a URL");
        (host, port.parse().expect("a port"))
    }

    /// The loopback port that the application was told for a peer.
    pub fn url(&self, peer: &str) -> u16 {
        let (host, port) = self.told(peer);
        assert_eq!(host, self.loopback.to_string(), "{peer}");
        port
    }

    /// Where a call of the application to a peer gets to, and the name that it calls: loopback as it was told, or App Mesh's egress, into which
    /// everything else is redirected (`proxyConfiguration`; here is no iptables).
    pub fn way(&self, peer: &str) -> (Ipv4Addr, u16, String) {
        let (host, port) = self.told(peer);
        match host == self.loopback.to_string() {
            true => (self.loopback, port, host.to_owned()),
            false => {
                assert!(self.app_mesh.is_some(), "{peer} is called in plain text, and nobody redirects it");
                (self.loopback, ports::EGRESS, format!("{host}:{port}"))
            }
        }
    }

    /// Calls a peer by that way until the answer has that status.
    pub fn reach(&self, status: u16, peer: &str) -> Answer {
        let (address, port, host) = self.way(peer);
        let what = format!("an answer {status} from {peer} to {}", self.service);
        let ask = || client::ask(address, port, &Request::get("/").host(&host)).ok();
        until(&what, || ask().filter(|answer| answer.status == status))
    }

    /// Has the application call a peer, by the variable that it was given.
    pub fn call(&self, peer: &str, request: &Request) -> Answer {
        client::ask(self.loopback, self.url(peer), request).expect("its own sidecar answers")
    }

    /// Calls until the answer has that status: a sidecar is ready before it has found all its peers.
    pub fn call_until(&self, status: u16, peer: &str, request: &Request) -> Answer {
        let what = format!("an answer {status} from {peer} to {}", self.service);
        until(&what, || Some(self.call(peer, request)).filter(|answer| answer.status == status))
    }

    /// A number of Envoy's statistics; 0 where there is none of that name.
    pub fn statistic(&self, name: &str) -> i64 {
        let path = format!("/stats?filter=^{}$", name.replace('.', "\\."));
        let answer = self.admin(&Request::get(&path));
        answer.body.lines().find_map(|line| line.rsplit_once(": ")?.1.parse().ok()).unwrap_or_default()
    }

    /// Asks the admin interface.
    pub fn admin(&self, request: &Request) -> Answer {
        let request = request.clone().header("connection", "close");
        let port = if self.app_mesh.is_some() { ports::INGRESS_ADMIN } else { ports::ADMIN };
        client::ask_until_closed(self.loopback, port, &request).expect("the admin interface answers")
    }

    /// The process of Envoy itself.
    pub fn envoy_process(&self) -> u32 {
        let entry = self.envoy.id();
        let children = fs::read_to_string(format!("/proc/{entry}/task/{entry}/children")).expect("a running process");
        let first = children.split_whitespace().next().expect("Envoy runs under its entry script");
        first.parse().expect("a process id")
    }

    /// Sends SIGTERM, as ECS does, to what is process 1 of the container.
    pub fn terminate(&self) {
        signal("-TERM", &self.envoy.id().to_string());
    }

    /// Waits for Envoy's end, demands that it ended well, and stops the application after it, as ECS does.
    pub fn wait_drained(&mut self) -> String {
        let ended = until(&format!("the end of {}", self.service), || self.envoy.try_wait().expect("a child"));
        self.ended = true;
        self.world.reaper.forget(self.envoy.id());
        self.application = None;
        self.end_app_mesh();
        let log = self.log();
        assert_eq!(ended.code(), Some(0), "{}: {log}", self.service);
        assert!(log.contains("in flight: 0"), "{}: {log}", self.service);
        log
    }

    /// Stops it as ECS does.
    pub fn stop(&mut self) -> String {
        self.terminate();
        self.wait_drained()
    }

    /// The whole task is gone at once, without a word.
    pub fn vanish(&mut self) {
        signal("-KILL", &format!("-{}", self.envoy.id()));
        drop(self.envoy.wait());
        self.end_app_mesh();
        self.ended = true;
        self.world.reaper.forget(self.envoy.id());
        self.application = None;
    }
}

impl Task<'_> {
    fn end_app_mesh(&mut self) {
        if let Some(mut process) = self.app_mesh.take() {
            drop(process.kill());
            drop(process.wait());
            self.world.reaper.forget(process.id());
        }
    }
}

/// What a key volume holds now. The link is followed once, so that all is of one generation.
pub fn read_keys(volume: &Path) -> Identity {
    let current = fs::canonicalize(volume.join("current")).expect("keys");
    let read = |name: &str| fs::read_to_string(current.join(name)).expect("a key file");
    Identity { pair: Some((read("cert_chain.pem"), read("private_key.pem"))), trusts: read("ca_bundle.pem") }
}

impl Drop for Task<'_> {
    fn drop(&mut self) {
        if !self.ended {
            if std::thread::panicking() {
                eprintln!("── log of {} at {}\n{}", self.service, self.address, tail(&self.log()));
            }
            self.vanish();
        }
    }
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(25)..].join("\n")
}

fn signal(name: &str, whom: &str) {
    let status = Command::new("kill").args([name, "--", whom]).status().expect("kill runs");
    assert!(status.success(), "kill {name} {whom}");
}

/// How long a change of files takes at most until Envoy has noticed it.
pub const NOTICED: Duration = Duration::from_millis(500);
