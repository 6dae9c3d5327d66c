//! Deployments of a service behind a load balancer: where traffic goes, which target group comes next, and what ends a deployment early.

use aws_sdk_ecs::types::{
    AdvancedConfiguration, CanaryConfiguration, DeploymentConfiguration, DeploymentLifecycleHook,
    DeploymentLifecycleHookAction, DeploymentLifecycleHookStage, DeploymentLifecycleHookTargetType,
    DeploymentLifecycleHookTimeoutConfiguration, DeploymentStrategy, LinearConfiguration, LoadBalancer,
};

use super::support::{blue_green, wait};
use crate::sandbox::ecs::interrupt_spot;
use crate::sandbox::tests::bench::Bench;
use crate::sandbox::tests::estate::{self, Network, forward};
use crate::sandbox::tests::support::code;

/// A service `web` of two tasks, blue and green behind one load balancer.
struct Stage {
    bench: Bench,
    role: String,
    blue: String,
    rule: String,
}

impl Stage {
    async fn open() -> Self {
        let bench = Bench::open().await;
        let aws = &bench.aws;
        let network = Network::make(aws).await;
        let role = estate::role(aws, "tasks", "ecs-tasks.amazonaws.com").await;
        let balancing = estate::role(aws, "balancing", "ecs.amazonaws.com").await;
        let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"elasticloadbalancing:*","Resource":"*"}]}"#;
        let call = aws.iam.put_role_policy().role_name("balancing").policy_name("all").policy_document(policy);
        call.send().await.expect("a policy");
        estate::cluster(aws, "main").await;
        let balancer = network.load_balancer(aws, "web").await;
        let (blue, green) = (network.target_group(aws, "blue").await, network.target_group(aws, "green").await);
        let (production, test) =
            (estate::listener(aws, &balancer, 80).await, estate::listener(aws, &balancer, 81).await);
        let shares = || forward(&[(blue.as_str(), 1), (green.as_str(), 0)]);
        let rule = estate::rule(aws, &production, 1, "/*", shares()).await;
        let test = estate::rule(aws, &test, 1, "/*", shares()).await;
        let definition = estate::registered(aws, &role).await;
        let advanced = AdvancedConfiguration::builder().alternate_target_group_arn(&green).role_arn(balancing);
        let advanced = advanced.production_listener_rule(&rule).test_listener_rule(test).build();
        let balancer = LoadBalancer::builder().target_group_arn(&blue).container_name("app").container_port(8080);
        let call = aws.ecs.create_service().cluster("main").service_name("web").task_definition(definition);
        let call = call.desired_count(2).network_configuration(network.of_tasks());
        let call = call.load_balancers(balancer.advanced_configuration(advanced).build());
        call.deployment_configuration(blue_green()).send().await.expect("a service");
        let stage = Stage { bench, role, blue, rule };
        stage.until("SUCCESSFUL").await;
        stage
    }

    /// Deploys another revision, that way.
    async fn deploy(&self, image: &str, configuration: DeploymentConfiguration) -> String {
        let aws = &self.bench.aws;
        let container = estate::container().image(image).build();
        let call = estate::definition(aws, &self.role).set_container_definitions(Some(vec![container]));
        let made = call.send().await.expect("a revision").task_definition.expect("it");
        let call = aws.ecs.update_service().cluster("main").service("web");
        let call = call.task_definition(made.task_definition_arn.expect("its ARN"));
        call.deployment_configuration(configuration).send().await.expect("updated");
        self.latest().await.service_deployment_arn.expect("its ARN")
    }

    async fn latest(&self) -> aws_sdk_ecs::types::ServiceDeployment {
        let ecs = &self.bench.aws.ecs;
        let listed = ecs.list_service_deployments().cluster("main").service("web").send().await.expect("listed");
        let arn = listed.service_deployments()[0].service_deployment_arn().expect("its ARN");
        let call = ecs.describe_service_deployments().service_deployment_arns(arn);
        call.send().await.expect("described").service_deployments()[0].clone()
    }

    async fn status(&self) -> String {
        let it = self.latest().await;
        let stage = it.lifecycle_stage().map(|stage| format!(" {}", stage.as_str())).unwrap_or_default();
        format!("{}{stage}", it.status().expect("a status").as_str())
    }

    /// Waits until the latest deployment is like this, and gives how many seconds that took.
    async fn until(&self, status: &str) -> u64 {
        for seconds in 0..7200 {
            if self.status().await.starts_with(status) {
                return seconds;
            }
            wait(1).await;
        }
        panic!("never {status}, but {}", self.status().await)
    }

    /// Percent of production traffic on blue.
    async fn on_blue(&self) -> i32 {
        let rules = self.bench.aws.elb.describe_rules().rule_arns(&self.rule).send().await.expect("described");
        let config = rules.rules()[0].actions()[0].forward_config().expect("it forwards").clone();
        let total: i32 = config.target_groups().iter().filter_map(|group| group.weight()).sum();
        let blue = config.target_groups().iter().find(|group| group.target_group_arn() == Some(self.blue.as_str()));
        blue.and_then(|group| group.weight()).unwrap_or_default() * 100 / total.max(1)
    }

    async fn running(&self) -> i32 {
        let call = self.bench.aws.ecs.describe_services().cluster("main").services("web");
        call.send().await.expect("described").services()[0].running_count()
    }

    /// At no instant was traffic where nobody answers.
    fn is_served(&self) {
        let unserved = self.bench.sandbox.look(|call| call.world.ecs.unserved.clone()).expect("a look");
        assert_eq!(unserved, Vec::<String>::new());
    }
}

