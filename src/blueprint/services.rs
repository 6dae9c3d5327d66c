//! The services: for each its log group, its task definition and the ECS service that runs it.

use std::collections::BTreeMap;

use super::{Alarms, Data, Draft, Encryption, Identity, Ingress, Mesh, Network, Secrets, containers::Task, mesh};
use crate::{
    aws::{
        ecs::{Cluster, Placeholder, Service, Share, TaskDefinition, Variable},
        logs::LogGroup,
    },
    config::{self, injected},
    engine::{Chapter, Handle, Output},
    mesh::{MeshModel, ports},
};

/// Answers like an application that is well and has nothing to say, on the port and path that the service is configured with.
const PLACEHOLDER_IMAGE: &str = "public.ecr.aws/docker/library/python:3.13-alpine";
const PLACEHOLDER: &str = r#"
import http.server, os, signal, sys

class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        well = self.path.split("?")[0] == sys.argv[1]
        text = b"well\n" if well else b"nothing has been deployed here yet\n"
        self.send_response(200 if well else 404)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, *_):
        pass

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), Answer).serve_forever()
"#;

/// Seconds in which a task may fail the load balancer's checks because it is still starting.
const GRACE_SECONDS: u32 = 60;

/// The chapters that services build on.
#[expect(missing_docs, reason = "each is the chapter of that name")]
pub struct Foundations<'a> {
    pub encryption: &'a Encryption,
    pub network: &'a Network,
    pub data: &'a Data,
    pub secrets: &'a Secrets,
    pub mesh: &'a Mesh,
    pub identity: &'a Identity,
    pub ingress: &'a Ingress,
    pub cluster: &'a Handle<Cluster>,
    pub alarms: &'a Alarms,
}

/// Adds all services.
pub fn add(draft: &mut Draft<'_>, on: &Foundations<'_>) -> BTreeMap<String, Handle<Service>> {
    let model = mesh::model(draft);
    let configured = &draft.config.services;
    configured.iter().map(|(name, service)| (name.clone(), add_one(draft, on, &model, name, service))).collect()
}

/// The name of a service's log group.
pub fn log_group(suffix: &str, service: &str) -> String {
    format!("/platformctl/{suffix}/service/{service}")
}

fn add_one(
    draft: &mut Draft<'_>,
    on: &Foundations<'_>,
    model: &MeshModel,
    name: &str,
    service: &config::Service,
) -> Handle<Service> {
    let log = LogGroup { retention_days: draft.config.observability.log_retention_days, key: on.encryption.key.arn() };
    let log = draft.blueprint.add(Chapter::Services, name, log_group(draft.suffix.as_str(), name), log);
    let task = Task {
        name,
        service,
        model,
        log: &log,
        certificate: &on.mesh.certificates[name],
        credentials: on.secrets.credentials.get(name),
        virtual_node: on.mesh.virtual_nodes.get(name),
        data: data(on.data, name),
    };
    let entrance = task.entrance();
    let definition = task_definition(draft, on, &task);
    let definition = draft.add(Chapter::Services, name, &["task", name], definition);
    let alarms = on.alarms.by_service.get(name).into_iter().flatten();
    let running = Service {
        cluster: on.cluster.arn(),
        task_definition: definition.arn(),
        desired_count: service.min_tasks,
        capacity: Share::spot(service.on_demand_base),
        subnets: on.network.private.iter().map(|subnet| subnet.id()).collect(),
        security_groups: vec![on.network.service_groups[name].id()],
        container: entrance.to_owned(),
        container_port: ports::INGRESS,
        target_groups: vec![on.ingress.blue[name].arn(), on.ingress.green[name].arn()],
        production_rule: on.ingress.production_rules[name].arn(),
        test_rule: on.ingress.test_rules[name].arn(),
        balancer_role: on.identity.load_balancers.arn(),
        registry: on.mesh.discovery[name].arn(),
        strategy: "BLUE_GREEN".to_owned(),
        bake_minutes: service.bake_minutes,
        circuit_breaker: true,
        alarms: alarms.map(|alarm| alarm.name()).collect(),
        grace_seconds: GRACE_SECONDS,
        execute_command: draft.config.cluster.execute_command,
        after: on.network.private_routes.iter().map(|table| table.id().wrap("", "")).collect(),
    };
    draft.add(Chapter::Services, name, &["service", name], running)
}

fn data(data: &Data, name: &str) -> BTreeMap<&'static str, Output<Variable>> {
    let bucket = data.buckets.get(name).map(|bucket| (injected::BUCKET_NAME, bucket.name().wrap("", "")));
    let table = data.tables.get(name).map(|table| (injected::TABLE_NAME, table.name().wrap("", "")));
    bucket.into_iter().chain(table).collect()
}

fn task_definition(draft: &Draft<'_>, on: &Foundations<'_>, task: &Task<'_>) -> TaskDefinition {
    TaskDefinition {
        cpu: task.service.cpu,
        memory: task.service.memory,
        execution_role: on.identity.execution[task.name].arn(),
        task_role: on.identity.task[task.name].arn(),
        image: task.service.image.clone().unwrap_or_else(|| PLACEHOLDER_IMAGE.to_owned()),
        placeholder: placeholder(&task.service.health_path),
        application: task.application(draft),
        sidecars: task.sidecars(draft),
        volumes: task.volumes(draft),
        proxy: task.proxy(),
        cluster: draft.name(&["cluster"]),
        service: draft.name(&["service", task.name]),
    }
}

fn placeholder(health_path: &str) -> Placeholder {
    let command = ["python3", "-B", "-c", PLACEHOLDER, health_path].map(str::to_owned);
    Placeholder { image: PLACEHOLDER_IMAGE.to_owned(), command: command.to_vec() }
}
