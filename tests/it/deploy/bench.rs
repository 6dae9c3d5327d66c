//! An environment that is up, with images to deploy, and a way to record what a person sees.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_sdk_cloudwatch::types::StateValue;
use aws_sdk_ecr::primitives::Blob;
use platformctl::{
    engine::{Interrupt, retry::Jitter},
    operation::{
        self, Intention, OperationError, Workspace,
        deploy::{
            DeployEvent, DeployObserver, Image, Limit, Request, preflight::Demands, request::Strategy, run,
            run::Verdicts,
        },
    },
    sandbox::{SandboxOptions, clock::Moment},
    view::{Look, Printer, deploy::Deployments, printer::Manner, progress::Pace},
};
use serde_json::{Value, json};

use crate::lab::{Lab, assert_done, up};

pub const CLUSTER: &str = "cluster-dev";

/// What was written.
#[derive(Clone, Default)]
pub struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("text")
    }
}

/// An environment with the services `accounts` and `payments`.
pub struct Bench {
    pub lab: Lab,
    pub configuration: String,
}

/// What a person saw of a command, and what came of it.
pub struct Seen {
    pub result: Result<Verdicts, OperationError>,
    /// The plain lines.
    pub text: String,
    record: String,
}

impl Seen {
    /// The one verdict.
    pub fn verdict(&self) -> &operation::deploy::Verdict {
        match &self.result {
            Ok(verdicts) => &verdicts[0].1,
            Err(error) => panic!("{error}"),
        }
    }

    /// What is recorded of it: plain lines, the rows that are redrawn in place at some moments, and JSON lines.
    pub fn recorded(&self) -> &str {
        &self.record
    }

    /// Why it could not begin.
    pub fn error(&self) -> &OperationError {
        self.result.as_ref().expect_err("it must not begin")
    }
}

pub fn configuration(payments: &str) -> String {
    format!(
        "[platform]\nteam = \"platform\"\ncost_center = \"42\"\n\n[services.accounts]\nbake_minutes = 2\n\n\
         [services.payments]\ncalls = [\"accounts\"]\nbake_minutes = 2\n{payments}\n"
    )
}

/// When the rows are looked at, in seconds: while tasks start, run, are tested, serve, and while the old ones go.
const MOMENTS: [u64; 5] = [30, 75, 98, 150, 250];

/// All ways to show the same.
pub struct Shown<'a>([Deployments<'a>; 3]);

impl DeployObserver for Shown<'_> {
    fn tell(&self, event: &DeployEvent) {
        self.0.iter().for_each(|shown| shown.tell(event));
    }
}

/// JSON lines without ids and times; of looks, the first of each status, stage and share of traffic.
fn json_lines(text: &str) -> String {
    let mut last: BTreeMap<String, String> = BTreeMap::new();
    let kept = text.lines().filter_map(|line| {
        let mut value: Value = serde_json::from_str(line).expect("JSON");
        if value["event"] == "looked" {
            let it = &value["progress"];
            let phase = format!("{} {} {}", it["status"], it["stage"], it["new"]["weight"]);
            if last.insert(value["service"].to_string(), phase.clone()).as_ref() == Some(&phase) {
                return None;
            }
        }
        timeless(&mut value);
        Some(redacted(&value.to_string()))
    });
    kept.collect::<Vec<_>>().join("\n")
}

/// Replaces moments and lengths of time.
fn timeless(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                let is_time = ["at", "seconds", "bake_left", "waits_for_you"].contains(&name.as_str());
                if is_time && field.is_number() { *field = json!("<time>") } else { timeless(field) }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(timeless),
        _ => {}
    }
}

/// A request for one image of a service's own repository.
pub fn tag(service: &str, tag: &str) -> Request {
    let services = vec![(service.to_owned(), Image::Own(tag.to_owned()))];
    Request { services, demands: Demands::default(), strategy: Strategy::default() }
}

impl Bench {
    /// Up, with three images for each service: `1` and `2` behave, `exits` ends by itself, `unhealthy` fails its health check.
    pub async fn up() -> Self {
        Self::with("").await
    }

    pub async fn with(payments: &str) -> Self {
        let start = Some(Moment::from_millis(1_800_000_000_000));
        let lab = Lab::with(SandboxOptions { start, ..SandboxOptions::in_memory() });
        let bench = Bench { lab, configuration: configuration(payments) };
        let workspace = bench.workspace().await;
        assert_done(&up(&workspace).await.expect("up"));
        for service in ["accounts", "payments"] {
            bench.push(service, "1", "well", "").await;
            bench.push(service, "2", "well", "HIGH=2,LOW=7").await;
            bench.push(service, "exits", "exits", "").await;
            bench.push(service, "unhealthy", "unhealthy", "").await;
        }
        bench
    }

    /// With seeded pauses, so that every run shows the same seconds.
    pub async fn workspace(&self) -> Workspace {
        let mut workspace = self.lab.workspace(&self.configuration, "dev").await;
        workspace.jitter = Jitter::seeded(1);
        workspace
    }

