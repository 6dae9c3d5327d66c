//! Task definitions.

use std::collections::BTreeMap;

use aws_sdk_ecs::operation::delete_task_definitions::{DeleteTaskDefinitionsInput, DeleteTaskDefinitionsOutput};
use aws_sdk_ecs::operation::deregister_task_definition::{
    DeregisterTaskDefinitionInput, DeregisterTaskDefinitionOutput,
};
use aws_sdk_ecs::operation::describe_task_definition::{DescribeTaskDefinitionInput, DescribeTaskDefinitionOutput};
use aws_sdk_ecs::operation::register_task_definition::{RegisterTaskDefinitionInput, RegisterTaskDefinitionOutput};
use aws_sdk_ecs::types::{
    self, Compatibility, CpuArchitecture, Failure, KeyValuePair, NetworkMode, OsFamily, ProxyConfiguration,
    ProxyConfigurationType, RuntimePlatform, TaskDefinitionField, TaskDefinitionStatus, Volume,
};
use serde::{Deserialize, Serialize};

use super::container::Container;
use super::problem::{client, invalid, unsupported};
use super::{container_rules, names, neighbours};
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

/// One revision of a task definition.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the API's TaskDefinition")]
pub struct TaskDefinition {
    pub arn: String,
    pub family: String,
    pub revision: u32,
    pub cpu: u32,
    pub memory: u32,
    pub execution_role: Option<String>,
    pub task_role: Option<String>,
    pub containers: Vec<Container>,
    pub volumes: Vec<String>,
    pub architecture: String,
    /// Container and properties.
    pub proxy: Option<(String, BTreeMap<String, String>)>,
    pub status: Status,
    pub registered_at: Moment,
    #[serde(default)]
    pub registered_by: Option<String>,
    pub deregistered_at: Option<Moment>,
    pub delete_requested_at: Option<Moment>,
    pub tags: Tags,
}

/// ECS Developer Guide, "Amazon ECS task definition states".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// It can be run.
    Active,
    /// It was deregistered; what runs, runs on.
    Inactive,
    /// It goes once nothing refers to it any more.
    DeleteInProgress,
}

impl Status {
    fn to_sdk(self) -> TaskDefinitionStatus {
        match self {
            Status::Active => TaskDefinitionStatus::Active,
            Status::Inactive => TaskDefinitionStatus::Inactive,
            Status::DeleteInProgress => TaskDefinitionStatus::DeleteInProgress,
        }
    }
}

impl TaskDefinition {
    /// `family:revision`.
    pub fn id(&self) -> String {
        format!("{}:{}", self.family, self.revision)
    }

    /// One of its containers.
    pub fn container(&self, name: &str) -> Option<&Container> {
        self.containers.iter().find(|container| container.name == name)
    }

    fn to_sdk(&self) -> types::TaskDefinition {
        let volume = |name: &String| Volume::builder().name(name).build();
        let platform = RuntimePlatform::builder()
            .cpu_architecture(CpuArchitecture::from(self.architecture.as_str()))
            .operating_system_family(OsFamily::Linux);
        types::TaskDefinition::builder()
            .task_definition_arn(&self.arn)
            .family(&self.family)
            .revision(i32::try_from(self.revision).unwrap_or(i32::MAX))
            .cpu(self.cpu.to_string())
            .memory(self.memory.to_string())
            .set_execution_role_arn(self.execution_role.clone())
            .set_task_role_arn(self.task_role.clone())
            .network_mode(NetworkMode::Awsvpc)
            .requires_compatibilities(Compatibility::Fargate)
            .compatibilities(Compatibility::Ec2)
            .compatibilities(Compatibility::Fargate)
            .runtime_platform(platform.build())
            .set_container_definitions(Some(self.containers.iter().map(Container::to_sdk).collect()))
            .set_volumes(Some(self.volumes.iter().map(volume).collect()))
            .set_placement_constraints(Some(Vec::new()))
            .set_proxy_configuration(self.proxy_configuration())
            .status(self.status.to_sdk())
            .registered_at(self.registered_at.datetime())
            .set_registered_by(self.registered_by.clone())
            .set_deregistered_at(self.deregistered_at.map(Moment::datetime))
            .set_delete_requested_at(self.delete_requested_at.map(Moment::datetime))
            .build()
    }

