//! Service deployments: how far they are and how they ended.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    DeploymentConfiguration, DeploymentLifecycleHookStatus, ServiceDeployment, ServiceDeploymentBrief,
    ServiceDeploymentLifecycleStage as Stage, ServiceDeploymentRollbackMonitorsStatus as Monitor,
    ServiceDeploymentStatus as Status, ServiceRevision, ServiceRevisionSummary,
};
use aws_smithy_types::DateTime;
use futures::future::try_join_all;

use crate::{
    aws::{Answer, Aws},
    engine::Failure,
};

/// DescribeServiceDeployments and DescribeServiceRevisions take that many (ECS API reference).
const AT_ONCE: usize = 20;
/// ListServiceDeployments gives that many a page at most (ECS API reference).
const PAGE: usize = 100;
/// And so many are asked for at least: that the newest come first is ECS's habit, which its reference doesn't promise.
const LEAST: usize = 20;

/// A service deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// Its ARN.
    pub arn: String,
    /// ECS's status, such as `IN_PROGRESS`. ROLLBACK_SUCCESSFUL is a failed deployment.
    pub status: String,
    /// The lifecycle stage; a word, since ECS may know more of them than the SDK.
    pub stage: Option<String>,
    /// What ECS says about it.
    pub reason: Option<String>,
    /// When it was asked for, in seconds since 1970.
    pub created: i64,
    /// When it last changed, in seconds since 1970.
    pub updated: i64,
    /// When it ended, in seconds since 1970.
    pub finished: Option<i64>,
    /// What it brings.
    pub target: Side,
    /// What it takes the place of.
    pub source: Option<Side>,
    /// Tasks that failed.
    pub failed_tasks: i32,
    /// So many of them are too many; 0 where nobody counts.
    pub threshold: i32,
    /// So many of them were too many.
    pub broken: bool,
    /// Alarms that are watched.
    pub alarms: Vec<String>,
    /// Alarms that went off.
    pub ringing: Vec<String>,
    /// How long both revisions run once traffic has moved, in seconds.
    pub bake: i64,
    /// How long it waits on purpose in all, in seconds: steps of traffic, the bake, people.
    pub planned: i64,
    /// It waits for a person.
    pub waiting: Option<Waiting>,
}

/// One of the two revisions of a deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// The ARN of the service revision.
    pub revision: String,
    /// Tasks wanted.
    pub requested: i32,
    /// Tasks that run.
    pub running: i32,
    /// Tasks that start.
    pub pending: i32,
    /// Its share of production traffic, in percent, as ECS wants it.
    pub weight: f64,
}

/// A PAUSE hook that waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The hook's id.
    pub hook: String,
    /// When it is over without an answer, in seconds since 1970.
    pub until: Option<i64>,
}

impl Deployment {
    /// True once nothing more happens.
    pub fn is_over(&self) -> bool {
        is_over(&self.status)
    }

    /// True while it is on its way forward.
    pub fn goes_forward(&self) -> bool {
        matches!(self.status.as_str(), "PENDING" | "IN_PROGRESS")
    }

    /// True once the traffic is with the new revision for good.
    pub fn is_cleaning_up(&self) -> bool {
        self.stage.as_deref() == Some(Stage::CleanUp.as_str())
    }
}

/// True where a status is a deployment's last.
pub fn is_over(status: &str) -> bool {
    let last = [Status::Successful, Status::Stopped, Status::RollbackSuccessful, Status::RollbackFailed];
    last.iter().any(|one| one.as_str() == status)
}

/// Looks at deployments, by ARN. What ECS doesn't know any more is absent.
///
/// # Errors
/// The calls' own.
pub async fn look(aws: &Aws, arns: &[String]) -> Result<BTreeMap<String, Deployment>, Failure> {
    let call = |arns: &[String]| {
        let call = aws.ecs.describe_service_deployments().set_service_deployment_arns(Some(arns.to_vec()));
        async { call.send().await.of("ecs:DescribeServiceDeployments") }
    };
    let answers = try_join_all(arns.chunks(AT_ONCE).map(call)).await?;
    let found = answers.iter().flat_map(|answer| answer.service_deployments()).map(read);
    Ok(found.map(|deployment| (deployment.arn.clone(), deployment)).collect())
}

