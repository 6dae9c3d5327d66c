//! What is accepted, and what it means.

use ipnet::Ipv4Net;

use super::super::{
    Cluster, ContainerInsights, Edge, Encryption, EnvSuffix, Ingress, Mesh, MeshProvider, NatMode, Network,
    Observability, Service,
};
use super::{LEAST, read, with};

#[test]
fn whatever_is_left_out_has_its_default() {
    let config = read(LEAST);
    assert_eq!(config.platform.team, "payments");
    assert_eq!(config.platform.cost_center, "4711");
    assert_eq!(config.platform.region, "us-east-1");
    assert_eq!((config.platform.zones, config.platform.expires_after), (None, None));
    assert_eq!(config.network, Network::default());
    assert_eq!(config.ingress, Ingress::default());
    assert_eq!(config.mesh, Mesh::default());
    assert_eq!(config.cluster, Cluster::default());
    assert_eq!(config.observability, Observability::default());
    assert_eq!(config.encryption, Encryption::default());
    assert_eq!(config.services.into_iter().collect::<Vec<_>>(), [("payments".to_string(), Service::named("payments"))]);
}

#[test]
fn the_defaults_are_those_that_the_platform_promises() {
    let service = Service::named("payments");
    assert_eq!((service.path.as_str(), service.port, service.health_path.as_str()), ("/payments", 8080, "/healthz"));
    assert_eq!((service.cpu, service.memory), (1024, 2048));
    assert_eq!((service.min_tasks, service.max_tasks, service.on_demand_base), (2, 10, 0));
    assert_eq!((service.cpu_target_percent, service.requests_per_task, service.bake_minutes), (70, 1000, 5));
    let network = Network::default();
    assert_eq!((network.cidr.to_string().as_str(), network.nat), ("10.20.0.0/16", NatMode::PerZone));
    let ingress = Ingress::default();
    assert_eq!(ingress.allowed_cidrs, ["0.0.0.0/0".parse::<Ipv4Net>().unwrap()]);
    assert!(ingress.health_check.timeout_seconds < ingress.health_check.interval_seconds);
    assert_eq!(ingress.health_check.interval_seconds, 10);
}

#[test]
fn every_value_arrives_where_it_belongs() {
    let config = read(
        r#"
        [platform]
        team = "core"
        cost_center = "EU/42"
        region = "eu-central-1"
        zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
        expires_after = "3d"
        [network]
        cidr = "172.16.0.0/18"
        avoid = ["10.0.0.0/8"]
        nat = "single"
        flow_log_retention_days = 7
        [ingress]
        certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
        access_logs = false
        idle_timeout_seconds = 61
        deregistration_delay_seconds = 31
        allowed_cidrs = ["203.0.113.0/24", "198.51.100.7/32"]
        [ingress.health_check]
        interval_seconds = 20
        timeout_seconds = 6
        healthy_threshold = 4
        unhealthy_threshold = 5
        [mesh]
        provider = "app-mesh"
        envoy_image = "example.com/envoy:1"
        app_mesh_image = "example.com/app-mesh:2"
        certificate_days = 8
        authority_days = 9
        request_timeout_seconds = 10
        retries = 0
        outlier_failures = 11
        outlier_ejection_seconds = 12
        access_log_percent = 13
        [cluster]
        execute_command = false
        container_insights = "disabled"
        on_demand_base = 1
        [observability]
        log_retention_days = 90
        alarm_emails = ["on-call@example.com"]
        error_rate_percent = 2
        latency_p99_milliseconds = 300
        memory_percent = 77
        alarm_minutes = 4
        agent_image = "example.com/agent:3"
        [encryption]
        key_deletion_days = 30
        [services.accounts]
        [services.payments]
        path = "/v1/pay"
        path_priority = 7
        port = 3000
        health_path = "/up"
        calls = ["accounts"]
        cpu = 512
        memory = 3072
        min_tasks = 3
        max_tasks = 4
        on_demand_base = 2
        cpu_target_percent = 50
        requests_per_task = 600
        bake_minutes = 0
        stop_timeout_seconds = 60
        image = "example.com/pay:1"
        bucket = true
        table = { partition_key = "id", sort_key = "at" }
        credentials = true
        [services.payments.environment]
        LOG_LEVEL = "debug"
        [services.payments.edges.accounts]
        request_timeout_seconds = 20
        outlier_failures = 21
        "#,
    );
    assert_eq!(config.platform.region, "eu-central-1");
    assert_eq!(config.platform.zones.as_deref().map(<[String]>::len), Some(3));
    assert_eq!(config.platform.expires_after, Some(72));
    let network = &config.network;
    assert_eq!((network.cidr.to_string().as_str(), network.avoid.len()), ("172.16.0.0/18", 1));
    assert_eq!((network.nat, network.flow_log_retention_days), (NatMode::Single, 7));
    let ingress = &config.ingress;
    assert!(ingress.certificate_arn.is_some() && !ingress.access_logs);
    assert_eq!((ingress.idle_timeout_seconds, ingress.deregistration_delay_seconds), (61, 31));
    let check = ingress.health_check;
    assert_eq!((check.interval_seconds, check.timeout_seconds), (20, 6));
    assert_eq!((check.healthy_threshold, check.unhealthy_threshold), (4, 5));
    assert_eq!(ingress.allowed_cidrs.len(), 2);
    let mesh = &config.mesh;
    assert_eq!((mesh.provider, mesh.envoy_image.as_str()), (MeshProvider::AppMesh, "example.com/envoy:1"));
    assert_eq!((mesh.certificate_days, mesh.authority_days), (8, 9));
    assert_eq!((mesh.request_timeout_seconds, mesh.retries), (10, 0));
    assert_eq!((mesh.outlier_failures, mesh.outlier_ejection_seconds, mesh.access_log_percent), (11, 12, 13));
    assert_eq!(mesh.app_mesh_image, "example.com/app-mesh:2");
    assert_eq!(config.cluster.container_insights, ContainerInsights::Disabled);
    assert!(!config.cluster.execute_command);
    let observability = &config.observability;
    assert_eq!((observability.log_retention_days, observability.alarm_emails.len()), (90, 1));
    assert_eq!((observability.error_rate_percent, observability.latency_p99_milliseconds), (2, 300));
    assert_eq!((observability.memory_percent, observability.alarm_minutes), (77, 4));
    assert_eq!(observability.agent_image, "example.com/agent:3");
    assert_eq!(config.encryption.key_deletion_days, 30);
    assert_eq!(config.services["accounts"].on_demand_base, 1, "the cluster's base is the service's default");
    let pay = &config.services["payments"];
    assert_eq!((pay.path.as_str(), pay.path_priority, pay.port), ("/v1/pay", Some(7), 3000));
    assert_eq!((pay.health_path.as_str(), pay.calls.join(",").as_str()), ("/up", "accounts"));
    assert_eq!((pay.cpu, pay.memory, pay.min_tasks, pay.max_tasks), (512, 3072, 3, 4));
    assert_eq!((pay.on_demand_base, pay.cpu_target_percent, pay.requests_per_task), (2, 50, 600));
    assert_eq!((pay.bake_minutes, pay.stop_timeout_seconds), (0, 60));
    assert_eq!(pay.image.as_deref(), Some("example.com/pay:1"));
    let table = pay.table.as_ref().expect("a table");
    assert_eq!((table.partition_key.as_str(), table.sort_key.as_deref()), ("id", Some("at")));
    assert!(pay.bucket && pay.credentials);
    assert_eq!(pay.environment["LOG_LEVEL"], "debug");
    let edge = Edge { request_timeout_seconds: 20, retries: 0, outlier_failures: 21, outlier_ejection_seconds: 12 };
    assert_eq!(pay.edges["accounts"], edge, "what an edge leaves out is as in [mesh]");
}

