//! What ECS refuses about a task definition's containers and sizes.

use std::collections::BTreeSet;

use super::container::{Check, Container};
use super::problem::client;
use super::task_definition::TaskDefinition;
use crate::sandbox::error::ApiError;

/// CPU units, and the least, the most and the step of the memory that goes with them, in MiB. ECS Developer Guide, "Task size" of
/// Fargate task definitions.
const SIZES: [(u32, u32, u32, u32); 7] = [
    (256, 512, 2048, 512),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16_384, 1024),
    (4096, 8192, 30_720, 1024),
    (8192, 16_384, 61_440, 4096),
    (16_384, 32_768, 122_880, 8192),
];

/// ECS Developer Guide, "Amazon ECS service quotas": task definition size limit.
const LARGEST_DEFINITION: usize = 64 * 1024;

/// ECS Developer Guide, "Amazon ECS service quotas": containers per task definition.
const MOST_CONTAINERS: usize = 10;

/// Whether Fargate has such tasks.
pub fn fargate_size(cpu: u32, memory: u32) -> Result<(), ApiError> {
    let offered = SIZES.iter().any(|(units, least, most, step)| {
        *units == cpu
            && (*least..=*most).contains(&memory)
            // 256 units come with 512, 1024 or 2048 MiB.
            && (memory - least).is_multiple_of(*step)
            && !(cpu == 256 && memory == 1536)
    });
    if offered {
        return Ok(());
    }
    Err(client(format!(
        "No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the Amazon ECS documentation for the \
         valid values."
    )))
}

/// Everything that is checked before a task definition is registered.
pub fn check(definition: &TaskDefinition) -> Result<(), ApiError> {
    let containers = &definition.containers;
    if containers.is_empty() {
        return Err(client("Container list cannot be empty."));
    }
    if containers.len() > MOST_CONTAINERS {
        return Err(client(format!("A task definition can have at most {MOST_CONTAINERS} containers.")));
    }
    let mut names = BTreeSet::new();
    for container in containers {
        if !names.insert(container.name.as_str()) {
            return Err(client(format!("Container {} is specified more than once.", container.name)));
        }
    }
    if containers.iter().all(|container| !container.essential) {
        return Err(client("At least one container has to be marked as essential in a task definition."));
    }
    check_sums(definition)?;
    check_ports(containers)?;
    for container in containers {
        check_container(definition, container)?;
    }
    check_dependencies(containers)?;
    check_proxy(definition)?;
    let size = serde_json::to_string(definition).map_or(0, |text| text.len());
    if size > LARGEST_DEFINITION {
        return Err(client(format!("Actual length: '{size}'. Max allowed length is '{LARGEST_DEFINITION}' bytes.")));
    }
    Ok(())
}

/// ECS API reference, ContainerDefinition: all containers together get no more than the task.
fn check_sums(definition: &TaskDefinition) -> Result<(), ApiError> {
    let cpu: i64 = definition.containers.iter().map(|container| i64::from(container.cpu)).sum();
    if cpu > i64::from(definition.cpu) {
        return Err(client("The task cpu setting is less than the sum of the cpu settings of its containers."));
    }
    let kept = |container: &Container| i64::from(container.memory.or(container.memory_reservation).unwrap_or(0));
    if definition.containers.iter().map(kept).sum::<i64>() > i64::from(definition.memory) {
        return Err(client("The task memory setting is less than the sum of the memory settings of its containers."));
    }
    Ok(())
}

/// The containers of an awsvpc task share its ports.
fn check_ports(containers: &[Container]) -> Result<(), ApiError> {
    let mut taken = BTreeSet::new();
    for (port, protocol) in containers.iter().flat_map(|container| &container.ports) {
        if !(1..=65_535).contains(port) {
            return Err(client(format!("Invalid container port: {port}.")));
        }
        if !taken.insert((port, protocol)) {
            return Err(client(format!("Container port {port} is mapped more than once.")));
        }
    }
    Ok(())
}

