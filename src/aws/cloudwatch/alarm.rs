//! Alarms.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_cloudwatch::types::{AlarmType, ComparisonOperator, MetricAlarm};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{metric::Query, shared};
use crate::{
    aws::{Answer, Aws, sns::TopicArn, tags},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Key, Life, Manner, Naming, Output, Outputs, Physical,
        Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
    markers, tag_list,
};

markers! {
    /// An alarm's name.
    AlarmName,
    /// An alarm's ARN.
    AlarmArn,
}

/// An alarm on the result of metric math, or on one metric.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alarm {
    /// What it means and what to do about it, for who is told.
    pub description: String,
    /// The metrics and expressions; exactly one of them returns data, and that is what is watched.
    pub queries: Vec<Query>,
    /// How the value is compared: `GreaterThanThreshold`, ….
    pub comparison: String,
    /// What it is compared with.
    pub threshold: f64,
    /// How many periods are looked at.
    pub evaluation_periods: u32,
    /// In how many of them the threshold must be passed.
    pub datapoints_to_alarm: u32,
    /// What periods without data mean: `notBreaching`, `breaching`, `ignore` or `missing`.
    pub missing_data: String,
    /// Who is told when it goes off.
    pub alarm_actions: Vec<Output<TopicArn>>,
    /// Who is told when it is over.
    pub ok_actions: Vec<Output<TopicArn>>,
}

impl Handle<Alarm> {
    /// Its name.
    pub fn name(&self) -> Output<AlarmName> {
        self.output("name")
    }

    /// Its ARN.
    pub fn arn(&self) -> Output<AlarmArn> {
        self.output("arn")
    }
}

/// DescribeAlarms takes that many names, and deletes that many at a time (CloudWatch API reference).
const NAMES_AT_ONCE: usize = 100;

fn outputs(aws: &Aws, name: &str, arn: Option<&str>) -> Outputs {
    // PutMetricAlarm doesn't answer the ARN, which has this form (Service Authorization Reference, "Amazon CloudWatch").
    let arn = arn.map_or_else(
        || format!("arn:{}:cloudwatch:{}:{}:alarm:{name}", aws.partition(), aws.region, aws.account),
        str::to_owned,
    );
    Outputs::from([("name".to_owned(), name.to_owned()), ("arn".to_owned(), arn)])
}

fn observe(it: &MetricAlarm) -> Map<String, Value> {
    let queries: Vec<Query> = it.metrics().iter().map(Query::observe).collect();
    // One whose actions are switched off tells nobody (CloudWatch API reference, DisableAlarmActions).
    let off = it.actions_enabled() == Some(false);
    let told = |actions: &[String]| if off { json!([]) } else { json!(actions) };
    Map::from_iter([
        ("description".to_owned(), json!(it.alarm_description().unwrap_or_default())),
        ("queries".to_owned(), json!(queries)),
        ("comparison".to_owned(), json!(it.comparison_operator().map(ComparisonOperator::as_str))),
        ("threshold".to_owned(), json!(it.threshold())),
        ("evaluation_periods".to_owned(), json!(it.evaluation_periods())),
        // CloudWatch API reference, PutMetricAlarm: all of them, where nothing is said.
        ("datapoints_to_alarm".to_owned(), json!(it.datapoints_to_alarm().or(it.evaluation_periods()))),
        ("missing_data".to_owned(), json!(it.treat_missing_data().unwrap_or("missing"))),
        ("alarm_actions".to_owned(), told(it.alarm_actions())),
        ("ok_actions".to_owned(), told(it.ok_actions())),
    ])
}

fn topics(actions: &[Output<TopicArn>]) -> Result<Option<Vec<String>>, Failure> {
    actions.iter().map(|action| action.get().map(str::to_owned)).collect::<Result<_, _>>().map(Some)
}

