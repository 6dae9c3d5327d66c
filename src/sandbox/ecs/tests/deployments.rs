use super::support::{wait, world};
use crate::sandbox::tests::support::code;

const IMAGE: &str = "public.ecr.aws/docker/library/python:3.13-alpine";
/// In the account's own registry, where there is no such repository.
const MISSING: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1";

#[tokio::test(start_paused = true)]
async fn the_first_deployment_runs_after_a_minute_and_settles() {
    let world = world().await;
    let definition = world.register(IMAGE).await;
    world.service(&definition).send().await.expect("a service");
    wait(1).await;
    let service = world.look().await;
    assert_eq!((service.running_count(), service.pending_count()), (0, 2));
    assert_eq!(service.deployments()[0].rollout_state().expect("a state").as_str(), "IN_PROGRESS");
    wait(1).await;
    assert_eq!(world.interfaces().await, 2);
    wait(59).await;
    let service = world.look().await;
    assert_eq!((service.running_count(), service.pending_count()), (2, 0));
    assert_eq!(world.stage().await, "IN_PROGRESS SCALE_UP");
    wait(15).await;
    assert_eq!(world.stage().await, "SUCCESSFUL SCALE_UP");
    let service = world.look().await;
    assert_eq!(service.deployments()[0].rollout_state().expect("a state").as_str(), "COMPLETED");
    assert!(service.events()[0].message().expect("a message").ends_with("has reached a steady state."));
    let tasks = world.ecs.list_tasks().cluster("main").service_name("web").send().await.expect("listed");
    let call = world.ecs.describe_tasks().cluster("main").set_tasks(tasks.task_arns);
    let tasks = call.send().await.expect("described");
    let zones: Vec<_> = tasks.tasks().iter().filter_map(|task| task.availability_zone()).collect();
    assert_eq!(zones.len(), 2);
    assert_ne!(zones[0], zones[1]);
    assert!(tasks.tasks().iter().all(|task| task.capacity_provider_name() == Some("FARGATE_SPOT")));
}

#[tokio::test(start_paused = true)]
async fn a_new_revision_takes_over_in_stages() {
    let world = world().await;
    let old = world.running(IMAGE).await;
    let new = world.register(IMAGE).await;
    world.update(&new).await;
    assert_eq!(world.stage().await, "PENDING");
    wait(3).await;
    assert_eq!(world.stage().await, "IN_PROGRESS PRE_SCALE_UP");
    wait(2).await;
    assert_eq!(world.stage().await, "IN_PROGRESS SCALE_UP");
    let service = world.look().await;
    let deployments: Vec<_> =
        service.deployments().iter().map(|it| (it.status().expect("a status"), it.task_definition())).collect();
    assert_eq!(deployments, [("PRIMARY", Some(new.as_str())), ("ACTIVE", Some(old.as_str()))]);
    assert_eq!((service.running_count(), service.pending_count()), (2, 2));
    wait(100).await;
    assert_eq!(world.stage().await, "IN_PROGRESS BAKE_TIME");
    assert_eq!(world.look().await.running_count(), 4);
    wait(120).await;
    assert_eq!(world.stage().await, "IN_PROGRESS CLEAN_UP");
    assert_eq!(world.interfaces().await, 4, "the old tasks' interfaces linger");
    wait(50).await;
    assert_eq!(world.stage().await, "SUCCESSFUL CLEAN_UP");
    assert_eq!(world.interfaces().await, 2);
    let service = world.look().await;
    assert_eq!((service.running_count(), service.deployments().len()), (2, 1));
    assert_eq!(service.task_definition(), Some(new.as_str()));
}

