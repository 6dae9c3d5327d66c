//! Containers of a task, as a person would write them down.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    ContainerCondition, ContainerDefinition, ContainerDependency, HealthCheck, KernelCapabilities, KeyValuePair,
    LinuxParameters, LogConfiguration, LogDriver, MountPoint, PortMapping, ProxyConfiguration, ProxyConfigurationType,
    Secret, TransportProtocol, Ulimit, UlimitName,
};
use aws_smithy_types::error::operation::BuildError;
use serde::{Deserialize, Serialize};

use super::shared::number;
use crate::{
    aws::logs::LogGroupName,
    engine::{Failure, Output},
    markers,
};

markers! {
    /// The value of an environment variable.
    Variable,
    /// Where a secret's value is: its ARN, and the JSON key in it (`<arn>:password::`).
    SecretKey,
}

/// One container of a task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Container {
    /// Its name in the task.
    pub name: String,
    /// Its image; that of the application is the task definition's own field.
    pub image: Option<String>,
    /// The task ends where it does.
    pub essential: bool,
    /// Its share of the task's CPU units.
    pub cpu: u32,
    /// Above that many MiB it is killed.
    pub memory: Option<u32>,
    /// That many MiB are kept for it.
    pub memory_reservation: Option<u32>,
    /// The user that it runs as; the image's where not given.
    pub user: Option<String>,
    /// The image's where empty.
    pub entry_point: Vec<String>,
    /// The image's where empty.
    pub command: Vec<String>,
    /// Environment variables.
    pub environment: BTreeMap<String, Output<Variable>>,
    /// Environment variables that ECS fills from Secrets Manager when the container starts.
    pub secrets: BTreeMap<String, Output<SecretKey>>,
    /// TCP ports that others reach it by.
    pub ports: Vec<u16>,
    /// Containers that come first, each with what must have become of it: `START`, `SUCCESS`, `HEALTHY`.
    pub depends_on: BTreeMap<String, String>,
    /// Where it sees the task's volumes.
    pub mounts: Vec<Mount>,
    /// How ECS finds out whether it is well.
    pub health_check: Option<Check>,
    /// Seconds between SIGTERM and SIGKILL.
    pub stop_timeout: Option<u32>,
    /// How many files it may have open.
    pub open_files: Option<u32>,
    /// Kernel capabilities that it must do without.
    pub dropped_capabilities: Vec<String>,
    /// An init process reaps what it leaves behind.
    pub init_process: bool,
    /// Where its output goes.
    pub log: Log,
}

/// A volume as a container sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mount {
    /// The volume.
    pub volume: String,
    /// Where.
    pub path: String,
    /// Nothing can be written there.
    pub read_only: bool,
}

/// A container's own health check. Times are seconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Check {
    /// `CMD` and what is executed, or `CMD-SHELL` and one line.
    pub command: Vec<String>,
    /// From one to the next.
    pub interval: u32,
    /// Until it counts as failed.
    pub timeout: u32,
    /// Failures in a row that make it unhealthy.
    pub retries: u32,
    /// Failures that early don't count.
    pub start_period: u32,
}

/// Where a container's output goes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Log {
    /// The log group.
    pub group: Output<LogGroupName>,
    /// Its region.
    pub region: String,
}

/// App Mesh's redirection of the task's traffic to its Envoy (ECS API reference, ProxyConfiguration).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Proxy {
    /// The container that is Envoy.
    pub container: String,
    /// The user whose own traffic is not redirected.
    pub ignored_user: u32,
    /// The group whose own traffic is not redirected.
    pub ignored_group: u32,
    /// Ports whose incoming traffic is redirected.
    pub application_ports: Vec<u16>,
    /// Where to.
    pub ingress_port: u16,
    /// Where outgoing traffic is redirected to.
    pub egress_port: u16,
    /// Addresses that are reached directly.
    pub ignored_addresses: Vec<String>,
}

fn incomplete(error: BuildError) -> Failure {
    Failure::internal(error.to_string())
}

fn optional(list: &[String]) -> Option<Vec<String>> {
    (!list.is_empty()).then(|| list.to_vec())
}

fn pair(name: &str, value: &str) -> KeyValuePair {
    KeyValuePair::builder().name(name).value(value).build()
}

