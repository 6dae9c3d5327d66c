//! Tasks.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_ecs::operation::describe_tasks::{DescribeTasksInput, DescribeTasksOutput};
use aws_sdk_ecs::operation::list_tasks::{ListTasksInput, ListTasksOutput};
use aws_sdk_ecs::types::{
    self, Attachment, Connectivity, DesiredStatus, Failure, HealthStatus, KeyValuePair, LaunchType, ManagedAgent,
    ManagedAgentName, NetworkInterface, TaskField, TaskStopCode,
};
use serde::{Deserialize, Serialize};

use super::behaviour::{self, Behaviour};
use super::problem::invalid;
use super::task_definition::TaskDefinition;
use super::{cluster, names, task_definition_lists};
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

/// Fargate needs that long to give a task its network interface.
pub const PROVISIONING: Duration = Duration::from_secs(12);

/// A task of a service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// Its ARN.
    pub arn: String,
    /// The service that it belongs to.
    pub service_arn: String,
    /// The name of its cluster.
    pub cluster: String,
    /// The service revision that it is of.
    pub revision: String,
    /// What started it: `ecs-svc/123`.
    pub started_by: String,
    /// What it consists of.
    pub task_definition: String,
    /// `FARGATE` or `FARGATE_SPOT`.
    pub provider: String,
    /// The secrets that it was started with: versions by ARN. What changes later doesn't reach it (ECS Developer Guide, "Pass Secrets
    /// Manager secrets through Amazon ECS environment variables": the value is injected when the container starts).
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    /// Its network interface.
    pub interface: String,
    /// The interface's attachment.
    pub attachment: String,
    /// Its subnet.
    pub subnet: String,
    /// Its availability zone.
    pub zone: String,
    /// Its address.
    pub address: String,
    /// When it was started.
    pub created_at: Moment,
    /// When it runs.
    pub running_at: Moment,
    /// The target group and port that it is registered with.
    pub target: Option<(String, i32)>,
    /// The Cloud Map service that it is registered with.
    pub registry: Option<String>,
    /// It has been entered there.
    pub registered: bool,
    /// When and why it will fail to start.
    pub fails_at: Option<(Moment, String)>,
    /// When it was told to stop.
    pub stopping_at: Option<Moment>,
    /// When it has stopped.
    pub stopped_at: Option<Moment>,
    /// When peers no longer find it.
    pub deregisters_at: Option<Moment>,
    /// Code and reason.
    pub stopped: Option<(String, String)>,
    /// How the application in it behaves.
    #[serde(default)]
    pub behaviour: Behaviour,
    /// The container that serves.
    #[serde(default)]
    pub application: String,
    /// It ended because something was wrong with it.
    #[serde(default)]
    pub failed: bool,
    /// Its tags.
    pub tags: Tags,
}

impl Task {
    /// Its id: 32 hexadecimal digits.
    pub fn id(&self) -> &str {
        names::short(&self.arn)
    }

    /// Whether it has stopped.
    pub fn has_stopped(&self, now: Moment) -> bool {
        self.stopped_at.is_some_and(|at| now >= at)
    }

    /// When its application ends by itself.
    pub fn exits_at(&self) -> Option<Moment> {
        (self.behaviour == Behaviour::Exits && self.fails_at.is_none()).then(|| self.running_at + behaviour::LIVES)
    }

    /// When ECS gives up a task that doesn't answer: after three checks, and not while it may still be starting. ECS API reference, CreateService,
    /// `healthCheckGracePeriodSeconds`.
    pub fn unhealthy_at(&self, grace: Duration) -> Option<Moment> {
        const CHECKS: Duration = Duration::from_secs(35);
        let silent = self.behaviour.is_silent() && self.fails_at.is_none() && self.target.is_some();
        silent.then(|| self.running_at + grace.max(CHECKS))
    }

