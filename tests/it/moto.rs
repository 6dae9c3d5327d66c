//! A second opinion: the life of an environment over HTTP against moto, an independent implementation of AWS's APIs, for the chapters
//! that it can do. It is laxer than our sandbox, but it was written by others from the wire formats.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use aws_smithy_http_client::tls;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, SharedInterceptor, context::FinalizerInterceptorContextRef},
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use aws_types::{SdkConfig, region::Region};
use platformctl::{
    aws::{
        self, Aws, Connection,
        ecs::{Cluster, TaskDefinition},
        tags::Search,
    },
    blueprint::{self, Facts},
    config::{self, EnvSuffix},
    engine::{Blueprint, Interrupt, Key, Kinds},
    operation::{self, Intention, Prepared, Workspace, prepare::prepare_with},
};
use tempfile::TempDir;

use crate::lab::{EXAMPLE, Recorder};

/// The kinds whose services moto answers as AWS does. Not among them, and why:
/// - alarms and dashboards: CloudWatch's SDK speaks CBOR, moto answers XML whatever is asked;
/// - App Mesh: moto's dates are no numbers, so nothing that it answers can be read, and it has no virtual services;
/// - the rotation of credentials: it waits for the first one, and moto runs no function; that of certificates is only ordered;
/// - ECS services, and the scaling of them: moto has no deployments, so that none is ever finished.
fn kinds(aws: &Arc<Aws>) -> Kinds {
    let mut kinds = Kinds::new(Arc::new(Search(aws.clone())));
    for register in [
        aws::ec2::register,
        aws::kms::register,
        aws::logs::register,
        aws::ecr::register,
        aws::iam::register,
        aws::s3::register,
        aws::dynamodb::register,
        aws::secrets::register,
        aws::cloudmap::register,
        aws::elb::register,
        aws::lambda::register,
        aws::rds::register,
        aws::sns::register,
    ] {
        register(&mut kinds, aws);
    }
    kinds.add::<Cluster>(aws);
    kinds.add::<TaskDefinition>(aws);
    kinds
}

/// After how long a run is cut off: it takes a few seconds.
const RUN_LIMIT: Duration = Duration::from_secs(40);

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
    let child = Command::new(cache.join("bin/python"))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/mended_moto.py"))
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("moto starts");
    let mut moto = Moto { child, port };
    let start = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        let ended = moto.child.try_wait().expect("a child that can be asked");
        assert!(ended.is_none(), "moto ended at once: {ended:?}");
        assert!(start.elapsed() < Duration::from_secs(60), "moto does not listen");
        std::thread::sleep(Duration::from_millis(100));
    }
    moto
}

fn connection(moto: &Moto, wire: &Wire) -> Connection {
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
    Connection { config, http, interceptor: Some(SharedInterceptor::new(wire.clone())) }
}

/// The part of the blueprint whose kinds are known.
fn within_moto(workspace: &Workspace) -> impl Fn(&Facts) -> Blueprint {
    move |facts| {
        blueprint::build(&workspace.config, &workspace.suffix, facts)
            .part(|node| workspace.kinds.get(node.key.kind()).is_ok() && !rotates_credentials(&node.key))
    }
}

fn rotates_credentials(key: &Key) -> bool {
    key.kind() == "secret-rotation" && !key.name().ends_with(".certificate")
}

/// Keeps what was said on the wire, to be told when the test fails.
#[derive(Clone, Debug, Default)]
struct Wire(Arc<Mutex<Vec<String>>>);

impl Intercept for Wire {
    fn name(&self) -> &'static str {
        "wire"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let name = cfg.load::<Metadata>().map(Metadata::name).unwrap_or_default().to_owned();
        let told = match (context.response(), context.output_or_error()) {
            (_, Some(Ok(_))) => name,
            (Some(response), _) => {
                let body = String::from_utf8_lossy(response.body().bytes().unwrap_or_default());
                format!("{name}: {} {body:.400}", response.status().as_u16())
            }
            (None, _) => format!("{name}: no answer"),
        };
        self.0.lock().expect("no test panics while it tells").push(told);
        Ok(())
    }
}

impl Wire {
    /// The last calls, and the last refusals.
    fn last(&self) -> String {
        let calls = self.0.lock().expect("no test panics while it tells");
        let refused: Vec<_> = calls.iter().filter(|call| call.contains(':')).map(String::as_str).collect();
        let last = calls.iter().rev().take(10).rev().map(String::as_str).collect::<Vec<_>>();
        let refused = &refused[refused.len().saturating_sub(20)..];
        format!("{} calls, the last: {last:?}\nrefused, the last:\n{}", calls.len(), refused.join("\n"))
    }
}

#[tokio::test]
async fn the_life_of_an_environment_over_http() {
    let (moto, wire, events) = (moto(), Wire::default(), Recorder::default());
    if tokio::time::timeout(Duration::from_secs(120), live(&moto, &wire, &events)).await.is_err() {
        let events = events.0.lock().expect("no test panics while it tells");
        let last = events.iter().rev().take(20).rev().map(|event| format!("{event:?}")).collect::<Vec<_>>();
        panic!("not done in two minutes\n{}\nevents, the last:\n{}", wire.last(), last.join("\n"));
    }
}

async fn live(moto: &Moto, wire: &Wire, events: &Recorder) {
    let state = TempDir::new().expect("a directory");
    let config = config::parse("platform.toml", &EXAMPLE.replace("provider = \"auto\"", "provider = \"envoy\""))
        .expect("the example");
    let suffix = EnvSuffix::parse("dev").expect("a suffix");
    let connection = connection(moto, wire);
    let mut workspace = Workspace::open(config, suffix, &connection, state.path()).await.expect("a workspace");
    workspace.kinds = kinds(&workspace.aws);
    let workspace = &workspace;
    let mut wrong = Vec::new();
    for intention in [Intention::Up, Intention::Plan, Intention::Destroy] {
        let prepared = prepare_with(workspace, intention, within_moto(workspace)).await.expect("a plan");
        let steps = prepared.plan.steps.iter();
        let steps: Vec<_> = steps.map(|step| (&step.key, step.action, &step.changes, &step.tags)).collect();
        if intention == Intention::Plan {
            wrong.extend(steps.iter().map(|step| format!("still to do: {step:?}")));
            continue;
        }
        // Most of the blueprint is within moto; were it not, this test would prove little.
        assert!(steps.len() >= 90, "{} steps: {steps:?}", steps.len());
        wrong.extend(failures(workspace, &prepared, events).await);
        if intention == Intention::Destroy {
            let (left, _) = operation::leftovers(workspace, &prepared).await.expect("a look");
            wrong.extend(left.iter().map(|left| format!("left over: {left:?}")));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), wire.last());
}

/// Carries out a plan and tells what went wrong.
async fn failures(workspace: &Workspace, prepared: &Prepared, events: &Recorder) -> Vec<String> {
    let interrupt = Interrupt::default();
    let run = operation::apply(workspace, prepared, events, &interrupt);
    let limit = async {
        tokio::time::sleep(RUN_LIMIT).await;
        interrupt.raise();
        std::future::pending::<()>().await;
    };
    let outcome = tokio::select! {
        outcome = run => outcome.expect("a state that can be written"),
        () = limit => unreachable!("it never ends"),
    };
    let failed = outcome.failed.iter().map(|(key, failure)| format!("{:?} {key}: {failure}", prepared.intention));
    let skipped = outcome.skipped.iter().map(|skipped| format!("{:?} skipped: {skipped:?}", prepared.intention));
    failed.chain(skipped).collect()
}