impl Container {
    /// As the API takes it, with an image.
    ///
    /// # Errors
    /// Where a reference is open or a number beyond the API's.
    pub(super) fn definition(&self, image: &str) -> Result<ContainerDefinition, Failure> {
        let mut environment = Vec::new();
        for (name, value) in &self.environment {
            environment.push(pair(name, value.get()?));
        }
        let mut secrets = Vec::new();
        for (name, from) in &self.secrets {
            secrets.push(Secret::builder().name(name).value_from(from.get()?).build().map_err(incomplete)?);
        }
        let mut dependencies = Vec::new();
        for (name, condition) in &self.depends_on {
            let condition = ContainerCondition::from(condition.as_str());
            let dependency = ContainerDependency::builder().container_name(name).condition(condition).build();
            dependencies.push(dependency.map_err(incomplete)?);
        }
        let whole = |value: Option<u32>| value.map(number).transpose();
        let definition = ContainerDefinition::builder()
            .name(&self.name)
            .image(image)
            .essential(self.essential)
            .cpu(number(self.cpu)?)
            .set_memory(whole(self.memory)?)
            .set_memory_reservation(whole(self.memory_reservation)?)
            .set_user(self.user.clone())
            .set_entry_point(optional(&self.entry_point))
            .set_command(optional(&self.command))
            .set_environment(Some(environment))
            .set_secrets(Some(secrets))
            .set_depends_on(Some(dependencies))
            .set_port_mappings(Some(self.ports.iter().map(|port| port_mapping(*port)).collect()))
            .set_mount_points(Some(self.mounts.iter().map(Mount::point).collect()))
            .set_health_check(self.health_check.as_ref().map(Check::definition).transpose()?)
            .set_stop_timeout(whole(self.stop_timeout)?)
            .set_ulimits(self.open_files.map(open_files).transpose()?.map(|limit| vec![limit]))
            .linux_parameters(self.linux_parameters())
            .readonly_root_filesystem(true)
            .log_configuration(self.log.configuration(&self.name)?);
        Ok(definition.build())
    }

    fn linux_parameters(&self) -> LinuxParameters {
        let capabilities = KernelCapabilities::builder().set_drop(optional(&self.dropped_capabilities)).build();
        LinuxParameters::builder().capabilities(capabilities).init_process_enabled(self.init_process).build()
    }
}

/// In an `awsvpc` task the two ports are the same.
fn port_mapping(port: u16) -> PortMapping {
    let port = i32::from(port);
    PortMapping::builder().container_port(port).host_port(port).protocol(TransportProtocol::Tcp).build()
}

fn open_files(limit: u32) -> Result<Ulimit, Failure> {
    let limit = number(limit)?;
    Ulimit::builder().name(UlimitName::Nofile).soft_limit(limit).hard_limit(limit).build().map_err(incomplete)
}

impl Mount {
    fn point(&self) -> MountPoint {
        MountPoint::builder().source_volume(&self.volume).container_path(&self.path).read_only(self.read_only).build()
    }
}

impl Check {
    fn definition(&self) -> Result<HealthCheck, Failure> {
        HealthCheck::builder()
            .set_command(Some(self.command.clone()))
            .interval(number(self.interval)?)
            .timeout(number(self.timeout)?)
            .retries(number(self.retries)?)
            .start_period(number(self.start_period)?)
            .build()
            .map_err(incomplete)
    }
}

impl Log {
    /// Lines that CloudWatch doesn't take in time are dropped, rather than holding up the container that wrote them
    /// (ECS Developer Guide, "Send Amazon ECS logs to CloudWatch", option `mode`).
    fn configuration(&self, container: &str) -> Result<LogConfiguration, Failure> {
        LogConfiguration::builder()
            .log_driver(LogDriver::Awslogs)
            .options("awslogs-group", self.group.get()?)
            .options("awslogs-region", &self.region)
            .options("awslogs-stream-prefix", container)
            .options("mode", "non-blocking")
            .options("max-buffer-size", "25m")
            .build()
            .map_err(incomplete)
    }
}

impl Proxy {
    /// As the API takes it.
    ///
    /// # Errors
    /// Never with a container's name.
    pub(super) fn configuration(&self) -> Result<ProxyConfiguration, Failure> {
        let ports: Vec<String> = self.application_ports.iter().map(u16::to_string).collect();
        let properties = [
            ("IgnoredUID", self.ignored_user.to_string()),
            ("IgnoredGID", self.ignored_group.to_string()),
            ("AppPorts", ports.join(",")),
            ("ProxyIngressPort", self.ingress_port.to_string()),
            ("ProxyEgressPort", self.egress_port.to_string()),
            ("EgressIgnoredIPs", self.ignored_addresses.join(",")),
        ];
        ProxyConfiguration::builder()
            .r#type(ProxyConfigurationType::Appmesh)
            .container_name(&self.container)
            .set_properties(Some(properties.iter().map(|(name, value)| pair(name, value)).collect()))
            .build()
            .map_err(incomplete)
    }
}
