use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{
    MetricType, PolicyType, PredefinedMetricSpecification, ScalableDimension, ServiceNamespace,
    TargetTrackingScalingPolicyConfiguration,
};

use crate::aws::autoscaling::{ScalableTarget, ScalingPolicy, Tracked};
use crate::aws::cloudwatch::{Metric, Query};
use crate::engine::{Class, Gone, Output, Resource};
use crate::sandbox::ecs::service::Service;
use crate::sandbox::ecs::settings::{Network, Rollout, Settings};
use crate::sandbox::tests::bench::{Bench, Specimen, settle};
use crate::sandbox::tests::support::code;

const RESOURCE: &str = "service/cluster-dev/service-a-dev";

/// A bench where the service is there, with two tasks wanted.
async fn bench() -> Bench {
    let bench = Bench::open().await;
    let arn = bench.arn("ecs", RESOURCE);
    let settings = Settings {
        task_definition: String::new(),
        capacity: Vec::new(),
        network: Network::default(),
        balancer: None,
        registry: None,
        deployment: Rollout::default(),
        grace_seconds: None,
        execute_command: false,
        managed_tags: false,
        propagate_tags: "NONE".into(),
    };
    bench
        .sandbox
        .look(|call| {
            let service = Service {
                arn: arn.clone(),
                name: "service-a-dev".into(),
                cluster: "cluster-dev".into(),
                token: None,
                settings,
                desired: 2,
                active_revision: None,
                latest_deployment: String::new(),
                failure: None,
                retry_at: None,
                events: Vec::new(),
                created_at: call.now,
                deleted_at: None,
                inactive_at: None,
                tags: BTreeMap::new(),
            };
            call.world.ecs.services.insert(arn.clone(), service);
        })
        .expect("a look");
    bench
}

fn target(max: u32) -> Specimen<ScalableTarget> {
    let spec = ScalableTarget { resource: Output::known(RESOURCE), min: 2, max };
    Specimen::new("a", "scalable-target-a-dev", spec)
}

fn policy(what: &str, metric: Tracked) -> Specimen<ScalingPolicy> {
    let spec = ScalingPolicy {
        resource: Output::known(RESOURCE),
        metric,
        target_value: 70.0,
        scale_out_cooldown_seconds: 60,
        scale_in_cooldown_seconds: 300,
    };
    Specimen::new(&format!("a-{what}"), &format!("scaling-a-{what}-dev"), spec)
}

fn cpu() -> Specimen<ScalingPolicy> {
    policy("cpu", Tracked::Predefined("ECSServiceAverageCPUUtilization".into()))
}

fn requests() -> Specimen<ScalingPolicy> {
    let metric = |group: &str| Metric {
        namespace: "AWS/ApplicationELB".into(),
        name: "RequestCountPerTarget".into(),
        dimensions: BTreeMap::from([("TargetGroup".into(), Output::known(group))]),
        period_seconds: 60,
        statistic: "Sum".into(),
    };
    let queries = vec![
        Query::metric("blue", "blue", metric("targetgroup/tg-a-blue-dev/1")),
        Query::metric("green", "green", metric("targetgroup/tg-a-green-dev/2")),
        Query::expression("all", "all", "blue+green"),
    ];
    policy("requests", Tracked::Customized(queries))
}

fn alarms(bench: &Bench) -> usize {
    bench.sandbox.look(|call| call.world.cloudwatch.alarms.len()).expect("a look")
}

fn desired(bench: &Bench) -> u32 {
    let count = |call: &mut crate::sandbox::call::Call<'_>| call.world.ecs.services.values().map(|it| it.desired).sum();
    bench.sandbox.look(count).expect("a look")
}

#[tokio::test(start_paused = true)]
async fn a_scalable_target_lives() {
    let bench = bench().await;
    let mut it = target(10);
    let mut made = bench.live(&it).await;
    assert_eq!(desired(&bench), 2);
    (it.spec.min, it.spec.max) = (4, 8);
    let seen = bench.see(&it, Some(&made.id), false).await;
    let differ = bench.differences(&it, &seen[0].observed);
    assert_eq!(differ, ["min", "max"]);
    bench.change(&it, &mut made, differ).await;
    let seen = bench.see(&it, Some(&made.id), false).await;
    assert!(bench.differences(&it, &seen[0].observed).is_empty());
    assert_eq!(desired(&bench), 4, "brought into the range");
    assert_eq!(bench.end(&it, &made).await, Gone::Yes);
}

#[tokio::test(start_paused = true)]
async fn two_changes_of_one_target_at_once_are_one_too_many() {
    let bench = bench().await;
    bench.make(&target(10)).await;
    settle().await;
    let (cpu, requests) = (cpu(), requests());
    let (first, second) = (bench.identity(&cpu), bench.identity(&requests));
    let (one, other) = tokio::join!(cpu.spec.create(&bench.aws, &first), requests.spec.create(&bench.aws, &second));
    let (again, refused) = match (one, other) {
        (Ok(_), Err(refused)) => ((&requests, &second), refused),
        (Err(refused), Ok(_)) => ((&cpu, &first), refused),
        both => panic!("one of them, and one alone: {both:?}"),
    };
    assert_eq!((refused.code.as_deref(), refused.class), (Some("ConcurrentUpdateException"), Class::Blocked));
    again.0.spec.create(&bench.aws, again.1).await.expect("after the other");
}

