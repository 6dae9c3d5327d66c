//! Services.

use aws_sdk_ecs::types::{
    self, AvailabilityZoneRebalancing, DeploymentController, DeploymentControllerType, DeploymentRolloutState,
    PropagateTags, SchedulingStrategy, ServiceCurrentRevisionSummary, ServiceEvent,
};
use serde::{Deserialize, Serialize};

use super::cluster::Share;
use super::deployment::Status;
use super::names;
use super::revision::Revision;
use super::settings::Settings;
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::world::Tags;

/// A service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Service {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The name of its cluster.
    pub cluster: String,
    /// The client token that it was made with.
    pub token: Option<String>,
    /// What it is to be.
    pub settings: Settings,
    /// How many tasks it is to have.
    pub desired: u32,
    /// The revision that serves, once one does.
    pub active_revision: Option<String>,
    /// The deployment that is under way, or ended last.
    pub latest_deployment: String,
    /// Why the latest deployment left nothing that serves.
    pub failure: Option<String>,
    /// When to try again to start tasks.
    pub retry_at: Option<Moment>,
    /// What happened, the newest last.
    pub events: Vec<Event>,
    /// When it was made.
    pub created_at: Moment,
    /// When its deletion was asked for.
    pub deleted_at: Option<Moment>,
    /// When it is gone.
    pub inactive_at: Option<Moment>,
    /// Its tags.
    pub tags: Tags,
}

/// Something that happened to a service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// A UUID.
    pub id: String,
    /// When.
    pub at: Moment,
    /// What, as ECS puts it.
    pub message: String,
}

/// ECS shows the latest hundred (ECS API reference, Service).
const EVENTS: usize = 100;

/// Writes an event: `(service name) …`.
pub fn note(call: &mut Call<'_>, service_arn: &str, at: Moment, message: &str) {
    let id = call.uuid();
    if let Some(service) = call.world.ecs.services.get_mut(service_arn) {
        let message = format!("(service {}) {message}", service.name);
        service.events.push(Event { id, at, message });
        let surplus = service.events.len().saturating_sub(EVENTS);
        service.events.drain(..surplus);
    }
}

fn count(tasks: usize) -> i32 {
    i32::try_from(tasks).unwrap_or(i32::MAX)
}

impl Service {
    /// Whether it is neither on its way out nor gone.
    pub fn is_active(&self) -> bool {
        self.deleted_at.is_none()
    }

    /// Whether it is gone.
    pub fn is_inactive(&self, now: Moment) -> bool {
        self.inactive_at.is_some_and(|at| now >= at)
    }

