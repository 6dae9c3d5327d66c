use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmFluentBuilder;
use aws_sdk_cloudwatch::types::{
    ComparisonOperator, Dimension, Metric as SdkMetric, MetricDataQuery, MetricStat, StateValue, Statistic,
};
use serde_json::json;

use super::{State, alarm_state};
use crate::aws::cloudwatch::{Alarm, Dashboard, Metric, Query};
use crate::blueprint::observability::{add_alarms, add_dashboard};
use crate::engine::output::{Reference, resolve};
use crate::engine::{Gone, Output, Resource, Tags};
use crate::mesh::DataPlane;
use crate::sandbox::tests::bench::{Bench, Specimen, settle};
use crate::sandbox::tests::support::code;

const NAME: &str = "alarm-payments-errors-dev";

fn metric(name: &str, group: &str) -> Metric {
    let dimensions = [("LoadBalancer", "app/alb-dev/1"), ("TargetGroup", group)];
    let dimensions = dimensions.map(|(name, value)| (name.to_owned(), Output::known(value)));
    Metric {
        namespace: "AWS/ApplicationELB".into(),
        name: name.into(),
        dimensions: BTreeMap::from(dimensions),
        period_seconds: 60,
        statistic: "Sum".into(),
    }
}

fn alarm(bench: &Bench, queries: Vec<Query>) -> Specimen<Alarm> {
    let topic = Output::known(bench.arn("sns", "topic-alarms-dev"));
    let spec = Alarm {
        description: "More than 5 % of the answers are errors.".into(),
        queries,
        comparison: "GreaterThanThreshold".into(),
        threshold: 5.0,
        evaluation_periods: 3,
        datapoints_to_alarm: 3,
        missing_data: "notBreaching".into(),
        alarm_actions: vec![topic.clone()],
        ok_actions: vec![topic],
    };
    Specimen::new("payments-errors", NAME, spec)
}

fn math() -> Vec<Query> {
    vec![
        Query::metric("errors_blue", "blue", metric("HTTPCode_Target_5XX_Count", "targetgroup/tg-blue/1")),
        Query::metric("errors_green", "green", metric("HTTPCode_Target_5XX_Count", "targetgroup/tg-green/2")),
        Query::expression("all", "all", "errors_blue+errors_green"),
    ]
}

#[tokio::test(start_paused = true)]
async fn an_alarm_lives() {
    let bench = Bench::open().await;
    let mut it = alarm(&bench, math());
    let mut made = bench.live(&it).await;
    assert_eq!(made.outputs["arn"], bench.arn("cloudwatch", &format!("alarm:{NAME}")));

    it.spec.threshold = 10.0;
    it.spec.missing_data = "breaching".into();
    it.spec.ok_actions.clear();
    it.spec.queries = vec![Query::insights("days", "days", "SELECT MIN(days) FROM \"platformctl/dev/payments\"", 60)];
    let seen = bench.see(&it, Some(&made.id), false).await;
    let differ = bench.differences(&it, &seen[0].observed);
    assert_eq!(differ, ["queries", "threshold", "missing_data", "ok_actions"]);
    bench.change(&it, &mut made, differ).await;
    settle().await;
    let seen = bench.see(&it, Some(&made.id), false).await;
    assert!(bench.differences(&it, &seen[0].observed).is_empty(), "{:?}", seen[0].observed);
    assert_eq!(seen[0].tags.as_ref().map(Tags::len), Some(bench.identity(&it).tags.len()), "a change keeps the tags");
    assert_eq!(bench.end(&it, &made).await, Gone::Yes);
}

