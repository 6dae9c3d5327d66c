//! What ECS needs of other services: roles, images, logs, the network, load balancers, names, alarms.

use std::collections::BTreeMap;

use super::container::Container;
use super::problem::{client, invalid};
use super::revision::Revision;
use super::task::{PROVISIONING, Task};
use super::task_definition::TaskDefinition;
use super::{names, pull};
use crate::rotator::stages::CURRENT;
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::cloudwatch::state::State;
use crate::sandbox::ec2::route::Target;
use crate::sandbox::elbv2::health;
use crate::sandbox::error::ApiError;
use crate::sandbox::iam;
use crate::sandbox::logs::LogGroup;

/// What assumes the roles of a task.
const TASKS: &str = "ecs-tasks.amazonaws.com";
/// What assumes the role for load balancers.
const ECS: &str = "ecs.amazonaws.com";

/// ECS works as its service-linked role, which it makes when it is first used. ECS Developer Guide, "Using service-linked roles".
pub fn linked_role(call: &Call<'_>) -> Result<(), ApiError> {
    if iam::is_linked(call, ECS) {
        return Ok(());
    }
    Err(invalid("Unable to assume the service linked role. Please verify that the ECS service linked role exists."))
}

/// Makes ECS's service-linked role, unless it is there.
pub fn link(call: &mut Call<'_>) {
    iam::link(call, ECS);
}

/// A role that a task definition names exists.
pub fn role_can_be_passed(call: &Call<'_>, arn: &str) -> Result<(), ApiError> {
    if call.world.iam.by_arn(arn).is_some() { Ok(()) } else { Err(client("Role is not valid")) }
}

/// The role for load balancers can be assumed by ECS, and lets it look at targets, which is how ECS tries it out. ECS Developer Guide,
/// "Amazon ECS infrastructure IAM role for load balancers".
pub fn balancer_role(call: &Call<'_>, arn: &str) -> Result<(), ApiError> {
    let source = call.arn("ecs", "service/x");
    let assumed = iam::assumable(call, arn, ECS, &source).is_ok();
    if assumed && iam::may(call, arn, "elasticloadbalancing:DescribeTargetHealth", "*", &[]) {
        return Ok(());
    }
    Err(invalid(format!(
        "Unable to assume role and validate the specified targetGroupArn. Please verify that the ECS service role being passed has the \
         proper permissions: {arn}"
    )))
}

/// Whether a log group exists.
pub fn log_group_exists(call: &Call<'_>, name: &str) -> bool {
    call.world.logs.groups.contains_key(name)
}

/// Container Insights writes what it measured: to a group that it makes where there is none. CloudWatch User Guide, "Container Insights
/// performance log events for Amazon ECS".
pub fn write_performance(call: &mut Call<'_>, cluster: &str, at: Moment) {
    let name = format!("/aws/ecs/containerinsights/{cluster}/performance");
    let arn = call.arn("logs", &format!("log-group:{name}"));
    // Looked at first, since borrowing a state to change it marks it for writing.
    let known = call.world.logs.groups.contains_key(&name);
    if !known {
        let (retention_days, kms_key, tags) = (None, None, Default::default());
        let group = LogGroup { name: name.clone(), arn, created_at: at, retention_days, kms_key, tags };
        call.world.logs.groups.insert(name, group);
    }
}

/// Why tasks of a revision that are started at a moment can't start in a subnet, if they can't. ECS Developer Guide, "Amazon ECS stopped
/// tasks error messages". Permissions are needed once the task has its network interface.
pub fn why_tasks_fail(call: &Call<'_>, revision: &Revision, subnet: &str, at: Moment) -> Option<String> {
    let at = at + PROVISIONING;
    let definition = call.world.ecs.task_definitions.get(&revision.settings.task_definition)?;
    if !revision.settings.network.public_ip && !leads_out(call, subnet) {
        return Some(
            "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon \
             ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration."
                .to_owned(),
        );
    }
    let execution = definition.execution_role.as_deref();
    let source = call.arn("ecs", "task/x");
    // ECS is documented to tell a source for task roles only (ECS Developer Guide, "Amazon ECS task IAM role" and "Amazon ECS task execution
    // IAM role").
    let not_executing = execution.filter(|role| iam::assumable_without_source(call, role, TASKS).is_err());
    let not_tasks = definition.task_role.as_deref().filter(|role| iam::assumable(call, role, TASKS, &source).is_err());
    if let Some(role) = not_executing.or(not_tasks) {
        return Some(format!(
            "ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the role being passed \
             has the proper trust relationship and permissions and that your IAM user has permissions to pass this role."
        ));
    }
    why_logs_fail(call, definition, at)
        .or_else(|| why_secrets_fail(call, definition, at))
        .or_else(|| pull::why_images_fail(call, definition, at))
}

