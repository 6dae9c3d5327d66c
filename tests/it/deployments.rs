//! What becomes of a service when its configuration changes: blue/green deployments, their verdicts, and their end.

use std::time::Duration;

use aws_sdk_cloudwatch::types::StateValue;
use platformctl::{
    engine::schedule::Outcome,
    operation::{self, Intention, Workspace},
    sandbox::{Sandbox, SandboxOptions},
};

use crate::lab::{Lab, assert_done, destroy, up};

const CLUSTER: &str = "cluster-dev";

/// Two services with the shortest bake time but none, and whatever `payments` says besides.
fn configuration(payments: &str) -> String {
    format!(
        "[platform]\nteam = \"platform\"\ncost_center = \"42\"\n\n[services.accounts]\nbake_minutes = 2\n\n\
         [services.payments]\ncalls = [\"accounts\"]\nbake_minutes = 2\n{payments}\n"
    )
}

async fn service(workspace: &Workspace, name: &str) -> aws_sdk_ecs::types::Service {
    let call = workspace.aws.ecs.describe_services().cluster(CLUSTER).services(format!("service-{name}-dev"));
    let answer = call.send().await.expect("described");
    answer.services().first().expect("the service").clone()
}

/// The target groups of the production rule by name, each with its weight.
async fn weights(workspace: &Workspace, name: &str) -> Vec<(String, i32)> {
    let service = service(workspace, name).await;
    let advanced = service.load_balancers()[0].advanced_configuration().expect("blue/green").clone();
    let rule = advanced.production_listener_rule().expect("a rule").to_owned();
    let answer = workspace.aws.elb.describe_rules().rule_arns(rule).send().await.expect("described");
    let forward = answer.rules()[0].actions()[0].forward_config().expect("it forwards").clone();
    let group = |arn: &str| arn.split('/').nth(1).unwrap_or_default().to_owned();
    let mut weights: Vec<(String, i32)> = forward
        .target_groups()
        .iter()
        .map(|share| (group(share.target_group_arn().unwrap_or_default()), share.weight().unwrap_or_default()))
        .collect();
    weights.sort();
    weights
}

async fn is_settled(workspace: &Workspace) {
    let plan = operation::prepare(workspace, Intention::Plan).await.expect("plan").plan;
    let steps: Vec<_> = plan.steps.iter().map(|step| (&step.key, step.action, &step.changes)).collect();
    assert!(steps.is_empty(), "{steps:#?}");
}

/// The one failure of a run.
fn failure(outcome: &Outcome) -> String {
    let [(key, failure)] = outcome.failed.as_slice() else { panic!("{:?}", outcome.failed) };
    format!("{key}: {failure}")
}

fn seconds(sandbox: &Sandbox, since: platformctl::sandbox::clock::Moment) -> u64 {
    sandbox.now().since(since).as_secs()
}

#[tokio::test(start_paused = true)]
async fn a_change_swaps_the_colours_and_the_next_one_swaps_them_back() {
    let lab = Lab::new();
    assert_done(&up(&lab.workspace(&configuration(""), "dev").await).await.expect("up"));
    for (memory, serving) in [("memory = 4096", [0, 100]), ("memory = 3072", [100, 0])] {
        let workspace = lab.workspace(&configuration(memory), "dev").await;
        let before = lab.sandbox.now();
        assert_done(&up(&workspace).await.expect("up"));
        let took = seconds(&lab.sandbox, before);
        assert!((220..320).contains(&took), "{memory}: {took} s");
        let weights = weights(&workspace, "payments").await;
        assert_eq!(
            weights,
            [("tg-payments-blue-dev".to_owned(), serving[0]), ("tg-payments-green-dev".to_owned(), serving[1])]
        );
        assert_eq!(service(&workspace, "payments").await.running_count(), 2);
        is_settled(&workspace).await;
    }
    let workspace = lab.workspace(&configuration("memory = 3072"), "dev").await;
    let accounts = workspace.aws.ecs.list_service_deployments().cluster(CLUSTER).service("service-accounts-dev");
    let accounts = accounts.send().await.expect("listed");
    assert_eq!(accounts.service_deployments().len(), 1, "what doesn't change isn't deployed");
    let left: Vec<String> =
        lab.inventory().into_iter().filter(|line| line.starts_with("ecs:task-definition")).collect();
    assert_eq!(left, ["ecs:task-definition task-accounts-dev:1", "ecs:task-definition task-payments-dev:3"]);
}

#[tokio::test(start_paused = true)]
async fn what_needs_no_deployment_starts_none() {
    let lab = Lab::new();
    assert_done(&up(&lab.workspace(&configuration(""), "dev").await).await.expect("up"));
    let workspace = lab.workspace(&configuration("").replace("bake_minutes = 2\n", "bake_minutes = 3\n"), "dev").await;
    let before = lab.sandbox.now();
    assert_done(&up(&workspace).await.expect("up"));
    assert!(seconds(&lab.sandbox, before) < 20, "{}", seconds(&lab.sandbox, before));
    is_settled(&workspace).await;
    let configuration = service(&workspace, "payments").await.deployment_configuration.expect("one");
    assert_eq!(configuration.bake_time_in_minutes(), Some(3));
    assert!(configuration.deployment_circuit_breaker().is_some_and(|breaker| breaker.enable() && breaker.rollback()));
    assert!(configuration.alarms().is_some_and(|alarms| alarms.rollback() && !alarms.alarm_names().is_empty()));
}

