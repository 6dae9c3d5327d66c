//! What AWS refuses. Each case is one wrong thing in something that is otherwise accepted.

use aws_sdk_ecs::types::{
    Compatibility, ContainerCondition, ContainerDefinition, ContainerDependency, DeploymentAlarms,
    DeploymentConfiguration, DeploymentStrategy, HealthCheck, KeyValuePair, LoadBalancer, LogConfiguration, LogDriver,
    MountPoint, NetworkMode, PortMapping, ProxyConfiguration, Secret, ServiceRegistry, Ulimit, UlimitName,
};

use super::support::{World, container, world};
use crate::sandbox::tests::support::code;

const IMAGE: &str = "public.ecr.aws/docker/library/python:3.13-alpine";

fn app() -> aws_sdk_ecs::types::builders::ContainerDefinitionBuilder {
    ContainerDefinition::builder().name("app").image(IMAGE)
}

fn depends(on: &str, condition: ContainerCondition) -> ContainerDependency {
    ContainerDependency::builder().container_name(on).condition(condition).build().expect("complete")
}

fn secret() -> Secret {
    Secret::builder()
        .name("PASSWORD")
        .value_from("arn:aws:secretsmanager:us-east-1:1:secret:a")
        .build()
        .expect("complete")
}

fn awslogs() -> LogConfiguration {
    let log = LogConfiguration::builder().log_driver(LogDriver::Awslogs).options("awslogs-group", "/a");
    log.options("awslogs-region", "us-east-1").options("awslogs-stream-prefix", "app").build().expect("complete")
}