fn seconds(time: Option<&DateTime>) -> Option<i64> {
    time.map(DateTime::secs)
}

fn read(it: &ServiceDeployment) -> Deployment {
    let text = |value: Option<&str>| value.filter(|text| !text.is_empty()).map(str::to_owned);
    let breaker = it.deployment_circuit_breaker();
    let alarms = it.alarms();
    let configuration = it.deployment_configuration();
    let waits = it
        .lifecycle_hook_details()
        .iter()
        .find(|hook| hook.status() == Some(&DeploymentLifecycleHookStatus::AwaitingAction));
    Deployment {
        arn: it.service_deployment_arn().unwrap_or_default().to_owned(),
        status: it.status().map_or("PENDING", Status::as_str).to_owned(),
        stage: it.lifecycle_stage().map(|stage| stage.as_str().to_owned()),
        reason: text(it.status_reason()).or_else(|| text(it.rollback().and_then(|rollback| rollback.reason()))),
        created: seconds(it.created_at()).unwrap_or_default(),
        updated: seconds(it.updated_at()).or(seconds(it.created_at())).unwrap_or_default(),
        finished: seconds(it.finished_at().or(it.stopped_at())),
        target: it
            .target_service_revision()
            .map(side)
            .unwrap_or_else(|| side(&ServiceRevisionSummary::builder().build())),
        source: it.source_service_revisions().first().map(side),
        failed_tasks: breaker.map_or(0, |breaker| breaker.failure_count()),
        threshold: breaker.map_or(0, |breaker| breaker.threshold()),
        broken: breaker.and_then(|breaker| breaker.status()) == Some(&Monitor::Triggered),
        alarms: alarms.map(|alarms| alarms.alarm_names().to_vec()).unwrap_or_default(),
        ringing: alarms.map(|alarms| alarms.triggered_alarm_names().to_vec()).unwrap_or_default(),
        planned: configuration.map_or(0, planned),
        bake: i64::from(configuration.and_then(|it| it.bake_time_in_minutes()).unwrap_or_default()) * 60,
        waiting: waits
            .and_then(|hook| Some(Waiting { hook: hook.hook_id()?.to_owned(), until: seconds(hook.expires_at()) })),
    }
}

/// What a deployment waits for on purpose, in seconds.
fn planned(it: &DeploymentConfiguration) -> i64 {
    let steps = match (it.canary_configuration(), it.linear_configuration()) {
        (Some(canary), _) => i64::from(canary.canary_bake_time_in_minutes().unwrap_or_default()),
        (None, Some(linear)) => {
            let count = (100.0 / linear.step_percent().unwrap_or(10.0).max(1.0)).ceil() as i64;
            (count - 1).max(0) * i64::from(linear.step_bake_time_in_minutes().unwrap_or_default())
        }
        (None, None) => 0,
    };
    let hooks = it.lifecycle_hooks().iter().filter_map(|hook| hook.timeout_configuration()?.timeout_in_minutes());
    let minutes = i64::from(it.bake_time_in_minutes().unwrap_or_default()) + steps + hooks.map(i64::from).sum::<i64>();
    minutes * 60
}

fn side(it: &ServiceRevisionSummary) -> Side {
    Side {
        revision: it.arn().unwrap_or_default().to_owned(),
        requested: it.requested_task_count(),
        running: it.running_task_count(),
        pending: it.pending_task_count(),
        weight: it.requested_production_traffic_weight().unwrap_or_default(),
    }
}

/// A deployment as the list shows it.
#[derive(Clone, Debug)]
pub struct Brief {
    /// Its ARN.
    pub arn: String,
    /// ECS's status.
    pub status: String,
    /// What ECS says about it.
    pub reason: Option<String>,
    /// When it was asked for, in seconds since 1970.
    pub created: i64,
    /// When it ended, in seconds since 1970.
    pub finished: Option<i64>,
    /// The ARN of the service revision that it brings.
    pub revision: String,
}