    fn proxy_configuration(&self) -> Option<ProxyConfiguration> {
        let (container, properties) = self.proxy.as_ref()?;
        let property = |(name, value)| KeyValuePair::builder().name(name).value(value).build();
        let proxy = ProxyConfiguration::builder().r#type(ProxyConfigurationType::Appmesh).container_name(container);
        proxy.set_properties(Some(properties.iter().map(property).collect())).build().ok()
    }
}

/// A revision by ARN, by `family:revision`, or the latest usable one of a family.
pub fn find<'a>(call: &'a Call<'_>, reference: &str) -> Option<&'a TaskDefinition> {
    let id = names::short(reference);
    let all = &call.world.ecs.task_definitions;
    match id.rsplit_once(':') {
        Some((family, revision)) => all.values().find(|it| it.family == family && it.revision.to_string() == revision),
        None => all.values().filter(|it| it.family == id && it.status == Status::Active).max_by_key(|it| it.revision),
    }
}

/// A revision that tasks can be started from.
pub fn usable(call: &Call<'_>, reference: &str) -> Result<TaskDefinition, ApiError> {
    let found = find(call, reference).ok_or_else(|| client("Unable to describe task definition."))?;
    match found.status {
        Status::Active => Ok(found.clone()),
        _ => Err(client("TaskDefinition is inactive")),
    }
}

fn number(text: Option<&str>, what: &str) -> Result<u32, ApiError> {
    let text = text.ok_or_else(|| client(format!("Fargate requires that '{what}' be defined at the task level.")))?;
    text.parse().map_err(|_| client(format!("Invalid '{what}' setting for task.")))
}

fn read(input: &RegisterTaskDefinitionInput, call: &Call<'_>) -> Result<TaskDefinition, ApiError> {
    unsupported(&[
        ("placementConstraints", !input.placement_constraints().is_empty()),
        ("pidMode", input.pid_mode().is_some()),
        ("ipcMode", input.ipc_mode().is_some()),
        ("ephemeralStorage", input.ephemeral_storage().is_some()),
        ("enableFaultInjection", input.enable_fault_injection().is_some()),
        ("launch types other than FARGATE", input.requires_compatibilities() != [Compatibility::Fargate]),
        ("volumes other than the task's own", input.volumes().iter().any(is_foreign)),
    ])?;
    let family = input.family().filter(|family| names::is_name(family));
    let family = family.ok_or_else(|| client("Family contains invalid characters or is too long."))?;
    if input.network_mode() != Some(&NetworkMode::Awsvpc) {
        return Err(client("Fargate only supports network mode ‘awsvpc’."));
    }
    let revision = call.world.ecs.families.get(family).copied().unwrap_or_default() + 1;
    let platform = input.runtime_platform();
    let proxy = input.proxy_configuration().map(|proxy| {
        let properties = proxy.properties().iter();
        let properties =
            properties.map(|it| (it.name().unwrap_or_default().to_owned(), it.value().unwrap_or_default().to_owned()));
        (proxy.container_name().to_owned(), properties.collect())
    });
    Ok(TaskDefinition {
        arn: call.arn("ecs", &format!("task-definition/{family}:{revision}")),
        family: family.to_owned(),
        revision,
        cpu: number(input.cpu(), "cpu")?,
        memory: number(input.memory(), "memory")?,
        execution_role: input.execution_role_arn().map(str::to_owned),
        task_role: input.task_role_arn().map(str::to_owned),
        containers: input.container_definitions().iter().map(Container::read).collect::<Result<_, _>>()?,
        volumes: input.volumes().iter().filter_map(|volume| volume.name().map(str::to_owned)).collect(),
        architecture: platform
            .and_then(RuntimePlatform::cpu_architecture)
            .map_or("X86_64", CpuArchitecture::as_str)
            .to_owned(),
        proxy,
        status: Status::Active,
        registered_at: call.now,
        registered_by: Some(format!("arn:aws:iam::{}:user/sandbox", call.account())),
        deregistered_at: None,
        delete_requested_at: None,
        tags: names::tags(input.tags())?,
    })
}

