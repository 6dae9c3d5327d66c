//! Reads each section of the file: every key with its rule and its default.

use std::collections::BTreeMap;

use super::database::Database;
use super::origin::Origin;
use super::reader::Section;
use super::report::Fault;
use super::rules::{address, aurora, aws, environment, fargate, image, name, path, table, tag, time};
use super::service::{Edge, Service, Strategy, Table};
use super::types::{
    Cluster, Config, ContainerInsights, Encryption, HealthCheck, Ingress, Mesh, MeshProvider, NatMode, Network,
    Observability, Platform,
};

/// The whole file. What is wrong is in the section's report; its place is taken by the default.
pub(super) fn config(file: &mut Section) -> Config {
    let cluster = file.section("cluster", cluster);
    let mesh = file.section("mesh", mesh);
    let services = services(file, &cluster, mesh.edge());
    Config {
        platform: file.section("platform", platform),
        network: file.section("network", network),
        ingress: file.section("ingress", ingress),
        mesh,
        cluster,
        observability: file.section("observability", observability),
        encryption: file.section("encryption", encryption),
        database: file.section("database", database),
        services,
        origin: Origin::default(),
    }
}

fn platform(section: &mut Section) -> Platform {
    if !section.is_given() && section.report.clean(&["platform"]) {
        let help = "say who owns the environment:\n[platform]\nteam = \"payments\"\ncost_center = \"4711\"";
        section.report.blame("platform", Fault::new("is missing", "", help));
    }
    let team = "add who answers for the environment: `team = \"payments\"` (the tag Team)";
    let cost_center = "add who pays for it: `cost_center = \"4711\"` (the tag CostCenter)";
    Platform {
        team: section.required("team", team, tag::value).unwrap_or_default(),
        cost_center: section.required("cost_center", cost_center, tag::value).unwrap_or_default(),
        region: section.text("region", aws::region).unwrap_or_else(|| Platform::DEFAULT_REGION.into()),
        zones: section.list("zones", |zone| Ok(zone.to_string())),
        expires_after: section.text("expires_after", time::hours),
    }
}

fn network(section: &mut Section) -> Network {
    let default = Network::default();
    Network {
        cidr: section.text("cidr", address::vpc_cidr).unwrap_or(default.cidr),
        avoid: section.list("avoid", address::cidr).unwrap_or(default.avoid),
        nat: section.choice("nat", default.nat, NatMode::NAMES),
        flow_log_retention_days: retention(section, "flow_log_retention_days", default.flow_log_retention_days),
    }
}

/// Limits of the load balancer's attributes: Elastic Load Balancing API reference, LoadBalancerAttribute and
/// TargetGroupAttribute.
fn ingress(section: &mut Section) -> Ingress {
    let default = Ingress::default();
    let (idle, delay) = (default.idle_timeout_seconds, default.deregistration_delay_seconds);
    Ingress {
        certificate_arn: section.text("certificate_arn", aws::certificate_arn),
        access_logs: section.flag("access_logs", default.access_logs),
        idle_timeout_seconds: section.number("idle_timeout_seconds", idle, 1..=4000),
        deregistration_delay_seconds: section.number("deregistration_delay_seconds", delay, 0..=3600),
        health_check: section.section("health_check", health_check),
        allowed_cidrs: section.list("allowed_cidrs", address::cidr).unwrap_or(default.allowed_cidrs),
    }
}

/// Limits: Elastic Load Balancing API reference, CreateTargetGroup.
fn health_check(section: &mut Section) -> HealthCheck {
    let default = HealthCheck::default();
    HealthCheck {
        interval_seconds: section.number("interval_seconds", default.interval_seconds, 5..=300),
        timeout_seconds: section.number("timeout_seconds", default.timeout_seconds, 2..=120),
        healthy_threshold: section.number("healthy_threshold", default.healthy_threshold, 2..=10),
        unhealthy_threshold: section.number("unhealthy_threshold", default.unhealthy_threshold, 2..=10),
    }
}

