use aws_sdk_ecs::types::{SortOrder, TaskDefinitionStatus};

use super::support::{wait, world};
use crate::sandbox::tests::support::code;

const IMAGE: &str = "public.ecr.aws/docker/library/python:3.13-alpine";

#[tokio::test(start_paused = true)]
async fn revisions_count_up_even_after_deletion() {
    let world = world().await;
    let first = world.register(IMAGE).await;
    assert!(first.ends_with(":task-definition/web:1"), "{first}");
    let delete = || world.ecs.delete_task_definitions().task_definitions(&first).send();
    let refused = delete().await.expect("an answer");
    assert_eq!(refused.failures().len(), 1);
    world.ecs.deregister_task_definition().task_definition(&first).send().await.expect("deregistered");
    assert_eq!(code(world.ecs.deregister_task_definition().task_definition(&first).send().await), "ClientException");
    assert!(delete().await.expect("an answer").failures().is_empty());
    wait(1).await;
    assert_eq!(code(world.ecs.describe_task_definition().task_definition(&first).send().await), "ClientException");
    assert!(world.register(IMAGE).await.ends_with(":2"));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_revision_stays_while_a_service_runs_it() {
    let world = world().await;
    let definition = world.running(IMAGE).await;
    world.ecs.deregister_task_definition().task_definition(&definition).send().await.expect("deregistered");
    world.ecs.delete_task_definitions().task_definitions(&definition).send().await.expect("deleted");
    wait(600).await;
    let answer = world.ecs.describe_task_definition().task_definition(&definition).send().await.expect("still there");
    let status = answer.task_definition().and_then(|it| it.status()).cloned();
    assert_eq!(status, Some(TaskDefinitionStatus::DeleteInProgress));
    assert_eq!(code(world.service(&definition).service_name("other").send().await), "ClientException");
}

#[tokio::test(start_paused = true)]
async fn lists_know_status_order_and_pages() {
    let world = world().await;
    for _ in 0..3 {
        world.register(IMAGE).await;
    }
    world.ecs.deregister_task_definition().task_definition("web:2").send().await.expect("deregistered");
    let call = world.ecs.list_task_definitions().family_prefix("web").sort(SortOrder::Desc).max_results(1);
    let first = call.clone().send().await.expect("listed");
    assert!(first.task_definition_arns()[0].ends_with("web:3"));
    let second = call.set_next_token(first.next_token).send().await.expect("listed");
    assert!(second.task_definition_arns()[0].ends_with("web:1"));
    assert_eq!(second.next_token(), None);
    let call = world.ecs.list_task_definitions().status(TaskDefinitionStatus::Inactive);
    assert_eq!(call.send().await.expect("listed").task_definition_arns().len(), 1);
    let families = world.ecs.list_task_definition_families().family_prefix("w").send().await.expect("listed");
    assert_eq!(families.families(), ["web"]);
}