/// Secrets are there, have the key that is asked for, and may be read and decrypted. ECS Developer Guide, "Pass Secrets Manager secrets
/// through Amazon ECS environment variables": `<arn>:<json key>:<stage>:<version>`.
fn why_secrets_fail(call: &Call<'_>, definition: &TaskDefinition, at: Moment) -> Option<String> {
    let role = definition.execution_role.as_deref()?;
    let wanted = definition.containers.iter().flat_map(|container| container.secrets.values());
    wanted.into_iter().find_map(|from| {
        let refused = |why: &str| {
            Some(format!(
                "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: \
                 unable to retrieve secret from asm: {why}"
            ))
        };
        let parts: Vec<&str> = from.split(':').collect();
        let arn = parts.iter().take(7).copied().collect::<Vec<_>>().join(":");
        let Some(secret) = call.world.secretsmanager.find(&arn).filter(|secret| secret.deleted_at.is_none()) else {
            return refused("ResourceNotFoundException: Secrets Manager can't find the specified secret.");
        };
        if !iam::may_at(call, at, role, "secretsmanager:GetSecretValue", &arn, &[]) {
            return refused("AccessDeniedException: not authorized to perform: secretsmanager:GetSecretValue");
        }
        let via = format!("secretsmanager.{}.amazonaws.com", call.region());
        let context = [("kms:ViaService", via.as_str()), ("kms:EncryptionContext:SecretARN", arn.as_str())];
        let key = secret.key.as_deref().filter(|key| key.starts_with("arn:"));
        if key.is_some_and(|key| !iam::may_at(call, at, role, "kms:Decrypt", key, &context)) {
            return refused("AccessDeniedException: Access to KMS is not allowed");
        }
        let name = parts.get(7).filter(|name| !name.is_empty())?;
        let text: serde_json::Value = secret.text().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        if text.get(name).is_some() { None } else { refused(&format!("retrieved secret from Secrets Manager did not contain json key {name}")) }
    })
}

/// The secrets that a task of a definition starts with: the current version of each, by ARN.
pub fn secrets(call: &Call<'_>, definition: &str) -> BTreeMap<String, String> {
    let containers =
        call.world.ecs.task_definitions.get(definition).map(|it| it.containers.as_slice()).unwrap_or_default();
    let wanted = containers.iter().flat_map(|container| container.secrets.values());
    let versions = wanted.filter_map(|from| {
        let arn = from.split(':').take(7).collect::<Vec<_>>().join(":");
        let version = call.world.secretsmanager.find(&arn)?.stages.get(CURRENT)?.clone();
        Some((arn, version))
    });
    versions.collect()
}

fn why_logs_fail(call: &Call<'_>, definition: &TaskDefinition, at: Moment) -> Option<String> {
    let role = definition.execution_role.as_deref()?;
    let groups = definition.containers.iter().filter_map(|container| container.log.as_ref()?.1.get("awslogs-group"));
    let bad = |name: &&String| match call.world.logs.groups.get(*name) {
        None => true,
        Some(group) => {
            !iam::may_at(call, at, role, "logs:CreateLogStream", &format!("{}:log-stream:x", group.arn), &[])
        }
    };
    groups.into_iter().find(bad).map(|group| {
        format!("ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream in {group}")
    })
}

/// Whether a subnet's route table leads to the Internet by now. VPC User Guide, "Subnet route tables": without an association of its
/// own a subnet uses the main table.
fn leads_out(call: &Call<'_>, subnet_id: &str) -> bool {
    let ec2 = &call.world.ec2;
    let Some(subnet) = ec2.subnets.get(subnet_id) else { return false };
    let associated = |table: &&crate::sandbox::ec2::route_table::RouteTable| {
        table.associations.iter().any(|association| association.subnet_id.as_deref() == Some(subnet_id))
    };
    let main = || ec2.vpcs.get(&subnet.vpc_id).and_then(|vpc| ec2.route_tables.get(&vpc.main_route_table));
    let Some(table) = ec2.route_tables.values().find(associated).or_else(main) else { return false };
    let default = table.routes.iter().filter(|route| route.destination == "0.0.0.0/0");
    default.into_iter().any(|route| match &route.target {
        Target::InternetGateway(id) => ec2.internet_gateways.contains_key(id),
        Target::NatGateway(id) => ec2.nat_gateways.get(id).is_some_and(|nat| {
            let available = nat.meta.created_at + call.durations().nat_available;
            nat.failure.is_none() && nat.delete_asked_at.is_none() && call.now >= available
        }),
        _ => false,
    })
}