#[tokio::test(start_paused = true)]
async fn everything_that_was_due_has_happened_however_late_one_looks() {
    let world = world().await;
    world.running(IMAGE).await;
    let new = world.register(IMAGE).await;
    world.update(&new).await;
    wait(3600).await;
    let it = world.deployment().await;
    assert_eq!(it.status().expect("a status").as_str(), "SUCCESSFUL");
    let took = it.finished_at().expect("an end").secs() - it.created_at().expect("a beginning").secs();
    assert!((250..300).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn the_breaker_rolls_back_to_what_ran() {
    let world = world().await;
    let old = world.running(IMAGE).await;
    let new = world.register(MISSING).await;
    world.update(&new).await;
    assert_eq!(world.look().await.task_definition(), Some(new.as_str()));
    wait(300).await;
    let it = world.deployment().await;
    assert_eq!(it.status().expect("a status").as_str(), "ROLLBACK_SUCCESSFUL");
    assert!(it.status_reason().expect("a reason").contains("circuit breaker"), "{:?}", it.status_reason());
    let service = world.look().await;
    assert_eq!(service.task_definition(), Some(old.as_str()));
    assert_eq!((service.running_count(), service.deployments().len()), (2, 1));
    let call = world.ecs.list_tasks().cluster("main").desired_status(aws_sdk_ecs::types::DesiredStatus::Stopped);
    let stopped = call.send().await.expect("listed");
    let call = world.ecs.describe_tasks().cluster("main").set_tasks(stopped.task_arns);
    let stopped = call.send().await.expect("described");
    let reasons: Vec<_> = stopped.tasks().iter().filter_map(|task| task.stopped_reason()).collect();
    assert!(reasons.iter().any(|reason| reason.starts_with("CannotPullContainerError")), "{reasons:?}");
}

#[tokio::test(start_paused = true)]
async fn a_first_deployment_that_fails_has_nothing_to_go_back_to() {
    let world = world().await;
    let definition = world.register(MISSING).await;
    world.service(&definition).send().await.expect("a service");
    wait(300).await;
    let service = world.look().await;
    assert_eq!(service.deployments()[0].rollout_state().expect("a state").as_str(), "FAILED");
    assert_eq!(world.deployment().await.status().expect("a status").as_str(), "ROLLBACK_FAILED");
    let good = world.register(IMAGE).await;
    world.update(&good).await;
    wait(90).await;
    let service = world.look().await;
    assert_eq!(service.deployments()[0].rollout_state().expect("a state").as_str(), "COMPLETED");
    assert_eq!(service.running_count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_deployment_goes_back_and_can_t_be_stopped_twice() {
    let world = world().await;
    let old = world.running(IMAGE).await;
    let new = world.register(IMAGE).await;
    world.update(&new).await;
    wait(120).await;
    let arn = world.deployment().await.service_deployment_arn().expect("its ARN").to_owned();
    let stop = || world.ecs.stop_service_deployment().service_deployment_arn(&arn).send();
    stop().await.expect("stopped");
    assert_eq!(code(stop().await), "ConflictException");
    wait(3).await;
    assert!(world.stage().await.starts_with("ROLLBACK_IN_PROGRESS"));
    wait(60).await;
    assert!(world.stage().await.starts_with("ROLLBACK_SUCCESSFUL"));
    let service = world.look().await;
    assert_eq!(service.task_definition(), Some(old.as_str()));
    assert_eq!(service.running_count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_newer_deployment_ends_the_one_under_way() {
    let world = world().await;
    world.running(IMAGE).await;
    let second = world.register(IMAGE).await;
    let third = world.register(IMAGE).await;
    world.update(&second).await;
    wait(30).await;
    world.update(&third).await;
    wait(5).await;
    assert_eq!(world.stage().await, "IN_PROGRESS RECONCILE_SERVICE");
    wait(400).await;
    let service = world.look().await;
    assert_eq!((service.task_definition(), service.running_count()), (Some(third.as_str()), 2));
    let listed = world.ecs.list_service_deployments().cluster("main").service("web").send().await.expect("listed");
    let statuses: Vec<_> =
        listed.service_deployments().iter().filter_map(|it| Some(it.status()?.as_str().to_owned())).collect();
    assert_eq!(statuses, ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]);
}

#[tokio::test(start_paused = true)]
async fn counts_and_deployment_settings_start_no_deployment() {
    let world = world().await;
    world.running(IMAGE).await;
    let call = world.ecs.update_service().cluster("main").service("web").desired_count(3);
    call.deployment_configuration(super::support::blue_green()).send().await.expect("updated");
    let listed = world.ecs.list_service_deployments().cluster("main").service("web").send().await.expect("listed");
    assert_eq!(listed.service_deployments().len(), 1);
    wait(61).await;
    assert_eq!(world.look().await.running_count(), 3);
}