impl Alarm {
    /// Makes it or changes it: CloudWatch goes by the name, and takes tags only where it makes it.
    async fn put(&self, aws: &Aws, name: &str, tags: Option<&Tags>) -> Result<(), Failure> {
        let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
        let queries = self.queries.iter().map(Query::to_sdk).collect::<Result<_, _>>()?;
        aws.cloudwatch
            .put_metric_alarm()
            .alarm_name(name)
            .alarm_description(&self.description)
            .actions_enabled(true)
            .set_metrics(Some(queries))
            .comparison_operator(ComparisonOperator::from(self.comparison.as_str()))
            .threshold(self.threshold)
            .evaluation_periods(number(self.evaluation_periods))
            .datapoints_to_alarm(number(self.datapoints_to_alarm))
            .treat_missing_data(&self.missing_data)
            .set_alarm_actions(topics(&self.alarm_actions)?)
            .set_ok_actions(topics(&self.ok_actions)?)
            .set_tags(tags.map(|tags| tag_list!(aws_sdk_cloudwatch, tags)))
            .send()
            .await
            .of("cloudwatch:PutMetricAlarm")?;
        Ok(())
    }
}

#[async_trait]
impl Resource for Alarm {
    type Clients = Aws;
    const KIND: &'static str = "alarm";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            repeat: Repeat::Safe,
            usable: When::Created,
            create: Wait::INSTANT,
            delete: Wait::INSTANT,
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "queries" | "alarm_actions" | "ok_actions" => Field::UPDATE.unordered(),
            _ => Field::UPDATE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let name_of = |arn: &str| arn.split_once(":alarm:").map(|(_, name)| name.to_owned());
        let hits = scope.tagged_with(":alarm:").filter(|_| scope.sweep).filter_map(|hit| name_of(&hit.arn));
        let names: BTreeSet<String> = scope.targets.iter().map(|target| target.name.clone()).chain(hits).collect();
        let names: Vec<String> = names.into_iter().collect();
        let mut found = Vec::new();
        for names in names.chunks(NAMES_AT_ONCE) {
            let limit = i32::try_from(NAMES_AT_ONCE).unwrap_or(i32::MAX);
            let call = aws.cloudwatch.describe_alarms().set_alarm_names(Some(names.to_vec())).max_records(limit);
            let answer = call.alarm_types(AlarmType::MetricAlarm).send().await.of("cloudwatch:DescribeAlarms")?;
            for it in answer.metric_alarms() {
                let name = it.alarm_name().unwrap_or_default();
                let arn = it.alarm_arn().unwrap_or_default();
                let tags = shared::tags_of(aws, scope, name, arn).await?;
                let seen = Sighting {
                    key: Key::new(Self::KIND, "?"),
                    name: name.to_owned(),
                    id: name.to_owned(),
                    outputs: outputs(aws, name, it.alarm_arn()),
                    observed: observe(it),
                    tags: None,
                    life: Life::Live,
                };
                found.extend(tags::identify_unread(scope, seen, tags.as_ref()));
            }
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        self.put(aws, &identity.name, Some(&identity.tags)).await?;
        Ok(Created { id: identity.name.clone(), outputs: outputs(aws, &identity.name, None) })
    }

    async fn update(&self, aws: &Aws, it: &Physical, _changes: &Changes) -> Result<Outputs, Failure> {
        // The call replaces all settings (CloudWatch API reference, PutMetricAlarm).
        self.put(aws, &it.id, None).await?;
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, it.output("arn")?, tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        // PutMetricAlarm is synchronous; the state is INSUFFICIENT_DATA until there are metrics, which is fine.
        Ok(Readiness::Ready(outputs(aws, &it.id, None)))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        aws.cloudwatch.delete_alarms().alarm_names(&it.id).send().await.of("cloudwatch:DeleteAlarms")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // DeleteAlarms is synchronous (CloudWatch API reference, DeleteAlarms).
        Ok(Gone::Yes)
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "cloudwatch:DeleteAlarms",
            "cloudwatch:DescribeAlarms",
            "cloudwatch:ListTagsForResource",
            "cloudwatch:PutMetricAlarm",
            "cloudwatch:TagResource",
        ]
    }
}