const GOOD: &str = "public.ecr.aws/nginx/nginx:1";

fn hook(stage: &str, action: DeploymentLifecycleHookAction) -> DeploymentLifecycleHook {
    let timeout = DeploymentLifecycleHookTimeoutConfiguration::builder().timeout_in_minutes(10).action(action);
    DeploymentLifecycleHook::builder()
        .target_type(DeploymentLifecycleHookTargetType::Pause)
        .lifecycle_stages(DeploymentLifecycleHookStage::from(stage))
        .timeout_configuration(timeout.build())
        .build()
}

fn paused(stage: &str, action: DeploymentLifecycleHookAction) -> DeploymentConfiguration {
    DeploymentConfiguration::builder()
        .strategy(DeploymentStrategy::BlueGreen)
        .bake_time_in_minutes(2)
        .lifecycle_hooks(hook(stage, action))
        .build()
}

#[tokio::test(start_paused = true)]
async fn target_groups_alternate_and_the_rule_follows() {
    let stage = Stage::open().await;
    assert_eq!(stage.on_blue().await, 100);
    for blue in [0, 100, 0] {
        stage.deploy(GOOD, blue_green()).await;
        stage.until("IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT").await;
        assert_eq!(stage.on_blue().await, 100 - blue, "nothing has moved yet");
        stage.until("IN_PROGRESS POST_PRODUCTION_TRAFFIC_SHIFT").await;
        assert_eq!(stage.on_blue().await, blue);
        stage.until("SUCCESSFUL").await;
        assert_eq!((stage.on_blue().await, stage.running().await), (blue, 2));
    }
    stage.is_served();
}

#[tokio::test(start_paused = true)]
async fn a_canary_keeps_its_share_and_linear_steps_are_taken_one_by_one() {
    let stage = Stage::open().await;
    let canary = CanaryConfiguration::builder().canary_percent(20.0).canary_bake_time_in_minutes(3).build();
    let canary = DeploymentConfiguration::builder().strategy(DeploymentStrategy::Canary).canary_configuration(canary);
    stage.deploy(GOOD, canary.bake_time_in_minutes(0).build()).await;
    stage.until("IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT").await;
    wait(11).await;
    assert_eq!(stage.on_blue().await, 80);
    wait(170).await;
    assert_eq!(stage.on_blue().await, 80, "three minutes");
    stage.until("SUCCESSFUL").await;
    assert_eq!(stage.on_blue().await, 0);

    let linear = LinearConfiguration::builder().step_percent(40.0).step_bake_time_in_minutes(1).build();
    let linear = DeploymentConfiguration::builder().strategy(DeploymentStrategy::Linear).linear_configuration(linear);
    stage.deploy(GOOD, linear.bake_time_in_minutes(0).build()).await;
    let mut seen = vec![0];
    while !stage.status().await.starts_with("SUCCESSFUL") {
        wait(1).await;
        let blue = stage.on_blue().await;
        if seen.last() != Some(&blue) {
            seen.push(blue);
        }
    }
    assert_eq!(seen, [0, 40, 80, 100]);
    stage.is_served();
}

#[tokio::test(start_paused = true)]
async fn a_stop_goes_back_from_every_stage_until_the_old_tasks_go() {
    for at in ["PENDING", "IN_PROGRESS SCALE_UP", "IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT", "IN_PROGRESS BAKE_TIME"] {
        let stage = Stage::open().await;
        let arn = stage.deploy(GOOD, blue_green()).await;
        stage.until(at).await;
        let stop = || stage.bench.aws.ecs.stop_service_deployment().service_deployment_arn(&arn).send();
        stop().await.unwrap_or_else(|error| panic!("{at}: {error:?}"));
        stage.until("ROLLBACK_SUCCESSFUL").await;
        assert_eq!((stage.on_blue().await, stage.running().await), (100, 2), "{at}");
        stage.is_served();
    }
    let stage = Stage::open().await;
    let arn = stage.deploy(GOOD, blue_green()).await;
    stage.until("IN_PROGRESS CLEAN_UP").await;
    let stop = stage.bench.aws.ecs.stop_service_deployment().service_deployment_arn(&arn);
    assert_eq!(code(stop.send().await), "ConflictException");
    stage.until("SUCCESSFUL").await;
}