    /// ECS Developer Guide, "Amazon ECS task lifecycle".
    pub fn last_status(&self, now: Moment) -> &'static str {
        match self.stopping_at {
            Some(_) if self.has_stopped(now) => "STOPPED",
            Some(at) if at >= self.running_at => "DEACTIVATING",
            Some(_) => "STOPPING",
            None if now >= self.running_at => "RUNNING",
            None if now >= self.created_at + PROVISIONING => "PENDING",
            None => "PROVISIONING",
        }
    }

    fn to_sdk(&self, call: &Call<'_>, with_tags: bool) -> types::Task {
        let definition = call.world.ecs.task_definitions.get(&self.task_definition);
        let status = self.last_status(call.now);
        let runs = status == "RUNNING";
        let service = names::short(&self.service_arn);
        let (code, reason) = self.stopped.clone().unzip();
        types::Task::builder()
            .task_arn(&self.arn)
            .cluster_arn(call.arn("ecs", &format!("cluster/{}", self.cluster)))
            .task_definition_arn(&self.task_definition)
            .group(format!("service:{service}"))
            .started_by(&self.started_by)
            .last_status(status)
            .desired_status(if self.stopping_at.is_some() { "STOPPED" } else { "RUNNING" })
            .launch_type(LaunchType::Fargate)
            .capacity_provider_name(&self.provider)
            .platform_version("1.4.0")
            .platform_family("Linux")
            .availability_zone(&self.zone)
            .set_cpu(definition.map(|definition| definition.cpu.to_string()))
            .set_memory(definition.map(|definition| definition.memory.to_string()))
            .enable_execute_command(self.lets_in(call))
            .set_connectivity(runs.then_some(Connectivity::Connected))
            .health_status(self.health(definition, runs))
            .set_containers(definition.map(|definition| self.containers(definition, runs, status, self.lets_in(call))))
            .attachments(self.attachment())
            .created_at(self.created_at.datetime())
            .set_started_at((runs || self.stopping_at >= Some(self.running_at)).then(|| self.running_at.datetime()))
            .set_stopping_at(self.stopping_at.map(Moment::datetime))
            .set_stopped_at(self.stopped_at.filter(|at| call.now >= *at).map(Moment::datetime))
            .set_stop_code(code.map(|code| TaskStopCode::from(code.as_str())))
            .set_stopped_reason(reason)
            .version(1)
            .set_tags(if with_tags { names::to_sdk(&self.tags) } else { None })
            .build()
    }

    /// A task whose containers have no health checks has no health (ECS API reference, Task).
    fn health(&self, definition: Option<&TaskDefinition>, runs: bool) -> HealthStatus {
        let checked = definition.is_some_and(|it| it.containers.iter().any(|one| one.health_check.is_some()));
        if checked && runs { HealthStatus::Healthy } else { HealthStatus::from("UNKNOWN") }
    }

    /// Whether commands may be run in it, as the service was when it was started.
    fn lets_in(&self, call: &Call<'_>) -> bool {
        call.world.ecs.revisions.get(&self.revision).is_some_and(|revision| revision.settings.execute_command)
    }

    fn containers(
        &self,
        definition: &TaskDefinition,
        runs: bool,
        status: &str,
        lets_in: bool,
    ) -> Vec<types::Container> {
        let interface =
            NetworkInterface::builder().attachment_id(&self.attachment).private_ipv4_address(&self.address).build();
        let agent = ManagedAgent::builder().name(ManagedAgentName::ExecuteCommandAgent).last_status("RUNNING").build();
        let container = |container: &super::container::Container| {
            let health = if runs && container.health_check.is_some() {
                HealthStatus::Healthy
            } else {
                HealthStatus::from("UNKNOWN")
            };
            // What others wait for to succeed has ended when they run.
            let failed = self.failed && self.behaviour == Behaviour::Exits && container.name == self.application;
            let ended = runs && definition.containers.iter().any(|other| other.waits_for_end_of(&container.name));
            types::Container::builder()
                .container_arn(format!("{}/{}", self.arn.replace(":task/", ":container/"), container.name))
                .task_arn(&self.arn)
                .name(&container.name)
                .image(&container.image)
                .last_status(if ended { "STOPPED" } else { status })
                .set_exit_code(if failed { Some(1) } else { ended.then_some(0) })
                .health_status(health)
                .network_interfaces(interface.clone())
                .runtime_id(format!("{}-{}", self.id(), container.name.len()))
                .set_managed_agents((lets_in && runs && !ended).then(|| vec![agent.clone()]))
                .cpu(container.cpu.to_string())
                .build()
        };
        definition.containers.iter().map(container).collect()
    }

    fn attachment(&self) -> Attachment {
        let details = [
            ("subnetId", &self.subnet),
            ("networkInterfaceId", &self.interface),
            ("privateIPv4Address", &self.address),
        ];
        let detail = |(name, value): (&str, &String)| KeyValuePair::builder().name(name).value(value).build();
        Attachment::builder()
            .id(&self.attachment)
            .r#type("ElasticNetworkInterface")
            .status(if self.stopping_at.is_some() { "DELETED" } else { "ATTACHED" })
            .set_details(Some(details.map(detail).to_vec()))
            .build()
    }
}

/// ECS API reference, ListTasks: what is to run, unless what is to stop is asked for.
pub(super) fn list(call: &mut Call<'_>, input: &ListTasksInput) -> Result<ListTasksOutput, ApiError> {
    let cluster = cluster::find(call, input.cluster())?.name.clone();
    let stopped = input.desired_status() == Some(&DesiredStatus::Stopped);
    if let Some(name) = input.service_name()
        && super::service::find(call, &cluster, name).is_none()
    {
        return Err(super::problem::no_service());
    }
    let chosen = call.world.ecs.tasks.values().filter(|task| {
        let family = || task.task_definition.rsplit('/').next().and_then(|id| id.split(':').next());
        task.cluster == cluster
            && task.stopping_at.is_some() == stopped
            && input.service_name().is_none_or(|name| names::short(&task.service_arn) == names::short(name))
            && input.family().is_none_or(|wanted| family() == Some(wanted))
            && input.started_by().is_none_or(|wanted| task.started_by == wanted)
    });
    let arns = chosen.map(|task| task.arn.clone()).collect();
    let (arns, token) = task_definition_lists::page(arns, input.max_results(), input.next_token())?;
    Ok(ListTasksOutput::builder().set_task_arns(Some(arns)).set_next_token(token).build())
}

/// ECS API reference, DescribeTasks: at most a hundred.
pub(super) fn describe(call: &mut Call<'_>, input: &DescribeTasksInput) -> Result<DescribeTasksOutput, ApiError> {
    let cluster = cluster::find(call, input.cluster())?.name.clone();
    if !(1..=100).contains(&input.tasks().len()) {
        return Err(invalid("Tasks can have 1 to 100 items."));
    }
    let with_tags = input.include().contains(&TaskField::Tags);
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for reference in input.tasks() {
        let id = names::short(reference);
        match call.world.ecs.tasks.values().find(|task| task.cluster == cluster && task.id() == id) {
            Some(task) => tasks.push(task.to_sdk(call, with_tags)),
            None => failures.push(Failure::builder().arn(reference).reason("MISSING").build()),
        }
    }
    Ok(DescribeTasksOutput::builder().set_tasks(Some(tasks)).set_failures(Some(failures)).build())
}
