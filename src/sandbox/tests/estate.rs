//! The usual surroundings of a test, made call by call: network, roles, load balancer, cluster.

use std::time::Duration;

use aws_sdk_ecs::types::{
    AssignPublicIp, AwsVpcConfiguration, CapacityProviderStrategyItem, Compatibility, ContainerDefinition,
    NetworkConfiguration, NetworkMode, PortMapping,
};
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, FixedResponseActionConfig, ForwardActionConfig, PathPatternConditionConfig, ProtocolEnum,
    RuleCondition, TargetGroupTuple, TargetTypeEnum,
};

use super::support;
use crate::aws::Aws;
use crate::sandbox::Sandbox;

/// An image that needs no registry of the account's own.
pub const IMAGE: &str = "public.ecr.aws/docker/library/python:3.13-alpine";

/// A VPC with two public subnets.
pub struct Network {
    pub vpc: String,
    pub gateway: String,
    pub subnets: [String; 2],
    /// A security group without inbound rules.
    pub group: String,
}

impl Network {
    pub async fn make(aws: &Aws) -> Self {
        let vpc = support::vpc(&aws.ec2).await;
        let gateway = support::internet_gateway(&aws.ec2, &vpc).await;
        let one = support::subnet(&aws.ec2, &vpc, "10.0.0.0/24", "us-east-1a").await;
        let two = support::subnet(&aws.ec2, &vpc, "10.0.1.0/24", "us-east-1b").await;
        let group = support::group(&aws.ec2, &vpc, "tasks").await;
        Network { vpc, gateway, subnets: [one, two], group }
    }

    /// As ECS takes it, with public addresses.
    pub fn of_tasks(&self) -> NetworkConfiguration {
        let vpc = AwsVpcConfiguration::builder()
            .set_subnets(Some(self.subnets.to_vec()))
            .security_groups(&self.group)
            .assign_public_ip(AssignPublicIp::Enabled);
        NetworkConfiguration::builder().awsvpc_configuration(vpc.build().expect("complete")).build()
    }

    /// An active load balancer.
    pub async fn load_balancer(&self, aws: &Aws, name: &str) -> String {
        let call = aws.elb.create_load_balancer().name(name).set_subnets(Some(self.subnets.to_vec()));
        let made = call.security_groups(&self.group).send().await.expect("a load balancer");
        wait(150).await;
        made.load_balancers()[0].load_balancer_arn().expect("its ARN").to_owned()
    }

    pub async fn target_group(&self, aws: &Aws, name: &str) -> String {
        let call = aws.elb.create_target_group().name(name).protocol(ProtocolEnum::Http).port(8080).vpc_id(&self.vpc);
        let made = call.target_type(TargetTypeEnum::Ip).send().await.expect("a target group");
        made.target_groups()[0].target_group_arn().expect("its ARN").to_owned()
    }
}

/// A listener of HTTP that answers 404.
pub async fn listener(aws: &Aws, balancer: &str, port: i32) -> String {
    let call = aws.elb.create_listener().load_balancer_arn(balancer).port(port).protocol(ProtocolEnum::Http);
    let made = call.default_actions(not_found()).send().await.expect("a listener");
    made.listeners()[0].listener_arn().expect("its ARN").to_owned()
}

pub async fn rule(aws: &Aws, listener: &str, priority: i32, path: &str, action: Action) -> String {
    let call = aws.elb.create_rule().listener_arn(listener).priority(priority).conditions(on_path(&[path]));
    let made = call.actions(action).send().await.expect("a rule");
    made.rules()[0].rule_arn().expect("its ARN").to_owned()
}

pub fn not_found() -> Action {
    let answer = FixedResponseActionConfig::builder().status_code("404").content_type("text/plain").build();
    Action::builder().r#type(ActionTypeEnum::FixedResponse).fixed_response_config(answer).build()
}

/// Forwards to target groups by weight.
pub fn forward(shares: &[(&str, i32)]) -> Action {
    let share =
        |(arn, weight): &(&str, i32)| TargetGroupTuple::builder().target_group_arn(*arn).weight(*weight).build();
    let config = ForwardActionConfig::builder().set_target_groups(Some(shares.iter().map(share).collect())).build();
    Action::builder().r#type(ActionTypeEnum::Forward).forward_config(config).build()
}

pub fn on_path(paths: &[&str]) -> RuleCondition {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    let config = PathPatternConditionConfig::builder().set_values(Some(paths)).build();
    RuleCondition::builder().field("path-pattern").path_pattern_config(config).build()
}

/// A role that a service may assume; known everywhere when this returns.
pub async fn role(aws: &Aws, name: &str, service: &str) -> String {
    trusting(&aws.iam, name, service).await
}

/// The same in a sandbox, unseen by whoever counts the calls of its clients.
pub async fn role_by_hand(sandbox: &Sandbox, name: &str, service: &str) -> String {
    let config = aws_sdk_iam::config::Builder::from(&sandbox.sdk_config()).interceptor(sandbox.interceptor()).build();
    trusting(&aws_sdk_iam::Client::from_conf(config), name, service).await
}

async fn trusting(iam: &aws_sdk_iam::Client, name: &str, service: &str) -> String {
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{service}"}},"Action":"sts:AssumeRole"}}]}}"#
    );
    let made = iam.create_role().role_name(name).assume_role_policy_document(trust).send().await.expect("a role");
    wait(10).await;
    made.role().expect("the role").arn().to_owned()
}

/// A cluster on both of Fargate's providers, Spot by default.
pub async fn cluster(aws: &Aws, name: &str) {
    let spot = CapacityProviderStrategyItem::builder().capacity_provider("FARGATE_SPOT").weight(1);
    let call = aws.ecs.create_cluster().cluster_name(name);
    let call = call.capacity_providers("FARGATE").capacity_providers("FARGATE_SPOT");
    let call = call.default_capacity_provider_strategy(spot.build().expect("complete"));
    call.send().await.expect("a cluster");
    wait(10).await;
}

pub fn container() -> aws_sdk_ecs::types::builders::ContainerDefinitionBuilder {
    let port = PortMapping::builder().container_port(8080).build();
    ContainerDefinition::builder().name("app").image(IMAGE).port_mappings(port)
}

/// A task definition of a quarter of a vCPU, not yet sent.
pub fn definition(
    aws: &Aws,
    role: &str,
) -> aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionFluentBuilder {
    aws.ecs
        .register_task_definition()
        .family("web")
        .requires_compatibilities(Compatibility::Fargate)
        .network_mode(NetworkMode::Awsvpc)
        .cpu("256")
        .memory("512")
        .execution_role_arn(role)
        .task_role_arn(role)
        .container_definitions(container().build())
}

/// The same, registered: its ARN.
pub async fn registered(aws: &Aws, role: &str) -> String {
    let made = definition(aws, role).send().await.expect("a revision");
    made.task_definition().and_then(|it| it.task_definition_arn()).expect("its ARN").to_owned()
}

/// Lets time pass, in seconds.
pub async fn wait(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}
