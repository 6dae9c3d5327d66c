//! Application load balancers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::operation::create_load_balancer::{
    CreateLoadBalancerInput, CreateLoadBalancerOutput,
};
use aws_sdk_elasticloadbalancingv2::operation::delete_load_balancer::{
    DeleteLoadBalancerInput, DeleteLoadBalancerOutput,
};
use aws_sdk_elasticloadbalancingv2::operation::describe_load_balancer_attributes::{
    DescribeLoadBalancerAttributesInput, DescribeLoadBalancerAttributesOutput,
};
use aws_sdk_elasticloadbalancingv2::operation::describe_load_balancers::{
    DescribeLoadBalancersInput, DescribeLoadBalancersOutput,
};
use aws_sdk_elasticloadbalancingv2::operation::modify_load_balancer_attributes::{
    ModifyLoadBalancerAttributesInput, ModifyLoadBalancerAttributesOutput,
};
use aws_sdk_elasticloadbalancingv2::operation::set_security_groups::{SetSecurityGroupsInput, SetSecurityGroupsOutput};
use aws_sdk_elasticloadbalancingv2::operation::set_subnets::{SetSubnetsInput, SetSubnetsOutput};
use aws_sdk_elasticloadbalancingv2::types::{
    AvailabilityZone, LoadBalancer as Described, LoadBalancerAttribute, LoadBalancerSchemeEnum, LoadBalancerState,
    LoadBalancerStateEnum, LoadBalancerTypeEnum,
};

use super::service::{check_name, invalid, page};
use super::state::LoadBalancer;
use super::{attribute_rules, tags};
use crate::sandbox::call::Call;
use crate::sandbox::ec2::network_interface::{self, NewInterface, PublicAddress};
use crate::sandbox::error::ApiError;
use crate::sandbox::iam;
use crate::sandbox::quotas;
use crate::sandbox::world::Tags;

/// What a new one has (user guide, "Load balancer attributes").
const DEFAULTS: [(&str, &str); 13] = [
    ("access_logs.s3.bucket", ""),
    ("access_logs.s3.enabled", "false"),
    ("access_logs.s3.prefix", ""),
    ("client_keep_alive.seconds", "3600"),
    ("deletion_protection.enabled", "false"),
    ("idle_timeout.timeout_seconds", "60"),
    ("load_balancing.cross_zone.enabled", "true"),
    ("routing.http.desync_mitigation_mode", "defensive"),
    ("routing.http.drop_invalid_header_fields.enabled", "false"),
    ("routing.http.preserve_host_header.enabled", "false"),
    ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false"),
    ("routing.http.xff_client_port.enabled", "false"),
    ("routing.http2.enabled", "true"),
];

/// Free addresses of each subnet (user guide, "Subnets for your load balancer").
const FREE_ADDRESSES: usize = 8;

fn find<'a>(call: &'a Call<'_>, arn: Option<&str>) -> Result<&'a LoadBalancer, ApiError> {
    let arn = arn.unwrap_or_default();
    call.world.elbv2.load_balancers.get(arn).ok_or_else(|| absent(arn))
}

fn absent(arn: &str) -> ApiError {
    ApiError::new("LoadBalancerNotFound", format!("Load balancers '[{arn}]' not found"))
}

