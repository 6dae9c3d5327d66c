//! What ECS's scheduler does: starting and stopping tasks, entering them where they are found.

use std::time::Duration;

use super::behaviour::Behaviour;
use super::cluster::{self, Share};
use super::revision::Revision;
use super::service::{Service, note};
use super::task::Task;
use super::{fargate, neighbours};
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::ec2::network_interface::{self, NewInterface, PublicAddress};
use crate::sandbox::error::ApiError;

/// A task that can't start is given up after that long: the first pull of an image, or of a secret, has failed by then.
const START_FAILS: Duration = Duration::from_secs(25);
/// Until ECS tries again to start tasks.
const RETRY: Duration = Duration::from_secs(15);

/// Why tasks are stopped.
#[derive(Clone, Debug)]
pub enum Cause {
    /// There are more than wanted, or the deployment or the service is over.
    Scheduler {
        /// The deployment: `ecs-svc/123`.
        deployment: String,
        /// The service has none left: peers take a while to forget its tasks.
        last: bool,
    },
    /// It could not start.
    FailedToStart(String),
    /// A container that it can't do without has ended.
    Exited,
    /// It doesn't answer the load balancer.
    Unhealthy,
    /// AWS takes its capacity back.
    Spot,
}

impl Cause {
    /// ECS API reference, Task, `stopCode` and `stoppedReason`; ECS Developer Guide, "Amazon ECS stopped tasks error messages".
    fn code_and_reason(&self, task: &Task) -> (&'static str, String) {
        match self {
            Cause::Scheduler { deployment, .. } => {
                ("ServiceSchedulerInitiated", format!("Scaling activity initiated by (deployment {deployment})"))
            }
            Cause::FailedToStart(reason) => ("TaskFailedToStart", reason.clone()),
            Cause::Exited => ("EssentialContainerExited", "Essential container in task exited".to_owned()),
            Cause::Unhealthy => {
                let group = task.target.as_ref().map_or("", |(group, _)| group.as_str());
                ("ServiceSchedulerInitiated", format!("Task failed ELB health checks in (target-group {group})"))
            }
            Cause::Spot => ("SpotInterruption", "Your Spot Task was interrupted.".to_owned()),
        }
    }
}

/// Brings the number of a revision's tasks to the wanted one. What can't be started is tried again later.
pub fn scale(call: &mut Call<'_>, revision_arn: &str, at: Moment) {
    let Some(revision) = call.world.ecs.revisions.get(revision_arn).cloned() else { return };
    let Some(service) = call.world.ecs.services.get(&revision.service_arn).cloned() else { return };
    let live: Vec<String> = live(call, revision_arn).map(|task| task.arn.clone()).collect();
    let wanted = if service.is_active() { service.desired as usize } else { 0 };
    if live.len() > wanted {
        let last = wanted == 0;
        // The youngest go first.
        for arn in live.iter().rev().take(live.len() - wanted) {
            stop(call, arn, at, &Cause::Scheduler { deployment: revision.deployment_id.clone(), last });
        }
        return;
    }
    let mut started = Vec::new();
    let mut refused = None;
    for _ in live.len()..wanted {
        match start(call, &service, &revision, at) {
            Ok(id) => started.push(format!("(task {id})")),
            Err(error) => {
                refused = Some(error.message);
                break;
            }
        }
    }
    if !started.is_empty() {
        let message = format!("has started {} tasks: {}.", started.len(), started.join(" "));
        note(call, &service.arn, at, &message);
    }
    if let Some(reason) = refused {
        note(call, &service.arn, at, &format!("was unable to place a task. Reason: {reason}."));
        retry(call, &service.arn, at);
    }
}

/// Lets the scheduler look at a service again, the later the more often it had to.
fn retry(call: &mut Call<'_>, service_arn: &str, at: Moment) {
    if let Some(service) = call.world.ecs.services.get_mut(service_arn) {
        service.retry_at = Some(at + RETRY);
    }
}