#[tokio::test(start_paused = true)]
async fn an_alarm_rolls_back_and_the_next_run_tries_again() {
    let lab = Lab::new();
    assert_done(&up(&lab.workspace(&configuration(""), "dev").await).await.expect("up"));
    let workspace = lab.workspace(&configuration("memory = 4096"), "dev").await;
    let old = service(&workspace, "payments").await;
    let alarm = old.deployment_configuration().and_then(|it| it.alarms()).expect("alarms").alarm_names()[0].clone();
    let ring = async |state: StateValue| {
        let call = workspace.aws.cloudwatch.set_alarm_state().alarm_name(&alarm).state_value(state);
        call.state_reason("a test").send().await.expect("set");
    };
    let in_the_bake = async {
        tokio::time::sleep(Duration::from_secs(170)).await;
        ring(StateValue::Alarm).await;
    };
    let (outcome, ()) = tokio::join!(up(&workspace), in_the_bake);
    let said = failure(&outcome.expect("a run"));
    assert!(said.contains("ecs-service/payments") && said.contains(&alarm), "{said}");
    assert_eq!(service(&workspace, "payments").await.task_definition(), old.task_definition());
    assert_eq!(weights(&workspace, "payments").await[0], ("tg-payments-blue-dev".to_owned(), 100));
    ring(StateValue::Ok).await;
    assert_done(&up(&workspace).await.expect("up"));
    assert_ne!(service(&workspace, "payments").await.task_definition(), old.task_definition());
    is_settled(&workspace).await;
}

#[tokio::test(start_paused = true)]
async fn an_image_that_is_not_there_fails_with_its_reason_and_is_replaced() {
    let lab = Lab::new();
    let missing = "image = \"123456789012.dkr.ecr.us-east-1.amazonaws.com/ecr-payments-dev:1\"";
    let outcome = up(&lab.workspace(&configuration(missing), "dev").await).await.expect("a run");
    let said = failure(&outcome);
    assert!(said.contains("ecs-service/payments") && said.contains("CannotPullContainerError"), "{said}");
    let workspace = lab.workspace(&configuration(""), "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    assert_eq!(service(&workspace, "payments").await.running_count(), 2);
    is_settled(&workspace).await;
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_is_stuck_is_stopped_and_rolled_back() {
    let lab = Lab::new();
    assert_done(&up(&lab.workspace(&configuration(""), "dev").await).await.expect("up"));
    let workspace = lab.workspace(&configuration("memory = 4096"), "dev").await;
    let old = service(&workspace, "payments").await;
    // The load balancer never comes to check the new tasks.
    let later = |call: &mut platformctl::sandbox::call::Call<'_>, hours: u64| {
        for balancer in call.world.elbv2.load_balancers.values_mut() {
            balancer.created_at = call.now + Duration::from_secs(hours * 3600);
        }
    };
    lab.sandbox.look(|call| later(call, 20)).expect("a readable account");
    let said = failure(&up(&workspace).await.expect("a run"));
    assert!(said.contains("30 minutes") && said.contains("was stopped and is being rolled back"), "{said}");
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(service(&workspace, "payments").await.task_definition(), old.task_definition());
    lab.sandbox.look(|call| later(call, 0)).expect("a readable account");
    assert_done(&up(&workspace).await.expect("up"));
    assert_ne!(service(&workspace, "payments").await.task_definition(), old.task_definition());
    is_settled(&workspace).await;
}

#[tokio::test(start_paused = true)]
async fn destroy_ends_a_deployment_that_is_under_way() {
    for seconds in [3, 150, 210] {
        let lab = Lab::new();
        assert_done(&up(&lab.workspace(&configuration(""), "dev").await).await.expect("up"));
        let workspace = lab.workspace(&configuration("memory = 4096"), "dev").await;
        // Killed while it waits for the deployment.
        let killed = tokio::time::timeout(Duration::from_secs(seconds), up(&workspace)).await;
        assert!(killed.is_err(), "the run was over before it could be killed");
        let workspace = lab.workspace(&configuration("memory = 4096"), "dev").await;
        let (outcome, left, _) = destroy(&workspace).await.expect("destroy");
        assert_done(&outcome);
        assert_eq!(left, [], "killed after {seconds} s");
        assert_eq!(lab.inventory(), Lab::with(SandboxOptions::in_memory()).inventory());
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_killed_goes_on_waiting_for_its_deployment() {
    let lab = Lab::new();
    assert_done(&up(&lab.workspace(&configuration(""), "dev").await).await.expect("up"));
    let workspace = lab.workspace(&configuration("memory = 4096"), "dev").await;
    let killed = tokio::time::timeout(Duration::from_secs(60), up(&workspace)).await;
    assert!(killed.is_err(), "the run was over before it could be killed");
    let workspace = lab.workspace(&configuration("memory = 4096"), "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    assert_eq!(weights(&workspace, "payments").await[1], ("tg-payments-green-dev".to_owned(), 100));
    let listed = workspace.aws.ecs.list_service_deployments().cluster(CLUSTER).service("service-payments-dev");
    let listed = listed.send().await.expect("listed");
    assert_eq!(listed.service_deployments().len(), 2, "it is not deployed twice");
    is_settled(&workspace).await;
}