fn is_foreign(volume: &Volume) -> bool {
    let host = volume.host().and_then(|host| host.source_path());
    host.is_some() || volume.efs_volume_configuration().is_some() || volume.docker_volume_configuration().is_some()
}

pub(super) fn register(
    call: &mut Call<'_>,
    input: &RegisterTaskDefinitionInput,
) -> Result<RegisterTaskDefinitionOutput, ApiError> {
    let definition = read(input, call)?;
    container_rules::fargate_size(definition.cpu, definition.memory)?;
    container_rules::check(&definition)?;
    for role in [&definition.execution_role, &definition.task_role].into_iter().flatten() {
        neighbours::role_can_be_passed(call, role)?;
    }
    let answer = definition.to_sdk();
    let ecs = &mut call.world.ecs;
    ecs.families.insert(definition.family.clone(), definition.revision);
    let tags = names::to_sdk(&definition.tags);
    ecs.task_definitions.insert(definition.arn.clone(), definition);
    Ok(RegisterTaskDefinitionOutput::builder().task_definition(answer).set_tags(tags).build())
}

pub(super) fn describe(
    call: &mut Call<'_>,
    input: &DescribeTaskDefinitionInput,
) -> Result<DescribeTaskDefinitionOutput, ApiError> {
    let reference = input.task_definition().unwrap_or_default();
    let found = find(call, reference).ok_or_else(|| client("Unable to describe task definition."))?;
    let with_tags = input.include().contains(&TaskDefinitionField::Tags);
    let tags = if with_tags { names::to_sdk(&found.tags) } else { None };
    Ok(DescribeTaskDefinitionOutput::builder().task_definition(found.to_sdk()).set_tags(tags).build())
}

/// ECS API reference, DeregisterTaskDefinition. The revision must be named in full.
pub(super) fn deregister(
    call: &mut Call<'_>,
    input: &DeregisterTaskDefinitionInput,
) -> Result<DeregisterTaskDefinitionOutput, ApiError> {
    let reference = input.task_definition().unwrap_or_default();
    if !names::short(reference).contains(':') {
        return Err(invalid("Missing revision. Provide a family and a revision."));
    }
    let found = find(call, reference).ok_or_else(|| client("The specified task definition does not exist."))?;
    if found.status != Status::Active {
        return Err(client("The specified task definition is inactive. You can't deregister it again."));
    }
    let (arn, now) = (found.arn.clone(), call.now);
    let Some(definition) = call.world.ecs.task_definitions.get_mut(&arn) else {
        return Err(client("The specified task definition does not exist."));
    };
    definition.status = Status::Inactive;
    definition.deregistered_at = Some(now);
    Ok(DeregisterTaskDefinitionOutput::builder().task_definition(definition.to_sdk()).build())
}

/// ECS API reference, DeleteTaskDefinitions: at most ten; each must be INACTIVE; refusals are listed, not thrown.
pub(super) fn delete(
    call: &mut Call<'_>,
    input: &DeleteTaskDefinitionsInput,
) -> Result<DeleteTaskDefinitionsOutput, ApiError> {
    let references = input.task_definitions();
    if references.is_empty() || references.len() > 10 {
        return Err(invalid("Specify between 1 and 10 task definitions."));
    }
    let (mut deleted, mut failures) = (Vec::new(), Vec::new());
    for reference in references {
        let refuse =
            |reason: &str, detail: &str| Failure::builder().arn(reference).reason(reason).detail(detail).build();
        let Some((arn, status)) = find(call, reference).map(|found| (found.arn.clone(), found.status)) else {
            failures.push(refuse("MISSING", "The specified task definition does not exist."));
            continue;
        };
        if status == Status::Active {
            let detail =
                "The specified task definition is still in ACTIVE status. Please deregister the target and try again.";
            failures.push(refuse("TASK_DEFINITION_ACTIVE", detail));
            continue;
        }
        let now = call.now;
        if let Some(definition) = call.world.ecs.task_definitions.get_mut(&arn) {
            definition.status = Status::DeleteInProgress;
            definition.delete_requested_at.get_or_insert(now);
            deleted.push(definition.to_sdk());
        }
    }
    Ok(DeleteTaskDefinitionsOutput::builder().set_task_definitions(Some(deleted)).set_failures(Some(failures)).build())
}