/// The live tasks of a revision, the oldest first.
pub fn live<'a>(call: &'a Call<'_>, revision: &'a str) -> impl Iterator<Item = &'a Task> {
    let mut tasks: Vec<&Task> =
        call.world.ecs.tasks.values().filter(|task| task.revision == revision && task.stopping_at.is_none()).collect();
    tasks.sort_by_key(|task| task.created_at);
    tasks.into_iter()
}

/// The provider for one more task: first the one whose base isn't reached, then the one that is furthest below its share.
/// ECS Developer Guide, "Capacity provider strategy considerations".
fn provider(shares: &[Share], live: &[&Task]) -> String {
    let on = |share: &Share| {
        i32::try_from(live.iter().filter(|task| task.provider == share.provider).count()).unwrap_or(i32::MAX)
    };
    let below_base = shares.iter().find(|share| on(share) < share.base);
    let by_weight = || {
        let weighted = shares.iter().filter(|share| share.weight > 0);
        weighted.min_by_key(|share| (on(share) - share.base + 1) * 1000 / share.weight)
    };
    below_base.or_else(by_weight).map_or("FARGATE", |share| share.provider.as_str()).to_owned()
}

fn start(call: &mut Call<'_>, service: &Service, revision: &Revision, at: Moment) -> Result<String, ApiError> {
    let settings = &revision.settings;
    let others: Vec<&Task> = live(call, &revision.arn).collect();
    let provider = provider(&settings.capacity, &others);
    fargate::has_room(call, &provider, &settings.task_definition, at)?;
    let in_subnet = |subnet: &String| others.iter().filter(|task| task.subnet == *subnet).count();
    let subnet = settings.network.subnets.iter().min_by_key(|subnet| in_subnet(subnet)).cloned().unwrap_or_default();
    let attachment = call.uuid();
    let public = if settings.network.public_ip { PublicAddress::Amazon } else { PublicAddress::None };
    let interface = NewInterface {
        subnet_id: &subnet,
        description: call.arn("ecs", &format!("attachment/{attachment}")),
        interface_type: "interface",
        requester: "amazon-ecs",
        groups: &settings.network.groups,
        public,
        tags: tags(service),
    };
    let interface = network_interface::create(call, interface)?;
    let made = call.world.ec2.network_interfaces.get(&interface);
    let (address, zone) = made.map(|it| (it.private_ip.to_string(), it.zone.clone())).unwrap_or_default();
    let id = call.hex(32);
    let running_at = at + call.durations().tasks_running;
    let fails_at = neighbours::why_tasks_fail(call, revision, &subnet, at).map(|reason| (at + START_FAILS, reason));
    let port = settings.balancer.as_ref().map(|balancer| balancer.port);
    let (application, behaviour) = application(call, &settings.task_definition);
    let task = Task {
        arn: call.arn("ecs", &format!("task/{}/{id}", service.cluster)),
        service_arn: service.arn.clone(),
        cluster: service.cluster.clone(),
        revision: revision.arn.clone(),
        started_by: revision.deployment_id.clone(),
        task_definition: settings.task_definition.clone(),
        provider,
        secrets: neighbours::secrets(call, &settings.task_definition),
        interface,
        attachment,
        subnet,
        zone,
        address,
        created_at: at,
        running_at: fails_at.as_ref().map_or(running_at, |_| Moment::from_millis(u64::MAX)),
        target: revision.target_group.clone().zip(port),
        registry: settings.registry.clone(),
        registered: false,
        fails_at,
        stopping_at: None,
        stopped_at: None,
        deregisters_at: None,
        stopped: None,
        behaviour,
        application,
        failed: false,
        tags: tags(service),
    };
    call.world.ecs.tasks.insert(task.arn.clone(), task);
    Ok(id)
}