#[tokio::test(start_paused = true)]
async fn scaling_policies_live_with_alarms_of_their_own() {
    let bench = bench().await;
    bench.make(&target(10)).await;
    settle().await;
    let mut it = cpu();
    let mut made = bench.live(&it).await;
    let other = requests();
    let other_made = bench.live(&other).await;
    assert_eq!(alarms(&bench), 4);

    it.spec.target_value = 60.0;
    let seen = bench.see(&it, Some(&made.id), false).await;
    let differ = bench.differences(&it, &seen[0].observed);
    assert_eq!(differ, ["target_value"]);
    bench.change(&it, &mut made, differ).await;
    let seen = bench.see(&it, Some(&made.id), false).await;
    assert!(bench.differences(&it, &seen[0].observed).is_empty());
    assert_eq!(alarms(&bench), 4);

    assert_eq!(bench.end(&it, &made).await, Gone::Yes);
    assert_eq!(alarms(&bench), 2);
    assert_eq!(bench.end(&other, &other_made).await, Gone::Yes);
    assert_eq!(alarms(&bench), 0);
}

#[tokio::test(start_paused = true)]
async fn a_scalable_target_takes_its_policies_along() {
    let bench = bench().await;
    let it = target(10);
    let made = bench.make(&it).await;
    settle().await;
    bench.make(&cpu()).await;
    let seen = bench.sandbox.inventory().expect("a look");
    assert!(!seen.iter().any(|item| item.starts_with("cloudwatch:alarm")), "alarms of AWS are nobody's");
    bench.end(&it, &made).await;
    assert_eq!(alarms(&bench), 0);
    assert!(bench.see(&cpu(), None, false).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_comes_too_early_may_come_again() {
    let bench = Bench::open().await;
    let it = target(10);
    let failure = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect_err("no service");
    assert_eq!(failure.class, Class::Settling, "{failure}");
    let bench = self::bench().await;
    let failure = cpu().spec.create(&bench.aws, &bench.identity(&cpu())).await.expect_err("no target");
    assert_eq!((failure.class, failure.code.as_deref()), (Class::Settling, Some("ObjectNotFoundException")));
}

#[tokio::test(start_paused = true)]
async fn all_of_an_environment_is_found_by_its_tags() {
    let bench = bench().await;
    let made = bench.live(&target(10)).await;
    settle().await;
    let mut lost = target(10);
    lost.spec.resource = Output::known("service/cluster-dev/another");
    let seen = bench.see(&lost, None, true).await;
    assert_eq!(seen.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), [made.id.as_str()]);
}

#[tokio::test(start_paused = true)]
async fn application_auto_scaling_refuses_what_aws_refuses() {
    let bench = bench().await;
    let client = &bench.aws.autoscaling;
    let invalid = "ValidationException";
    let register = || {
        let call = client.register_scalable_target().service_namespace(ServiceNamespace::Ecs).resource_id(RESOURCE);
        call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount).min_capacity(1).max_capacity(2)
    };
    assert_eq!(code(register().max_capacity(0).send().await), invalid, "less than the minimum");
    assert_eq!(code(register().resource_id("service/cluster-dev/nothing").send().await), invalid);
    assert_eq!(code(register().resource_id("service-a-dev").send().await), invalid);
    assert_eq!(code(register().set_max_capacity(None).send().await), invalid, "a new one needs both");
    let deregister = client.deregister_scalable_target().service_namespace(ServiceNamespace::Ecs).resource_id(RESOURCE);
    let deregister = deregister.scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
    assert_eq!(code(deregister.send().await), "ObjectNotFoundException");
    register().send().await.expect("registered");
    register().set_max_capacity(None).send().await.expect("what is there keeps its maximum");
    assert_eq!(code(register().tags("Team", "x").send().await), invalid, "it exists");
    let describe = client.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
    let describe = describe.scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
    assert_eq!(code(describe.send().await), invalid, "a dimension without a resource");

    settle().await;
    let configuration = |metric: MetricType, value: f64| {
        let metric = PredefinedMetricSpecification::builder().predefined_metric_type(metric).build().expect("complete");
        let built = TargetTrackingScalingPolicyConfiguration::builder().target_value(value);
        built.predefined_metric_specification(metric).build().expect("complete")
    };
    let put = |name: &str, metric: MetricType, value: f64| {
        let call = client.put_scaling_policy().policy_name(name).service_namespace(ServiceNamespace::Ecs);
        let call = call.resource_id(RESOURCE).scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
        call.policy_type(PolicyType::TargetTrackingScaling)
            .target_tracking_scaling_policy_configuration(configuration(metric, value))
    };
    let cpu = MetricType::EcsServiceAverageCpuUtilization;
    put("a", cpu.clone(), 70.0).send().await.expect("a policy");
    assert_eq!(code(put("b", cpu.clone(), 50.0).send().await), invalid, "one policy for a metric");
    assert_eq!(code(put("a:b", cpu.clone(), 50.0).send().await), invalid);
    assert_eq!(code(put("a", cpu, 0.0).send().await), invalid);
    assert_eq!(code(put("c", MetricType::AlbRequestCountPerTarget, 1.0).send().await), invalid, "blue/green");
    assert_eq!(code(put("c", MetricType::RdsReaderAverageCpuUtilization, 1.0).send().await), invalid);
    let delete = client.delete_scaling_policy().policy_name("c").service_namespace(ServiceNamespace::Ecs);
    let delete = delete.resource_id(RESOURCE).scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
    assert_eq!(code(delete.send().await), "ObjectNotFoundException");
}
