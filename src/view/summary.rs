//! The end of a run: what came of it, where things are, what it took, and what to do next.

use std::{collections::BTreeMap, fmt::Write, time::Duration};

use serde_json::{Map, Value, json};

use super::{
    Paint,
    lines::done,
    progress::Pace,
    text::{clean, count, duration, pad, wrap},
};
use crate::{
    config::Config,
    engine::{Action, Book, Class, Failure, Key, Phase, Plan, schedule::Outcome},
    operation::Leftover,
};

/// How many of the slowest steps are named.
const SLOWEST: usize = 5;

/// Where an environment is reached.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Addresses {
    /// The load balancer's name.
    pub load_balancer: String,
    /// Each service's address.
    pub services: BTreeMap<String, String>,
}

impl Addresses {
    /// What the state knows; `None` before there is a load balancer.
    pub fn find(config: &Config, book: &Book) -> Option<Self> {
        let balancer = book.records.values().find(|record| record.key.kind() == "load-balancer")?;
        let load_balancer = balancer.outputs.get("dns_name")?.clone();
        let scheme = if config.ingress.certificate_arn.is_some() { "https" } else { "http" };
        let address = |path: &str| format!("{scheme}://{load_balancer}{path}");
        let services = config.services.iter().map(|(name, service)| (name.clone(), address(&service.path))).collect();
        Some(Addresses { services, load_balancer })
    }

    /// One line each.
    pub fn text(&self, paint: Paint) -> String {
        let title = "load balancer";
        let width = self.services.keys().map(String::len).chain([title.len()]).max().unwrap_or_default();
        let mut text = format!("  {}  {}", pad(title, width), self.load_balancer);
        for (name, address) in &self.services {
            let _ = write!(text, "\n  {}  {}", pad(name, width), paint.cyan(address));
        }
        text
    }
}

/// What a run took.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Calls that read.
    pub reading: u64,
    /// Calls that changed something.
    pub changing: u64,
    /// How fast time passed.
    pub pace: Pace,
}

impl Effort {
    /// The calls in one line.
    pub fn calls(&self) -> String {
        format!("API calls: {} reading, {} changing", self.reading, self.changing)
    }
}

/// What was done, what took longest and how many calls were made.
pub fn effort(plan: &Plan, outcome: &Outcome, effort: Effort, width: usize) -> String {
    let mut text = format!("{} in {}{}", tally(plan, outcome), duration(outcome.elapsed), effort.pace.note());
    let slowest = slowest(outcome);
    if !slowest.is_empty() {
        let list: Vec<String> = slowest.iter().map(|(key, took)| format!("{key} {}", duration(*took))).collect();
        let _ = write!(text, "\n{}", wrap(&format!("longest: {}", list.join(", ")), 0, width));
    }
    let _ = write!(text, "\n{}", effort.calls());
    text
}

fn slowest(outcome: &Outcome) -> Vec<(&Key, Duration)> {
    let mut took: Vec<(&Key, Duration)> = outcome.done.iter().map(|(key, took)| (key, *took)).collect();
    took.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(right.0)));
    took.truncate(SLOWEST);
    took
}

/// `12 created, 1 updated`, of what is wholly done.
fn tally(plan: &Plan, outcome: &Outcome) -> String {
    let unfinished = |key: &Key| {
        outcome.failed.iter().any(|(failed, _)| failed == key) || outcome.skipped.iter().any(|(left, _)| left == key)
    };
    let finished = |key: &Key| outcome.done.iter().any(|(done, _)| done == key) && !unfinished(key);
    let actions = [Action::Create, Action::Adopt, Action::Update, Action::Replace, Action::Delete];
    let parts: Vec<String> = actions
        .into_iter()
        .map(|action| (action, plan.steps.iter().filter(|step| step.action == action && finished(&step.key)).count()))
        .filter(|(_, number)| *number > 0)
        .map(|(action, number)| format!("{number} {}", done(action)))
        .collect();
    let begun = outcome.begun().len();
    let begun = (begun > 0).then(|| format!("{begun} begun"));
    let parts: Vec<String> = parts.into_iter().chain(begun).collect();
    if parts.is_empty() { "nothing done".to_owned() } else { parts.join(", ") }
}

/// What is known to exist of a resource whose step failed or was not finished.
pub fn exists_now(book: &Book, key: &Key) -> String {
    let now = recorded_now(book, key);
    match book.deposed.get(key).map(Vec::as_slice) {
        None | Some([]) => now,
        Some(former) => {
            let ids: Vec<String> = former.iter().map(|former| clean(&former.id)).collect();
            format!("{now}; the former one still has to go: {}", ids.join(", "))
        }
    }
}

fn recorded_now(book: &Book, key: &Key) -> String {
    match book.records.get(key) {
        None => "nothing of it exists".to_owned(),
        Some(record) if record.phase == Phase::Intended => {
            "unknown: it may exist, and the next run looks for it before it does anything".to_owned()
        }
        Some(record) => format!("it exists and is recorded as {}", clean(&record.id)),
    }
}

/// The likely cause, where the class tells more than the message.
pub fn cause(class: Class) -> Option<&'static str> {
    match class {
        Class::Throttled => Some("AWS goes on answering that there are too many calls"),
        Class::Unavailable => Some("the network, or AWS itself: no answer came, or one that says it is broken"),
        Class::Unreadable => {
            Some("a proxy in between that answers itself, or an answer newer than this version of platformctl")
        }
        Class::Settling => Some("something made before is still not visible everywhere on AWS"),
        Class::Blocked => Some("something else still uses it"),
        Class::Exists => Some("the name is taken"),
        Class::Absent => Some("what it needs is gone; perhaps somebody deleted it meanwhile"),
        Class::Denied => Some("the identity that runs platformctl may not do this"),
        Class::Credentials => Some("there are no credentials, or they have expired"),
        Class::Quota => Some("a quota of the account is used up"),
        Class::Invalid => Some("AWS refuses the request as it is"),
        Class::Deadline => Some("it takes longer than it ever should"),
        Class::Interrupted | Class::Internal => None,
    }
}