    /// Pushes an image whose program behaves so.
    pub async fn push(&self, service: &str, tag: &str, behaviour: &str, findings: &str) {
        let annotations = json!({
            "tag": tag, "platformctl.sandbox.behaviour": behaviour, "platformctl.sandbox.findings": findings,
        });
        self.push_for(service, tag, "amd64", annotations).await;
    }

    /// Pushes an image for an architecture: its configuration first, then the manifest that names it.
    pub async fn push_for(&self, service: &str, tag: &str, architecture: &str, annotations: Value) -> String {
        let configuration = json!({ "os": "linux", "architecture": architecture, "history": [{ "comment": tag }] });
        let digest = self.upload(service, &configuration.to_string()).await;
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest },
            "layers": [],
            "annotations": annotations,
        });
        self.put(service, tag, &manifest).await
    }

    /// Pushes an index of images.
    pub async fn push_index(&self, service: &str, tag: &str, architectures: &[&str]) {
        let mut entries = Vec::new();
        for architecture in architectures {
            let digest = self.push_for(service, &format!("{tag}-{architecture}"), architecture, json!({})).await;
            entries.push(json!({ "digest": digest, "platform": { "os": "linux", "architecture": architecture } }));
        }
        let media = "application/vnd.oci.image.index.v1+json";
        self.put(service, tag, &json!({ "schemaVersion": 2, "mediaType": media, "manifests": entries })).await;
    }

    async fn put(&self, service: &str, tag: &str, manifest: &Value) -> String {
        let workspace = self.workspace().await;
        let call = workspace.aws.ecr.put_image().repository_name(format!("ecr-{service}-dev")).image_tag(tag);
        let answer = call.image_manifest(manifest.to_string()).send().await.expect("pushed");
        answer.image.and_then(|image| image.image_id?.image_digest).expect("a digest")
    }

    async fn upload(&self, service: &str, text: &str) -> String {
        let (ecr, repository) = (self.workspace().await.aws.ecr.clone(), format!("ecr-{service}-dev"));
        let digest = platformctl::aws::deploy::manifest::digest(text.as_bytes());
        let begun = ecr.initiate_layer_upload().repository_name(&repository).send().await.expect("an upload");
        let id = begun.upload_id.expect("its id");
        let part = ecr.upload_layer_part().repository_name(&repository).upload_id(&id).part_first_byte(0);
        let part = part.part_last_byte(text.len() as i64 - 1).layer_part_blob(Blob::new(text));
        part.send().await.expect("a part");
        let end = ecr.complete_layer_upload().repository_name(&repository).upload_id(id).layer_digests(&digest);
        end.send().await.expect("a layer");
        digest
    }

    /// Runs something and records all three ways to show it.
    pub async fn see<F>(&self, services: &[&str], work: F) -> Seen
    where
        F: AsyncFnOnce(&Workspace, &Shown<'_>) -> Result<Verdicts, OperationError>,
    {
        let sinks = [Sink::default(), Sink::default(), Sink::default()];
        let printers = [
            printer(&sinks[0], Manner::Lines, Look::default()),
            printer(&sinks[1], Manner::Live, Look::default()),
            printer(&sinks[2], Manner::Json, Look { json: true, ..Look::default() }),
        ];
        let workspace = self.workspace().await;
        let names: Vec<String> = services.iter().map(|name| (*name).to_owned()).collect();
        let shown = Shown(printers.each_ref().map(|printer| Deployments::new(printer, &names, Pace::Real)));
        let mut rows = Vec::new();
        let result = {
            let mut work = std::pin::pin!(work(&workspace, &shown));
            let start = tokio::time::Instant::now();
            let mut moments = MOMENTS.into_iter();
            loop {
                let Some(moment) = moments.next() else { break work.await };
                tokio::select! {
                    biased;
                    result = &mut work => break result,
                    () = tokio::time::sleep_until(start + Duration::from_secs(moment)) => {}
                }
                rows.push(format!("── rows after {moment} seconds\n{}", shown.0[1].rows().join("\n")));
            }
        };
        let lines = &printers[0];
        match &result {
            Ok(verdicts) => {
                rows.push(format!("── rows at the end\n{}", shown.0[1].rows().join("\n")));
                for (name, verdict) in verdicts {
                    lines.data(&platformctl::view::deploy::verdict(lines.paint_out(), 110, name, verdict));
                }
            }
            Err(error) => {
                lines.tell(&format!("error: {error}"));
                lines.tell(&format!("hint: {}", error.remedy().unwrap_or_default()));
            }
        }
        let text = redacted(&sinks[0].text());
        let rows = redacted(&rows.join("\n"));
        let record = format!("── plain lines\n{text}\n{rows}\n── JSON lines\n{}", json_lines(&sinks[2].text()));
        Seen { result, text, record }
    }

    /// Deploys and records.
    pub async fn deploy(&self, request: &Request) -> Seen {
        self.deploy_within(request, Limit::Usual).await
    }

    pub async fn deploy_within(&self, request: &Request, limit: Limit) -> Seen {
        let names: Vec<&str> = request.services.iter().map(|(name, _)| name.as_str()).collect();
        self.see(&names, async |workspace, view| {
            run::deploy(workspace, request, limit, true, view, &Interrupt::default()).await
        })
        .await
    }

    pub async fn rollback(&self, service: &str, to: Option<i32>) -> Seen {
        self.see(&[service], async |workspace, view| {
            let interrupt = Interrupt::default();
            let (verdicts, _) = run::roll_back(workspace, service, to, Limit::Usual, true, view, &interrupt).await?;
            Ok(verdicts)
        })
        .await
    }

    pub async fn resume(&self, service: &str) -> Seen {
        self.see(&[service], async |workspace, view| {
            run::resume(workspace, &[service.to_owned()], Limit::Usual, view, &Interrupt::default()).await
        })
        .await
    }

    /// Lets the first alarm that takes back a deployment of `payments` ring, or stop ringing.
    pub async fn ring(&self, state: StateValue) {
        let workspace = self.workspace().await;
        let call = workspace.aws.cloudwatch.set_alarm_state().alarm_name("alarm-payments-errors-dev");
        call.state_value(state).state_reason("7 % of the answers are errors").send().await.expect("set");
    }

    pub async fn service(&self, name: &str) -> aws_sdk_ecs::types::Service {
        let workspace = self.workspace().await;
        let call = workspace.aws.ecs.describe_services().cluster(CLUSTER).services(format!("service-{name}-dev"));
        call.send().await.expect("described").services()[0].clone()
    }

    /// The image that a service's application runs.
    pub async fn image(&self, name: &str) -> String {
        let arn = self.service(name).await.task_definition.expect("one");
        let workspace = self.workspace().await;
        let answer = workspace.aws.ecs.describe_task_definition().task_definition(arn).send().await.expect("described");
        let definition = answer.task_definition().expect("one");
        let app = definition.container_definitions().iter().find(|one| one.name() == Some("app"));
        app.and_then(|app| app.image()).expect("an image").to_owned()
    }

    /// The color that production requests go to.
    pub async fn serving(&self, name: &str) -> String {
        let workspace = self.workspace().await;
        let status = operation::status(&workspace).await.expect("a status");
        let service = status.services.into_iter().find(|service| service.name == name).expect("the service");
        service.serving.expect("weights").color.to_owned()
    }

    /// After everything: nothing to be changed, and at no instant was traffic sent where nobody answers.
    pub async fn is_sound(&self) {
        let workspace = self.workspace().await;
        let plan = operation::prepare(&workspace, Intention::Plan).await.expect("plan").plan;
        let steps: Vec<_> = plan.steps.iter().map(|step| (&step.key, step.action, &step.changes)).collect();
        assert!(steps.is_empty(), "{steps:#?}");
        let unserved = self.lab.sandbox.look(|call| call.world.ecs.unserved.clone()).expect("a look");
        assert_eq!(unserved, Vec::<String>::new());
    }
}

