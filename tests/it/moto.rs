//! A second opinion: the life of an environment over HTTP against moto, an independent implementation of AWS's APIs, for the chapters
//! that it can do. It is laxer than our sandbox, but it was written by others from the wire formats.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use aws_smithy_http_client::tls;
use aws_types::{SdkConfig, region::Region};
use platformctl::{
    aws::Connection,
    blueprint::{self, Facts},
    config::{self, EnvSuffix},
    engine::{Blueprint, Chapter, Node},
    operation::{Intention, Workspace, prepare::prepare_with},
};
use tempfile::TempDir;

use crate::lab::{EXAMPLE, assert_done, carry_out};

/// What moto can't do, by kind: CloudWatch in the protocol of the Rust SDK, App Mesh dates, ECS deployments (services would never be
/// steady), and the tagging of most things by the tagging API.
const BEYOND_MOTO: [&str; 8] =
    ["alarm", "dashboard", "mesh", "virtual-node", "virtual-router", "route", "virtual-service", "topic-subscription"];
const CHAPTERS_BEYOND_MOTO: [Chapter; 4] =
    [Chapter::Cluster, Chapter::Services, Chapter::Scaling, Chapter::Observability];

/// The server; gone with the test.
struct Moto {
    child: Child,
    port: u16,
}

impl Drop for Moto {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Installs moto once into the project's own cache and starts it on a free port of the loopback.
fn moto() -> Moto {
    let home = std::env::var("HOME").expect("HOME");
    let cache = PathBuf::from(home).join(".cache/platformctl-tests/moto");
    let server = cache.join("bin/moto_server");
    if !server.exists() {
        let done =
            Command::new("python3").args(["-m", "venv"]).arg(&cache).status().is_ok_and(|status| status.success())
                && Command::new(cache.join("bin/pip"))
                    .args(["install", "--quiet", "moto[server]==5.2.5"])
                    .status()
                    .is_ok_and(|status| status.success());
        assert!(
            done && server.exists(),
            "moto is needed: python3 with venv and pip, and moto[server]==5.2.5 from PyPI"
        );
    }
    let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port();
    let child = Command::new(server)
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
        .env("MOTO_ECS_SERVICE_RUNNING", "2")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("moto starts");
    let moto = Moto { child, port };
    let start = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(start.elapsed() < Duration::from_secs(60), "moto does not listen");
        std::thread::sleep(Duration::from_millis(100));
    }
    moto
}

fn connection(moto: &Moto) -> Connection {
    let credentials = aws_credential_types::Credentials::new("test", "test", None, None, "moto");
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
        .build_https();
    let config = SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
        .region(Region::new("us-east-1"))
        .endpoint_url(format!("http://127.0.0.1:{}", moto.port))
        .sleep_impl(aws_smithy_async::rt::sleep::default_async_sleep().expect("tokio's"))
        .http_client(http.clone())
        .build();
    Connection { config, http, interceptor: None }
}

fn within_moto(workspace: &Workspace) -> impl Fn(&Facts) -> Blueprint {
    let keep = |node: &Node| !BEYOND_MOTO.contains(&node.key.kind()) && !CHAPTERS_BEYOND_MOTO.contains(&node.chapter);
    move |facts| blueprint::build(&workspace.config, &workspace.suffix, facts).part(keep)
}

#[tokio::test]
async fn the_life_of_an_environment_over_http() {
    let moto = moto();
    let state = TempDir::new().expect("a directory");
    // moto ignores the condition of a deny-without-TLS bucket policy and then refuses every object; nothing here writes objects.
    let config = config::parse("platform.toml", &EXAMPLE.replace("provider = \"auto\"", "provider = \"envoy\""))
        .expect("the example");
    let suffix = EnvSuffix::parse("dev").expect("a suffix");
    let workspace = Workspace::open(config, suffix, &connection(&moto), state.path()).await.expect("a workspace");
    let prepared = prepare_with(&workspace, Intention::Up, within_moto(&workspace)).await.expect("plan");
    assert_done(&carry_out(&workspace, &prepared).await.expect("up"));
    drop(prepared);
    let again = prepare_with(&workspace, Intention::Plan, within_moto(&workspace)).await.expect("plan");
    let changes: Vec<_> =
        again.plan.steps.iter().map(|step| (&step.key, step.action, &step.changes, &step.tags)).collect();
    assert!(changes.is_empty(), "{changes:#?}");
    let prepared = prepare_with(&workspace, Intention::Destroy, within_moto(&workspace)).await.expect("plan");
    assert_done(&carry_out(&workspace, &prepared).await.expect("destroy"));
}