fn mesh(section: &mut Section) -> Mesh {
    let default = Mesh::default();
    let edge = edge(section, default.edge());
    Mesh {
        provider: section.choice("provider", default.provider, MeshProvider::NAMES),
        envoy_image: section.text("envoy_image", image::reference).unwrap_or(default.envoy_image),
        app_mesh_image: section.text("app_mesh_image", image::reference).unwrap_or(default.app_mesh_image),
        // Secrets Manager rotates once a day at most, at any time of the day.
        certificate_days: section.number("certificate_days", default.certificate_days, 3..=397),
        rotate_certificates: section.flag("rotate_certificates", default.rotate_certificates),
        authority_days: section.number("authority_days", default.authority_days, 2..=3650),
        access_log_percent: section.number("access_log_percent", default.access_log_percent, 0..=100),
        request_timeout_seconds: edge.request_timeout_seconds,
        retries: edge.retries,
        outlier_failures: edge.outlier_failures,
        outlier_ejection_seconds: edge.outlier_ejection_seconds,
    }
}

/// How a service calls another, with the defaults of the section around it.
fn edge(section: &mut Section, default: Edge) -> Edge {
    let ejection = default.outlier_ejection_seconds;
    Edge {
        request_timeout_seconds: section.number("request_timeout_seconds", default.request_timeout_seconds, 1..=300),
        retries: section.number("retries", default.retries, 0..=10),
        outlier_failures: section.number("outlier_failures", default.outlier_failures, 1..=100),
        outlier_ejection_seconds: section.number("outlier_ejection_seconds", ejection, 1..=300),
    }
}

fn cluster(section: &mut Section) -> Cluster {
    let default = Cluster::default();
    let insights = ContainerInsights::NAMES;
    Cluster {
        execute_command: section.flag("execute_command", default.execute_command),
        container_insights: section.choice("container_insights", default.container_insights, insights),
        on_demand_base: section.number("on_demand_base", default.on_demand_base, 0..=MOST_TASKS),
    }
}

fn observability(section: &mut Section) -> Observability {
    let default = Observability::default();
    let latency = default.latency_p99_milliseconds;
    Observability {
        log_retention_days: retention(section, "log_retention_days", default.log_retention_days),
        alarm_emails: section.list("alarm_emails", address::email).unwrap_or(default.alarm_emails),
        error_rate_percent: section.number("error_rate_percent", default.error_rate_percent, 1..=100),
        latency_p99_milliseconds: section.number("latency_p99_milliseconds", latency, 1..=300_000),
        memory_percent: section.number("memory_percent", default.memory_percent, 1..=100),
        alarm_minutes: section.number("alarm_minutes", default.alarm_minutes, 1..=60),
        agent_image: section.text("agent_image", image::reference).unwrap_or(default.agent_image),
    }
}

fn encryption(section: &mut Section) -> Encryption {
    let default = Encryption::default();
    Encryption { key_deletion_days: section.number("key_deletion_days", default.key_deletion_days, 7..=30) }
}

/// Limits: Aurora User Guide, "Setting the Aurora Serverless v2 capacity range for a cluster"; RDS API reference, CreateDBCluster and
/// ServerlessV2ScalingConfiguration; Secrets Manager API reference, RotationRulesType.
fn database(section: &mut Section) -> Option<Database> {
    let default = Database::default();
    let (pause, backup) = (default.pause_after_seconds, default.backup_days);
    let database = Database {
        engine_version: section.text("engine_version", aurora::version).unwrap_or(default.engine_version),
        min_capacity: section.decimal("min_capacity", default.min_capacity, aurora::least_capacity),
        max_capacity: section.decimal("max_capacity", default.max_capacity, aurora::most_capacity),
        pause_after_seconds: section.number("pause_after_seconds", pause, 300..=86_400),
        backup_days: section.number("backup_days", backup, 1..=35),
        rotation_days: section.number("rotation_days", default.rotation_days, 1..=1000),
    };
    section.is_given().then_some(database)
}

