//! ECS services as a deployment sees them.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{AdvancedConfiguration, DeploymentAlarms, DeploymentConfiguration};
use futures::future::try_join_all;

use super::diagnosis::shortened;
use crate::{
    aws::{Answer, Aws},
    engine::{Failure, failure::absent_is_fine},
};

/// DescribeServices takes that many services (ECS API reference).
const AT_ONCE: usize = 10;

/// A service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its ARN.
    pub arn: String,
    /// Its physical name.
    pub name: String,
    /// The name or ARN of its cluster.
    pub cluster: String,
    /// The ARN of the task definition that it is to run.
    pub task_definition: String,
    /// Tasks wanted.
    pub desired: i32,
    /// The ARN of the deployment that is under way.
    pub under_way: Option<String>,
    /// The rule that production traffic comes by.
    pub production_rule: Option<String>,
    /// The alarms that roll a deployment back.
    pub alarms: Vec<String>,
    /// Whether commands may be run in its containers.
    pub execute_command: bool,
    /// How a deployment goes, as ECS has it.
    pub configuration: Option<DeploymentConfiguration>,
    /// What happened lately, the oldest first.
    pub events: Vec<Event>,
}

/// Something that happened to a service, as ECS puts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// ECS's id of it.
    pub id: String,
    /// Seconds since 1970.
    pub at: i64,
    /// What, without the service's name.
    pub text: String,
}

/// The active services among these, by physical name.
///
/// # Errors
/// The calls' own. A cluster that isn't there has no services.
pub async fn look(aws: &Aws, cluster: &str, names: &[String]) -> Result<BTreeMap<String, Service>, Failure> {
    let call = |names: &[String]| {
        let call = aws.ecs.describe_services().cluster(cluster).set_services(Some(names.to_vec()));
        async {
            let answer = call.send().await.of("ecs:DescribeServices");
            absent_is_fine(answer.map(|answer| answer.services.unwrap_or_default()))
        }
    };
    let found = try_join_all(names.chunks(AT_ONCE).map(call)).await?;
    let active = found.into_iter().flatten().filter(|service| service.status() == Some("ACTIVE"));
    Ok(active.map(|service| (service.service_name().unwrap_or_default().to_owned(), read(&service))).collect())
}

pub(super) fn read(it: &aws_sdk_ecs::types::Service) -> Service {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let advanced = it.load_balancers().first().and_then(|balancer| balancer.advanced_configuration());
    let alarms = it.deployment_configuration().and_then(DeploymentConfiguration::alarms);
    let alarms = alarms.filter(|alarms| alarms.enable()).map(DeploymentAlarms::alarm_names).unwrap_or_default();
    let name = text(it.service_name());
    let mut events: Vec<Event> = it
        .events()
        .iter()
        .map(|event| Event {
            id: text(event.id()),
            at: event.created_at().map_or(0, |at| at.secs()),
            text: shortened(text(event.message()).trim_start_matches(&format!("(service {name})")).trim()),
        })
        .collect();
    events.sort_by_key(|event| event.at);
    Service {
        arn: text(it.service_arn()),
        cluster: text(it.cluster_arn()),
        task_definition: text(it.task_definition()),
        desired: it.desired_count(),
        under_way: it.current_service_deployment().map(str::to_owned),
        production_rule: advanced.and_then(AdvancedConfiguration::production_listener_rule).map(str::to_owned),
        alarms: alarms.to_vec(),
        execute_command: it.enable_execute_command(),
        configuration: it.deployment_configuration().cloned(),
        events,
        name,
    }
}
