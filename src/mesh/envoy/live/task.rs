//! One task: the init script, Envoy under its entry script, and an application that says what it got.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use time::OffsetDateTime;

use super::super::{Layout, bootstrap};
use super::names;
use crate::mesh::{Authority, LeafRequest, LeafSecret, MeshModel, scripts};

const PATIENCE: Duration = Duration::from_secs(30);

/// What a task is given to prove itself and to judge others.
pub struct Credentials {
    pub authority: Authority,
    /// PEM.
    pub trusts: String,
    pub days: u16,
}

/// What all tasks share.
pub struct World {
    directory: TempDir,
    names: SocketAddr,
    envoy: PathBuf,
}

impl World {
    pub fn new(tasks: &[(&str, Ipv4Addr)]) -> Self {
        let records = tasks.iter().map(|(service, address)| (format!("{service}.dev.local"), *address)).collect();
        Self {
            directory: tempfile::tempdir().expect("a directory"),
            names: names::serve(records),
            envoy: std::env::var_os("ENVOY").expect("ENVOY is the path of an Envoy").into(),
        }
    }
}

pub struct Task {
    name: String,
    log: PathBuf,
    envoy: Child,
}

impl Task {
    /// Starts the task and waits until its health check passes.
    pub fn start(
        world: &World,
        model: &MeshModel,
        service: &str,
        address: Ipv4Addr,
        credentials: &Credentials,
    ) -> Self {
        let directory = world.directory.path().join(address.to_string());
        let layout = layout(&directory, world.names, address);
        let generated = bootstrap(model, service, &layout).expect("the service exists");
        init(&directory, service, &layout, credentials, &generated);
        application(service.to_owned(), address);
        let log_path = directory.join("envoy.log");
        let log = fs::File::create(&log_path).expect("a log");
        let entry = scripts::envoy_entry_point();
        let envoy = Command::new(&entry[0])
            .args(&entry[1..])
            .args(scripts::envoy_command().into_iter().map(|argument| within(&directory, &argument)))
            .env("ENVOY", &world.envoy)
            .envs([scripts::envoy_environment(&layout)])
            .env("DRAIN_MIN", "1")
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("bash runs");
        let task = Self { name: format!("{service} at {address}"), log: log_path, envoy };
        until(&task.name, || healthy(&layout).then_some(()));
        task
    }

    /// Stops it as ECS does, demands that it drains and ends well, and hands back its log.
    pub fn stop(mut self) -> String {
        let kill = Command::new("kill").arg(self.envoy.id().to_string()).status().expect("kill runs");
        assert!(kill.success());
        let ended = until(&format!("the end of {}", self.name), || self.envoy.try_wait().expect("a child"));
        let log = fs::read_to_string(&self.log).expect("a log");
        assert_eq!(ended.code(), Some(0), "{}: {log}", self.name);
        assert!(log.contains("drain: ends after 1 s, in flight: 0"), "{}: {log}", self.name);
        log
    }
}

/// Only after a failed assertion; [`Task::stop`] has ended it otherwise. The script takes its Envoy along.
impl Drop for Task {
    fn drop(&mut self) {
        if self.envoy.try_wait().is_ok_and(|ended| ended.is_none()) {
            drop(Command::new("kill").arg(self.envoy.id().to_string()).status());
            drop(self.envoy.wait());
        }
    }
}

/// Lays out new credentials beside a running Envoy.
pub fn renew(world: &World, model: &MeshModel, service: &str, address: Ipv4Addr, credentials: &Credentials) {
    let directory = world.directory.path().join(address.to_string());
    let layout = layout(&directory, world.names, address);
    let generated = bootstrap(model, service, &layout).expect("the service exists");
    init(&directory, service, &layout, credentials, &generated);
}

