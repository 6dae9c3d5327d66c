//! Containers of a task definition, as they are kept and given back.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_ecs::types::{
    ContainerCondition, ContainerDefinition, ContainerDependency, HealthCheck, KernelCapabilities, KeyValuePair,
    LinuxParameters, LogConfiguration, LogDriver, MountPoint, PortMapping, Secret, TransportProtocol, Ulimit,
    UlimitName,
};
use serde::{Deserialize, Serialize};

use super::problem::{client, unsupported};
use crate::sandbox::error::ApiError;

/// A container.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the API's ContainerDefinition")]
pub struct Container {
    pub name: String,
    pub image: String,
    pub essential: bool,
    pub cpu: i32,
    pub memory: Option<i32>,
    pub memory_reservation: Option<i32>,
    pub user: Option<String>,
    pub entry_point: Vec<String>,
    pub command: Vec<String>,
    pub environment: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, String>,
    pub ports: Vec<(i32, String)>,
    pub depends_on: Vec<(String, String)>,
    pub mounts: Vec<Mount>,
    pub health_check: Option<Check>,
    pub stop_timeout: Option<i32>,
    pub ulimits: Vec<(String, i32, i32)>,
    pub dropped_capabilities: Vec<String>,
    pub init_process: Option<bool>,
    pub read_only_root: Option<bool>,
    pub log: Option<(String, BTreeMap<String, String>)>,
    pub labels: BTreeMap<String, String>,
}

/// A volume as a container sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the API's MountPoint")]
pub struct Mount {
    pub volume: String,
    pub path: String,
    pub read_only: bool,
}

/// A container's own health check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the API's HealthCheck")]
pub struct Check {
    pub command: Vec<String>,
    pub interval: i32,
    pub timeout: i32,
    pub retries: i32,
    pub start_period: Option<i32>,
}

fn pairs(list: &[KeyValuePair]) -> BTreeMap<String, String> {
    let pair =
        |pair: &KeyValuePair| (pair.name().unwrap_or_default().to_owned(), pair.value().unwrap_or_default().to_owned());
    list.iter().map(pair).collect()
}