/// The one container, as it is refused.
fn containers() -> Vec<(&'static str, Vec<ContainerDefinition>)> {
    let check = |interval: i32| {
        HealthCheck::builder().command("CMD").command("true").interval(interval).build().expect("complete")
    };
    let limit = Ulimit::builder().name(UlimitName::Core).soft_limit(1).hard_limit(1).build().expect("complete");
    let two_ports = [8080, 8080].map(|port| PortMapping::builder().container_port(port).build());
    let other_host = PortMapping::builder().container_port(8080).host_port(80).build();
    let env = KeyValuePair::builder().name("PASSWORD").value("x").build();
    vec![
        ("no container", vec![]),
        ("no image", vec![ContainerDefinition::builder().name("app").build()]),
        ("none essential", vec![app().essential(false).build()]),
        ("two of one name", vec![app().build(), app().build()]),
        (
            "an absent container is waited for",
            vec![app().depends_on(depends("ghost", ContainerCondition::Start)).build()],
        ),
        ("waits for itself", vec![app().depends_on(depends("app", ContainerCondition::Start)).build()]),
        (
            "waits for the end of an essential one",
            vec![
                app().depends_on(depends("other", ContainerCondition::Success)).build(),
                ContainerDefinition::builder().name("other").image(IMAGE).build(),
            ],
        ),
        (
            "waits for the health of one without a check",
            vec![
                app().depends_on(depends("other", ContainerCondition::Healthy)).build(),
                ContainerDefinition::builder().name("other").image(IMAGE).build(),
            ],
        ),
        ("more memory than the task", vec![app().memory(1024).build()]),
        ("more cpu than the task", vec![app().cpu(512).build()]),
        ("memory below 6 MiB", vec![app().memory(4).build()]),
        ("a port twice", vec![app().set_port_mappings(Some(two_ports.to_vec())).build()]),
        ("another host port", vec![app().port_mappings(other_host).build()]),
        (
            "an unknown volume",
            vec![app().mount_points(MountPoint::builder().source_volume("v").container_path("/v").build()).build()],
        ),
        ("stop time-out above 120 s", vec![app().stop_timeout(121).build()]),
        ("a ulimit that Fargate doesn't know", vec![app().ulimits(limit).build()]),
        ("health checks too often", vec![app().health_check(check(1)).build()]),
        ("a secret named as a variable", vec![app().environment(env).secrets(secret()).build()]),
        ("privileged", vec![app().privileged(true).build()]),
        (
            "logs without a prefix",
            vec![
                app()
                    .log_configuration(
                        LogConfiguration::builder()
                            .log_driver(LogDriver::Awslogs)
                            .options("awslogs-group", "/a")
                            .build()
                            .expect("complete"),
                    )
                    .build(),
            ],
        ),
        (
            "a log driver that Fargate doesn't know",
            vec![
                app()
                    .log_configuration(
                        LogConfiguration::builder().log_driver(LogDriver::Syslog).build().expect("complete"),
                    )
                    .build(),
            ],
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn containers_are_refused() {
    let world = world().await;
    for (what, containers) in containers() {
        let answer = world.definition(IMAGE).set_container_definitions(Some(containers)).send().await;
        assert_eq!(code(answer), "ClientException", "{what}");
    }
    let families = world.ecs.list_task_definition_families().send().await.expect("listed");
    assert!(families.families().is_empty(), "nothing was registered");
}

#[tokio::test(start_paused = true)]
async fn task_definitions_are_refused() {
    let world = world().await;
    let proxy = |container: &str| ProxyConfiguration::builder().container_name(container).build().expect("complete");
    let base = || world.definition(IMAGE);
    let with = |container: ContainerDefinition| base().set_container_definitions(Some(vec![container]));
    for (what, call) in [
        ("cpu 1024 with memory 512", base().cpu("1024").memory("512")),
        ("cpu 300", base().cpu("300")),
        ("no memory", base().set_memory(None)),
        ("bridge", base().network_mode(NetworkMode::Bridge)),
        ("a family with a blank", base().family("a b")),
        ("secrets without execution role", with(app().secrets(secret()).build()).set_execution_role_arn(None)),
        ("logs without execution role", with(app().log_configuration(awslogs()).build()).set_execution_role_arn(None)),
        ("an absent proxy container", base().proxy_configuration(proxy("ghost"))),
        ("a proxy without ports", base().proxy_configuration(proxy("app"))),
        ("a role that isn't there", base().task_role_arn("arn:aws:iam::123456789012:role/ghost")),
        (
            "too long",
            with(app().environment(KeyValuePair::builder().name("X").value("x".repeat(66_000)).build()).build()),
        ),
    ] {
        assert_eq!(code(call.send().await), "ClientException", "{what}");
    }
    let other = base().set_requires_compatibilities(Some(vec![Compatibility::Ec2]));
    assert_eq!(code(other.send().await), "UnsupportedFeatureException");
}

fn balancer(world: &World) -> LoadBalancer {
    let _ = world;
    LoadBalancer::builder()
        .target_group_arn("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/ghost/1")
        .container_name("app")
        .container_port(8080)
        .build()
}

#[tokio::test(start_paused = true)]
async fn services_are_refused() {
    let world = world().await;
    let definition = world
        .definition(IMAGE)
        .container_definitions(container("x"))
        .set_container_definitions(Some(vec![container(IMAGE)]));
    let definition = definition
        .send()
        .await
        .expect("a revision")
        .task_definition()
        .and_then(|it| it.task_definition_arn())
        .expect("its ARN")
        .to_owned();
    let base = || world.service(&definition);
    let blue_green = || DeploymentConfiguration::builder().strategy(DeploymentStrategy::BlueGreen);
    let alarms =
        DeploymentAlarms::builder().alarm_names("ghost").enable(true).rollback(true).build().expect("complete");
    let rolling = DeploymentConfiguration::builder();
    let share = |name: &str, weight: i32| {
        let item = aws_sdk_ecs::types::CapacityProviderStrategyItem::builder();
        item.capacity_provider(name).weight(weight).build().expect("complete")
    };
    for (what, call) in [
        ("no network", base().set_network_configuration(None)),
        ("no count", base().set_desired_count(None)),
        ("a negative count", base().desired_count(-1)),
        ("a name with a slash", base().service_name("a/b")),
        ("a token that is too long", base().client_token("x".repeat(37))),
        ("a provider that isn't attached", base().capacity_provider_strategy(share("mine", 1))),
        ("a strategy that weighs nothing", base().capacity_provider_strategy(share("FARGATE", 0))),
        (
            "an unknown target group",
            base().load_balancers(balancer(&world)).deployment_configuration(rolling.clone().build()),
        ),
        ("blue/green without rules", base().load_balancers(balancer(&world))),
        ("a bake time of two days", base().deployment_configuration(blue_green().bake_time_in_minutes(2880).build())),
        ("a bake time with rolling", base().deployment_configuration(rolling.clone().bake_time_in_minutes(1).build())),
        ("an alarm that isn't there", base().deployment_configuration(blue_green().alarms(alarms).build())),
        ("a maximum below the minimum", base().deployment_configuration(rolling.clone().maximum_percent(100).build())),
        ("grace without a load balancer", base().health_check_grace_period_seconds(60)),
        (
            "an unknown registry",
            base().service_registries(ServiceRegistry::builder().registry_arn("arn:ghost").build()),
        ),
    ] {
        assert_eq!(code(call.send().await), "InvalidParameterException", "{what}");
    }
    assert_eq!(code(base().cluster("ghost").send().await), "ClusterNotFoundException");
    assert_eq!(code(base().task_definition("ghost:1").send().await), "ClientException");
    let update = world.ecs.update_service().cluster("main").service("ghost").desired_count(1);
    assert_eq!(code(update.send().await), "ServiceNotFoundException");
}

#[tokio::test(start_paused = true)]
async fn clusters_are_refused() {
    let world = world().await;
    let base = || world.ecs.create_cluster().cluster_name("other");
    assert_eq!(code(base().cluster_name("a b").send().await), "InvalidParameterException");
    assert_eq!(code(base().capacity_providers("mine").send().await), "InvalidParameterException");
    let setting = aws_sdk_ecs::types::ClusterSetting::builder();
    let setting = setting.name(aws_sdk_ecs::types::ClusterSettingName::ContainerInsights).value("on").build();
    assert_eq!(code(base().settings(setting).send().await), "InvalidParameterException");
    assert_eq!(code(world.ecs.delete_cluster().cluster("ghost").send().await), "ClusterNotFoundException");
    let again = world.ecs.create_cluster().cluster_name("main").send().await.expect("the same cluster");
    assert_eq!(again.cluster().expect("it").capacity_providers().len(), 2);
}
