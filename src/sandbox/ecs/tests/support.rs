//! A cluster in a small network, and short cuts.

use std::time::Duration;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::operation::create_service::builders::CreateServiceFluentBuilder;
use aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionFluentBuilder;
use aws_sdk_ecs::types::{
    AssignPublicIp, AwsVpcConfiguration, CapacityProviderStrategyItem, Compatibility, ContainerDefinition,
    DeploymentCircuitBreaker, DeploymentConfiguration, DeploymentStrategy, NetworkConfiguration, NetworkMode,
    PortMapping, Service, ServiceDeployment,
};
use aws_smithy_types::retry::RetryConfig;

use crate::sandbox::tests::support::{ec2, group, sandbox, settle, subnet, vpc};
use crate::sandbox::{Durations, Sandbox, SandboxOptions};

macro_rules! client {
    ($sdk:ident, $sandbox:expr) => {
        $sdk::Client::from_conf(
            $sdk::config::Builder::from(&$sandbox.sdk_config())
                .retry_config(RetryConfig::disabled())
                .interceptor($sandbox.interceptor())
                .build(),
        )
    };
}

/// A sandbox with a cluster `main`, two public subnets, a security group, and a role for tasks.
pub struct World {
    pub sandbox: Sandbox,
    pub ecs: Client,
    pub ec2: aws_sdk_ec2::Client,
    pub subnets: Vec<String>,
    pub group: String,
    pub role: String,
}

pub async fn world() -> World {
    world_of(SandboxOptions::in_memory()).await
}

/// The same in an account of this making.
pub async fn world_of(options: SandboxOptions) -> World {
    let sandbox = sandbox(options);
    let ec2 = ec2(&sandbox);
    let (ecs, iam) = (client!(aws_sdk_ecs, sandbox), client!(aws_sdk_iam, sandbox));
    let vpc = vpc(&ec2).await;
    settle().await;
    let one = subnet(&ec2, &vpc, "10.0.0.0/24", "us-east-1a").await;
    let two = subnet(&ec2, &vpc, "10.0.1.0/24", "us-east-1b").await;
    let group = group(&ec2, &vpc, "tasks").await;
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let role = iam.create_role().role_name("tasks").assume_role_policy_document(trust).send().await.expect("a role");
    let role = role.role().expect("the role").arn().to_owned();
    let spot = |name: &str| {
        CapacityProviderStrategyItem::builder().capacity_provider(name).weight(1).build().expect("complete")
    };
    let cluster =
        ecs.create_cluster().cluster_name("main").capacity_providers("FARGATE").capacity_providers("FARGATE_SPOT");
    cluster.default_capacity_provider_strategy(spot("FARGATE_SPOT")).send().await.expect("a cluster");
    // The role is known everywhere by then.
    tokio::time::sleep(Duration::from_secs(10)).await;
    World { sandbox, ecs, ec2, subnets: vec![one, two], group, role }
}

pub fn container(image: &str) -> ContainerDefinition {
    let port = PortMapping::builder().container_port(8080).build();
    ContainerDefinition::builder().name("app").image(image).port_mappings(port).build()
}

impl World {
    pub fn definition(&self, image: &str) -> RegisterTaskDefinitionFluentBuilder {
        self.ecs
            .register_task_definition()
            .family("web")
            .requires_compatibilities(Compatibility::Fargate)
            .network_mode(NetworkMode::Awsvpc)
            .cpu("256")
            .memory("512")
            .execution_role_arn(&self.role)
            .task_role_arn(&self.role)
            .container_definitions(container(image))
    }

    /// Registers a revision and gives its ARN.
    pub async fn register(&self, image: &str) -> String {
        let answer = self.definition(image).send().await.expect("a revision");
        answer.task_definition().and_then(|it| it.task_definition_arn()).expect("its ARN").to_owned()
    }

    pub fn network(&self) -> NetworkConfiguration {
        let vpc = AwsVpcConfiguration::builder()
            .set_subnets(Some(self.subnets.clone()))
            .security_groups(&self.group)
            .assign_public_ip(AssignPublicIp::Enabled)
            .build()
            .expect("complete");
        NetworkConfiguration::builder().awsvpc_configuration(vpc).build()
    }

    pub fn service(&self, definition: &str) -> CreateServiceFluentBuilder {
        self.ecs
            .create_service()
            .cluster("main")
            .service_name("web")
            .task_definition(definition)
            .desired_count(2)
            .network_configuration(self.network())
            .deployment_configuration(blue_green())
    }

    /// A service that runs.
    pub async fn running(&self, image: &str) -> String {
        let definition = self.register(image).await;
        self.service(&definition).send().await.expect("a service");
        let durations = Durations::real();
        tokio::time::sleep(durations.tasks_running + durations.ecs_settle + Duration::from_secs(1)).await;
        definition
    }

    pub async fn update(&self, definition: &str) {
        let call = self.ecs.update_service().cluster("main").service("web").task_definition(definition);
        call.send().await.expect("updated");
    }

    pub async fn look(&self) -> Service {
        let answer = self.ecs.describe_services().cluster("main").services("web").send().await.expect("described");
        answer.services().first().expect("the service").clone()
    }

    /// The deployment that began last.
    pub async fn deployment(&self) -> ServiceDeployment {
        let listed = self.ecs.list_service_deployments().cluster("main").service("web").send().await.expect("listed");
        let arn = listed.service_deployments()[0].service_deployment_arn().expect("its ARN");
        let call = self.ecs.describe_service_deployments().service_deployment_arns(arn);
        call.send().await.expect("described").service_deployments()[0].clone()
    }

    /// `STATUS STAGE` of the deployment that began last.
    pub async fn stage(&self) -> String {
        let it = self.deployment().await;
        let status = it.status().expect("a status").as_str().to_owned();
        it.lifecycle_stage().map_or(status.clone(), |stage| format!("{status} {}", stage.as_str()))
    }

    /// How many network interfaces the tasks have.
    pub async fn interfaces(&self) -> usize {
        let answer = self.ec2.describe_network_interfaces().send().await.expect("described");
        answer.network_interfaces().len()
    }
}

/// Two minutes of baking, and the circuit breaker.
pub fn blue_green() -> DeploymentConfiguration {
    DeploymentConfiguration::builder()
        .strategy(DeploymentStrategy::BlueGreen)
        .bake_time_in_minutes(2)
        .deployment_circuit_breaker(DeploymentCircuitBreaker::builder().enable(true).rollback(true).build())
        .build()
}

pub async fn wait(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}