#[test]
fn the_base_of_the_cluster_may_exceed_what_a_small_service_has() {
    let config = read(&with("max_tasks = 4\n[cluster]\non_demand_base = 5"));
    assert_eq!(config.services["payments"].on_demand_base, 5);
}

#[test]
fn services_may_call_each_other_both_ways() {
    let config = read(&with("calls = [\"accounts\"]\n[services.accounts]\ncalls = [\"payments\"]"));
    assert_eq!(config.services["accounts"].calls, ["payments"]);
}

#[test]
fn paths_may_overlap_where_the_inner_one_comes_first() {
    let config = read(&with("path_priority = 20\n[services.cards]\npath = \"/payments/cards\"\npath_priority = 10"));
    assert_eq!(config.services["cards"].path_priority, Some(10));
    read(&with("path = \"/pay\"\n[services.payroll]\npath = \"/payroll\""));
}

#[test]
fn one_service_may_take_the_whole_load_balancer() {
    assert_eq!(read(&with("path = \"/\"")).services["payments"].path, "/");
}

#[test]
fn forty_five_services_fit() {
    let sections: String = (1..45).map(|n| format!("[services.s{n}]\n")).collect();
    assert_eq!(read(&with(&sections)).services.len(), 45);
}

#[test]
fn variables_are_free_where_the_platform_sets_none() {
    let config = read(&with(
        "environment = { BUCKET_NAME = \"mine\", ACCOUNTS_URL = \"http://elsewhere\" }\n[services.accounts]",
    ));
    assert_eq!(config.services["payments"].environment.len(), 2);
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_do_no_harm() {
    assert_eq!(read(&format!("\u{feff}{}", LEAST.replace('\n', "\r\n"))), read(LEAST));
}

#[test]
fn suffixes_are_short_and_plain() {
    for good in ["d", "dev", "pr-123", "a2345678901234567890"] {
        assert_eq!(EnvSuffix::parse(good).expect(good).to_string(), good);
    }
}

#[test]
fn names_fit_up_to_the_limit_of_a_target_group() {
    let config = read(&with(""));
    assert!(config.check_names(&EnvSuffix::parse("fourteen-chars").unwrap()).is_ok());
    assert!(config.check_names(&EnvSuffix::parse("fifteen-charact").unwrap()).is_err());
}

#[test]
fn another_region_may_be_asked_for() {
    let moved = read(LEAST).in_region("eu-west-1").expect("a region");
    assert_eq!(moved.platform.region, "eu-west-1");
}
