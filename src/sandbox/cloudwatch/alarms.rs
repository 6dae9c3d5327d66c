//! Alarms.

use aws_sdk_cloudwatch::operation::delete_alarms::{DeleteAlarmsInput, DeleteAlarmsOutput};
use aws_sdk_cloudwatch::operation::describe_alarms::{DescribeAlarmsInput, DescribeAlarmsOutput};
use aws_sdk_cloudwatch::operation::put_metric_alarm::{PutMetricAlarmInput, PutMetricAlarmOutput};
use aws_sdk_cloudwatch::operation::set_alarm_state::{SetAlarmStateInput, SetAlarmStateOutput};
use aws_sdk_cloudwatch::types::{AlarmType, ComparisonOperator, MetricAlarm, StandardUnit, Statistic};

use super::alarm_rules::{self, invalid};
use super::state::{Alarm, State, Watched};
use super::tags;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::iam::policy::{Caller, Decision, Grammar, Policy, Request};
use crate::sandbox::kms;
use crate::sandbox::paging;
use crate::sandbox::world::Tags;

/// CloudWatch API reference, DescribeAlarms and DeleteAlarms.
const NAMES_AT_ONCE: usize = 100;
const PAGE: i32 = 50;

fn not_found(name: &str) -> ApiError {
    ApiError::new("ResourceNotFound", format!("Unknown alarm: {name}")).with_status(404)
}

/// CloudWatch API reference, PutMetricAlarm: an existing alarm keeps its state and its tags, and loses all other settings.
pub(super) fn put(call: &mut Call<'_>, input: &PutMetricAlarmInput) -> Result<PutMetricAlarmOutput, ApiError> {
    let watched = alarm_rules::check(input)?;
    let given = tags::merged(&Tags::new(), input.tags())?;
    let name = input.alarm_name().unwrap_or_default();
    let (arn, now) = (call.arn("cloudwatch", &format!("alarm:{name}")), call.now);
    for topic in input.alarm_actions().iter().chain(input.ok_actions()).filter(|action| action.contains(":sns:")) {
        check_topic(call, topic, &arn)?;
    }
    let former = call.world.cloudwatch.alarms.remove(name);
    let kept = former.map(|it| (it.state, it.reason, it.state_since, it.created_at, it.tags));
    let (state, reason, state_since, created_at, tags) = kept
        .unwrap_or_else(|| (State::InsufficientData, "Unchecked: Initial alarm creation".to_owned(), now, now, given));
    let alarm = Alarm {
        name: name.to_owned(),
        arn,
        scaling_policy: None,
        description: input.alarm_description().map(str::to_owned),
        actions_enabled: input.actions_enabled().unwrap_or(true),
        ok_actions: input.ok_actions().to_vec(),
        alarm_actions: input.alarm_actions().to_vec(),
        insufficient_data_actions: input.insufficient_data_actions().to_vec(),
        watched,
        evaluation_periods: input.evaluation_periods().unwrap_or(1),
        datapoints_to_alarm: input.datapoints_to_alarm(),
        threshold: input.threshold().unwrap_or_default(),
        comparison: input.comparison_operator().map(|it| it.as_str().to_owned()).unwrap_or_default(),
        missing_data: input.treat_missing_data().map(str::to_owned),
        state,
        reason,
        state_since,
        created_at,
        updated_at: now,
        tags,
    };
    call.world.cloudwatch.alarms.insert(alarm.name.clone(), alarm);
    Ok(PutMetricAlarmOutput::builder().build())
}

/// Beyond what CloudWatch refuses: an alarm whose notifications would be lost, since the topic doesn't let CloudWatch publish, or its key doesn't let
/// CloudWatch encrypt (SNS Developer Guide, "Key management": "Enable compatibility between event sources from AWS services and encrypted topics").
fn check_topic(call: &Call<'_>, arn: &str, alarm: &str) -> Result<(), ApiError> {
    const SERVICE: &str = "cloudwatch.amazonaws.com";
    let Some(topic) = call.world.sns.topics.get(arn) else { return Ok(()) };
    let context = [("aws:SourceAccount", call.account()), ("aws:SourceArn", alarm)];
    let publish = Request { caller: Caller::Service(SERVICE), action: "sns:Publish", resource: arn, context: &context };
    let policy = topic.attributes.get("Policy").and_then(|text| Policy::parse(text, Grammar::Resource).ok());
    if policy.is_some_and(|policy| policy.decide(&publish) != Decision::Allow) {
        return Err(invalid(format!("CloudWatch may not publish to {arn}: its policy doesn't let it")));
    }
    let key = topic.attributes.get("KmsMasterKeyId").and_then(|key| kms::usable(call, key).ok());
    let needed = ["kms:Decrypt", "kms:GenerateDataKey"];
    if key.is_some_and(|key| !kms::service_will(key, SERVICE, &needed, &context)) {
        return Err(invalid(format!(
            "CloudWatch may not publish to {arn}: the topic's KMS key doesn't let it encrypt"
        )));
    }
    Ok(())
}

