use super::support::{wait, world};
use crate::sandbox::tests::support::code;

const IMAGE: &str = "public.ecr.aws/docker/library/python:3.13-alpine";

#[tokio::test(start_paused = true)]
async fn the_token_makes_a_second_create_harmless() {
    let world = world().await;
    let definition = world.register(IMAGE).await;
    let create = |token: &str| world.service(&definition).client_token(token).send();
    let first = create("one").await.expect("a service");
    let second = create("one").await.expect("the same service");
    let arn =
        |service: Option<&aws_sdk_ecs::types::Service>| service.and_then(|it| it.service_arn()).map(str::to_owned);
    assert_eq!(arn(first.service()), arn(second.service()));
    let described = world.ecs.describe_services().cluster("main").services("web").send().await.expect("described");
    assert_eq!(described.failures()[0].reason(), Some("MISSING"), "it doesn't show at once");
    wait(1).await;
    assert_eq!(world.look().await.pending_count(), 2);
    assert_eq!(code(create("two").await), "InvalidParameterException");
}

#[tokio::test(start_paused = true)]
async fn a_service_drains_before_it_is_gone_and_keeps_its_name_until_then() {
    let world = world().await;
    let definition = world.running(IMAGE).await;
    let delete = |force: bool| world.ecs.delete_service().cluster("main").service("web").force(force).send();
    assert_eq!(code(delete(false).await), "InvalidParameterException");
    assert_eq!(code(world.ecs.delete_cluster().cluster("main").send().await), "ClusterContainsServicesException");
    delete(true).await.expect("on its way out");
    assert_eq!(world.look().await.status(), Some("DRAINING"));
    assert_eq!(code(delete(true).await), "ServiceNotActiveException");
    assert_eq!(code(world.service(&definition).send().await), "InvalidParameterException");
    assert_eq!(code(world.ecs.delete_cluster().cluster("main").send().await), "ClusterContainsServicesException");
    let subnet = world.subnets[0].as_str();
    assert_eq!(code(world.ec2.delete_subnet().subnet_id(subnet).send().await), "DependencyViolation");
    let listed = world.ecs.list_services().cluster("main").send().await.expect("listed");
    assert!(listed.service_arns().is_empty());
    wait(46).await;
    assert_eq!(world.interfaces().await, 0);
    assert_eq!(world.look().await.status(), Some("DRAINING"));
    wait(10).await;
    assert_eq!(world.look().await.status(), Some("INACTIVE"));
    world.service(&definition).send().await.expect("the name is free again");
}

#[tokio::test(start_paused = true)]
async fn a_service_is_not_deleted_during_a_deployment() {
    let world = world().await;
    let definition = world.register(IMAGE).await;
    world.service(&definition).send().await.expect("a service");
    let delete = || world.ecs.delete_service().cluster("main").service("web").force(true).send();
    assert_eq!(code(delete().await), "InvalidParameterException");
    let arn = world.deployment().await.service_deployment_arn().expect("its ARN").to_owned();
    world.ecs.stop_service_deployment().service_deployment_arn(arn).send().await.expect("stopped");
    wait(3).await;
    assert_eq!(world.stage().await, "STOPPED SCALE_UP");
    delete().await.expect("on its way out");
    wait(60).await;
    world.ecs.delete_cluster().cluster("main").send().await.expect("deleted");
    let left = world.sandbox.inventory().expect("an inventory");
    let left: Vec<_> = left.iter().filter(|line| line.starts_with("ecs:")).collect();
    assert_eq!(left, ["ecs:task-definition web:1"]);
}

#[tokio::test(start_paused = true)]
async fn tasks_without_a_way_out_do_not_start() {
    let world = world().await;
    let definition = world.register(IMAGE).await;
    let vpc = aws_sdk_ecs::types::AwsVpcConfiguration::builder()
        .set_subnets(Some(world.subnets.clone()))
        .security_groups(&world.group)
        .build()
        .expect("complete");
    let private = aws_sdk_ecs::types::NetworkConfiguration::builder().awsvpc_configuration(vpc).build();
    world.service(&definition).network_configuration(private).send().await.expect("a service");
    wait(30).await;
    let service = world.look().await;
    assert_eq!(service.running_count(), 0);
    let message = service.events()[0].message().expect("a message").to_owned();
    assert!(message.contains("ResourceInitializationError"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn changing_the_capacity_needs_a_forced_deployment() {
    let world = world().await;
    world.running(IMAGE).await;
    let item = aws_sdk_ecs::types::CapacityProviderStrategyItem::builder();
    let item = item.capacity_provider("FARGATE").weight(1).build().expect("complete");
    let update = || world.ecs.update_service().cluster("main").service("web").capacity_provider_strategy(item.clone());
    assert_eq!(code(update().send().await), "InvalidParameterException");
    update().force_new_deployment(true).send().await.expect("updated");
    assert_eq!(world.look().await.deployments().len(), 2);
}
