//! Creating, describing, updating and deleting services.

use std::time::Duration;

use aws_sdk_ecs::operation::create_service::{CreateServiceInput, CreateServiceOutput};
use aws_sdk_ecs::operation::delete_service::{DeleteServiceInput, DeleteServiceOutput};
use aws_sdk_ecs::operation::describe_services::{DescribeServicesInput, DescribeServicesOutput};
use aws_sdk_ecs::operation::list_services::{ListServicesInput, ListServicesOutput};
use aws_sdk_ecs::operation::update_service::{UpdateServiceInput, UpdateServiceOutput};
use aws_sdk_ecs::types::{
    DeploymentController, DeploymentControllerType, Failure, PropagateTags, SchedulingStrategy, ServiceField,
};

use super::cluster::Share;
use super::problem::{invalid, no_service, not_active, required, unsupported};
use super::service::{Service, find, note};
use super::settings::{Balancer, Network, Rollout, Settings, registry};
use super::{
    cluster, names, neighbours, scheduler, service_deployment, service_rules, task_definition, task_definition_lists,
};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// Amazon ECS service quotas: tasks per service.
const MOST_TASKS: i32 = 5000;

fn desired(count: i32) -> Result<u32, ApiError> {
    match u32::try_from(count) {
        Ok(wanted) if count <= MOST_TASKS => Ok(wanted),
        _ => Err(invalid(format!("desiredCount must be between 0 and {MOST_TASKS}."))),
    }
}

fn settings(call: &Call<'_>, input: &CreateServiceInput, cluster: &cluster::Cluster) -> Result<Settings, ApiError> {
    unsupported(&[
        ("launchType", input.launch_type().is_some()),
        ("placementConstraints", !input.placement_constraints().is_empty()),
        ("placementStrategy", !input.placement_strategy().is_empty()),
        ("role", input.role().is_some()),
        ("scheduling other than REPLICA", input.scheduling_strategy() == Some(&SchedulingStrategy::Daemon)),
        ("serviceConnectConfiguration", input.service_connect_configuration().is_some()),
        ("volumeConfigurations", !input.volume_configurations().is_empty()),
        ("vpcLatticeConfigurations", !input.vpc_lattice_configurations().is_empty()),
    ])?;
    if input.deployment_controller().is_some_and(is_foreign) {
        return unsupported(&[("deployment controllers other than ECS", true)]).and(Err(invalid("unreachable")));
    }
    let reference = required(input.task_definition(), "TaskDefinition cannot be empty.")?;
    let deployment = input.deployment_configuration().map(Rollout::read).transpose()?.unwrap_or_default();
    let given = Share::read(input.capacity_provider_strategy(), &cluster.providers)?;
    Ok(Settings {
        task_definition: task_definition::usable(call, reference)?.arn,
        capacity: service_rules::capacity(given, &cluster.strategy),
        network: Network::read(input.network_configuration())?,
        balancer: Balancer::read(input.load_balancers(), &deployment.strategy)?,
        registry: registry(input.service_registries())?,
        deployment,
        grace_seconds: input.health_check_grace_period_seconds(),
        execute_command: input.enable_execute_command().unwrap_or_default(),
        managed_tags: input.enable_ecs_managed_tags().unwrap_or_default(),
        propagate_tags: input.propagate_tags().map_or("NONE", PropagateTags::as_str).to_owned(),
    })
}

fn is_foreign(controller: &DeploymentController) -> bool {
    *controller.r#type() != DeploymentControllerType::Ecs
}

