//! The services: for each its log group, its task definition and the ECS service that runs it.

use std::collections::BTreeMap;

use super::{
    Data, Draft, Encryption, Identity, Ingress, Mesh, Network, Rotator, Secrets,
    containers::{GRACE_SECONDS, Task},
    mesh,
};
use crate::{
    aws::{
        cloudwatch::Alarm,
        ecs::{Cluster, Placeholder, Service, Share, TaskDefinition, Variable},
        logs::{self, LogGroup},
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
http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Answer).serve_forever()
"#;

/// The chapters that services build on.
#[expect(missing_docs, reason = "each is the chapter of that name; alarms are by service")]
pub struct Foundations<'a> {
    pub encryption: &'a Encryption,
    pub network: &'a Network,
    pub data: &'a Data,
    pub secrets: &'a Secrets,
    pub mesh: &'a Mesh,
    pub identity: &'a Identity,
    pub ingress: &'a Ingress,
    pub cluster: &'a Handle<Cluster>,
    pub alarms: &'a BTreeMap<String, Vec<Handle<Alarm>>>,
    pub rotator: Option<&'a Rotator>,
}

/// Adds all services.
pub fn add(draft: &mut Draft<'_>, on: &Foundations<'_>) -> BTreeMap<String, Handle<Service>> {
    let model = mesh::model(draft);
    let configured = &draft.config.services;
    configured.iter().map(|(name, service)| (name.clone(), add_one(draft, on, &model, name, service))).collect()
}

/// The name of a service's log group.
pub fn log_group(suffix: &str, service: &str) -> String {
    format!("{}service/{service}", logs::prefix(suffix))
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
        plane: draft.facts.mesh,
        virtual_node: on.mesh.virtual_nodes.get(name),
        data: data(on.data, name),
    };
    let entrance = task.entrance();
    let definition = task_definition(draft, on, &task);
    let definition = draft.add(Chapter::Services, name, &["task", name], definition);
    let alarms = on.alarms.get(name).into_iter().flatten();
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
        strategy: service.strategy.api().to_owned(),
        step: service.step(),
        bake_minutes: service.bake_minutes,
        circuit_breaker: true,
        alarms: alarms.map(|alarm| alarm.name()).collect(),
        pauses: Vec::new(),
        grace_seconds: GRACE_SECONDS,
        execute_command: draft.config.cluster.execute_command,
        after: what_starting_needs(on, name),
    };
    draft.add(Chapter::Services, name, &["service", name], running)
}