/// CreateLoadBalancer. The same name with the same settings gives the one that exists; with others it is a duplicate.
pub(super) fn create(
    call: &mut Call<'_>,
    input: &CreateLoadBalancerInput,
) -> Result<CreateLoadBalancerOutput, ApiError> {
    let name = input.name().unwrap_or_default();
    check_name(name)?;
    if name.starts_with("internal-") {
        return Err(invalid("A load balancer's name must not begin with 'internal-'"));
    }
    if input.r#type().is_some_and(|kind| *kind != LoadBalancerTypeEnum::Application) {
        return Err(invalid("Only application load balancers are simulated"));
    }
    let (subnets, groups) = (input.subnets().to_vec(), input.security_groups().to_vec());
    let scheme = input.scheme().map_or("internet-facing", LoadBalancerSchemeEnum::as_str).to_owned();
    let tags = tags::read(&Tags::new(), input.tags())?;
    if let Some(present) = call.world.elbv2.load_balancers.values().find(|it| it.name == name) {
        if present.subnets == subnets && present.groups == groups && present.scheme == scheme {
            return Ok(CreateLoadBalancerOutput::builder().load_balancers(show(call, present)).build());
        }
        let message = format!("A load balancer with the same name '{name}' exists, but with different settings");
        return Err(ApiError::new("DuplicateLoadBalancerName", message));
    }
    let vpc = check_subnets(call, &subnets, &scheme)?;
    network_interface::check_groups(call, &vpc, &groups)
        .map_err(|error| ApiError::new("InvalidSecurityGroup", error.message))?;
    if call.world.elbv2.load_balancers.len() as f64 >= call.quota(quotas::APPLICATION_LOAD_BALANCERS) {
        return Err(ApiError::new("TooManyLoadBalancers", "The maximum number of load balancers has been reached"));
    }
    let id = call.hex(16);
    let made = LoadBalancer {
        arn: call.arn("elasticloadbalancing", &format!("loadbalancer/app/{name}/{id}")),
        dns_name: format!("{name}-{}.{}.elb.amazonaws.com", call.number(100_000_000..1_999_999_999), call.region()),
        name: name.to_owned(),
        id,
        scheme,
        subnets,
        groups,
        vpc,
        created_at: call.now,
        attributes: DEFAULTS.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        tags,
    };
    for subnet in &made.subnets {
        attach(call, &made, subnet)?;
    }
    iam::link(call, "elasticloadbalancing.amazonaws.com");
    let shown = show(call, &made);
    call.world.elbv2.load_balancers.insert(made.arn.clone(), made);
    Ok(CreateLoadBalancerOutput::builder().load_balancers(shown).build())
}

fn description(it: &LoadBalancer) -> String {
    format!("ELB app/{}/{}", it.name, it.id)
}

fn attach(call: &mut Call<'_>, it: &LoadBalancer, subnet: &str) -> Result<(), ApiError> {
    let public = if it.scheme == "internal" { PublicAddress::None } else { PublicAddress::Amazon };
    let interface = NewInterface {
        subnet_id: subnet,
        description: description(it),
        interface_type: "interface",
        requester: "amazon-elb",
        groups: &it.groups,
        public,
        tags: Tags::new(),
    };
    network_interface::create(call, interface).map(drop)
}

/// Two subnets or more, each in a zone of its own, of one VPC; one that faces the Internet needs a gateway to it
/// (API reference, CreateLoadBalancer, "Subnets" and "InvalidSubnet").
fn check_subnets(call: &Call<'_>, ids: &[String], scheme: &str) -> Result<String, ApiError> {
    let ec2 = &call.world.ec2;
    let mut zones = BTreeSet::new();
    let mut vpcs = BTreeSet::new();
    for id in ids {
        let missing = || ApiError::new("SubnetNotFound", format!("The subnet ID '{id}' does not exist"));
        let subnet = ec2.subnets.get(id).ok_or_else(missing)?;
        vpcs.insert(subnet.vpc_id.clone());
        if subnet.size().saturating_sub(ec2.interfaces_in(id).count()) < FREE_ADDRESSES {
            let message = format!(
                "Not enough IP space available in {id}. ELB requires at least 8 free IP addresses in each subnet."
            );
            return Err(ApiError::new("InvalidSubnet", message));
        }
        if !zones.insert(subnet.zone.clone()) {
            return Err(ApiError::new(
                "InvalidConfigurationRequest",
                "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
            ));
        }
    }
    if zones.len() < 2 {
        return Err(invalid("At least two subnets in two different Availability Zones must be specified"));
    }
    let mut vpcs = vpcs.into_iter();
    let (Some(vpc), None) = (vpcs.next(), vpcs.next()) else {
        return Err(ApiError::new("InvalidSubnet", "All subnets must be of one VPC"));
    };
    let gateway = ec2.internet_gateways.values().any(|gateway| gateway.vpc_id.as_deref() == Some(&vpc));
    if scheme == "internet-facing" && !gateway {
        return Err(ApiError::new("InvalidSubnet", format!("VPC {vpc} has no internet gateway")));
    }
    Ok(vpc)
}