/// ECS API reference, CreateService.
pub(super) fn create(call: &mut Call<'_>, input: &CreateServiceInput) -> Result<CreateServiceOutput, ApiError> {
    let cluster = cluster::find(call, input.cluster())?.clone();
    let name = required(input.service_name(), "Service name cannot be empty.")?;
    if !names::is_name(name) {
        return Err(invalid("Service names can have letters, numbers, hyphens and underscores, at most 255."));
    }
    let token = input.client_token().map(str::to_owned);
    if token.as_ref().is_some_and(|token| token.len() > 36 || !token.bytes().all(|byte| (33..=126).contains(&byte))) {
        return Err(invalid("Invalid client token: at most 36 ASCII characters in the range of 33-126."));
    }
    if let Some(existing) = find(call, &cluster.name, name).filter(|existing| !existing.is_inactive(call.now)) {
        if !existing.is_active() {
            return Err(invalid("Unable to Start a service that is still Draining."));
        }
        if token.is_none() || existing.token != token {
            return Err(invalid("Creation of service was not idempotent."));
        }
        return Ok(CreateServiceOutput::builder().service(existing.to_sdk(call, true)).build());
    }
    // A token identifies a request, not a service: ECS API reference, CreateService, `clientToken`. For how long, it doesn't say.
    if token.as_ref().is_some_and(|token| call.world.ecs.tokens.contains(token)) {
        return Err(invalid("Creation of service was not idempotent."));
    }
    let settings = settings(call, input, &cluster)?;
    neighbours::linked_role(call)?;
    service_rules::check(call, &settings)?;
    call.world.ecs.tokens.extend(token.clone());
    let service = Service {
        arn: call.arn("ecs", &format!("service/{}/{name}", cluster.name)),
        name: name.to_owned(),
        cluster: cluster.name,
        token,
        settings,
        desired: desired(required(input.desired_count(), "Desired count cannot be empty.")?)?,
        active_revision: None,
        latest_deployment: String::new(),
        failure: None,
        retry_at: None,
        events: Vec::new(),
        created_at: call.now,
        deleted_at: None,
        inactive_at: None,
        tags: names::tags(input.tags())?,
    };
    let arn = service.arn.clone();
    forget(call, &arn);
    call.world.ecs.services.insert(arn.clone(), service);
    service_deployment::begin(call, &arn);
    super::advance::advance(call);
    let answer = call.world.ecs.services.get(&arn).map(|service| service.to_sdk(call, true));
    Ok(CreateServiceOutput::builder().set_service(answer).build())
}

/// A new service of that name has no history.
fn forget(call: &mut Call<'_>, service_arn: &str) {
    let ecs = &mut call.world.ecs;
    ecs.deployments.retain(|_, it| it.service_arn != service_arn);
    ecs.revisions.retain(|_, it| it.service_arn != service_arn);
}

/// ECS API reference, DescribeServices: at most ten.
pub(super) fn describe(call: &mut Call<'_>, input: &DescribeServicesInput) -> Result<DescribeServicesOutput, ApiError> {
    let cluster = cluster::find(call, input.cluster())?.name.clone();
    if !(1..=10).contains(&input.services().len()) {
        return Err(invalid("Services can have 1 to 10 items."));
    }
    let with_tags = input.include().contains(&ServiceField::Tags);
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for reference in input.services() {
        // One that was just made isn't described yet. ECS API reference, RunTask: "eventual consistency model".
        match find(call, &cluster, reference).filter(|service| call.visible(service.created_at)) {
            Some(service) => found.push(service.to_sdk(call, with_tags)),
            None => {
                let arn = call.arn("ecs", &format!("service/{cluster}/{}", names::short(reference)));
                failures.push(Failure::builder().arn(arn).reason("MISSING").build());
            }
        }
    }
    Ok(DescribeServicesOutput::builder().set_services(Some(found)).set_failures(Some(failures)).build())
}

/// Only ACTIVE services are listed; ten a page unless said otherwise (ECS API reference, ListServices).
pub(super) fn list(call: &mut Call<'_>, input: &ListServicesInput) -> Result<ListServicesOutput, ApiError> {
    let cluster = cluster::find(call, input.cluster())?.name.clone();
    let services = call.world.ecs.services.values();
    let active = services.filter(|service| service.cluster == cluster && service.is_active());
    let arns = active.map(|service| service.arn.clone()).collect();
    let size = input.max_results().or(Some(10));
    let (arns, token) = task_definition_lists::page(arns, size, input.next_token())?;
    Ok(ListServicesOutput::builder().set_service_arns(Some(arns)).set_next_token(token).build())
}

fn active(call: &Call<'_>, cluster: Option<&str>, service: Option<&str>) -> Result<Service, ApiError> {
    let cluster = cluster::find(call, cluster)?.name.clone();
    let found = find(call, &cluster, service.unwrap_or_default()).ok_or_else(no_service)?;
    if found.is_active() { Ok(found.clone()) } else { Err(not_active()) }
}