#[tokio::test(start_paused = true)]
async fn a_dashboard_lives() {
    let bench = Bench::open().await;
    let line = json!(["AWS/ECS", "CPUUtilization", "ServiceName", "a", { "stat": "Average" }]);
    let properties = json!({ "region": "us-east-1", "metrics": [line] });
    let widget = json!({ "type": "metric", "x": 0, "y": 0, "width": 6, "height": 6, "properties": properties });
    let mut it = Specimen::new("main", "dashboard-dev", Dashboard { body: json!({ "widgets": [widget] }) });
    let mut made = bench.live(&it).await;
    it.spec.body["widgets"][0]["width"] = json!(12);
    let seen = bench.see(&it, Some(&made.id), false).await;
    let differ = bench.differences(&it, &seen[0].observed);
    assert_eq!(differ, ["body"]);
    bench.change(&it, &mut made, differ).await;
    let seen = bench.see(&it, Some(&made.id), false).await;
    assert!(bench.differences(&it, &seen[0].observed).is_empty());
    let listed =
        bench.aws.cloudwatch.list_dashboards().dashboard_name_prefix("dashboard-").send().await.expect("a list");
    assert_eq!(listed.dashboard_entries()[0].dashboard_name(), Some("dashboard-dev"));
    assert_eq!(bench.end(&it, &made).await, Gone::Yes);
}

/// An alarm that nobody would be told of: CloudWatch itself would take it, and lose every notification.
#[tokio::test(start_paused = true)]
async fn alarms_whose_topic_or_key_shuts_cloudwatch_out_are_refused() {
    let bench = Bench::open().await;
    let arn = bench.arn("sns", "topic-alarms-dev");
    let root = "arn:aws:iam::123456789012:root";
    let statement = |principal: serde_json::Value, actions: &[&str], resource: &str| json!({ "Effect": "Allow", "Principal": principal, "Action": actions, "Resource": resource });
    let cloudwatch = || json!({ "Service": "cloudwatch.amazonaws.com" });
    let policy =
        |statements: &[serde_json::Value]| json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    let owner = statement(json!({ "AWS": root }), &["kms:*"], "*");
    let useful = statement(cloudwatch(), &["kms:Decrypt", "kms:GenerateDataKey*"], "*");
    let publish = statement(cloudwatch(), &["sns:Publish"], &arn);
    let others = statement(json!({ "Service": "events.amazonaws.com" }), &["sns:Publish"], &arn);
    let key = bench.aws.kms.create_key().policy(policy(std::slice::from_ref(&owner))).send().await.expect("a key");
    let key = key.key_metadata.and_then(|key| key.arn).expect("its ARN");
    let topic = bench.aws.sns.create_topic().name("topic-alarms-dev").attributes("Policy", policy(&[others]));
    topic.attributes("KmsMasterKeyId", &key).send().await.expect("a topic");
    let it = alarm(&bench, math());
    let identity = bench.identity(&it);
    let put = || it.spec.create(&bench.aws, &identity);
    assert!(put().await.expect_err("the topic's policy").message.contains("its policy doesn't let it"));
    let set = bench.aws.sns.set_topic_attributes().topic_arn(&arn).attribute_name("Policy");
    set.attribute_value(policy(&[publish])).send().await.expect("set");
    assert!(put().await.expect_err("the key's policy").message.contains("KMS key"));
    settle().await;
    let set = bench.aws.kms.put_key_policy().key_id(&key).policy(policy(&[owner, useful]));
    set.send().await.expect("set");
    put().await.expect("now it can tell");
}

#[tokio::test(start_paused = true)]
async fn tags_are_added_to_what_exists() {
    let bench = Bench::open().await;
    let it = alarm(&bench, math());
    let made = bench.make(&it).await;
    Alarm::tag(&bench.aws, &made, &Tags::from([("Team".into(), "other".into())])).await.expect("tagged");
    settle().await;
    let seen = bench.see(&it, None, false).await;
    assert_eq!(seen[0].tags.as_ref().expect("tags")["Team"], "other");
    let lost = Tags::from([("Team".into(), "x".into())]);
    let mut nothing = made.clone();
    nothing.outputs.insert("arn".into(), bench.arn("cloudwatch", "alarm:nothing"));
    Alarm::tag(&bench.aws, &nothing, &lost).await.expect_err("no such alarm");
}