pub fn printer(sink: &Sink, manner: Manner, look: Look) -> Printer {
    Printer::onto(look, manner, (40, 110), Box::new(sink.clone()), Box::new(sink.clone()))
}

/// Seconds of virtual time.
pub async fn wait(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// True for `12s`, `1m06s` and the end of `5.0s`.
fn is_time(word: &str) -> bool {
    let number = word.strip_suffix('s').map(|rest| rest.replacen('m', "", 1));
    number.is_some_and(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
}

/// Ids that are random on AWS, and lengths of time, are replaced by what they are.
pub fn redacted(text: &str) -> String {
    let is_id = |word: &str| {
        let hex = word.len() == 32 && word.chars().all(|c| c.is_ascii_hexdigit());
        let name = word.len() == 21 && word.chars().all(|c| c.is_ascii_alphanumeric());
        let long = word.len() >= 19 && word.chars().all(|c| c.is_ascii_digit());
        let digest = word.len() == 64 && word.chars().all(|c| c.is_ascii_hexdigit());
        let group = word.len() == 16 && word.chars().all(|c| c.is_ascii_hexdigit());
        match () {
            () if hex => Some("<task>"),
            () if digest => Some("<digest>"),
            () if group => Some("<id>"),
            () if long => Some("<id>"),
            () if name => Some("<deployment>"),
            () if is_time(word) => Some("<time>"),
            () => None,
        }
    };
    let (mut out, mut word) = (String::new(), String::new());
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        // What was cut off is an id or a time, or would be somewhere else with another one.
        out.push_str(if c == '…' { "" } else { is_id(&word).unwrap_or(&word) });
        word.clear();
        out.push(c);
    }
    let tenths = (0..10).map(|digit| format!("{digit}.<time>"));
    tenths.fold(out, |out, tenth| out.replace(&tenth, "<time>")).trim_end().to_owned()
}
