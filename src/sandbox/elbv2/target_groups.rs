//! Target groups.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::operation::create_target_group::{CreateTargetGroupInput, CreateTargetGroupOutput};
use aws_sdk_elasticloadbalancingv2::operation::delete_target_group::{DeleteTargetGroupInput, DeleteTargetGroupOutput};
use aws_sdk_elasticloadbalancingv2::operation::describe_target_group_attributes::{
    DescribeTargetGroupAttributesInput, DescribeTargetGroupAttributesOutput,
};
use aws_sdk_elasticloadbalancingv2::operation::describe_target_groups::{
    DescribeTargetGroupsInput, DescribeTargetGroupsOutput,
};
use aws_sdk_elasticloadbalancingv2::operation::modify_target_group::{ModifyTargetGroupInput, ModifyTargetGroupOutput};
use aws_sdk_elasticloadbalancingv2::operation::modify_target_group_attributes::{
    ModifyTargetGroupAttributesInput, ModifyTargetGroupAttributesOutput,
};
use aws_sdk_elasticloadbalancingv2::types::{
    Matcher, ProtocolEnum, TargetGroup as Described, TargetGroupAttribute, TargetTypeEnum,
};

use super::service::{check_name, invalid, page};
use super::state::{Check, TargetGroup};
use super::{attribute_rules, tags};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

/// Target groups of a Region (user guide, "Quotas for your Application Load Balancers").
const MOST: usize = 3000;

/// What a new one has (user guide, "Target group attributes").
const DEFAULTS: [(&str, &str); 9] = [
    ("deregistration_delay.timeout_seconds", "300"),
    ("load_balancing.algorithm.anomaly_mitigation", "off"),
    ("load_balancing.algorithm.type", "round_robin"),
    ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
    ("slow_start.duration_seconds", "0"),
    ("stickiness.enabled", "false"),
    ("stickiness.lb_cookie.duration_seconds", "86400"),
    ("stickiness.type", "lb_cookie"),
    ("target_group_health.dns_failover.minimum_healthy_targets.count", "1"),
];

fn absent(arn: &str) -> ApiError {
    ApiError::new("TargetGroupNotFound", format!("Target groups '{arn}' not found"))
}

fn find<'a>(call: &'a Call<'_>, arn: Option<&str>) -> Result<&'a TargetGroup, ApiError> {
    let arn = arn.unwrap_or_default();
    call.world.elbv2.target_groups.get(arn).ok_or_else(|| absent(arn))
}

/// A health check's numbers (API reference, CreateTargetGroup): interval 5 to 300 s, time-out 2 to 120 s and below the interval, thresholds 2
/// to 10.
fn check(check: &Check) -> Result<(), ApiError> {
    if !(5..=300).contains(&check.interval) {
        return Err(invalid(format!("Health check interval '{}' must be between 5 and 300", check.interval)));
    }
    if !(2..=120).contains(&check.timeout) || check.timeout >= check.interval {
        let message =
            format!("Health check timeout '{}' must be between 2 and 120 and smaller than the interval", check.timeout);
        return Err(invalid(message));
    }
    if !(2..=10).contains(&check.healthy) || !(2..=10).contains(&check.unhealthy) {
        return Err(invalid("Health check thresholds must be between 2 and 10"));
    }
    if !["HTTP", "HTTPS"].contains(&check.protocol.as_str()) {
        return Err(invalid(format!("Health check protocol '{}' must be one of HTTP, HTTPS", check.protocol)));
    }
    if check.port != "traffic-port" && !check.port.parse().is_ok_and(|port: u16| port > 0) {
        return Err(invalid(format!("Health check port '{}' must be 'traffic-port' or 1 to 65535", check.port)));
    }
    if !check.codes.split(',').all(are_codes) {
        return Err(invalid(format!("Health check matcher HTTP code '{}' must be within '200-499'", check.codes)));
    }
    if !check.path.starts_with('/') || check.path.len() > 1024 {
        return Err(invalid(format!("Health check path '{}' must begin with '/'", check.path)));
    }
    Ok(())
}

/// A code or a range of codes, 200 to 499 (API reference, Matcher).
fn are_codes(text: &str) -> bool {
    let code = |text: &str| text.parse::<u16>().ok().filter(|code| (200..=499).contains(code));
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    matches!((code(from), code(to)), (Some(from), Some(to)) if from <= to)
}