#[tokio::test(start_paused = true)]
async fn the_breaker_counts_to_its_threshold_and_no_further() {
    let stage = Stage::open().await;
    stage.deploy("public.ecr.aws/sandbox/exits:1", blue_green()).await;
    let mut most = 0;
    loop {
        // One look for both: between two, the third may fail.
        let it = stage.latest().await;
        if it.status().is_some_and(|status| status.as_str().starts_with("ROLLBACK")) {
            break;
        }
        let breaker = it.deployment_circuit_breaker().expect("counted").clone();
        assert_eq!(breaker.threshold(), 3, "half of two tasks, but three at least");
        most = most.max(breaker.failure_count());
        wait(5).await;
    }
    assert!(most < 3, "at the third it goes back: {most}");
    stage.until("ROLLBACK_SUCCESSFUL").await;
    assert_eq!((stage.on_blue().await, stage.running().await), (100, 2));
    stage.is_served();
}

#[tokio::test(start_paused = true)]
async fn without_a_breaker_it_goes_on_trying() {
    let stage = Stage::open().await;
    let open = DeploymentConfiguration::builder().strategy(DeploymentStrategy::BlueGreen).build();
    stage.deploy("public.ecr.aws/sandbox/exits:1", open).await;
    wait(3600).await;
    assert_eq!(stage.status().await, "IN_PROGRESS SCALE_UP");
    let failed = stage.bench.sandbox.look(|call| call.world.ecs.deployments.values().map(|it| it.failed_tasks).max());
    assert!(failed.expect("a look").is_some_and(|failed| failed > 10));
    stage.is_served();
}

#[tokio::test(start_paused = true)]
async fn a_pause_ends_with_an_answer_or_its_time() {
    let back = DeploymentLifecycleHookAction::Rollback;
    for (action, end) in [(back, "ROLLBACK_SUCCESSFUL"), (DeploymentLifecycleHookAction::Continue, "SUCCESSFUL")] {
        let stage = Stage::open().await;
        stage.deploy(GOOD, paused("POST_TEST_TRAFFIC_SHIFT", action.clone())).await;
        let took = stage.until(end).await;
        assert!(took > 600, "{took} s");
        stage.is_served();
        // The answer of a person comes before that, and counts whatever its time would have brought.
        let arn = stage.deploy(GOOD, paused("POST_TEST_TRAFFIC_SHIFT", action)).await;
        let ecs = &stage.bench.aws.ecs;
        let answer = |hook: &str| ecs.continue_service_deployment().service_deployment_arn(&arn).hook_id(hook);
        assert_eq!(code(answer("none").send().await), "InvalidParameterException");
        stage.until("IN_PROGRESS POST_TEST_TRAFFIC_SHIFT").await;
        wait(60).await;
        let details = stage.latest().await.lifecycle_hook_details().to_vec();
        let hook = details[0].hook_id().expect("its id").to_owned();
        answer(&hook).send().await.expect("answered");
        assert!(stage.until("SUCCESSFUL").await < 300);
        stage.is_served();
    }
}

#[tokio::test(start_paused = true)]
async fn spot_takes_tasks_at_any_moment_and_others_come() {
    for after in [10, 80, 130, 250] {
        let stage = Stage::open().await;
        stage.deploy(GOOD, blue_green()).await;
        wait(after).await;
        let live = |call: &mut crate::sandbox::call::Call<'_>| {
            let live = call.world.ecs.tasks.values().filter(|task| task.stopping_at.is_none());
            live.map(|task| (task.revision.clone(), task.arn.clone())).collect::<std::collections::BTreeMap<_, _>>()
        };
        // One of each revision.
        for arn in stage.bench.sandbox.look(live).expect("a look").into_values() {
            assert!(stage.bench.sandbox.look(|call| interrupt_spot(call, &arn)).expect("a look"), "{after}: on Spot");
        }
        stage.until("SUCCESSFUL").await;
        wait(180).await;
        assert_eq!((stage.on_blue().await, stage.running().await), (0, 2), "after {after} s");
        stage.is_served();
    }
}

#[tokio::test(start_paused = true)]
async fn bounds_of_the_breaker_s_own_and_lambda_hooks_are_not_played() {
    use aws_sdk_ecs::types::DeploymentCircuitBreaker;
    let stage = Stage::open().await;
    let update = |configuration: DeploymentConfiguration| {
        let call = stage.bench.aws.ecs.update_service().cluster("main").service("web");
        call.deployment_configuration(configuration).send()
    };
    let breaker = DeploymentCircuitBreaker::builder().enable(true).rollback(true).reset_on_healthy_task(true).build();
    let own = DeploymentConfiguration::builder().strategy(DeploymentStrategy::BlueGreen);
    let refused = update(own.deployment_circuit_breaker(breaker).build()).await;
    assert!(format!("{refused:?}").contains("bounds of their own"), "{refused:?}");
    let lambda = DeploymentLifecycleHook::builder().target_type(DeploymentLifecycleHookTargetType::AwsLambda);
    let lambda = lambda.lifecycle_stages(DeploymentLifecycleHookStage::PostScaleUp).build();
    let hooked = DeploymentConfiguration::builder().strategy(DeploymentStrategy::BlueGreen).lifecycle_hooks(lambda);
    let refused = update(hooked.build()).await;
    assert!(format!("{refused:?}").contains("Lambda"), "{refused:?}");
}
