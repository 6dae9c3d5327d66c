//! Words for how far a deployment is.

use std::time::Duration;

use crate::{
    operation::deploy::{Progress, progress::Half},
    view::text::duration,
};

/// A color, or what it stands for where no target group tells one.
pub fn color(half: &Half, otherwise: &'static str) -> &'static str {
    half.color.unwrap_or(otherwise)
}

/// A percentage without a useless fraction.
pub fn percent(share: f64) -> String {
    if share.fract() == 0.0 { format!("{share:.0} %") } else { format!("{share:.1} %") }
}

/// A length of time.
pub fn seconds(length: i64) -> String {
    duration(Duration::from_secs(length.unsigned_abs()))
}

/// `2 of 2 tasks run, 1 healthy`.
pub fn tasks(half: &Half) -> String {
    let healthy = half.healthy.map(|healthy| format!(", {healthy} healthy")).unwrap_or_default();
    format!("{} of {} tasks run{healthy}", half.running, half.requested)
}

/// What goes on, in one line, without what changes with every look.
pub fn phase(it: &Progress) -> String {
    let new = color(&it.new, "new");
    let old = it.old.as_ref().map_or("old", |half| color(half, "old"));
    if it.waits_for_you.is_some() {
        return format!("waits for you after {}", it.stage.as_deref().unwrap_or("its start"));
    }
    match it.status.as_str() {
        "PENDING" => return "ECS has not begun yet".to_owned(),
        "STOP_REQUESTED" | "ROLLBACK_REQUESTED" => return format!("{}: {}", it.status, reason(it)),
        "ROLLBACK_IN_PROGRESS" => return format!("all traffic back to {old}; letting {new} go"),
        "IN_PROGRESS" => {}
        over => return over.to_owned(),
    }
    match it.stage.as_deref().unwrap_or_default() {
        "RECONCILE_SERVICE" => "clearing up after the deployment before".to_owned(),
        "PRE_SCALE_UP" => format!("about to start {new}"),
        "SCALE_UP" => format!("starting {new}: {}", tasks(&it.new)),
        "POST_SCALE_UP" => format!("{new} is healthy"),
        "TEST_TRAFFIC_SHIFT" => format!("test traffic moves to {new}"),
        "POST_TEST_TRAFFIC_SHIFT" => format!("test traffic is on {new}"),
        "PRE_PRODUCTION_TRAFFIC_SHIFT" => format!("about to move production traffic to {new}"),
        "PRODUCTION_TRAFFIC_SHIFT" => match it.new.weight {
            0.0 => format!("production traffic moves to {new}"),
            share => format!("{} of production traffic is on {new}", percent(share)),
        },
        "POST_PRODUCTION_TRAFFIC_SHIFT" => format!("all production traffic is on {new}"),
        "BAKE_TIME" => format!("all production traffic is on {new}; {old} is kept ready while it bakes"),
        "CLEAN_UP" => format!("letting {old} go"),
        other => other.to_ascii_lowercase().replace('_', " "),
    }
}

/// True where nothing more happens.
pub fn is_over(it: &Progress) -> bool {
    ["SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"].contains(&it.status.as_str())
}

/// What ECS says, or nothing much.
pub fn reason(it: &Progress) -> &str {
    it.reason.as_deref().unwrap_or("asked to stop")
}

/// What changes with every look: time left, alarms, failures.
pub fn detail(it: &Progress) -> Vec<String> {
    let mut parts = Vec::new();
    if let Some(left) = it.bake_left {
        parts.push(format!("{} left", seconds(left)));
    }
    if let Some(left) = it.waits_for_you.filter(|left| *left > 0) {
        parts.push(format!("{} left for the answer", seconds(left)));
    }
    if !it.ringing.is_empty() {
        parts.push(format!("alarms went off: {}", it.ringing.join(", ")));
    } else if it.alarms > 0 {
        parts.push(format!("{} alarms watched", it.alarms));
    }
    if it.failed_tasks > 0 {
        let of = if it.threshold > 0 { format!(" of at most {}", it.threshold) } else { String::new() };
        parts.push(format!("{} failed tasks{of}", it.failed_tasks));
    }
    parts
}