fn check_container(definition: &TaskDefinition, container: &Container) -> Result<(), ApiError> {
    let name = &container.name;
    if name.len() > 255 || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
        return Err(client(format!("Invalid container name: {name}.")));
    }
    if container.memory.is_some_and(|memory| memory < 6) || container.memory_reservation.is_some_and(|it| it < 6) {
        return Err(client("Invalid setting for container memory: the minimum is 6 MiB."));
    }
    if let (Some(hard), Some(soft)) = (container.memory, container.memory_reservation)
        && soft > hard
    {
        return Err(client(format!("Invalid setting for container '{name}': memoryReservation exceeds memory.")));
    }
    if !container.secrets.is_empty() && definition.execution_role.is_none() {
        let message =
            "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.";
        return Err(client(message));
    }
    if let Some(secret) = container.secrets.keys().find(|secret| container.environment.contains_key(*secret)) {
        return Err(client(format!(
            "The secret name must be unique and not shared with any new or existing environment variables: {secret}."
        )));
    }
    if let Some((driver, options)) = &container.log {
        // ECS API reference, LogConfiguration: what Fargate supports.
        if !["awslogs", "splunk", "awsfirelens"].contains(&driver.as_str()) {
            return Err(client(format!("Log driver {driver} is not supported by Fargate.")));
        }
        let needed = ["awslogs-group", "awslogs-region", "awslogs-stream-prefix"];
        if driver == "awslogs" && definition.execution_role.is_none() {
            let message = "Fargate requires task definition to have execution role ARN to support log driver awslogs.";
            return Err(client(message));
        }
        if let Some(missing) = needed.iter().find(|option| driver == "awslogs" && !options.contains_key(**option)) {
            return Err(client(format!("Log driver awslogs requires options: {missing}")));
        }
    }
    // ECS API reference, ContainerDefinition: at most 120 s on Fargate.
    if container.stop_timeout.is_some_and(|seconds| !(0..=120).contains(&seconds)) {
        return Err(client("Invalid setting for stopTimeout: the maximum on Fargate is 120 seconds."));
    }
    if let Some(mount) = container.mounts.iter().find(|mount| !definition.volumes.contains(&mount.volume)) {
        return Err(client(format!("Unknown volume '{}'.", mount.volume)));
    }
    // ECS API reference, Ulimit: Fargate knows nofile alone.
    if container.ulimits.iter().any(|(limit, soft, hard)| limit != "nofile" || soft > hard) {
        return Err(client("Fargate supports only the ulimit 'nofile', with a soft limit within the hard limit."));
    }
    container.health_check.as_ref().map_or(Ok(()), |check| check_health(name, check))
}

/// ECS API reference, HealthCheck.
fn check_health(name: &str, check: &Check) -> Result<(), ApiError> {
    let begins = check.command.first().map(String::as_str);
    let in_range = (5..=300).contains(&check.interval)
        && (2..=60).contains(&check.timeout)
        && (1..=10).contains(&check.retries)
        && check.start_period.is_none_or(|seconds| (0..=300).contains(&seconds));
    if !matches!(begins, Some("CMD" | "CMD-SHELL" | "NONE")) || !in_range {
        return Err(client(format!("Invalid health check of container '{name}'.")));
    }
    Ok(())
}

fn check_dependencies(containers: &[Container]) -> Result<(), ApiError> {
    for container in containers {
        for (name, condition) in &container.depends_on {
            let Some(other) = containers.iter().find(|other| other.name == *name) else {
                let message =
                    format!("Container '{}' depends on container '{name}', which does not exist.", container.name);
                return Err(client(message));
            };
            // ECS API reference, ContainerDependency.
            let possible = match condition.as_str() {
                "START" => true,
                "COMPLETE" | "SUCCESS" => !other.essential,
                "HEALTHY" => other.health_check.is_some(),
                _ => false,
            };
            if !possible {
                return Err(client(format!("Container '{name}' cannot be waited for with condition {condition}.")));
            }
        }
    }
    if has_cycle(containers) {
        return Err(client("The container dependencies contain a cycle."));
    }
    Ok(())
}

/// Takes away what depends on nothing that is left, until nothing more goes.
fn has_cycle(containers: &[Container]) -> bool {
    let mut left: Vec<&Container> = containers.iter().collect();
    loop {
        let names: BTreeSet<&str> = left.iter().map(|container| container.name.as_str()).collect();
        let before = left.len();
        left.retain(|container| container.depends_on.iter().any(|(name, _)| names.contains(name.as_str())));
        if left.is_empty() || left.len() == before {
            return !left.is_empty();
        }
    }
}

/// ECS API reference, ProxyConfiguration.
fn check_proxy(definition: &TaskDefinition) -> Result<(), ApiError> {
    let Some((container, properties)) = &definition.proxy else { return Ok(()) };
    if !definition.containers.iter().any(|other| other.name == *container) {
        return Err(client(format!("The proxyConfiguration names container '{container}', which does not exist.")));
    }
    let given = |name: &str| properties.get(name).is_some_and(|value| !value.is_empty());
    let complete = (given("IgnoredUID") || given("IgnoredGID"))
        && ["AppPorts", "ProxyIngressPort", "ProxyEgressPort"].iter().all(|name| given(name));
    if complete { Ok(()) } else { Err(client("The proxyConfiguration lacks a required property.")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fargate_offers_fixed_sizes() {
        for (cpu, memory) in [(256, 512), (256, 2048), (1024, 2048), (1024, 8192), (8192, 20_480), (16_384, 122_880)] {
            assert!(fargate_size(cpu, memory).is_ok(), "{cpu} {memory}");
        }
        for (cpu, memory) in [(1024, 512), (300, 1024), (256, 1536), (1024, 2500), (1024, 9216), (8192, 17_408)] {
            assert!(fargate_size(cpu, memory).is_err(), "{cpu} {memory}");
        }
    }
}