fn retention(section: &mut Section, key: &'static str, default: u32) -> u32 {
    section.number_by(key, default, aws::retention_days)
}

/// Tasks of one service (Amazon ECS endpoints and quotas: tasks per service).
const MOST_TASKS: u32 = 5000;

fn services(file: &mut Section, cluster: &Cluster, edge: Edge) -> BTreeMap<String, Service> {
    let read = |name: &str, section: &mut Section| {
        if let Err(fault) = name::service(name) {
            let path = section.path.clone();
            section.report.blame_key(&path, fault);
        }
        service(name, cluster, edge, section)
    };
    file.entries("services", read).into_iter().collect()
}

fn service(name: &str, cluster: &Cluster, defaults: Edge, section: &mut Section) -> Service {
    let default = Service::named(name);
    // Not blamed here where the name is wrong: that is one mistake, not two.
    let path = section.text("path", path::of_service).unwrap_or(default.path);
    let port = section.number_by("port", u32::from(default.port), environment::port);
    Service {
        path,
        path_priority: section.optional_number("path_priority", 10, |number| {
            super::reader::within(number, &(1..=1000), 10).map_err(|fault| Fault { help: PRIORITY.into(), ..fault })
        }),
        // The rule lets nothing above 65535 through.
        port: u16::try_from(port).unwrap_or(default.port),
        health_path: section.text("health_path", path::of_health_check).unwrap_or(default.health_path),
        calls: section.list("calls", |callee| Ok(callee.to_string())).unwrap_or(default.calls),
        edges: section.entries("edges", |_, section| edge(section, defaults)).into_iter().collect(),
        cpu: section.number_by("cpu", default.cpu, fargate::cpu),
        memory: section.number("memory", default.memory, fargate::MEMORY),
        min_tasks: section.number("min_tasks", default.min_tasks, 2..=MOST_TASKS),
        max_tasks: section.number("max_tasks", default.max_tasks, 1..=MOST_TASKS),
        on_demand_base: section.number("on_demand_base", cluster.on_demand_base, 0..=MOST_TASKS),
        cpu_target_percent: section.number("cpu_target_percent", default.cpu_target_percent, 1..=100),
        requests_per_task: section.number("requests_per_task", default.requests_per_task, 1..=10_000_000),
        strategy: section.choice("strategy", default.strategy, Strategy::NAMES),
        step_percent: section.optional_number("step_percent", 5, |number| super::reader::within(number, &(1..=100), 5)),
        step_minutes: section
            .optional_number("step_minutes", 10, |number| super::reader::within(number, &(0..=1440), 10)),
        bake_minutes: section.number("bake_minutes", default.bake_minutes, 0..=1440),
        stop_timeout_seconds: section.number("stop_timeout_seconds", default.stop_timeout_seconds, 2..=120),
        image: section.text("image", image::reference),
        bucket: section.flag("bucket", default.bucket),
        table: section.section("table", dynamo_table),
        credentials: section.flag("credentials", default.credentials),
        database: section.flag("database", default.database),
        environment: variables(section),
    }
}

const PRIORITY: &str = "choose 1 to 1000; of two paths that overlap, the one with the lower number is tried first";

fn dynamo_table(section: &mut Section) -> Option<Table> {
    let partition_key = section.required("partition_key", "add `partition_key = \"id\"`", table::key);
    let sort_key = section.text("sort_key", table::key);
    Some(Table { partition_key: partition_key?, sort_key })
}

fn variables(section: &mut Section) -> BTreeMap<String, String> {
    let variables: BTreeMap<String, String> = section.texts("environment").into_iter().collect();
    for name in variables.keys() {
        if let Err(fault) = environment::name(name) {
            let path = section.path_of(&format!("environment.{name}"));
            section.report.blame_key(&path, fault);
        }
    }
    variables
}
