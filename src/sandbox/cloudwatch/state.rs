//! All that CloudWatch holds.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_cloudwatch::types::StateValue;
use serde::{Deserialize, Serialize};

use super::query::{Query, Stat};
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::world::{Item, Place, Simulated, Tags, World};

/// When an alarm is first evaluated. CloudWatch User Guide, "Alarm evaluation": every minute.
const EVALUATED_AFTER: Duration = Duration::from_secs(60);

/// All that CloudWatch holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CloudWatchState {
    /// Alarms by name.
    pub alarms: BTreeMap<String, Alarm>,
    /// Dashboards by name.
    pub dashboards: BTreeMap<String, Dashboard>,
}

/// An alarm.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The scaling policy that AWS made it for; `None` for those that people make.
    pub scaling_policy: Option<String>,
    /// What it means.
    pub description: Option<String>,
    /// Whether anybody is told.
    pub actions_enabled: bool,
    /// Who is told that all is well.
    pub ok_actions: Vec<String>,
    /// Who is told that something is wrong.
    pub alarm_actions: Vec<String>,
    /// Who is told that nothing is known.
    pub insufficient_data_actions: Vec<String>,
    /// What it watches.
    pub watched: Watched,
    /// Periods that are looked at.
    pub evaluation_periods: i32,
    /// How many of them must be wrong; all of them if `None`.
    pub datapoints_to_alarm: Option<i32>,
    /// What the value is compared with.
    pub threshold: f64,
    /// How: `GreaterThanThreshold`, ….
    pub comparison: String,
    /// What missing data mean; `missing` if `None`.
    pub missing_data: Option<String>,
    /// How things are.
    pub state: State,
    /// Why they are so.
    pub reason: String,
    /// Since when.
    pub state_since: Moment,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
    /// Its tags.
    pub tags: Tags,
}

/// What an alarm watches.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Watched {
    /// One metric.
    Metric(Stat),
    /// The one of several queries that returns data.
    Queries(Vec<Query>),
}

/// How things are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Nothing is known.
    InsufficientData,
    /// All is well.
    Ok,
    /// Something is wrong.
    Alarm,
}

/// A dashboard.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dashboard {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its body, as it was sent.
    pub body: String,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
    /// Its tags.
    pub tags: Tags,
}

impl State {
    /// As the SDK's type.
    pub fn to_sdk(self) -> StateValue {
        match self {
            State::InsufficientData => StateValue::InsufficientData,
            State::Ok => StateValue::Ok,
            State::Alarm => StateValue::Alarm,
        }
    }

    /// From the SDK's type; `None` for what is no state.
    pub fn from_sdk(value: &StateValue) -> Option<Self> {
        [State::InsufficientData, State::Ok, State::Alarm].into_iter().find(|state| state.to_sdk() == *value)
    }
}

impl Alarm {
    /// Changes the state.
    pub fn set(&mut self, state: State, reason: &str, now: Moment) {
        self.state = state;
        self.reason = reason.to_owned();
        self.state_since = now;
    }

    /// What the first evaluation makes of it, since there is never any data, if it is due. CloudWatch User Guide, "Configuring how
    /// CloudWatch alarms treat missing data".
    fn evaluated(&self, now: Moment) -> Option<State> {
        let due = self.state == State::InsufficientData && now >= self.state_since + EVALUATED_AFTER;
        match self.missing_data.as_deref().filter(|_| due) {
            Some("notBreaching") => Some(State::Ok),
            Some("breaching") => Some(State::Alarm),
            _ => None,
        }
    }
}

/// The state of an alarm; `None` where there is no such alarm.
pub fn alarm_state(world: &World, name: &str) -> Option<State> {
    world.cloudwatch.alarms.get(name).map(|alarm| alarm.state)
}

/// The one metric that the simulation has values of: how many invocations of a function failed.
fn errors(watched: &Watched) -> Option<(&str, Duration)> {
    let stat = match watched {
        Watched::Metric(stat) => Some(stat),
        Watched::Queries(queries) => match queries.as_slice() {
            [query] => query.stat.as_ref(),
            _ => None,
        },
    }?;
    let of_errors = (stat.namespace.as_str(), stat.metric.as_str()) == ("AWS/Lambda", "Errors");
    let (_, function) = stat.dimensions.iter().find(|(name, _)| name == "FunctionName").filter(|_| of_errors)?;
    Some((function, Duration::from_secs(u64::from(stat.period.unsigned_abs()))))
}

/// Lets the alarms on failed invocations go off for as long as one is within the last period or the one before, as more than none is too many.
fn watch_functions(call: &mut Call<'_>) {
    let now = call.now;
    let wrong = |(function, period): (&str, Duration)| {
        let found = call.world.lambda.functions.get(function);
        found.is_some_and(|it| it.errors.iter().any(|(at, _)| *at <= now && *at + period + period > now))
    };
    let alarms = call.world.cloudwatch.alarms.values();
    let changed: Vec<(String, State)> = alarms
        .filter_map(|alarm| {
            let state = if wrong(errors(&alarm.watched)?) { State::Alarm } else { State::Ok };
            let due = alarm.state != State::InsufficientData || now >= alarm.state_since + EVALUATED_AFTER;
            (due && alarm.state != state).then(|| (alarm.name.clone(), state))
        })
        .collect();
    for (name, state) in changed {
        let reason = match state {
            State::Alarm => "Threshold Crossed: 1 datapoint was greater than the threshold (0.0).",
            _ => "Threshold Crossed: no datapoints were received and the missing ones were treated so.",
        };
        if let Some(alarm) = call.world.cloudwatch.alarms.get_mut(&name) {
            alarm.set(state, reason, now);
        }
    }
}

/// Evaluates the alarms that are due.
pub(super) fn advance(call: &mut Call<'_>) {
    watch_functions(call);
    let now = call.now;
    if call.world.cloudwatch.alarms.values().all(|alarm| alarm.evaluated(now).is_none()) {
        return;
    }
    for alarm in call.world.cloudwatch.alarms.values_mut() {
        if let Some(state) = alarm.evaluated(now) {
            alarm.set(
                state,
                "Threshold Crossed: no datapoints were received and the missing ones were treated so.",
                now,
            );
        }
    }
}

impl Simulated for CloudWatchState {
    /// Without the alarms that AWS made: those go with their scaling policies.
    fn inventory(&self, _now: Moment, _place: &Place) -> Vec<Item> {
        let item = |kind: &'static str, id: &str, arn: &str, tags: &Tags| Item {
            kind,
            id: id.to_owned(),
            arn: arn.to_owned(),
            tags: tags.clone(),
        };
        let alarms = self.alarms.values().filter(|alarm| alarm.scaling_policy.is_none());
        let alarms = alarms.map(|it| item("cloudwatch:alarm", &it.name, &it.arn, &it.tags));
        let dashboards = self.dashboards.values();
        alarms.chain(dashboards.map(|it| item("cloudwatch:dashboard", &it.name, &it.arn, &it.tags))).collect()
    }

    fn tags_by_arn(&mut self, _place: &Place, arn: &str) -> Option<&mut Tags> {
        self.tags_mut(arn)
    }
}

impl CloudWatchState {
    /// The tags of an alarm or a dashboard, to change them.
    pub(super) fn tags_mut(&mut self, arn: &str) -> Option<&mut Tags> {
        let alarm = self.alarms.values_mut().find(|it| it.arn == arn).map(|it| &mut it.tags);
        let dashboards = &mut self.dashboards;
        alarm.or_else(|| dashboards.values_mut().find(|it| it.arn == arn).map(|it| &mut it.tags))
    }
}