#[tokio::test(start_paused = true)]
async fn alarms_begin_without_data_and_ring_when_told() {
    let bench = Bench::open().await;
    let state = |name: &str| bench.sandbox.look(|call| alarm_state(call.world, name)).expect("a look");
    assert_eq!(state(NAME), None);
    bench.make(&alarm(&bench, math())).await;
    assert_eq!(state(NAME), Some(State::InsufficientData));
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(state(NAME), Some(State::Ok), "missing data are no breach");
    let cloudwatch = &bench.aws.cloudwatch;
    let set = |name: &str| cloudwatch.set_alarm_state().alarm_name(name).state_value(StateValue::Alarm);
    set(NAME).state_reason("a test").send().await.expect("set");
    bench.make(&alarm(&bench, math())).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(state(NAME), Some(State::Alarm), "another put leaves the state as it is");
    assert_eq!(code(set("nothing").state_reason("x").send().await), "ResourceNotFound");
    assert_eq!(code(set(NAME).send().await), "ValidationError");
}

#[tokio::test(start_paused = true)]
async fn alarms_are_described_by_name_or_prefix_in_pages() {
    let bench = Bench::open().await;
    let cloudwatch = &bench.aws.cloudwatch;
    for number in 0..3 {
        single(&bench).alarm_name(format!("alarm-{number}")).send().await.expect("made");
    }
    settle().await;
    let list = || cloudwatch.describe_alarms().alarm_name_prefix("alarm-").max_records(2);
    let first = list().send().await.expect("a page");
    let second = list().set_next_token(first.next_token.clone()).send().await.expect("a page");
    assert_eq!((first.metric_alarms().len(), second.metric_alarms().len()), (2, 1));
    assert_eq!(second.next_token(), None);
    let named = cloudwatch.describe_alarms().alarm_names("alarm-1").alarm_names("nothing").send().await.expect("one");
    assert_eq!(named.metric_alarms().len(), 1);
    assert_eq!(code(list().alarm_names("alarm-1").send().await), "InvalidParameterCombination");
    assert_eq!(code(list().next_token("nonsense").send().await), "InvalidNextToken");
    let many = (0..101).map(|number| format!("alarm-{number}")).collect();
    assert_eq!(code(cloudwatch.describe_alarms().set_alarm_names(Some(many)).send().await), "ValidationError");

    let gone = cloudwatch.delete_alarms().alarm_names("nothing").alarm_names("alarm-1").send().await;
    assert_eq!(code(gone), "ResourceNotFound");
    let left = cloudwatch.describe_alarms().send().await.expect("a list");
    assert_eq!(left.metric_alarms().len(), 2, "the right name is deleted nevertheless");
}

/// An alarm on one metric that AWS takes.
fn single(bench: &Bench) -> PutMetricAlarmFluentBuilder {
    bench
        .aws
        .cloudwatch
        .put_metric_alarm()
        .alarm_name("single")
        .namespace("AWS/ECS")
        .metric_name("CPUUtilization")
        .dimensions(Dimension::builder().name("Whatever").value("unknown").build())
        .statistic(Statistic::Average)
        .period(60)
        .evaluation_periods(3)
        .threshold(80.0)
        .comparison_operator(ComparisonOperator::GreaterThanThreshold)
}