impl Container {
    /// Takes a container definition in, with the defaults that ECS fills in.
    ///
    /// # Errors
    /// Where it lacks a name or an image, or asks for what is not simulated.
    pub fn read(definition: &ContainerDefinition) -> Result<Self, ApiError> {
        refuse_unsimulated(definition)?;
        let name = definition.name().filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| client("Container.name should not be null or empty."))?;
        let image = definition.image().filter(|image| !image.is_empty());
        let image = image.ok_or_else(|| client("Container.image should not be null or empty."))?;
        let linux = definition.linux_parameters();
        let capabilities = linux.and_then(LinuxParameters::capabilities);
        Ok(Self {
            name: name.to_owned(),
            image: image.to_owned(),
            essential: definition.essential().unwrap_or(true),
            cpu: definition.cpu(),
            memory: definition.memory(),
            memory_reservation: definition.memory_reservation(),
            user: definition.user().map(str::to_owned),
            entry_point: definition.entry_point().to_vec(),
            command: definition.command().to_vec(),
            environment: pairs(definition.environment()),
            secrets: definition
                .secrets()
                .iter()
                .map(|secret| (secret.name().to_owned(), secret.value_from().to_owned()))
                .collect(),
            ports: definition.port_mappings().iter().map(read_port).collect::<Result<_, _>>()?,
            depends_on: definition
                .depends_on()
                .iter()
                .map(|it| (it.container_name().to_owned(), it.condition().as_str().to_owned()))
                .collect(),
            mounts: definition.mount_points().iter().map(Mount::read).collect(),
            health_check: definition.health_check().map(Check::read),
            stop_timeout: definition.stop_timeout(),
            ulimits: definition
                .ulimits()
                .iter()
                .map(|limit| (limit.name().as_str().to_owned(), limit.soft_limit(), limit.hard_limit()))
                .collect(),
            dropped_capabilities: capabilities.map(|it| it.drop().to_vec()).unwrap_or_default(),
            init_process: linux.and_then(LinuxParameters::init_process_enabled),
            read_only_root: definition.readonly_root_filesystem(),
            log: definition.log_configuration().map(|log| {
                let options = log.options().into_iter().flatten();
                let options = options.map(|(name, value)| (name.clone(), value.clone())).collect();
                (log.log_driver().as_str().to_owned(), options)
            }),
            labels: definition.docker_labels().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect(),
        })
    }

    /// As the SDK's type, with the fields that ECS itself fills in.
    pub fn to_sdk(&self) -> ContainerDefinition {
        let pair = |(name, value): (&String, &String)| KeyValuePair::builder().name(name).value(value).build();
        let secret = |(name, from): (&String, &String)| Secret::builder().name(name).value_from(from).build().ok();
        let dependency = |(name, condition): &(String, String)| {
            let condition = ContainerCondition::from(condition.as_str());
            ContainerDependency::builder().container_name(name).condition(condition).build().ok()
        };
        let ulimit = |(name, soft, hard): &(String, i32, i32)| {
            let name = UlimitName::from(name.as_str());
            Ulimit::builder().name(name).soft_limit(*soft).hard_limit(*hard).build().ok()
        };
        let labels: HashMap<String, String> = self.labels.clone().into_iter().collect();
        ContainerDefinition::builder()
            .name(&self.name)
            .image(&self.image)
            .essential(self.essential)
            .cpu(self.cpu)
            .set_memory(self.memory)
            .set_memory_reservation(self.memory_reservation)
            .set_user(self.user.clone())
            .set_entry_point(some(self.entry_point.clone()))
            .set_command(some(self.command.clone()))
            .set_environment(Some(self.environment.iter().map(pair).collect()))
            .set_secrets(some(self.secrets.iter().filter_map(secret).collect()))
            .set_port_mappings(Some(self.ports.iter().map(port_to_sdk).collect()))
            .set_depends_on(some(self.depends_on.iter().filter_map(dependency).collect()))
            .set_mount_points(Some(self.mounts.iter().map(Mount::to_sdk).collect()))
            .set_volumes_from(Some(Vec::new()))
            .set_system_controls(Some(Vec::new()))
            .set_health_check(self.health_check.as_ref().and_then(Check::to_sdk))
            .set_stop_timeout(self.stop_timeout)
            .set_ulimits(some(self.ulimits.iter().filter_map(ulimit).collect()))
            .set_linux_parameters(self.linux_parameters())
            .set_readonly_root_filesystem(self.read_only_root)
            .set_log_configuration(self.log_configuration())
            .set_docker_labels((!labels.is_empty()).then_some(labels))
            .build()
    }

    /// Whether it starts only once another container has ended well.
    pub fn waits_for_end_of(&self, other: &str) -> bool {
        self.depends_on
            .iter()
            .any(|(name, condition)| name == other && ["SUCCESS", "COMPLETE"].contains(&condition.as_str()))
    }

    fn linux_parameters(&self) -> Option<LinuxParameters> {
        if self.dropped_capabilities.is_empty() && self.init_process.is_none() {
            return None;
        }
        let capabilities = KernelCapabilities::builder().set_drop(Some(self.dropped_capabilities.clone())).build();
        let parameters = LinuxParameters::builder().capabilities(capabilities);
        Some(parameters.set_init_process_enabled(self.init_process).build())
    }

    fn log_configuration(&self) -> Option<LogConfiguration> {
        let (driver, options) = self.log.as_ref()?;
        let options: HashMap<String, String> = options.clone().into_iter().collect();
        let driver = LogDriver::from(driver.as_str());
        LogConfiguration::builder().log_driver(driver).set_options(Some(options)).build().ok()
    }
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn refuse_unsimulated(definition: &ContainerDefinition) -> Result<(), ApiError> {
    let linux = definition.linux_parameters();
    let capabilities = linux.and_then(LinuxParameters::capabilities);
    unsupported(&[
        ("repositoryCredentials", definition.repository_credentials().is_some()),
        ("links", !definition.links().is_empty()),
        ("restartPolicy", definition.restart_policy().is_some()),
        ("environmentFiles", !definition.environment_files().is_empty()),
        ("volumesFrom", !definition.volumes_from().is_empty()),
        ("startTimeout", definition.start_timeout().is_some()),
        ("hostname", definition.hostname().is_some()),
        ("workingDirectory", definition.working_directory().is_some()),
        ("dnsServers", !definition.dns_servers().is_empty()),
        ("extraHosts", !definition.extra_hosts().is_empty()),
        ("systemControls", !definition.system_controls().is_empty()),
        ("resourceRequirements", !definition.resource_requirements().is_empty()),
        ("firelensConfiguration", definition.firelens_configuration().is_some()),
        ("linuxParameters.devices", linux.is_some_and(|linux| !linux.devices().is_empty())),
        ("linuxParameters.sharedMemorySize", linux.is_some_and(|linux| linux.shared_memory_size().is_some())),
        ("linuxParameters.capabilities.add", capabilities.is_some_and(|it| !it.add().is_empty())),
    ])?;
    // Fargate has neither. ECS Developer Guide, "Fargate task definition considerations".
    if definition.privileged() == Some(true) || linux.is_some_and(|linux| !linux.tmpfs().is_empty()) {
        return Err(client("Fargate does not support 'privileged' and 'tmpfs'."));
    }
    Ok(())
}

fn read_port(port: &PortMapping) -> Result<(i32, String), ApiError> {
    let container = port.container_port().ok_or_else(|| client("Port mapping must have a container port."))?;
    // ECS API reference, PortMapping: with awsvpc the host port is left out or the same.
    if port.host_port().is_some_and(|host| host != container) {
        return Err(client("When networkMode=awsvpc, the host ports and container ports in port mappings must match."));
    }
    Ok((container, port.protocol().map_or("tcp", TransportProtocol::as_str).to_owned()))
}

fn port_to_sdk((port, protocol): &(i32, String)) -> PortMapping {
    let protocol = TransportProtocol::from(protocol.as_str());
    PortMapping::builder().container_port(*port).host_port(*port).protocol(protocol).build()
}

impl Mount {
    fn read(mount: &MountPoint) -> Self {
        Self {
            volume: mount.source_volume().unwrap_or_default().to_owned(),
            path: mount.container_path().unwrap_or_default().to_owned(),
            read_only: mount.read_only().unwrap_or_default(),
        }
    }

    fn to_sdk(&self) -> MountPoint {
        MountPoint::builder().source_volume(&self.volume).container_path(&self.path).read_only(self.read_only).build()
    }
}

impl Check {
    /// Defaults: ECS API reference, HealthCheck.
    fn read(check: &HealthCheck) -> Self {
        Self {
            command: check.command().to_vec(),
            interval: check.interval().unwrap_or(30),
            timeout: check.timeout().unwrap_or(5),
            retries: check.retries().unwrap_or(3),
            start_period: check.start_period(),
        }
    }

    fn to_sdk(&self) -> Option<HealthCheck> {
        HealthCheck::builder()
            .set_command(Some(self.command.clone()))
            .interval(self.interval)
            .timeout(self.timeout)
            .retries(self.retries)
            .set_start_period(self.start_period)
            .build()
            .ok()
    }
}