/// CloudWatch API reference, DescribeAlarms: names or a prefix; those that don't exist are left out.
pub(super) fn describe(call: &mut Call<'_>, input: &DescribeAlarmsInput) -> Result<DescribeAlarmsOutput, ApiError> {
    let (names, prefix) = (input.alarm_names(), input.alarm_name_prefix());
    if names.len() > NAMES_AT_ONCE {
        return Err(invalid("AlarmNames must hold no more than 100 names"));
    }
    if !names.is_empty() && prefix.is_some() {
        let message = "AlarmNamePrefix and AlarmNames must not be both specified.";
        return Err(ApiError::new("InvalidParameterCombination", message));
    }
    if input.children_of_alarm_name().is_some() || input.parents_of_alarm_name().is_some() {
        return Err(invalid("The sandbox has no composite alarms"));
    }
    let size = input.max_records().unwrap_or(PAGE);
    if !(1..=100).contains(&size) {
        return Err(invalid("MaxRecords must be between 1 and 100"));
    }
    let types = input.alarm_types();
    let wanted = |it: &&Alarm| {
        call.visible(it.created_at)
            && (types.is_empty() || types.contains(&AlarmType::MetricAlarm))
            && (names.is_empty() || names.contains(&it.name))
            && prefix.is_none_or(|prefix| it.name.starts_with(prefix))
            && input.state_value().is_none_or(|state| it.state.to_sdk() == *state)
            && input.action_prefix().is_none_or(|prefix| it.alarm_actions.iter().any(|arn| arn.starts_with(prefix)))
    };
    let alarms = call.world.cloudwatch.alarms.values().filter(wanted).map(Alarm::to_sdk).collect();
    let size = usize::try_from(size).unwrap_or(NAMES_AT_ONCE);
    let page = paging::page(alarms, size, input.next_token());
    let (alarms, token) =
        page.ok_or_else(|| ApiError::new("InvalidNextToken", "The next token specified is invalid."))?;
    Ok(DescribeAlarmsOutput::builder().set_metric_alarms(Some(alarms)).set_next_token(token).build())
}

/// CloudWatch API reference, DeleteAlarms: the right names are deleted even where others are wrong.
pub(super) fn delete(call: &mut Call<'_>, input: &DeleteAlarmsInput) -> Result<DeleteAlarmsOutput, ApiError> {
    let names = input.alarm_names();
    if !(1..=NAMES_AT_ONCE).contains(&names.len()) {
        return Err(invalid("AlarmNames must hold 1 to 100 names"));
    }
    let alarms = &mut call.world.cloudwatch.alarms;
    let unknown: Vec<&String> = names.iter().filter(|name| alarms.remove(*name).is_none()).collect();
    match unknown.first() {
        Some(name) => Err(not_found(name)),
        None => Ok(DeleteAlarmsOutput::builder().build()),
    }
}

/// CloudWatch API reference, SetAlarmState. The state stays until it is set again: there are no metrics that could take it back.
pub(super) fn set_state(call: &mut Call<'_>, input: &SetAlarmStateInput) -> Result<SetAlarmStateOutput, ApiError> {
    let reason = input.state_reason().filter(|text| text.chars().count() <= 1023);
    let reason = reason.ok_or_else(|| invalid("StateReason must have no more than 1023 characters"))?;
    let state = input.state_value().and_then(State::from_sdk);
    let state = state.ok_or_else(|| invalid("StateValue must be one of OK, ALARM, INSUFFICIENT_DATA"))?;
    let (name, now) = (input.alarm_name().unwrap_or_default(), call.now);
    let alarm = call.world.cloudwatch.alarms.get_mut(name).ok_or_else(|| not_found(name))?;
    alarm.set(state, reason, now);
    Ok(SetAlarmStateOutput::builder().build())
}

impl Alarm {
    /// As the SDK's type.
    fn to_sdk(&self) -> MetricAlarm {
        let alarm = MetricAlarm::builder()
            .alarm_name(&self.name)
            .alarm_arn(&self.arn)
            .set_alarm_description(self.description.clone())
            .alarm_configuration_updated_timestamp(self.updated_at.datetime())
            .actions_enabled(self.actions_enabled)
            .set_ok_actions(Some(self.ok_actions.clone()))
            .set_alarm_actions(Some(self.alarm_actions.clone()))
            .set_insufficient_data_actions(Some(self.insufficient_data_actions.clone()))
            .state_value(self.state.to_sdk())
            .state_reason(&self.reason)
            .state_updated_timestamp(self.state_since.datetime())
            .state_transitioned_timestamp(self.state_since.datetime())
            .evaluation_periods(self.evaluation_periods)
            .set_datapoints_to_alarm(self.datapoints_to_alarm)
            .threshold(self.threshold)
            .comparison_operator(ComparisonOperator::from(self.comparison.as_str()))
            .set_treat_missing_data(self.missing_data.clone());
        match &self.watched {
            Watched::Queries(queries) => {
                alarm.set_metrics(Some(queries.iter().map(super::Query::to_sdk).collect())).build()
            }
            Watched::Metric(stat) => {
                let plain = Statistic::values().contains(&stat.statistic.as_str());
                let alarm = alarm
                    .metric_name(&stat.metric)
                    .namespace(&stat.namespace)
                    .set_dimensions(Some(stat.sdk_dimensions()))
                    .period(stat.period)
                    .set_unit(stat.unit.as_deref().map(StandardUnit::from));
                if plain {
                    alarm.statistic(Statistic::from(stat.statistic.as_str())).build()
                } else {
                    alarm.extended_statistic(&stat.statistic).build()
                }
            }
        }
    }
}