/// What `envoy --mode validate` says about the bootstrap that `generate` makes for a layout.
pub fn validate(
    world: &World,
    service: &str,
    credentials: &Credentials,
    generate: impl Fn(&Layout) -> Value,
) -> String {
    let directory = tempfile::tempdir_in(&world.directory).expect("a directory");
    let layout = layout(directory.path(), world.names, Ipv4Addr::LOCALHOST);
    init(directory.path(), service, &layout, credentials, &generate(&layout));
    let output = Command::new(&world.envoy)
        .args(["--mode", "validate", "-c"])
        .arg(directory.path().join("etc/mesh/envoy.json"))
        .output()
        .expect("Envoy runs");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

fn layout(directory: &Path, dns_resolver: SocketAddr, address: Ipv4Addr) -> Layout {
    let production = Layout::fargate();
    Layout {
        bind: address,
        loopback: address,
        keys_dir: within(directory, &production.keys_dir),
        sds_dir: within(directory, &production.sds_dir),
        dns_resolver: Some(dns_resolver),
        ..production
    }
}

/// The container's absolute path, moved below the task's directory; anything else as it is.
fn within(directory: &Path, argument: &str) -> String {
    if argument.starts_with('/') { format!("{}{argument}", directory.display()) } else { argument.to_owned() }
}

/// Runs the init container's script with what ECS would put into its environment.
fn init(directory: &Path, service: &str, layout: &Layout, credentials: &Credentials, bootstrap: &Value) {
    fs::create_dir_all(&layout.keys_dir).expect("the key volume");
    let request = LeafRequest {
        trust_domain: "dev.platform".into(),
        service: service.into(),
        dns_name: format!("{service}.dev.local"),
        days: credentials.days,
    };
    let leaf = credentials.authority.issue(&request, OffsetDateTime::now_utc()).expect("a leaf");
    let secret = LeafSecret::new(leaf, credentials.trusts.clone());
    let secret: Value = serde_json::from_str(&secret.to_json().expect("text")).expect("JSON");
    let entry = scripts::init_entry_point();
    let whoami = Command::new("id").arg("-u").output().expect("id runs").stdout;
    let status = Command::new(&entry[0])
        .args(&entry[1..])
        .envs(scripts::INIT_SECRETS.map(|(variable, key)| (variable, secret[key].as_str().expect("text"))))
        .envs(scripts::init_environment(bootstrap, layout))
        .env("KEYS", &layout.keys_dir)
        .env("CONF", within(directory, "/etc/mesh"))
        .env("MESH_UID", String::from_utf8_lossy(&whoami).trim())
        .status()
        .expect("bash runs");
    assert!(status.success(), "the init script failed");
}

fn healthy(layout: &Layout) -> bool {
    let check = scripts::envoy_health_check(&scripts::SIDECAR_SECRETS);
    Command::new(&check[1])
        .args(&check[2..])
        .envs([scripts::envoy_environment(layout)])
        .stderr(Stdio::null())
        .status()
        .expect("bash runs")
        .success()
}

/// Answers every request with its own name and the head of what it got.
fn application(service: String, address: Ipv4Addr) {
    let listener = TcpListener::bind((address, 8080)).expect("the application's port is free");
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let service = service.clone();
            thread::spawn(move || serve(&service, &connection));
        }
    });
}

fn serve(service: &str, mut connection: &TcpStream) {
    let mut lines = BufReader::new(connection).lines().map_while(Result::ok);
    loop {
        let head: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        if head.is_empty() {
            return;
        }
        let body = format!("{service} got {}", head.join("\n"));
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        if connection.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// An HTTP answer; no status if the connection was closed without one.
#[derive(Debug)]
pub struct Answer {
    pub status: Option<u16>,
    pub body: String,
}

pub fn request(address: Ipv4Addr, port: u16, text: &str) -> Answer {
    let mut connection = TcpStream::connect((address, port)).expect("somebody listens");
    connection.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    connection.write_all(text.as_bytes()).expect("it takes a request");
    let mut bytes = Vec::new();
    // A reset is an answer too: none.
    drop(connection.read_to_end(&mut bytes));
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok());
    Answer { status, body: text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default() }
}

/// Asks until the answer has that status: a sidecar is ready before it knows all its peers.
pub fn request_until(status: u16, ask: impl Fn() -> Answer) -> Answer {
    until(&format!("an answer {status}"), || Some(ask()).filter(|answer| answer.status == Some(status)))
}

pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(100));
    }
}