#[tokio::test(start_paused = true)]
async fn cloudwatch_refuses_what_aws_refuses() {
    let bench = Bench::open().await;
    let invalid = "ValidationError";
    single(&bench).send().await.expect("an unknown dimension is fine");
    let stat = MetricStat::builder()
        .metric(SdkMetric::builder().namespace("AWS/ECS").metric_name("CPUUtilization").build())
        .period(60)
        .stat("Average");
    let query = |id: &str| MetricDataQuery::builder().id(id);
    let metric = query("m1").metric_stat(stat.build()).build();
    assert_eq!(code(single(&bench).metrics(metric.clone()).send().await), "InvalidParameterCombination");
    let math = |queries: Vec<MetricDataQuery>| {
        let call = bench.aws.cloudwatch.put_metric_alarm().alarm_name("math").set_metrics(Some(queries));
        call.evaluation_periods(1).threshold(1.0).comparison_operator(ComparisonOperator::LessThanThreshold).send()
    };
    assert_eq!(code(math(Vec::new()).await), "MissingParameter");
    let expression = |text: &str| query("e1").expression(text).build();
    assert_eq!(code(math(vec![metric.clone(), expression("m1*2")]).await), invalid, "two return data");
    let hidden = query("m1").metric_stat(metric.metric_stat().expect("a stat").clone()).return_data(false).build();
    math(vec![hidden.clone(), expression("m1*2")]).await.expect("fine");
    assert_eq!(code(math(vec![hidden.clone(), expression("m2*2")]).await), invalid, "no such id");
    assert_eq!(code(math(vec![hidden]).await), invalid, "nothing returns data");
    assert_eq!(code(math(vec![expression("SELECT MIN(x) FROM \"y\"")]).await), invalid, "without a period");
    for period in [0, 15, 61, -60] {
        assert_eq!(code(single(&bench).period(period).send().await), invalid, "{period}");
    }
    assert_eq!(code(single(&bench).evaluation_periods(0).send().await), invalid);
    assert_eq!(code(single(&bench).evaluation_periods(1441).send().await), invalid, "more than a day");
    assert_eq!(code(single(&bench).datapoints_to_alarm(4).send().await), invalid);
    assert_eq!(code(single(&bench).alarm_actions("topic-alarms-dev").send().await), invalid, "no ARN");
    assert_eq!(code(single(&bench).alarm_name("").send().await), invalid);
    assert_eq!(code(single(&bench).treat_missing_data("fine").send().await), "InvalidParameterValue");

    let put = |name: &str, body: &str| bench.aws.cloudwatch.put_dashboard().dashboard_name(name).dashboard_body(body);
    for (name, body) in [("no spaces", "{\"widgets\":[]}"), ("x", "{\"widgets\""), ("x", "{}"), ("x", "[1]")] {
        assert_eq!(code(put(name, body).send().await), "InvalidParameterInput", "{name} {body}");
    }
    put("x", "{\"widgets\":[]}").send().await.expect("an empty dashboard");
    let delete = bench.aws.cloudwatch.delete_dashboards().dashboard_names("x").dashboard_names("y");
    assert_eq!(code(delete.send().await), "ResourceNotFound");
    settle().await;
    bench.aws.cloudwatch.get_dashboard().dashboard_name("x").send().await.expect("all or none");
}

#[tokio::test(start_paused = true)]
async fn what_the_blueprint_asks_for_is_taken() {
    for app_mesh in [false, true] {
        let mut chapters = crate::blueprint::observability::bench::Bench::new("");
        chapters.facts.mesh = if app_mesh { DataPlane::AppMesh } else { DataPlane::Envoy };
        let mut draft = chapters.draft();
        let before = chapters.before(&mut draft);
        add_alarms(&mut draft, &before.encryption, &before.ingress, &before.cluster);
        add_dashboard(&mut draft, &before.ingress, &before.cluster, &before.services);
        let bench = Bench::open().await;
        let topic = bench.arn("sns", "topic-alarms-dev");
        let lookup = |reference: &Reference| {
            let known =
                if reference.key.kind() == "sns-topic" { topic.clone() } else { reference.key.name().to_owned() };
            Some(known)
        };
        let mut count = 0;
        for node in draft.blueprint.nodes() {
            let spec = resolve(&node.spec, &lookup);
            match node.key.kind() {
                "alarm" => {
                    let spec = serde_json::from_value(spec).expect("an alarm");
                    bench.live(&Specimen::<Alarm> { key: node.key.clone(), name: node.name.clone(), spec }).await;
                    count += 1;
                }
                "dashboard" => {
                    let spec = serde_json::from_value(spec).expect("a dashboard");
                    bench.live(&Specimen::<Dashboard> { key: node.key.clone(), name: node.name.clone(), spec }).await;
                    count += 1;
                }
                _ => {}
            }
        }
        assert_eq!(count, 19);
    }
}