/// The way to the images, what the security group lets through, and credentials that open the database.
fn what_starting_needs(on: &Foundations<'_>, name: &str) -> Vec<Output<()>> {
    let routes = on.network.private_routes.iter().map(|route| route.id().wrap("", ""));
    let rules = on.network.service_rules[name].iter().map(|rule| rule.id().wrap("", ""));
    let rotation = on.rotator.and_then(|rotator| rotator.rotations.get(name));
    routes.chain(rules).chain(rotation.map(|rotation| rotation.done().wrap("", ""))).collect()
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{Facts, cluster, data, encryption, examples, identity, ingress, network, registry, secrets};
    use super::*;
    use crate::{
        engine::{Blueprint, Key, blueprint::dependencies},
        mesh::DataPlane,
    };

    fn blueprint(more: &str, app_mesh: bool) -> Blueprint {
        let mesh = if app_mesh { DataPlane::AppMesh } else { DataPlane::Envoy };
        blueprint_by(more, mesh)
    }

    fn blueprint_by(more: &str, plane: DataPlane) -> Blueprint {
        let (config, suffix) = (examples::config(more), examples::suffix());
        let facts = Facts { mesh: plane, ..examples::facts() };
        let mut draft = Draft::new(&config, &suffix, &facts);
        let encryption = encryption::add(&mut draft);
        let network = network::add(&mut draft);
        let registry = registry::add(&mut draft, &encryption);
        let data = data::add(&mut draft, &encryption);
        let secrets = secrets::add(&mut draft, &encryption, None);
        let mesh = mesh::add(&mut draft, &encryption, &network);
        let identity = identity::add(&mut draft, &encryption, &registry, &data, &secrets, &mesh);
        let ingress = ingress::add(&mut draft, &network, &data);
        let cluster = cluster::add(&mut draft, &encryption);
        let alarms = BTreeMap::new();
        let on = Foundations {
            encryption: &encryption,
            network: &network,
            data: &data,
            secrets: &secrets,
            mesh: &mesh,
            identity: &identity,
            ingress: &ingress,
            cluster: &cluster,
            alarms: &alarms,
            rotator: None,
        };
        add(&mut draft, &on);
        draft.blueprint
    }

    fn spec(blueprint: &Blueprint, kind: &str, name: &str) -> Value {
        blueprint.get(&Key::new(kind, name)).expect("it is in the blueprint").spec.clone()
    }

    fn named<'a>(containers: &'a Value, name: &str) -> &'a Value {
        let containers = containers.as_array().expect("a list");
        containers.iter().find(|container| container["name"] == name).expect("there is one of that name")
    }

    #[test]
    fn references_point_backwards() {
        assert_eq!(blueprint("", false).check(), Ok(()));
        assert_eq!(blueprint("", true).check(), Ok(()));
    }

    #[test]
    fn the_application_learns_its_peers_data_and_secrets() {
        let task = spec(&blueprint("", false), "task-definition", "payments");
        let application = &task["application"];
        assert_eq!(application["environment"]["PORT"], "8080");
        assert_eq!(application["environment"]["HOST"], "127.0.0.1");
        assert_eq!(application["ports"], json!([]), "nobody but its sidecar reaches it");
        assert_eq!(application["environment"]["ACCOUNTS_URL"], "http://127.0.0.1:15101");
        assert_eq!(application["environment"]["TABLE_NAME"]["$ref"], "table/payments#name");
        assert_eq!(
            application["secrets"]["DATABASE_PASSWORD"],
            json!({ "$ref": "credentials-secret/payments#arn", "$suffix": ":password::" })
        );
        let direct = spec(&blueprint("", true), "task-definition", "payments");
        assert_eq!(direct["application"]["environment"]["ACCOUNTS_URL"], "http://accounts.dev.local:8080");
    }

    #[test]
    fn without_an_image_the_placeholder_runs() {
        let plain = blueprint("", false);
        let task = spec(&plain, "task-definition", "payments");
        assert_eq!(task["image"], task["placeholder"]["image"]);
        let last = task["placeholder"]["command"].as_array().and_then(|command| command.last());
        assert_eq!(last, Some(&json!("/healthz")));
    }

    /// ECS stops containers in the reverse order of their start: Envoy has to go before the application that it serves.
    #[test]
    fn envoy_starts_after_the_application_and_app_meshs_before() {
        let task = spec(&blueprint("", false), "task-definition", "payments");
        assert_eq!(named(&task["sidecars"], "envoy")["depends_on"], json!({ "app": "START", "mesh-init": "SUCCESS" }));
        assert_eq!(task["application"]["depends_on"], json!({ "mesh-init": "SUCCESS" }));
        let task = spec(&blueprint("", true), "task-definition", "payments");
        assert_eq!(task["application"]["depends_on"], json!({ "envoy": "HEALTHY" }));
        assert_eq!(named(&task["sidecars"], "envoy")["depends_on"], json!({ "mesh-init": "SUCCESS" }));
        assert_eq!(task["proxy"]["application_ports"], json!([8080]));
    }

    /// ECS API reference, ContainerDefinition: what the containers are granted fits into the task.
    #[test]
    fn containers_fit_into_their_task() {
        for (more, app_mesh) in [("", false), ("", true), ("[services.tiny]\ncpu = 256\nmemory = 512\n", true)] {
            let blueprint = blueprint(more, app_mesh);
            for node in blueprint.nodes().iter().filter(|node| node.key.kind() == "task-definition") {
                let task = &node.spec;
                let sidecars = task["sidecars"].as_array().expect("a list");
                let all: Vec<&Value> = sidecars.iter().chain([&task["application"]]).collect();
                let cpu: u64 = all.iter().filter_map(|one| one["cpu"].as_u64()).sum();
                let kept = |one: &Value| one["memory"].as_u64().or(one["memory_reservation"].as_u64());
                let memory: u64 = all.iter().filter_map(|one| kept(one)).sum();
                assert!(cpu <= task["cpu"].as_u64().expect("a number"), "{}: {cpu}", node.key);
                assert!(memory <= task["memory"].as_u64().expect("a number"), "{}: {memory}", node.key);
            }
        }
    }

    #[test]
    fn the_service_waits_for_the_way_out_without_naming_it() {
        let service = spec(&blueprint("", false), "ecs-service", "payments");
        let waits = dependencies(&service["after"]);
        assert!(waits.iter().any(|key| key.kind() == "nat-route"), "{waits:?}");
        assert!(waits.iter().any(|key| key.kind() == "security-group-rule"), "{waits:?}");
        assert_eq!(service["capacity"], json!([{ "provider": "FARGATE_SPOT", "base": 0, "weight": 1 }]));
        assert_eq!((&service["container"], &service["container_port"]), (&json!("envoy"), &json!(15008)));
    }
}
