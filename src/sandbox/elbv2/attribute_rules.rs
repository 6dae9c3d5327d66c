//! Values that attributes of load balancers and target groups may have. Elastic Load Balancing API reference, LoadBalancerAttribute and
//! TargetGroupAttribute.

use std::ops::RangeInclusive;

use super::service::invalid;
use crate::sandbox::error::ApiError;

/// What an attribute's value may be.
enum Form {
    Text,
    OneOf(&'static [&'static str]),
    /// A number, or zero.
    ZeroOr(RangeInclusive<u32>),
    Number(RangeInclusive<u32>),
}

const SWITCH: Form = Form::OneOf(&["true", "false"]);

fn form(key: &str) -> Form {
    match key {
        "client_keep_alive.seconds" => Form::Number(60..=604_800),
        "deregistration_delay.timeout_seconds" => Form::Number(0..=3600),
        "idle_timeout.timeout_seconds" => Form::Number(1..=4000),
        "load_balancing.algorithm.anomaly_mitigation" => Form::OneOf(&["on", "off"]),
        "load_balancing.algorithm.type" => {
            Form::OneOf(&["round_robin", "least_outstanding_requests", "weighted_random"])
        }
        "load_balancing.cross_zone.enabled" => Form::OneOf(&["true", "false", "use_load_balancer_configuration"]),
        "routing.http.desync_mitigation_mode" => Form::OneOf(&["monitor", "defensive", "strictest"]),
        "slow_start.duration_seconds" => Form::ZeroOr(30..=900),
        "stickiness.lb_cookie.duration_seconds" => Form::Number(1..=604_800),
        "stickiness.type" => Form::OneOf(&["lb_cookie", "app_cookie"]),
        key if key.ends_with(".enabled") => SWITCH,
        _ => Form::Text,
    }
}

/// Whether an attribute may have a value.
///
/// # Errors
/// `ValidationError` where it may not.
pub(super) fn check(key: &str, value: &str) -> Result<(), ApiError> {
    let number = value.parse::<u32>().ok();
    let fits = match form(key) {
        Form::Text => true,
        Form::OneOf(words) => words.contains(&value),
        Form::Number(range) => number.is_some_and(|number| range.contains(&number)),
        Form::ZeroOr(range) => number.is_some_and(|number| number == 0 || range.contains(&number)),
    };
    if fits { Ok(()) } else { Err(invalid(format!("The value '{value}' of the attribute '{key}' is not valid"))) }
}
