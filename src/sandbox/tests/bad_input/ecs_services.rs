//! Clusters and services of ECS.

use aws_sdk_ecs::types::{
    AdvancedConfiguration, AwsVpcConfiguration, CapacityProviderStrategyItem, ClusterSetting, ClusterSettingName,
    DeploymentAlarms, DeploymentConfiguration, DeploymentStrategy, LoadBalancer, NetworkConfiguration, ServiceRegistry,
};

use super::trial::{Trial, refused};
use crate::sandbox::tests::bench::Bench;
use crate::sandbox::tests::estate::{self, Network, wait};
use crate::sandbox::tests::support;

const GHOST: &str = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/ghost/0123456789abcdef";

fn share(provider: &str, base: i32, weight: i32) -> CapacityProviderStrategyItem {
    let share = CapacityProviderStrategyItem::builder().capacity_provider(provider).base(base).weight(weight);
    share.build().expect("complete")
}

fn network(subnets: Vec<String>, groups: Vec<String>) -> NetworkConfiguration {
    let vpc = AwsVpcConfiguration::builder().set_subnets(Some(subnets)).set_security_groups(Some(groups));
    NetworkConfiguration::builder().awsvpc_configuration(vpc.build().expect("complete")).build()
}

fn alarms(name: &str) -> DeploymentAlarms {
    DeploymentAlarms::builder().alarm_names(name).enable(true).rollback(true).build().expect("complete")
}

