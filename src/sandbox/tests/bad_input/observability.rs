//! CloudWatch, Application Auto Scaling, SNS.

use aws_sdk_applicationautoscaling::types::{
    MetricType, PolicyType, PredefinedMetricSpecification, ScalableDimension, ServiceNamespace,
    TargetTrackingScalingPolicyConfiguration,
};
use aws_sdk_cloudwatch::types::{ComparisonOperator, MetricDataQuery, StateValue, Statistic};

use super::trial::{Trial, refused};
use crate::sandbox::tests::bench::Bench;
use crate::sandbox::tests::estate::{self, Network, wait};

fn tracking(metric: MetricType, value: f64) -> TargetTrackingScalingPolicyConfiguration {
    let metric = PredefinedMetricSpecification::builder().predefined_metric_type(metric).build().expect("complete");
    let tracking = TargetTrackingScalingPolicyConfiguration::builder().target_value(value);
    tracking.predefined_metric_specification(metric).build().expect("complete")
}

pub async fn alarms_and_scaling(trial: &mut Trial) {
    let bench = Bench::open().await;
    alarms_and_topics(trial, &bench).await;
    scaling(trial, &bench).await;
}

/// CloudWatch API reference and SNS API reference, each operation.
async fn alarms_and_topics(trial: &mut Trial, bench: &Bench) {
    let (cloudwatch, sns) = (&bench.aws.cloudwatch, &bench.aws.sns);
    let alarm = || {
        let call = cloudwatch.put_metric_alarm().alarm_name("busy").namespace("AWS/ECS").metric_name("CPUUtilization");
        let call = call.statistic(Statistic::Average).period(60).evaluation_periods(3).threshold(80.0);
        call.comparison_operator(ComparisonOperator::GreaterThanThreshold)
    };
    let query = MetricDataQuery::builder().id("m").expression("1").build();
    let dashboard = |body: &str| cloudwatch.put_dashboard().dashboard_name("main").dashboard_body(body);
    refused!(trial, bench, "cloudwatch",
        "a name of 256 characters", "ValidationError" => alarm().alarm_name("x".repeat(256));
        "a period of 61 seconds", "ValidationError" => alarm().period(61);
        "no periods", "ValidationError" => alarm().evaluation_periods(0);
        "more bad periods than periods", "ValidationError" => alarm().datapoints_to_alarm(4);
        "more than a day", "ValidationError" => alarm().period(300).evaluation_periods(289);
        "no threshold", "MissingParameter" => alarm().set_threshold(None);
        "no comparison", "MissingParameter" => alarm().set_comparison_operator(None);
        "two statistics", "InvalidParameterCombination" => alarm().extended_statistic("p99");
        "a metric and queries", "InvalidParameterCombination" => alarm().metrics(query.clone());
        "an action that is no ARN", "ValidationError" => alarm().alarm_actions("mail");
        "six actions", "ValidationError" => alarm().set_alarm_actions(Some(vec!["arn:aws:sns:us-east-1:123456789012:a".to_owned(); 6]));
        "a word for missing data that is none", "InvalidParameterValue" => alarm().treat_missing_data("good");
        "a state of what is not there", "ResourceNotFound" => cloudwatch.set_alarm_state().alarm_name("ghost").state_value(StateValue::Ok).state_reason("x");
        "a page of 101", "ValidationError" => cloudwatch.describe_alarms().max_records(101);
        "a dashboard that is not JSON", "InvalidParameterInput" => dashboard("{");
        "a dashboard without widgets", "InvalidParameterInput" => dashboard("{}");
        "a dashboard's name with a blank", "InvalidParameterInput" => dashboard(r#"{"widgets":[]}"#).dashboard_name("a b");
        "a dashboard that is not there", "ResourceNotFound" => cloudwatch.get_dashboard().dashboard_name("ghost");
    );

    let topic = |name: &str| sns.create_topic().name(name);
    let made = topic("alarms").send().await.expect("a topic");
    let arn = made.topic_arn().expect("its ARN");
    let subscribe =
        |protocol: &str, endpoint: &str| sns.subscribe().topic_arn(arn).protocol(protocol).endpoint(endpoint);
    refused!(trial, bench, "sns",
        "a name with a blank", "InvalidParameter" => topic("a b");
        "a name of 257 characters", "InvalidParameter" => topic(&"x".repeat(257));
        "a mail address that is none", "InvalidParameter" => subscribe("email", "nobody");
        "a protocol that is none", "InvalidParameter" => subscribe("pigeon", "a@b.c");
        "an endpoint of another protocol", "InvalidParameter" => subscribe("https", "http://a.b");
        "a topic that is not there", "NotFound" => subscribe("email", "a@b.c").topic_arn("arn:aws:sns:us-east-1:123456789012:ghost");
    );
}

/// Application Auto Scaling API reference, each operation.
async fn scaling(trial: &mut Trial, bench: &Bench) {
    let net = Network::make(&bench.aws).await;
    let role = estate::role(&bench.aws, "tasks", "ecs-tasks.amazonaws.com").await;
    estate::cluster(&bench.aws, "main").await;
    let definition = estate::registered(&bench.aws, &role).await;
    let call = bench.aws.ecs.create_service().cluster("main").service_name("web").task_definition(&definition);
    call.desired_count(0).network_configuration(net.of_tasks()).send().await.expect("a service");
    wait(30).await;
    let scaling = &bench.aws.autoscaling;
    let target = |resource: &str| {
        let call = scaling.register_scalable_target().service_namespace(ServiceNamespace::Ecs).resource_id(resource);
        call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount).min_capacity(0).max_capacity(4)
    };
    target("service/main/web").send().await.expect("a target");
    wait(2).await;
    let policy = |configuration: TargetTrackingScalingPolicyConfiguration| {
        let call = scaling.put_scaling_policy().policy_name("cpu").policy_type(PolicyType::TargetTrackingScaling);
        let call = call.service_namespace(ServiceNamespace::Ecs).resource_id("service/main/web");
        let call = call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
        call.target_tracking_scaling_policy_configuration(configuration)
    };
    let cpu = || tracking(MetricType::EcsServiceAverageCpuUtilization, 70.0);
    refused!(trial, bench, "application-autoscaling",
        "a minimum above the maximum", "ValidationException" => target("service/main/web").min_capacity(5);
        "a negative minimum", "ValidationException" => target("service/main/web").min_capacity(-1);
        "a service that is not there", "ValidationException" => target("service/main/ghost");
        "a resource that is no service", "ValidationException" => target("main/web");
        "another dimension", "ValidationException" => target("service/main/web").scalable_dimension(ScalableDimension::DynamoDbTableReadCapacityUnits);
        "a policy's name with a slash", "ValidationException" => policy(cpu()).policy_name("a/b");
        "a target of 0", "ValidationException" => policy(tracking(MetricType::EcsServiceAverageCpuUtilization, 0.0));
        "requests per target, with blue/green", "ValidationException" => policy(tracking(MetricType::AlbRequestCountPerTarget, 100.0));
        "a metric of another service", "ValidationException" => policy(tracking(MetricType::DynamoDbReadCapacityUtilization, 70.0));
        "a policy of no target", "ObjectNotFoundException" => policy(cpu()).resource_id("service/main/ghost");
        "the end of no target", "ObjectNotFoundException" => scaling.deregister_scalable_target().service_namespace(ServiceNamespace::Ecs).resource_id("service/main/ghost").scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
        "a page of 51", "ValidationException" => scaling.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs).max_results(51);
    );
}