/// A target group, as far as ECS looks at it.
pub struct Group {
    /// `ip`, `instance`.
    pub target_type: String,
    /// Its VPC.
    pub vpc: String,
    /// A listener or a rule forwards to it.
    pub is_attached: bool,
}

/// A target group.
pub fn target_group(call: &Call<'_>, arn: &str) -> Option<Group> {
    let group = call.world.elbv2.target_groups.get(arn)?;
    Some(Group {
        target_type: group.target_type.clone(),
        vpc: group.vpc.clone(),
        is_attached: !call.world.elbv2.in_front_of(arn).is_empty(),
    })
}

/// The target groups that a rule forwards to; nothing where there is no such rule, or it does more.
pub fn forwards_to(call: &Call<'_>, rule: &str) -> Option<Vec<String>> {
    health::forwards_to(&call.world.elbv2, rule)
}

/// Sends a share of a rule's traffic, in percent, to one of two target groups, and the rest to the other.
pub fn set_weights(call: &mut Call<'_>, rule: &str, serving: &str, other: &str, share: f64) {
    health::set_weights(&mut call.world.elbv2, rule, serving, other, share);
}

/// Where a rule sends traffic, with weights.
pub fn weights(call: &Call<'_>, rule: &str) -> Vec<(String, i32)> {
    health::weights(&call.world.elbv2, rule)
}

/// Whether a target group has a target that passes the health check.
pub fn has_healthy_target(call: &Call<'_>, group: &str, at: Moment) -> bool {
    health::has_healthy(&call.world.elbv2, call.durations(), group, at)
}

/// Enters a task in a target group.
pub fn register_target(call: &mut Call<'_>, group: &str, address: &str, port: i32, at: Moment, answers: bool) {
    health::register(&mut call.world.elbv2, group, address, port, at, answers);
}

/// Takes a task out of a target group.
pub fn deregister_target(call: &mut Call<'_>, group: &str, address: &str, port: i32, at: Moment) {
    health::deregister(&mut call.world.elbv2, group, address, port, at);
}

/// When a target that runs from a moment on is healthy, if the load balancer is known to be there by then.
pub fn healthy_at(call: &Call<'_>, group: &str, running_at: Moment) -> Option<Moment> {
    health::healthy_at(&call.world.elbv2, call.durations(), group, running_at)
}

/// Whether a Cloud Map service exists.
pub fn registry_exists(call: &Call<'_>, arn: &str) -> bool {
    call.world.servicediscovery.service(arn).is_some()
}

/// Enters a task in Cloud Map. ECS Developer Guide, "Use service discovery to connect Amazon ECS services with DNS names".
pub fn enter(call: &mut Call<'_>, registry: &str, task: &Task) {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let attributes = BTreeMap::from([
        pair("AWS_INIT_HEALTH_STATUS", "HEALTHY"),
        pair("AWS_INSTANCE_IPV4", &task.address),
        pair("AVAILABILITY_ZONE", &task.zone),
        pair("ECS_CLUSTER_NAME", &task.cluster),
        pair("ECS_SERVICE_NAME", names::short(&task.service_arn)),
        pair("REGION", call.region()),
    ]);
    call.world.servicediscovery.attach(registry, task.id(), attributes, task.running_at);
}

/// Takes a task out of Cloud Map.
pub fn leave(call: &mut Call<'_>, registry: &str, task_id: &str, at: Moment) {
    call.world.servicediscovery.detach(registry, task_id, at);
}

/// Writes a line of a container's output where its log driver sends it. ECS Developer Guide, "Send Amazon ECS logs to CloudWatch": the stream
/// is `prefix/container/task`.
pub fn log(call: &mut Call<'_>, container: &Container, task_id: &str, at: Moment, line: &str) {
    let Some((_, options)) = &container.log else { return };
    let (Some(group), Some(prefix)) = (options.get("awslogs-group"), options.get("awslogs-stream-prefix")) else {
        return;
    };
    let stream = format!("{prefix}/{}/{task_id}", container.name);
    call.world.logs.write(group, &stream, at, line);
}

/// Whether an alarm exists.
pub fn alarm_exists(call: &Call<'_>, name: &str) -> bool {
    call.world.cloudwatch.alarms.contains_key(name)
}

/// Whether an alarm is in ALARM.
pub fn is_in_alarm(call: &Call<'_>, name: &str) -> bool {
    call.world.cloudwatch.alarms.get(name).is_some_and(|alarm| alarm.state == State::Alarm)
}