/// The container that isn't a helper, and how the program in it behaves: the one that no other waits for to end, and that behaves worst.
fn application(call: &Call<'_>, definition: &str) -> (String, Behaviour) {
    let containers =
        call.world.ecs.task_definitions.get(definition).map(|it| it.containers.as_slice()).unwrap_or_default();
    let behaviours = containers.iter().filter(|container| container.essential);
    let mut behaviours = behaviours.map(|container| (container.name.clone(), Behaviour::of_container(call, container)));
    let first = behaviours.next().unwrap_or_default();
    if first.1 == Behaviour::Well { behaviours.find(|(_, it)| *it != Behaviour::Well).unwrap_or(first) } else { first }
}

/// Tags of a task: the service's where they are propagated, and ECS's own. ECS API reference, CreateService.
fn tags(service: &Service) -> crate::sandbox::world::Tags {
    let mut tags = crate::sandbox::world::Tags::new();
    if service.settings.propagate_tags == "SERVICE" {
        tags.extend(service.tags.clone());
    }
    if service.settings.managed_tags {
        tags.insert("aws:ecs:clusterName".to_owned(), service.cluster.clone());
        tags.insert("aws:ecs:serviceName".to_owned(), service.name.clone());
    }
    tags
}

/// A task that runs is entered in its target group and in Cloud Map.
pub fn enter(call: &mut Call<'_>, task_arn: &str) {
    let Some(task) = call.world.ecs.tasks.get_mut(task_arn) else { return };
    task.registered = true;
    let task = task.clone();
    write_lines(call, &task);
    if cluster::is_watched(call, &task.cluster) {
        neighbours::write_performance(call, &task.cluster, task.running_at);
    }
    if let Some((group, port)) = &task.target {
        let answers = task.behaviour == Behaviour::Well;
        neighbours::register_target(call, group, &task.address, *port, task.running_at, answers);
        let message = format!("registered 1 targets in (target-group {group})");
        note(call, &task.service_arn, task.running_at, &message);
    }
    if let Some(registry) = &task.registry {
        neighbours::enter(call, registry, &task);
    }
}

/// A task is told to stop: no new requests reach it, and it is gone once the old ones are answered.
pub fn stop(call: &mut Call<'_>, task_arn: &str, at: Moment, cause: &Cause) {
    let durations = call.durations();
    let (drain, forgotten) =
        (durations.service_drain, durations.ecs_service_inactive + durations.cloud_map_service_deletable);
    let late = durations.insights_late;
    let Some(task) = call.world.ecs.tasks.get_mut(task_arn).filter(|task| task.stopping_at.is_none()) else { return };
    let (drain, last) = match cause {
        Cause::Scheduler { last, .. } => (drain, *last),
        Cause::Spot | Cause::Unhealthy => (drain, false),
        Cause::FailedToStart(_) | Cause::Exited => (Duration::ZERO, false),
    };
    let stopped_at = at + drain;
    task.stopping_at = Some(at);
    task.stopped_at = Some(stopped_at);
    task.deregisters_at = Some(if last { stopped_at + forgotten } else { at });
    let (code, reason) = cause.code_and_reason(task);
    task.stopped = Some((code.to_owned(), reason));
    task.failed = matches!(cause, Cause::FailedToStart(_) | Cause::Exited | Cause::Unhealthy);
    let (target, registered, address, interface) =
        (task.target.clone(), task.registered, task.address.clone(), task.interface.clone());
    let cluster = task.cluster.clone();
    if let Some((group, port)) = target.filter(|_| registered) {
        neighbours::deregister_target(call, &group, &address, port, at);
    }
    network_interface::expire(call, stopped_at, |other| other.meta.id == interface);
    if registered && cluster::is_watched(call, &cluster) {
        let report = call.world.ecs.reports.entry(cluster).or_insert(stopped_at);
        *report = (*report).max(stopped_at + late);
    }
}

