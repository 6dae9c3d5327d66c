//! Quotas of Fargate: what has no room is not started.

use super::support::{World, wait, world_of};
use crate::sandbox::SandboxOptions;
use crate::sandbox::quotas::{FARGATE_ON_DEMAND_VCPU, FARGATE_SPOT_VCPU};

const IMAGE: &str = "public.ecr.aws/docker/library/python:3.13-alpine";

/// Two tasks of a quarter of a vCPU run on Spot, and so much of it may run.
async fn running(spot: f64) -> World {
    let options =
        SandboxOptions::in_memory().with_quota(FARGATE_SPOT_VCPU, spot).with_quota(FARGATE_ON_DEMAND_VCPU, 0.0);
    let world = world_of(options).await;
    world.running(IMAGE).await;
    world
}

async fn unplaced(world: &World) -> bool {
    let service = world.look().await;
    let limit = "(service web) was unable to place a task. Reason: You've reached the limit on the number of vCPUs you can run \
                 concurrently.";
    service.events().iter().any(|event| event.message().is_some_and(|message| message.starts_with(limit)))
}

#[tokio::test(start_paused = true)]
async fn a_deployment_without_room_for_both_colours_does_not_go_on() {
    let world = running(0.75).await;
    assert!(!unplaced(&world).await);
    let new = world.register(IMAGE).await;
    world.update(&new).await;
    wait(3600).await;
    assert_eq!(world.stage().await, "IN_PROGRESS SCALE_UP", "it waits, and no breaker trips");
    assert!(unplaced(&world).await);
    // Half of it fits: one of two.
    let service = world.look().await;
    assert_eq!((service.running_count(), service.pending_count()), (3, 0));
    assert_eq!(world.deployment().await.deployment_circuit_breaker().map(|it| it.failure_count()), Some(0));
}

#[tokio::test(start_paused = true)]
async fn with_room_for_both_colours_it_does() {
    let world = running(1.0).await;
    let new = world.register(IMAGE).await;
    world.update(&new).await;
    wait(400).await;
    assert_eq!(world.stage().await, "SUCCESSFUL CLEAN_UP");
    assert!(!unplaced(&world).await);
}

#[tokio::test(start_paused = true)]
async fn what_stops_makes_room() {
    let world = running(0.5).await;
    let new = world.register(IMAGE).await;
    world.update(&new).await;
    wait(60).await;
    assert!(unplaced(&world).await);
    // Somebody gives one of the two places away: it is taken once its task has stopped, not before.
    world.ecs.update_service().cluster("main").service("web").desired_count(1).send().await.expect("scaled in");
    wait(30).await;
    let before = world.look().await;
    assert_eq!(before.pending_count(), 0, "{:?}", before.events());
    wait(40).await;
    assert_eq!(world.look().await.pending_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn spot_and_on_demand_are_counted_apart() {
    let world = running(0.5).await;
    let on_demand = aws_sdk_ecs::types::CapacityProviderStrategyItem::builder().capacity_provider("FARGATE").weight(1);
    let definition = world.register(IMAGE).await;
    let call = world.service(&definition).service_name("other").desired_count(1);
    call.capacity_provider_strategy(on_demand.build().expect("complete")).send().await.expect("a service");
    wait(80).await;
    let answer = world.ecs.describe_services().cluster("main").services("other").send().await.expect("described");
    assert_eq!(answer.services()[0].running_count(), 0, "none on demand is allowed, whatever runs on Spot");
}