fn show(call: &Call<'_>, it: &LoadBalancer) -> Described {
    let active = call.now >= it.created_at + call.durations().alb_active;
    let code = if active { LoadBalancerStateEnum::Active } else { LoadBalancerStateEnum::Provisioning };
    let zone = |id: &String| {
        let zone = call.world.ec2.subnets.get(id).map(|subnet| subnet.zone.clone());
        AvailabilityZone::builder().subnet_id(id).set_zone_name(zone).build()
    };
    Described::builder()
        .load_balancer_arn(&it.arn)
        .load_balancer_name(&it.name)
        .dns_name(&it.dns_name)
        .canonical_hosted_zone_id("Z35SXDOTRQ7X7K")
        .created_time(it.created_at.datetime())
        .scheme(LoadBalancerSchemeEnum::from(it.scheme.as_str()))
        .vpc_id(&it.vpc)
        .state(LoadBalancerState::builder().code(code).build())
        .r#type(LoadBalancerTypeEnum::Application)
        .set_availability_zones(Some(it.subnets.iter().map(zone).collect()))
        .set_security_groups(Some(it.groups.clone()))
        .build()
}

/// DescribeLoadBalancers: unknown names and ARNs are an error.
pub(super) fn describe(
    call: &mut Call<'_>,
    input: &DescribeLoadBalancersInput,
) -> Result<DescribeLoadBalancersOutput, ApiError> {
    let all = &call.world.elbv2.load_balancers;
    for arn in input.load_balancer_arns() {
        all.get(arn).ok_or_else(|| absent(arn))?;
    }
    for name in input.names() {
        all.values().find(|it| it.name == *name).ok_or_else(|| absent(name))?;
    }
    let everything = input.load_balancer_arns().is_empty() && input.names().is_empty();
    let picked = |it: &&LoadBalancer| {
        everything || input.load_balancer_arns().contains(&it.arn) || input.names().contains(&it.name)
    };
    let shown: Vec<Described> = all.values().filter(picked).map(|it| show(call, it)).collect();
    let (page, next) = page(shown, input.page_size(), input.marker())?;
    Ok(DescribeLoadBalancersOutput::builder().set_load_balancers(Some(page)).set_next_marker(next).build())
}

/// DescribeLoadBalancerAttributes.
pub(super) fn describe_attributes(
    call: &mut Call<'_>,
    input: &DescribeLoadBalancerAttributesInput,
) -> Result<DescribeLoadBalancerAttributesOutput, ApiError> {
    let it = find(call, input.load_balancer_arn())?;
    Ok(DescribeLoadBalancerAttributesOutput::builder().set_attributes(Some(attributes(&it.attributes))).build())
}

fn attributes(map: &BTreeMap<String, String>) -> Vec<LoadBalancerAttribute> {
    map.iter().map(|(key, value)| LoadBalancerAttribute::builder().key(key).value(value).build()).collect()
}