/// Something is wrong with a task: another one is tried, unless that happened too often.
pub fn fail(call: &mut Call<'_>, task_arn: &str, at: Moment, cause: Cause) {
    let Some(task) = call.world.ecs.tasks.get(task_arn) else { return };
    let (service_arn, revision, id) = (task.service_arn.clone(), task.revision.clone(), task.id().to_owned());
    let (_, reason) = cause.code_and_reason(task);
    let message = match (&cause, &task.target) {
        (Cause::FailedToStart(_), _) => Some(format!("was unable to start task {id}: {reason}")),
        // ECS Developer Guide, "Amazon ECS service event messages".
        (Cause::Unhealthy, Some((group, port))) => Some(format!(
            "(task {id}) (port {port}) is unhealthy in (target-group {group}) due to (reason Health checks failed)"
        )),
        _ => None,
    };
    stop(call, task_arn, at, &cause);
    if let Some(message) = message {
        note(call, &service_arn, at, &message);
    }
    let deployments = &mut call.world.ecs.deployments;
    if let Some(deployment) = deployments.values_mut().find(|it| it.target == revision && it.goes_forward()) {
        deployment.failed_tasks += 1;
    }
    retry(call, &service_arn, at);
}

/// The application of a task has ended by itself.
pub fn exit(call: &mut Call<'_>, task_arn: &str, at: Moment) {
    fail(call, task_arn, at, Cause::Exited);
}

/// AWS takes the capacity of a Spot task back: it is told to stop, and another one is started. ECS Developer Guide, "Fargate Spot termination
/// notices". False where the task doesn't run on Spot.
pub fn interrupt_spot(call: &mut Call<'_>, task_arn: &str) -> bool {
    let on_spot = |task: &&Task| task.provider == "FARGATE_SPOT" && task.stopping_at.is_none();
    let Some(task) = call.world.ecs.tasks.get(task_arn).filter(on_spot) else { return false };
    let (service_arn, id, at) = (task.service_arn.clone(), task.id().to_owned(), call.now);
    stop(call, task_arn, at, &Cause::Spot);
    note(call, &service_arn, at, &format!("has stopped 1 running tasks: (task {id})."));
    retry(call, &service_arn, at);
    super::promise::check(call, at);
    true
}

/// What the containers of a task write while they start.
fn write_lines(call: &mut Call<'_>, task: &Task) {
    let definition = call.world.ecs.task_definitions.get(&task.task_definition);
    for container in definition.map(|it| it.containers.clone()).unwrap_or_default() {
        let lines = if container.name == task.application { task.behaviour.lines() } else { &["ready"] };
        for line in lines {
            neighbours::log(call, &container, task.id(), task.running_at, line);
        }
    }
}

/// The moment from which on all wanted tasks of a revision are healthy, as far as it is known.
pub fn steady_at(call: &Call<'_>, revision: &str, wanted: u32) -> Option<Moment> {
    let tasks: Vec<&Task> = live(call, revision).collect();
    if tasks.len() < wanted as usize {
        return None;
    }
    let healthy = |task: &&Task| match (&task.fails_at, &task.target) {
        _ if task.behaviour != Behaviour::Well => None,
        (Some(_), _) => None,
        (None, Some((group, _))) => neighbours::healthy_at(call, group, task.running_at),
        (None, None) => Some(task.running_at),
    };
    tasks.iter().map(healthy).try_fold(Moment::from_millis(0), |latest, at| Some(latest.max(at?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(provider: &str, base: i32, weight: i32) -> Share {
        Share { provider: provider.to_owned(), base, weight }
    }

    #[test]
    fn the_base_comes_first_and_weights_share_the_rest() {
        let shares = [share("FARGATE", 1, 0), share("FARGATE_SPOT", 0, 1)];
        assert_eq!(provider(&shares, &[]), "FARGATE");
        let even = [share("FARGATE", 0, 1), share("FARGATE_SPOT", 0, 1)];
        assert_eq!(provider(&even, &[]), "FARGATE");
        assert_eq!(provider(&[share("FARGATE_SPOT", 0, 1)], &[]), "FARGATE_SPOT");
    }
}
