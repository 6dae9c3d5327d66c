//! Each kind's life against the sandbox.

use serde_json::json;

use super::*;
use crate::{
    aws::{
        iam::{Role, RoleArn},
        kms::KmsKeyArn,
        logs::{LogGroup, LogGroupName},
    },
    engine::{Gone, Life, Output, Resource},
    sandbox::tests::{
        bench::{Bench, Specimen, settle},
        keys::key,
    },
};

const PLACEHOLDER: &str = "public.ecr.aws/docker/library/python:3.13-alpine";

async fn log_group(bench: &Bench, key: &Output<KmsKeyArn>, name: &str) -> Output<LogGroupName> {
    let group = LogGroup { retention_days: 30, key: key.clone() };
    let made = bench.make(&Specimen::new("one", name, group)).await;
    Output::known(made.output("name").expect("a log group has a name"))
}

async fn role(bench: &Bench, name: &str) -> Output<RoleArn> {
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": { "Service": "ecs-tasks.amazonaws.com" }, "Action": "sts:AssumeRole" }],
    });
    let role =
        Role { description: "for tests".into(), trust, policies: Default::default(), managed: Default::default() };
    let made = bench.make(&Specimen::new(name, name, role)).await;
    Output::known(made.output("arn").expect("a role has an ARN"))
}

async fn cluster(bench: &Bench) -> Specimen<Cluster> {
    let key = key(bench, "ecs").await;
    let session_log = log_group(bench, &key, "/platformctl/dev/sessions").await;
    let cluster = Cluster {
        container_insights: "enhanced".into(),
        capacity_providers: vec!["FARGATE".into(), "FARGATE_SPOT".into()],
        default_strategy: Share::spot(1),
        session_log,
        session_key: key,
        insights_log: None,
    };
    Specimen::new("main", "cluster-dev", cluster)
}

fn container(name: &str, log: &Output<LogGroupName>) -> Container {
    Container {
        name: name.into(),
        image: None,
        essential: true,
        cpu: 64,
        memory: None,
        memory_reservation: Some(64),
        user: None,
        entry_point: Vec::new(),
        command: Vec::new(),
        environment: [("PORT".to_owned(), Output::known("8080"))].into(),
        secrets: Default::default(),
        ports: Vec::new(),
        depends_on: Default::default(),
        mounts: vec![Mount { volume: "temporary".into(), path: "/tmp".into(), read_only: false }],
        health_check: None,
        stop_timeout: Some(120),
        open_files: None,
        dropped_capabilities: vec!["ALL".into()],
        init_process: true,
        log: Log { group: log.clone(), region: "us-east-1".into() },
    }
}

async fn task_definition(bench: &Bench) -> Specimen<TaskDefinition> {
    let key = key(bench, "ecs").await;
    let log = log_group(bench, &key, "/platformctl/dev/service/payments").await;
    let check =
        Check { command: vec!["CMD".into(), "true".into()], interval: 5, timeout: 2, retries: 3, start_period: 15 };
    let envoy = Container {
        image: Some("docker.io/envoyproxy/envoy:v1.40.0".into()),
        user: Some("1337".into()),
        ports: vec![15006, 15008],
        depends_on: [("app".to_owned(), "START".to_owned())].into(),
        health_check: Some(check),
        open_files: Some(65_535),
        ..container("envoy", &log)
    };
    let spec = TaskDefinition {
        cpu: 1024,
        memory: 2048,
        execution_role: role(bench, "role-execution-payments-dev").await,
        task_role: role(bench, "role-task-payments-dev").await,
        image: PLACEHOLDER.into(),
        placeholder: Placeholder { image: PLACEHOLDER.into(), command: vec!["python3".into()] },
        application: Container { ports: vec![8080], ..container("app", &log) },
        sidecars: vec![envoy],
        volumes: vec!["temporary".into()],
        proxy: None,
        cluster: "cluster-dev".into(),
        service: "service-payments-dev".into(),
    };
    Specimen::new("payments", "task-payments-dev", spec)
}

#[tokio::test(start_paused = true)]
async fn a_cluster_lives() {
    let bench = Bench::open().await;
    let mut it = cluster(&bench).await;
    let mut made = bench.live(&it).await;
    it.spec.container_insights = "enabled".into();
    it.spec.default_strategy = Share::spot(0);
    bench.change(&it, &mut made, vec!["container_insights".into(), "default_strategy".into()]).await;
    let seen = bench.see(&it, Some(&made.id), false).await;
    assert_eq!(bench.differences(&it, &seen[0].observed), Vec::<String>::new());
    assert_eq!(bench.end(&it, &made).await, Gone::Yes);
}

#[tokio::test(start_paused = true)]
async fn a_task_definition_lives() {
    let bench = Bench::open().await;
    let it = task_definition(&bench).await;
    let made = bench.live(&it).await;
    assert!(made.id.ends_with(":task-definition/task-payments-dev:1"), "{}", made.id);
    assert_eq!(bench.end(&it, &made).await, Gone::Yes);
}

#[tokio::test(start_paused = true)]
async fn the_placeholders_command_comes_and_goes_with_its_image() {
    let bench = Bench::open().await;
    let mut it = task_definition(&bench).await;
    let first = bench.make(&it).await;
    it.spec.image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/ecr-payments-dev:1".into();
    let second = bench.make(&it).await;
    let entry = async |arn: &str| {
        let answer = bench.aws.ecs.describe_task_definition().task_definition(arn).send().await.expect("described");
        let definition = answer.task_definition.expect("a task definition");
        definition.container_definitions()[0].entry_point().to_vec()
    };
    assert_eq!(entry(&first.id).await, ["python3"]);
    assert!(entry(&second.id).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn another_content_is_seen_without_any_state() {
    let bench = Bench::open().await;
    let mut it = task_definition(&bench).await;
    let made = bench.make(&it).await;
    settle().await;
    it.spec.memory = 4096;
    it.spec.image = "elsewhere".into();
    let seen = bench.see(&it, None, false).await;
    assert_eq!(bench.differences(&it, &seen[0].observed), ["application"]);
    assert_eq!(seen[0].observed["image"], PLACEHOLDER, "the image is deploy's");
    bench.aws.ecs.deregister_task_definition().task_definition(&made.id).send().await.expect("deregistered");
    let seen = bench.see(&it, Some(&made.id), false).await;
    assert!(matches!(seen[0].life, Life::Broken(_)));
    TaskDefinition::delete(&bench.aws, &made).await.expect("deleted, though it had been deregistered before");
}