/// CreateTargetGroup. The same name with the same settings gives the one that exists; with others it is a duplicate.
pub(super) fn create(call: &mut Call<'_>, input: &CreateTargetGroupInput) -> Result<CreateTargetGroupOutput, ApiError> {
    let name = input.name().unwrap_or_default();
    check_name(name)?;
    let target_type = input.target_type().map_or("instance", TargetTypeEnum::as_str).to_owned();
    let protocol = input.protocol().map_or("", ProtocolEnum::as_str).to_owned();
    let port = input.port().unwrap_or_default();
    if !["HTTP", "HTTPS"].contains(&protocol.as_str()) || !(1..=65535).contains(&port) {
        return Err(invalid("A target group needs the protocol HTTP or HTTPS and a port from 1 to 65535"));
    }
    if !["instance", "ip"].contains(&target_type.as_str()) {
        return Err(invalid(format!("Target type '{target_type}' is not valid, or not simulated")));
    }
    let vpc = input.vpc_id().unwrap_or_default().to_owned();
    if !call.world.ec2.vpcs.contains_key(&vpc) {
        return Err(invalid(format!("The VPC ID '{vpc}' is not found")));
    }
    let made_check = Check {
        path: input.health_check_path().unwrap_or("/").to_owned(),
        protocol: input.health_check_protocol().map_or("HTTP", ProtocolEnum::as_str).to_owned(),
        port: input.health_check_port().unwrap_or("traffic-port").to_owned(),
        interval: input.health_check_interval_seconds().unwrap_or(30),
        timeout: input.health_check_timeout_seconds().unwrap_or(5),
        healthy: input.healthy_threshold_count().unwrap_or(5),
        unhealthy: input.unhealthy_threshold_count().unwrap_or(2),
        codes: input.matcher().and_then(Matcher::http_code).unwrap_or("200").to_owned(),
    };
    check(&made_check)?;
    let tags = tags::read(&Tags::new(), input.tags())?;
    if let Some(present) = call.world.elbv2.target_groups.values().find(|it| it.name == name) {
        let same =
            present.vpc == vpc && present.port == port && present.protocol == protocol && present.check == made_check;
        if same && present.target_type == target_type {
            return Ok(CreateTargetGroupOutput::builder().target_groups(show(call, present)).build());
        }
        let message = format!("A target group with the same name '{name}' exists, but with different settings");
        return Err(ApiError::new("DuplicateTargetGroupName", message));
    }
    if call.world.elbv2.target_groups.len() >= MOST {
        return Err(ApiError::new("TooManyTargetGroups", "The maximum number of target groups has been reached"));
    }
    let id = call.hex(16);
    let made = TargetGroup {
        arn: call.arn("elasticloadbalancing", &format!("targetgroup/{name}/{id}")),
        name: name.to_owned(),
        target_type,
        protocol,
        port,
        vpc,
        check: made_check,
        attributes: DEFAULTS.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        targets: Vec::new(),
        tags,
    };
    let shown = show(call, &made);
    call.world.elbv2.target_groups.insert(made.arn.clone(), made);
    Ok(CreateTargetGroupOutput::builder().target_groups(shown).build())
}

fn show(call: &Call<'_>, it: &TargetGroup) -> Described {
    let balancers = call.world.elbv2.in_front_of(&it.arn).into_iter().map(|balancer| balancer.arn.clone()).collect();
    Described::builder()
        .target_group_arn(&it.arn)
        .target_group_name(&it.name)
        .protocol(ProtocolEnum::from(it.protocol.as_str()))
        .port(it.port)
        .vpc_id(&it.vpc)
        .health_check_enabled(true)
        .health_check_protocol(ProtocolEnum::from(it.check.protocol.as_str()))
        .health_check_port(&it.check.port)
        .health_check_path(&it.check.path)
        .health_check_interval_seconds(it.check.interval)
        .health_check_timeout_seconds(it.check.timeout)
        .healthy_threshold_count(it.check.healthy)
        .unhealthy_threshold_count(it.check.unhealthy)
        .matcher(Matcher::builder().http_code(&it.check.codes).build())
        .target_type(TargetTypeEnum::from(it.target_type.as_str()))
        .protocol_version("HTTP1")
        .set_load_balancer_arns(Some(balancers))
        .build()
}