    fn status(&self, now: Moment) -> &'static str {
        match self.deleted_at {
            None => "ACTIVE",
            Some(_) if self.is_inactive(now) => "INACTIVE",
            Some(_) => "DRAINING",
        }
    }

    /// Its tasks that run, and those that are about to: of one revision, or of all.
    pub fn counts(&self, call: &Call<'_>, revision: Option<&str>) -> (i32, i32) {
        let tasks =
            call.world.ecs.tasks.values().filter(|task| {
                task.service_arn == self.arn && revision.is_none_or(|revision| task.revision == revision)
            });
        let (mut running, mut pending) = (0, 0);
        for task in tasks {
            match task.last_status(call.now) {
                "RUNNING" | "DEACTIVATING" => running += 1,
                "PROVISIONING" | "PENDING" => pending += 1,
                _ => {}
            }
        }
        (count(running), count(pending))
    }

    /// As the SDK's type.
    pub fn to_sdk(&self, call: &Call<'_>, with_tags: bool) -> types::Service {
        let (running, pending) = self.counts(call, None);
        let event = |event: &Event| {
            ServiceEvent::builder().id(&event.id).created_at(event.at.datetime()).message(&event.message).build()
        };
        let under_way = call.world.ecs.deployments.get(&self.latest_deployment).filter(|it| !it.is_over());
        let deployments = if self.is_inactive(call.now) { Vec::new() } else { self.deployments(call) };
        types::Service::builder()
            .service_arn(&self.arn)
            .service_name(&self.name)
            .cluster_arn(call.arn("ecs", &format!("cluster/{}", self.cluster)))
            .status(self.status(call.now))
            .desired_count(i32::try_from(self.desired).unwrap_or(i32::MAX))
            .running_count(running)
            .pending_count(pending)
            .set_capacity_provider_strategy(Some(Share::to_sdk(&self.settings.capacity)))
            .platform_version("LATEST")
            .platform_family("Linux")
            .task_definition(&self.settings.task_definition)
            .deployment_configuration(self.settings.deployment.to_sdk())
            .set_load_balancers(Some(self.settings.load_balancers()))
            .set_service_registries(Some(self.settings.service_registries()))
            .set_network_configuration(self.settings.network_configuration())
            .set_health_check_grace_period_seconds(self.settings.grace_seconds)
            .scheduling_strategy(SchedulingStrategy::Replica)
            .set_deployment_controller(
                DeploymentController::builder().r#type(DeploymentControllerType::Ecs).build().ok(),
            )
            .set_deployments(Some(deployments))
            .set_current_service_deployment(under_way.map(|deployment| deployment.arn.clone()))
            .set_current_service_revisions(Some(self.current_revisions(call)))
            .set_events(Some(self.events.iter().rev().map(event).collect()))
            .created_at(self.created_at.datetime())
            .enable_ecs_managed_tags(self.settings.managed_tags)
            .propagate_tags(PropagateTags::from(self.settings.propagate_tags.as_str()))
            .enable_execute_command(self.settings.execute_command)
            .availability_zone_rebalancing(AvailabilityZoneRebalancing::Enabled)
            .set_tags(if with_tags { names::to_sdk(&self.tags) } else { None })
            .build()
    }

    fn current_revisions(&self, call: &Call<'_>) -> Vec<ServiceCurrentRevisionSummary> {
        let summary = |arn: &String| {
            let (running, pending) = self.counts(call, Some(arn));
            ServiceCurrentRevisionSummary::builder()
                .arn(arn)
                .requested_task_count(i32::try_from(self.desired).unwrap_or(i32::MAX))
                .running_task_count(running)
                .pending_task_count(pending)
                .build()
        };
        self.active_revision.iter().map(summary).collect()
    }

    /// The revisions that have tasks: the one that comes or has come is PRIMARY, the one that goes is ACTIVE.
    fn deployments(&self, call: &Call<'_>) -> Vec<types::Deployment> {
        let ecs = &call.world.ecs;
        let Some(latest) = ecs.deployments.get(&self.latest_deployment) else { return Vec::new() };
        let going_back = matches!(latest.status, Status::RollbackInProgress | Status::RollbackSuccessful);
        let (primary, other) = match (&latest.source, going_back) {
            (Some(source), true) => (source, Some(&latest.target)),
            (source, _) => (&latest.target, source.as_ref()),
        };
        let state = match (latest.is_over(), &self.failure) {
            (true, Some(_)) => DeploymentRolloutState::Failed,
            (true, None) => DeploymentRolloutState::Completed,
            (false, _) => DeploymentRolloutState::InProgress,
        };
        let reason = match state {
            DeploymentRolloutState::Failed => self.failure.clone().unwrap_or_default(),
            DeploymentRolloutState::Completed => format!("ECS deployment {} completed.", latest.id),
            _ => format!("ECS deployment {} in progress.", latest.id),
        };
        let other = other.filter(|_| !latest.is_over()).and_then(|arn| ecs.revisions.get(arn));
        let primary = ecs.revisions.get(primary).map(|revision| {
            self.deployment(call, revision, "PRIMARY").rollout_state(state).rollout_state_reason(reason).build()
        });
        let other = other.map(|revision| {
            let builder = self.deployment(call, revision, "ACTIVE");
            builder.rollout_state(DeploymentRolloutState::Completed).build()
        });
        primary.into_iter().chain(other).collect()
    }

    fn deployment(&self, call: &Call<'_>, revision: &Revision, status: &str) -> types::builders::DeploymentBuilder {
        let (running, pending) = self.counts(call, Some(&revision.arn));
        let deployments = call.world.ecs.deployments.values();
        let failed = deployments.filter(|it| it.target == revision.arn).map(|it| it.failed_tasks).max();
        types::Deployment::builder()
            .id(&revision.deployment_id)
            .status(status)
            .task_definition(&revision.settings.task_definition)
            .desired_count(i32::try_from(self.desired).unwrap_or(i32::MAX))
            .running_count(running)
            .pending_count(pending)
            .failed_tasks(i32::try_from(failed.unwrap_or_default()).unwrap_or(i32::MAX))
            .created_at(revision.created_at.datetime())
            .updated_at(revision.created_at.datetime())
            .set_capacity_provider_strategy(Some(Share::to_sdk(&revision.settings.capacity)))
            .platform_version("1.4.0")
            .platform_family("Linux")
            .set_network_configuration(revision.settings.network_configuration())
    }
}

/// A service of a cluster by name or ARN.
pub fn find<'a>(call: &'a Call<'_>, cluster: &str, reference: &str) -> Option<&'a Service> {
    let name = names::short(reference);
    call.world.ecs.services.values().find(|service| service.cluster == cluster && service.name == name)
}