/// ModifyLoadBalancerAttributes: known keys only; logs need a bucket whose policy lets Elastic Load Balancing write
/// (user guide, "Enable access logs").
pub(super) fn modify_attributes(
    call: &mut Call<'_>,
    input: &ModifyLoadBalancerAttributesInput,
) -> Result<ModifyLoadBalancerAttributesOutput, ApiError> {
    let it = find(call, input.load_balancer_arn())?;
    let (arn, mut map) = (it.arn.clone(), it.attributes.clone());
    for attribute in input.attributes() {
        let (key, value) = (attribute.key().unwrap_or_default(), attribute.value().unwrap_or_default());
        if !map.contains_key(key) {
            return Err(ApiError::new(
                "InvalidConfigurationRequest",
                format!("Load balancer attribute key '{key}' is not recognized"),
            ));
        }
        attribute_rules::check(key, value)?;
        map.insert(key.to_owned(), value.to_owned());
    }
    if map["access_logs.s3.enabled"] == "true" {
        let (bucket, prefix) = (map["access_logs.s3.bucket"].as_str(), map["access_logs.s3.prefix"].as_str());
        if !call.world.s3.accepts_access_logs(bucket, prefix, call.account()) {
            let message = format!("Access Denied for bucket: {bucket}. Please check S3bucket permission");
            return Err(ApiError::new("InvalidConfigurationRequest", message));
        }
    }
    let shown = attributes(&map);
    if let Some(it) = call.world.elbv2.load_balancers.get_mut(&arn) {
        it.attributes = map;
    }
    Ok(ModifyLoadBalancerAttributesOutput::builder().set_attributes(Some(shown)).build())
}

/// SetSecurityGroups.
pub(super) fn set_security_groups(
    call: &mut Call<'_>,
    input: &SetSecurityGroupsInput,
) -> Result<SetSecurityGroupsOutput, ApiError> {
    let it = find(call, input.load_balancer_arn())?.clone();
    let groups = input.security_groups().to_vec();
    network_interface::check_groups(call, &it.vpc, &groups)
        .map_err(|error| ApiError::new("InvalidSecurityGroup", error.message))?;
    for interface in call.world.ec2.network_interfaces.values_mut() {
        if interface.description == description(&it) {
            interface.groups.clone_from(&groups);
        }
    }
    if let Some(it) = call.world.elbv2.load_balancers.get_mut(&it.arn) {
        it.groups.clone_from(&groups);
    }
    Ok(SetSecurityGroupsOutput::builder().set_security_group_ids(Some(groups)).build())
}

/// SetSubnets: the new ones get interfaces, the others lose theirs after a while.
pub(super) fn set_subnets(call: &mut Call<'_>, input: &SetSubnetsInput) -> Result<SetSubnetsOutput, ApiError> {
    let it = find(call, input.load_balancer_arn())?.clone();
    let subnets = input.subnets().to_vec();
    check_subnets(call, &subnets, &it.scheme)?;
    for subnet in subnets.iter().filter(|id| !it.subnets.contains(id)) {
        attach(call, &it, subnet)?;
    }
    let at = call.now + call.durations().alb_interfaces;
    network_interface::expire(call, at, |interface| {
        interface.description == description(&it) && !subnets.contains(&interface.subnet_id)
    });
    if let Some(it) = call.world.elbv2.load_balancers.get_mut(&it.arn) {
        it.subnets = subnets;
    }
    Ok(SetSubnetsOutput::builder().build())
}

/// DeleteLoadBalancer: takes its listeners and rules along; absence is success; its network interfaces linger.
pub(super) fn delete(
    call: &mut Call<'_>,
    input: &DeleteLoadBalancerInput,
) -> Result<DeleteLoadBalancerOutput, ApiError> {
    let Some(it) = call.world.elbv2.load_balancers.get(input.load_balancer_arn().unwrap_or_default()).cloned() else {
        return Ok(DeleteLoadBalancerOutput::builder().build());
    };
    if it.attributes.get("deletion_protection.enabled").is_some_and(|value| value == "true") {
        let message = format!("Load balancer '{}' cannot be deleted because deletion protection is enabled", it.arn);
        return Err(ApiError::new("OperationNotPermitted", message));
    }
    let at = call.now + call.durations().alb_interfaces.max(Duration::ZERO);
    network_interface::expire(call, at, |interface| interface.description == description(&it));
    let state = &mut *call.world.elbv2;
    state.load_balancers.remove(&it.arn);
    state.listeners.retain(|_, listener| listener.load_balancer != it.arn);
    let listeners = &state.listeners;
    state.rules.retain(|_, rule| listeners.contains_key(&rule.listener));
    Ok(DeleteLoadBalancerOutput::builder().build())
}