/// DescribeTargetGroups: unknown names and ARNs are an error.
pub(super) fn describe(
    call: &mut Call<'_>,
    input: &DescribeTargetGroupsInput,
) -> Result<DescribeTargetGroupsOutput, ApiError> {
    let all = &call.world.elbv2.target_groups;
    for arn in input.target_group_arns() {
        all.get(arn).ok_or_else(|| absent(arn))?;
    }
    for name in input.names() {
        all.values().find(|it| it.name == *name).ok_or_else(|| absent(name))?;
    }
    let behind =
        |it: &TargetGroup, arn: &str| call.world.elbv2.in_front_of(&it.arn).iter().any(|balancer| balancer.arn == arn);
    let picked = |it: &&TargetGroup| {
        (input.target_group_arns().is_empty() || input.target_group_arns().contains(&it.arn))
            && (input.names().is_empty() || input.names().contains(&it.name))
            && input.load_balancer_arn().is_none_or(|arn| behind(it, arn))
    };
    let shown: Vec<Described> = all.values().filter(picked).map(|it| show(call, it)).collect();
    let (page, next) = page(shown, input.page_size(), input.marker())?;
    Ok(DescribeTargetGroupsOutput::builder().set_target_groups(Some(page)).set_next_marker(next).build())
}

/// ModifyTargetGroup: the health check.
pub(super) fn modify(call: &mut Call<'_>, input: &ModifyTargetGroupInput) -> Result<ModifyTargetGroupOutput, ApiError> {
    let mut it = find(call, input.target_group_arn())?.clone();
    let now = &mut it.check;
    now.path = input.health_check_path().unwrap_or(&now.path).to_owned();
    now.port = input.health_check_port().unwrap_or(&now.port).to_owned();
    now.protocol = input.health_check_protocol().map_or(now.protocol.as_str(), ProtocolEnum::as_str).to_owned();
    now.interval = input.health_check_interval_seconds().unwrap_or(now.interval);
    now.timeout = input.health_check_timeout_seconds().unwrap_or(now.timeout);
    now.healthy = input.healthy_threshold_count().unwrap_or(now.healthy);
    now.unhealthy = input.unhealthy_threshold_count().unwrap_or(now.unhealthy);
    now.codes = input.matcher().and_then(Matcher::http_code).unwrap_or(&now.codes).to_owned();
    check(now)?;
    let shown = show(call, &it);
    call.world.elbv2.target_groups.insert(it.arn.clone(), it);
    Ok(ModifyTargetGroupOutput::builder().target_groups(shown).build())
}

fn attributes(map: &BTreeMap<String, String>) -> Vec<TargetGroupAttribute> {
    map.iter().map(|(key, value)| TargetGroupAttribute::builder().key(key).value(value).build()).collect()
}

/// DescribeTargetGroupAttributes.
pub(super) fn describe_attributes(
    call: &mut Call<'_>,
    input: &DescribeTargetGroupAttributesInput,
) -> Result<DescribeTargetGroupAttributesOutput, ApiError> {
    let it = find(call, input.target_group_arn())?;
    Ok(DescribeTargetGroupAttributesOutput::builder().set_attributes(Some(attributes(&it.attributes))).build())
}

/// ModifyTargetGroupAttributes: known keys with values that they may have.
pub(super) fn modify_attributes(
    call: &mut Call<'_>,
    input: &ModifyTargetGroupAttributesInput,
) -> Result<ModifyTargetGroupAttributesOutput, ApiError> {
    let it = find(call, input.target_group_arn())?;
    let (arn, mut map) = (it.arn.clone(), it.attributes.clone());
    for attribute in input.attributes() {
        let (key, value) = (attribute.key().unwrap_or_default(), attribute.value().unwrap_or_default());
        if !map.contains_key(key) {
            return Err(invalid(format!("Target group attribute key '{key}' is not recognized")));
        }
        attribute_rules::check(key, value)?;
        map.insert(key.to_owned(), value.to_owned());
    }
    let shown = attributes(&map);
    if let Some(it) = call.world.elbv2.target_groups.get_mut(&arn) {
        it.attributes = map;
    }
    Ok(ModifyTargetGroupAttributesOutput::builder().set_attributes(Some(shown)).build())
}

/// DeleteTargetGroup: refused while a listener or a rule names it, also with weight 0 (API reference, DeleteTargetGroup).
pub(super) fn delete(call: &mut Call<'_>, input: &DeleteTargetGroupInput) -> Result<DeleteTargetGroupOutput, ApiError> {
    let arn = find(call, input.target_group_arn())?.arn.clone();
    if !call.world.elbv2.in_front_of(&arn).is_empty() {
        let message = format!("Target group '{arn}' is currently in use by a listener or a rule");
        return Err(ApiError::new("ResourceInUse", message));
    }
    call.world.elbv2.target_groups.remove(&arn);
    Ok(DeleteTargetGroupOutput::builder().build())
}
