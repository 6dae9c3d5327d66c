//! Task definitions of ECS.

use aws_sdk_ecs::types::{
    ContainerCondition, ContainerDependency, HealthCheck, KeyValuePair, LogConfiguration, LogDriver, MountPoint,
    NetworkMode, PortMapping, ProxyConfiguration, Secret, Ulimit, UlimitName,
};

use super::trial::{Trial, refused};
use crate::sandbox::tests::bench::Bench;
use crate::sandbox::tests::estate::{self, container, definition};

const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf";

fn depends(on: &str, condition: ContainerCondition) -> ContainerDependency {
    ContainerDependency::builder().container_name(on).condition(condition).build().expect("complete")
}

fn check(command: &str, interval: i32) -> HealthCheck {
    HealthCheck::builder().command(command).command("true").interval(interval).build().expect("complete")
}

fn logs(driver: LogDriver) -> LogConfiguration {
    let log = LogConfiguration::builder().log_driver(driver).options("awslogs-group", "/a");
    log.options("awslogs-region", "us-east-1").options("awslogs-stream-prefix", "app").build().expect("complete")
}

/// ECS API reference, RegisterTaskDefinition and ContainerDefinition; ECS Developer Guide, "Task definition differences for Fargate".
pub async fn task_definitions(trial: &mut Trial) {
    let bench = Bench::open().await;
    let role = estate::role(&bench.aws, "tasks", "ecs-tasks.amazonaws.com").await;
    let base = || definition(&bench.aws, &role);
    let with = |container: aws_sdk_ecs::types::builders::ContainerDefinitionBuilder| {
        base().set_container_definitions(Some(vec![container.build()]))
    };
    let side = || container().set_port_mappings(None).name("side");
    let pair = |first: aws_sdk_ecs::types::builders::ContainerDefinitionBuilder| {
        base().set_container_definitions(Some(vec![first.build(), side().build()]))
    };
    let secret = || Secret::builder().name("PASSWORD").value_from(SECRET).build().expect("complete");
    let proxy = |name: &str| ProxyConfiguration::builder().container_name(name).build().expect("complete");
    let limit = Ulimit::builder().name(UlimitName::Core).soft_limit(1).hard_limit(1).build().expect("complete");
    let volume = MountPoint::builder().source_volume("ghost").container_path("/v").build();
    let port = |port: i32| PortMapping::builder().container_port(port).build();
    let variable = |value: &str| KeyValuePair::builder().name("PASSWORD").value(value).build();
    refused!(trial, bench, "ecs",
        "cpu 1024 with memory 512", "ClientException" => base().cpu("1024").memory("512");
        "cpu 300", "ClientException" => base().cpu("300");
        "cpu in words", "ClientException" => base().cpu("much");
        "no memory", "ClientException" => base().set_memory(None);
        "Fargate with bridge", "ClientException" => base().network_mode(NetworkMode::Bridge);
        "a family with a blank", "ClientException" => base().family("a b");
        "a family of 256 characters", "ClientException" => base().family("x".repeat(256));
        "a task role that is not there", "ClientException" => base().task_role_arn("arn:aws:iam::123456789012:role/ghost");
        "no container", "ClientException" => base().set_container_definitions(None);
        "eleven containers", "ClientException" => base().set_container_definitions(Some((0..11).map(|at| side().name(format!("c{at}")).build()).collect()));
        "a container without an image", "ClientException" => with(container().set_image(None));
        "a container's name with a blank", "ClientException" => with(container().name("a b"));
        "two containers of one name", "ClientException" => pair(side());
        "no essential container", "ClientException" => with(container().essential(false));
        "a container with more memory than the task", "ClientException" => with(container().memory(1024));
        "a container with 5 MiB", "ClientException" => with(container().memory(5));
        "a reservation above the limit", "ClientException" => with(container().memory(128).memory_reservation(256));
        "a container with more cpu than the task", "ClientException" => with(container().cpu(512));
        "port 70000", "ClientException" => with(container().port_mappings(port(70_000)));
        "a port twice", "ClientException" => with(container().port_mappings(port(8080)));
        "another port of the host", "ClientException" => with(container().port_mappings(PortMapping::builder().container_port(1).host_port(2).build()));
        "secrets without an execution role", "ClientException" => with(container().secrets(secret())).set_execution_role_arn(None);
        "a secret that is also a variable", "ClientException" => with(container().secrets(secret()).environment(variable("x")));
        "logs without an execution role", "ClientException" => with(container().log_configuration(logs(LogDriver::Awslogs))).set_execution_role_arn(None);
        "logs without a group", "ClientException" => with(container().log_configuration(LogConfiguration::builder().log_driver(LogDriver::Awslogs).build().expect("complete")));
        "a log driver that Fargate lacks", "ClientException" => with(container().log_configuration(logs(LogDriver::Syslog)));
        "a dependency on a container that is not there", "ClientException" => with(container().depends_on(depends("ghost", ContainerCondition::Start)));
        "a dependency on the end of an essential container", "ClientException" => pair(container().depends_on(depends("side", ContainerCondition::Success)));
        "a dependency on the health of what has no check", "ClientException" => pair(container().depends_on(depends("side", ContainerCondition::Healthy)));
        "a dependency on itself", "ClientException" => with(container().depends_on(depends("app", ContainerCondition::Start)));
        "a proxy that is not there", "ClientException" => base().proxy_configuration(proxy("ghost"));
        "a proxy without ports", "ClientException" => base().proxy_configuration(proxy("app"));
        "a volume that is not there", "ClientException" => with(container().mount_points(volume.clone()));
        "a stop time-out of 121 seconds", "ClientException" => with(container().stop_timeout(121));
        "a check every 4 seconds", "ClientException" => with(container().health_check(check("CMD", 4)));
        "a check without CMD", "ClientException" => with(container().health_check(check("curl", 10)));
        "a limit that Fargate lacks", "ClientException" => with(container().ulimits(limit.clone()));
        "a privileged container", "ClientException" => with(container().privileged(true));
        "more than 64 KiB", "ClientException" => with(container().environment(variable(&"x".repeat(66_000))));
        "eleven revisions to delete", "InvalidParameterException" => bench.aws.ecs.delete_task_definitions().set_task_definitions(Some(vec!["web:1".to_owned(); 11]));
        "a family to deregister", "InvalidParameterException" => bench.aws.ecs.deregister_task_definition().task_definition("web");
        "a revision that is not there", "ClientException" => bench.aws.ecs.deregister_task_definition().task_definition("web:1");
    );
}