/// ECS API reference, each operation, "Errors" and the constraints of its parameters.
pub async fn clusters_and_services(trial: &mut Trial) {
    let bench = Bench::open().await;
    let ecs = &bench.aws.ecs;
    let net = Network::make(&bench.aws).await;
    let role = estate::role(&bench.aws, "tasks", "ecs-tasks.amazonaws.com").await;
    estate::cluster(&bench.aws, "main").await;
    let definition = estate::registered(&bench.aws, &role).await;
    let without_role = estate::definition(&bench.aws, &role).family("plain").set_task_role_arn(None);
    without_role.send().await.expect("a revision");
    let (idle, other_vpc) = (net.target_group(&bench.aws, "idle").await, support::vpc(&bench.aws.ec2).await);
    let elsewhere = support::group(&bench.aws.ec2, &other_vpc, "elsewhere").await;
    let base = || {
        let call = ecs.create_service().cluster("main").service_name("web").task_definition(&definition);
        call.desired_count(0).network_configuration(net.of_tasks())
    };
    base().service_name("present").client_token("one").send().await.expect("a service");
    wait(200).await;

    clusters(trial, &bench).await;
    let balancer = |group: &str, container: &str, port: i32| {
        LoadBalancer::builder().target_group_arn(group).container_name(container).container_port(port)
    };
    let behind = |it: aws_sdk_ecs::types::builders::LoadBalancerBuilder| base().load_balancers(it.build());
    let rollout = DeploymentConfiguration::builder;
    let blue_green = || rollout().strategy(DeploymentStrategy::BlueGreen);
    let roll =
        |it: aws_sdk_ecs::types::builders::DeploymentConfigurationBuilder| base().deployment_configuration(it.build());
    let advanced =
        AdvancedConfiguration::builder().alternate_target_group_arn(&idle).production_listener_rule("arn:rule");
    let advanced = advanced.role_arn(&role).build();
    let registry =
        ServiceRegistry::builder().registry_arn("arn:aws:servicediscovery:us-east-1:123456789012:service/srv-ghost");
    let subnets = || net.subnets.to_vec();
    refused!(trial, bench, "ecs",
        "a service in no cluster", "ClusterNotFoundException" => base().cluster("ghost");
        "a service of a revision that is not there", "ClientException" => base().task_definition("web:99");
        "a service's name with a slash", "InvalidParameterException" => base().service_name("a/b");
        "a service's name of 256 characters", "InvalidParameterException" => base().service_name("x".repeat(256));
        "a token of 37 characters", "InvalidParameterException" => base().client_token("x".repeat(37));
        "a service twice, with another token", "InvalidParameterException" => base().service_name("present").client_token("two");
        "no count", "InvalidParameterException" => base().set_desired_count(None);
        "a negative count", "InvalidParameterException" => base().desired_count(-1);
        "5001 tasks", "InvalidParameterException" => base().desired_count(5001);
        "no network", "InvalidParameterException" => base().set_network_configuration(None);
        "17 subnets", "InvalidParameterException" => base().network_configuration(network(vec![net.subnets[0].clone(); 17], Vec::new()));
        "a subnet that is not there", "InvalidParameterException" => base().network_configuration(network(vec!["subnet-0123456789abcdef0".to_owned()], Vec::new()));
        "six groups", "InvalidParameterException" => base().network_configuration(network(subnets(), vec![net.group.clone(); 6]));
        "a group that is not there", "InvalidParameterException" => base().network_configuration(network(subnets(), vec!["sg-0123456789abcdef0".to_owned()]));
        "a group of another VPC", "InvalidParameterException" => base().network_configuration(network(subnets(), vec![elsewhere.clone()]));
        "a provider that is not attached", "InvalidParameterException" => base().capacity_provider_strategy(share("mine", 0, 1));
        "two bases", "InvalidParameterException" => base().capacity_provider_strategy(share("FARGATE", 1, 1)).capacity_provider_strategy(share("FARGATE_SPOT", 1, 1));
        "no weight", "InvalidParameterException" => base().capacity_provider_strategy(share("FARGATE", 1, 0));
        "a weight of 1001", "InvalidParameterException" => base().capacity_provider_strategy(share("FARGATE", 0, 1001));
        "a target group that is not there", "InvalidParameterException" => behind(balancer(GHOST, "app", 8080));
        "a target group behind no load balancer", "InvalidParameterException" => behind(balancer(&idle, "app", 8080));
        "a container that is not there", "InvalidParameterException" => behind(balancer(&idle, "ghost", 8080));
        "a port that is not there", "InvalidParameterException" => behind(balancer(&idle, "app", 9090));
        "blue/green without rules", "InvalidParameterException" => behind(balancer(&idle, "app", 8080)).deployment_configuration(blue_green().build());
        "rules without blue/green", "InvalidParameterException" => behind(balancer(GHOST, "app", 8080).advanced_configuration(advanced.clone()));
        "one group for both colours", "InvalidParameterException" => behind(balancer(&idle, "app", 8080).advanced_configuration(advanced.clone())).deployment_configuration(blue_green().build());
        "a registry that is not there", "InvalidParameterException" => base().service_registries(registry.clone().build());
        "a bake time of 1441 minutes", "InvalidParameterException" => roll(blue_green().bake_time_in_minutes(1441));
        "a bake time without blue/green", "InvalidParameterException" => roll(rollout().bake_time_in_minutes(1));
        "a maximum below the minimum", "InvalidParameterException" => roll(rollout().minimum_healthy_percent(150).maximum_percent(150));
        "an alarm that is not there", "InvalidParameterException" => roll(rollout().alarms(alarms("ghost")));
        "grace without a load balancer", "InvalidParameterException" => base().health_check_grace_period_seconds(60);
        "commands without a task role", "InvalidParameterException" => base().task_definition("plain:1").enable_execute_command(true);
        "a tag that is reserved", "InvalidParameterException" => base().tags(aws_sdk_ecs::types::Tag::builder().key("aws:x").value("y").build());
        "a change of what is not there", "ServiceNotFoundException" => ecs.update_service().cluster("main").service("ghost").desired_count(1);
        "another capacity without a deployment", "InvalidParameterException" => ecs.update_service().cluster("main").service("present").capacity_provider_strategy(share("FARGATE", 0, 1));
        "the end of a deployment that is not there", "ServiceDeploymentNotFoundException" => ecs.stop_service_deployment().service_deployment_arn("arn:aws:ecs:us-east-1:123456789012:service-deployment/main/web/ghost");
        "eleven services to describe", "InvalidParameterException" => ecs.describe_services().cluster("main").set_services(Some(vec!["web".to_owned(); 11]));
        "101 tasks to describe", "InvalidParameterException" => ecs.describe_tasks().cluster("main").set_tasks(Some(vec!["0".repeat(32); 101]));
        "21 deployments to describe", "InvalidParameterException" => ecs.describe_service_deployments().set_service_deployment_arns(Some(vec!["arn:x".to_owned(); 21]));
        "a page of 101", "InvalidParameterException" => ecs.list_services().cluster("main").max_results(101);
    );
}

async fn clusters(trial: &mut Trial, bench: &Bench) {
    let ecs = &bench.aws.ecs;
    let base = || ecs.create_cluster().cluster_name("new");
    let setting =
        |value: &str| ClusterSetting::builder().name(ClusterSettingName::ContainerInsights).value(value).build();
    refused!(trial, bench, "ecs",
        "a cluster's name with a blank", "InvalidParameterException" => base().cluster_name("a b");
        "a cluster's name of 256 characters", "InvalidParameterException" => base().cluster_name("x".repeat(256));
        "a provider that is not there", "InvalidParameterException" => base().capacity_providers("mine");
        "a strategy of what is not attached", "InvalidParameterException" => base().default_capacity_provider_strategy(share("FARGATE", 0, 1));
        "insights that are neither on nor off", "InvalidParameterException" => base().settings(setting("yes"));
        "a cluster that is not there", "ClusterNotFoundException" => ecs.delete_cluster().cluster("ghost");
        "101 clusters to describe", "InvalidParameterException" => ecs.describe_clusters().set_clusters(Some(vec!["main".to_owned(); 101]));
    );
}