/// What a failed run leaves: each failure, what was not tried and why, and the next command.
pub fn failure(paint: Paint, width: usize, plan: &Plan, outcome: &Outcome, book: &Book, again: &str) -> String {
    let mut text = String::new();
    for (key, failure) in &outcome.failed {
        text.push_str(&one_failure(paint, width, plan, book, key, failure));
    }
    let begun = outcome.begun();
    if !begun.is_empty() {
        text.push_str("\nnot finished:\n");
    }
    for key in &begun {
        let _ = writeln!(text, "{}", wrap(&format!("{key}: {}", exists_now(book, key)), 2, width));
    }
    let untried: Vec<&str> =
        outcome.skipped.iter().filter(|(key, _)| !begun.contains(key)).map(|(_, because)| because.as_str()).collect();
    if !untried.is_empty() {
        let _ = writeln!(text, "\n{}", wrap(&format!("not tried: {}", skipped(&untried)), 0, width));
    }
    let _ = write!(text, "\nnext: {}", paint.cyan(again));
    text
}

fn one_failure(paint: Paint, width: usize, plan: &Plan, book: &Book, key: &Key, failure: &Failure) -> String {
    let name = plan.step(key).map(|step| format!(" ({})", step.name)).unwrap_or_default();
    let mut text = format!("{} {key}{name}\n", paint.alarm("failed:"));
    let _ = writeln!(text, "{}", wrap(&clean(&failure.to_string()), 2, width));
    let mut line = |title: &str, what: &str| {
        let _ = writeln!(text, "{}", wrap(&format!("{title} {}", clean(what)), 2, width));
    };
    if let Some(cause) = cause(failure.class) {
        line("cause:", cause);
    }
    line("now:", &exists_now(book, key));
    if let Some(remedy) = &failure.remedy {
        line("remedy:", remedy);
    }
    text
}

/// `31 steps (30 waits for subnet/public-a, 1 interrupted)`.
fn skipped(reasons: &[&str]) -> String {
    let mut causes: BTreeMap<&str, usize> = BTreeMap::new();
    for because in reasons {
        *causes.entry(because).or_default() += 1;
    }
    let mut causes: Vec<(&str, usize)> = causes.into_iter().collect();
    causes.sort_by_key(|(because, number)| (std::cmp::Reverse(*number), *because));
    let list: Vec<String> = causes.iter().map(|(because, number)| format!("{number} {because}")).collect();
    format!("{} ({})", count(reasons.len(), "step"), clean(&list.join(", ")))
}

/// An outcome as fields of the final line.
pub fn outcome_json(plan: &Plan, outcome: &Outcome, book: &Book, effort: Effort) -> Map<String, Value> {
    let failed: Vec<Value> = outcome
        .failed
        .iter()
        .map(|(key, failure)| {
            json!({
                "key": key,
                "name": plan.step(key).map(|step| &step.name),
                "operation": failure.operation,
                "code": failure.code,
                "message": failure.message,
                "request_id": failure.request_id,
                "cause": cause(failure.class),
                "remedy": failure.remedy,
                "exists": exists_now(book, key),
            })
        })
        .collect();
    let pairs = |list: &[(Key, String)], name: &str| -> Vec<Value> {
        list.iter().map(|(key, text)| json!({ "key": key, name: text })).collect()
    };
    let ms = |length: Duration| u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    let slowest: Vec<Value> =
        slowest(outcome).iter().map(|(key, took)| json!({ "key": key, "ms": ms(*took) })).collect();
    let begun: Vec<Value> =
        outcome.begun().into_iter().map(|key| json!({ "key": key, "exists": exists_now(book, key) })).collect();
    let fields = json!({
        "elapsed_ms": ms(outcome.elapsed),
        "simulated": effort.pace != Pace::Real,
        "done": outcome.done.len(),
        "failed": failed,
        "skipped": pairs(&outcome.skipped, "because"),
        "begun": begun,
        "kept": pairs(&outcome.kept, "until"),
        "interrupted": outcome.interrupted,
        "slowest": slowest,
        "calls": { "reading": effort.reading, "changing": effort.changing },
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// The proof of a destroy: what is left, or nothing, and what AWS keeps by its own rule.
pub fn leftovers(paint: Paint, suffix: &str, left: &[Leftover], kept: &[Leftover]) -> String {
    let list = |items: &[Leftover]| {
        items.iter().fold(String::new(), |mut text, item| {
            let key = if item.key.is_empty() { "(no key)" } else { &item.key };
            let _ = write!(text, "\n  {}  {}  {}", clean(key), clean(&item.id), clean(&item.note));
            text
        })
    };
    let mut text = if left.is_empty() {
        paint.green(&format!("nothing left of environment '{suffix}'"))
    } else {
        format!(
            "{}{}",
            paint.red(&format!("left of environment '{suffix}': {}", count(left.len(), "resource"))),
            list(left)
        )
    };
    if !kept.is_empty() {
        let _ = write!(text, "\nAWS keeps for some days before it deletes them by itself:{}", list(kept));
    }
    text
}