/// What of an update makes a deployment, what doesn't: ECS API reference, UpdateService, at each parameter.
pub(super) fn update(call: &mut Call<'_>, input: &UpdateServiceInput) -> Result<UpdateServiceOutput, ApiError> {
    unsupported(&[
        ("placementConstraints", input.placement_constraints.is_some()),
        ("placementStrategy", input.placement_strategy.is_some()),
        ("serviceConnectConfiguration", input.service_connect_configuration().is_some()),
        ("volumeConfigurations", input.volume_configurations.is_some()),
        ("vpcLatticeConfigurations", input.vpc_lattice_configurations.is_some()),
        ("platformVersion", input.platform_version().is_some()),
    ])?;
    let service = active(call, input.cluster(), input.service())?;
    let providers = cluster::find(call, input.cluster())?.providers.clone();
    let mut wanted = service.settings.clone();
    let forced = input.force_new_deployment().unwrap_or_default();
    if let Some(reference) = input.task_definition() {
        wanted.task_definition = task_definition::usable(call, reference)?.arn;
    }
    if let Some(given) = input.deployment_configuration() {
        wanted.deployment = Rollout::read(given)?;
    }
    if let Some(given) = &input.capacity_provider_strategy {
        let capacity = Share::read(given, &providers)?;
        if capacity != wanted.capacity && !forced {
            return Err(invalid(
                "When switching from launch type to capacity provider strategy on an existing service, or making a change to a \
                 capacity provider strategy on a service that is already using one, you must force a new deployment.",
            ));
        }
        wanted.capacity = capacity;
    }
    if input.network_configuration().is_some() {
        wanted.network = Network::read(input.network_configuration())?;
    }
    if let Some(given) = &input.load_balancers {
        wanted.balancer = Balancer::read(given, &wanted.deployment.strategy)?;
    }
    if let Some(given) = &input.service_registries {
        wanted.registry = registry(given)?;
    }
    wanted.grace_seconds = input.health_check_grace_period_seconds().or(wanted.grace_seconds);
    wanted.execute_command = input.enable_execute_command().unwrap_or(wanted.execute_command);
    wanted.managed_tags = input.enable_ecs_managed_tags().unwrap_or(wanted.managed_tags);
    if let Some(propagate) = input.propagate_tags() {
        wanted.propagate_tags = propagate.as_str().to_owned();
    }
    let count = input.desired_count().map(desired).transpose()?;
    let deploys = forced
        || wanted.task_definition != service.settings.task_definition
        || input.network_configuration().is_some()
        || input.load_balancers.is_some()
        || input.service_registries.is_some();
    if deploys || wanted.deployment != service.settings.deployment {
        service_rules::check(call, &wanted)?;
    }
    apply(call, &service.arn, wanted, count, deploys);
    let answer = call.world.ecs.services.get(&service.arn).map(|service| service.to_sdk(call, true));
    Ok(UpdateServiceOutput::builder().set_service(answer).build())
}

fn apply(call: &mut Call<'_>, arn: &str, wanted: Settings, count: Option<u32>, deploys: bool) {
    let now = call.now;
    if let Some(service) = call.world.ecs.services.get_mut(arn) {
        service.settings = wanted;
        service.desired = count.unwrap_or(service.desired);
    }
    if deploys {
        service_deployment::begin(call, arn);
    }
    if count.is_some() {
        service_deployment::scale(call, arn, now);
    }
    super::advance::advance(call);
}

/// Sets how many tasks a service is to have, as Application Auto Scaling does. Nothing where there is no such service.
pub fn set_desired(call: &mut Call<'_>, cluster: &str, service: &str, count: u32) {
    let now = call.now;
    let Some(arn) = find(call, cluster, service).filter(|it| it.is_active()).map(|it| it.arn.clone()) else { return };
    if let Some(service) = call.world.ecs.services.get_mut(&arn) {
        service.desired = count;
    }
    service_deployment::scale(call, &arn, now);
    note(call, &arn, now, &format!("has its desired count set to {count}."));
}

/// ECS API reference, DeleteService: DRAINING until the last task has stopped, then INACTIVE.
pub(super) fn delete(call: &mut Call<'_>, input: &DeleteServiceInput) -> Result<DeleteServiceOutput, ApiError> {
    let service = active(call, input.cluster(), input.service())?;
    if service.desired > 0 && !input.force().unwrap_or_default() {
        return Err(invalid("The service cannot be stopped while it is scaled above 0."));
    }
    // Stricter than needed for a deployment without tasks: what is certain is that AWS refuses it for some.
    let under_way = call.world.ecs.deployments.get(&service.latest_deployment).is_some_and(|it| !it.is_over());
    if under_way {
        return Err(invalid("The service cannot be stopped while deployments are active."));
    }
    let (arn, now) = (service.arn, call.now);
    if let Some(service) = call.world.ecs.services.get_mut(&arn) {
        service.deleted_at = Some(now);
        service.retry_at = None;
    }
    let revisions: Vec<String> =
        call.world.ecs.revisions.values().filter(|it| it.service_arn == arn).map(|it| it.arn.clone()).collect();
    for revision in revisions {
        scheduler::scale(call, &revision, now);
    }
    let last = call.world.ecs.tasks.values().filter(|task| task.service_arn == arn).filter_map(|task| task.stopped_at);
    let drained = last.max().map_or(now, |at| at.max(now));
    let inactive: Duration = call.durations().ecs_service_inactive;
    if let Some(service) = call.world.ecs.services.get_mut(&arn) {
        service.inactive_at = Some(drained + inactive);
    }
    let answer = call.world.ecs.services.get(&arn).map(|service| service.to_sdk(call, true));
    Ok(DeleteServiceOutput::builder().set_service(answer).build())
}