/// The deployments of a service, the newest first; at most `most` of them.
///
/// # Errors
/// The calls' own.
pub async fn list(aws: &Aws, cluster: &str, service: &str, most: usize) -> Result<Vec<Brief>, Failure> {
    let size = i32::try_from(most.clamp(LEAST, PAGE)).unwrap_or(i32::MAX);
    let (mut found, mut token): (Vec<Brief>, Option<String>) = (Vec::new(), None);
    loop {
        let call = aws.ecs.list_service_deployments().cluster(cluster).service(service).max_results(size);
        let page = call.set_next_token(token).send().await.of("ecs:ListServiceDeployments")?;
        found.extend(page.service_deployments().iter().map(brief));
        token = page.next_token().map(str::to_owned);
        if token.is_none() || found.len() >= most {
            break;
        }
    }
    found.sort_by_key(|brief| std::cmp::Reverse(brief.created));
    found.truncate(most);
    Ok(found)
}

fn brief(it: &ServiceDeploymentBrief) -> Brief {
    Brief {
        arn: it.service_deployment_arn().unwrap_or_default().to_owned(),
        status: it.status().map_or("PENDING", Status::as_str).to_owned(),
        reason: it.status_reason().filter(|reason| !reason.is_empty()).map(str::to_owned),
        created: seconds(it.created_at()).unwrap_or_default(),
        finished: seconds(it.finished_at()),
        revision: it.target_service_revision_arn().unwrap_or_default().to_owned(),
    }
}

/// What a service revision consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The ARN of its task definition.
    pub task_definition: String,
    /// The ARN of the target group that its tasks are in.
    pub target_group: Option<String>,
    /// The image of each container, by the container's name. ECS remembers them longer than the task definition.
    pub images: BTreeMap<String, String>,
}

/// Looks at service revisions, by ARN.
///
/// # Errors
/// The calls' own.
pub async fn contents(aws: &Aws, arns: &[String]) -> Result<BTreeMap<String, Content>, Failure> {
    let call = |arns: &[String]| {
        let call = aws.ecs.describe_service_revisions().set_service_revision_arns(Some(arns.to_vec()));
        async { call.send().await.of("ecs:DescribeServiceRevisions") }
    };
    let answers = try_join_all(arns.chunks(AT_ONCE).map(call)).await?;
    let found = answers.iter().flat_map(|answer| answer.service_revisions());
    Ok(found.filter_map(|one| Some((one.service_revision_arn()?.to_owned(), content(one)))).collect())
}

fn content(it: &ServiceRevision) -> Content {
    let balancers = it.resolved_configuration().map(|it| it.load_balancers()).unwrap_or_default();
    Content {
        task_definition: it.task_definition().unwrap_or_default().to_owned(),
        images: it
            .container_images()
            .iter()
            .filter_map(|one| Some((one.container_name()?.to_owned(), one.image()?.to_owned())))
            .collect(),
        target_group: balancers.first().and_then(|balancer| balancer.target_group_arn()).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_the_sdk_does_not_know_is_kept_as_a_word() {
        let it = ServiceDeployment::builder().lifecycle_stage(Stage::from("PRE_PRODUCTION_TRAFFIC_SHIFT")).build();
        assert_eq!(read(&it).stage.as_deref(), Some("PRE_PRODUCTION_TRAFFIC_SHIFT"));
        assert!(!read(&it).is_over() && read(&it).goes_forward());
    }

    #[test]
    fn a_rollback_is_over_and_not_forward() {
        for status in [Status::RollbackSuccessful, Status::RollbackFailed, Status::Stopped, Status::Successful] {
            let it = read(&ServiceDeployment::builder().status(status).build());
            assert!(it.is_over() && !it.goes_forward(), "{it:?}");
        }
    }
}
