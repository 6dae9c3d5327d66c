//! What ECS refuses about a service: everything that is checked against what exists.

use super::cluster::Share;
use super::problem::invalid;
use super::settings::{Advanced, Balancer, Network, Settings};
use super::task_definition::TaskDefinition;
use super::{neighbours, task_definition};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// Checks a service as a whole. Gives the task definition that it runs.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(call: &Call<'_>, settings: &Settings) -> Result<(), ApiError> {
    let definition = task_definition::usable(call, &settings.task_definition)?;
    let vpc = check_network(call, &settings.network)?;
    if let Some(balancer) = &settings.balancer {
        check_container(&definition, balancer)?;
        for group in balancer.groups() {
            check_group(call, group, &vpc)?;
        }
        if let Some(advanced) = &balancer.advanced {
            check_rules(call, balancer, advanced)?;
        }
    } else if settings.grace_seconds.is_some_and(|seconds| seconds > 0) {
        return Err(invalid("Health check grace period is only valid for services configured to use load balancers"));
    }
    if settings.grace_seconds.is_some_and(|seconds| seconds < 0) {
        return Err(invalid("healthCheckGracePeriodSeconds must not be negative."));
    }
    if let Some(registry) = &settings.registry
        && !neighbours::registry_exists(call, registry)
    {
        return Err(invalid(format!("Service registry {registry} does not exist.")));
    }
    // ECS Developer Guide, "Monitor Amazon ECS containers with ECS Exec".
    if settings.execute_command && definition.task_role.is_none() {
        return Err(invalid(
            "The service couldn't be created because a valid taskRoleArn is not being used. Specify a valid task role in your \
             task definition and try again.",
        ));
    }
    if !["SERVICE", "TASK_DEFINITION", "NONE"].contains(&settings.propagate_tags.as_str()) {
        return Err(invalid("Invalid propagateTags."));
    }
    match settings.deployment.watched().iter().find(|name| !neighbours::alarm_exists(call, name)) {
        Some(name) => Err(invalid(format!("The alarm {name} does not exist."))),
        None => Ok(()),
    }
}

/// Subnets and groups exist and are of one VPC, which is returned.
fn check_network(call: &Call<'_>, network: &Network) -> Result<String, ApiError> {
    let ec2 = &call.world.ec2;
    let mut vpc = None;
    for id in &network.subnets {
        let Some(subnet) = ec2.subnets.get(id) else {
            return Err(invalid(format!(
                "Error retrieving subnet information for [{id}]: The subnet ID '{id}' does not exist (ErrorCode: \
                 InvalidSubnetID.NotFound)"
            )));
        };
        if *vpc.get_or_insert_with(|| subnet.vpc_id.clone()) != subnet.vpc_id {
            return Err(invalid("subnets must be in the same VPC."));
        }
    }
    let vpc = vpc.unwrap_or_default();
    for id in &network.groups {
        match ec2.security_groups.get(id) {
            None => {
                return Err(invalid(format!(
                    "Error retrieving security group information for [{id}]: The security group '{id}' does not exist \
                     (ErrorCode: InvalidGroup.NotFound)"
                )));
            }
            Some(group) if group.vpc_id != vpc => {
                return Err(invalid("Subnets and security groups must be in the same VPC."));
            }
            Some(_) => {}
        }
    }
    Ok(vpc)
}

fn check_container(definition: &TaskDefinition, balancer: &Balancer) -> Result<(), ApiError> {
    let name = &balancer.container;
    let Some(container) = definition.container(name) else {
        return Err(invalid(format!("The container {name} does not exist in the task definition.")));
    };
    if container.ports.iter().any(|(port, _)| *port == balancer.port) {
        return Ok(());
    }
    Err(invalid(format!("The container {name} did not have a container port {} defined.", balancer.port)))
}

/// ECS API reference, CreateService, and "Troubleshooting service load balancers" of the ECS Developer Guide.
fn check_group(call: &Call<'_>, arn: &str, vpc: &str) -> Result<(), ApiError> {
    let Some(group) = neighbours::target_group(call, arn) else {
        return Err(invalid(format!("The specified target group does not exist: {arn}")));
    };
    if group.target_type != "ip" {
        return Err(invalid(format!(
            "The provided target group {arn} has target type {}, which is incompatible with the awsvpc network mode specified \
             in the task definition.",
            group.target_type
        )));
    }
    if group.vpc != vpc {
        return Err(invalid(format!("The target group {arn} is in another VPC than the subnets.")));
    }
    if !group.is_attached {
        return Err(invalid(format!(
            "The target group with targetGroupArn {arn} does not have an associated load balancer."
        )));
    }
    Ok(())
}

/// The rules only forward, to the two target groups. ECS Developer Guide, "Application Load Balancer resources for blue/green
/// deployments".
fn check_rules(call: &Call<'_>, balancer: &Balancer, advanced: &Advanced) -> Result<(), ApiError> {
    neighbours::balancer_role(call, &advanced.role)?;
    let rules = [Some(&advanced.production_rule), advanced.test_rule.as_ref()];
    for rule in rules.into_iter().flatten() {
        let Some(forwards) = neighbours::forwards_to(call, rule) else {
            return Err(invalid(format!("The listener rule {rule} does not exist, or does more than forward.")));
        };
        if let Some(other) = forwards.iter().find(|group| !balancer.groups().any(|own| own == group.as_str())) {
            return Err(invalid(format!("The listener rule {rule} forwards to {other}, which is not the service's.")));
        }
    }
    let production = neighbours::forwards_to(call, &advanced.production_rule).unwrap_or_default();
    if !production.contains(&balancer.target_group) {
        return Err(invalid("The production listener rule must forward to the primary target group."));
    }
    Ok(())
}

impl Balancer {
    /// Its target groups.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        let alternate = self.advanced.as_ref().map(|advanced| advanced.alternate.as_str());
        std::iter::once(self.target_group.as_str()).chain(alternate)
    }
}

/// The strategy of a service: its own, or the cluster's.
pub fn capacity(given: Vec<Share>, default: &[Share]) -> Vec<Share> {
    if given.is_empty() { default.to_vec() } else { given }
}
