//! Task definitions.

use async_trait::async_trait;
use aws_sdk_ecs::types::{
    Compatibility, CpuArchitecture, NetworkMode, OsFamily, RuntimePlatform, TaskDefinitionField, Volume,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    container::{Container, Proxy},
    content, revisions,
    shared::{self, TaskDefinitionArn},
};
use crate::{
    aws::{Answer, Aws, iam::RoleArn},
    engine::{
        Changes, Class, Created, Failure, Field, Gone, Handle, Identity, Manner, Naming, Output, Outputs, Physical,
        Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
};

/// One revision of a task definition for Fargate. A revision never changes: every other content is a new one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskDefinition {
    /// CPU units; 1024 are one vCPU.
    pub cpu: u32,
    /// MiB.
    pub memory: u32,
    /// What ECS fetches images and secrets as, and writes logs as.
    pub execution_role: Output<RoleArn>,
    /// What the containers call AWS as.
    pub task_role: Output<RoleArn>,
    /// The application's image.
    pub image: String,
    /// What runs while there is no application.
    pub placeholder: Placeholder,
    /// The application's container.
    pub application: Container,
    /// The containers beside it.
    pub sidecars: Vec<Container>,
    /// Names of volumes that the containers share and that end with the task.
    pub volumes: Vec<String>,
    /// App Mesh's redirection, where App Mesh is the mesh.
    pub proxy: Option<Proxy>,
    /// Name of the cluster where it runs.
    pub cluster: String,
    /// Name of the service that runs it.
    pub service: String,
}

/// An image of somebody else's that can be made to answer like an application.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Placeholder {
    /// The image.
    pub image: String,
    /// What is started in it.
    pub command: Vec<String>,
}

impl Handle<TaskDefinition> {
    /// The ARN of the revision.
    pub fn arn(&self) -> Output<TaskDefinitionArn> {
        self.output("arn")
    }
}

pub(super) fn outputs(arn: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned())])
}

/// The label of the application's container that tells what the revision was registered from.
pub(in crate::aws) const CONTENT_LABEL: &str = "platformctl.content";

impl TaskDefinition {
    fn application(&self) -> Result<aws_sdk_ecs::types::ContainerDefinition, Failure> {
        let mut definition = self.application.definition(&self.image)?;
        if self.image == self.placeholder.image {
            definition.entry_point = Some(self.placeholder.command.clone());
        }
        let spec = serde_json::to_value(self).map_err(|error| Failure::internal(error.to_string()))?;
        definition.docker_labels = Some([(CONTENT_LABEL.to_owned(), content::digest(&spec))].into());
        Ok(definition)
    }

    fn containers(&self) -> Result<Vec<aws_sdk_ecs::types::ContainerDefinition>, Failure> {
        let mut containers = vec![self.application()?];
        for sidecar in &self.sidecars {
            let image = sidecar.image.as_deref();
            let image = image.ok_or_else(|| Failure::internal(format!("container {} has no image", sidecar.name)))?;
            containers.push(sidecar.definition(image)?);
        }
        Ok(containers)
    }
}

/// Marks a revision as no longer to be used. Repeating it is refused for one that is (ECS API reference,
/// DeregisterTaskDefinition: it applies to ACTIVE revisions), which is as good.
async fn deregister(aws: &Aws, arn: &str) -> Result<(), Failure> {
    match aws.ecs.deregister_task_definition().task_definition(arn).send().await.of("ecs:DeregisterTaskDefinition") {
        Err(failure) if !matches!(failure.class, Class::Invalid | Class::Absent) => Err(failure),
        _ => Ok(()),
    }
}

#[async_trait]
impl Resource for TaskDefinition {
    type Clients = Aws;
    const KIND: &'static str = "task-definition";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Revisions,
            // Each RegisterTaskDefinition adds a revision.
            repeat: Repeat::Lookup,
            usable: When::Created,
            create: Wait::seconds(1, 120),
            delete: Wait::seconds(1, 300),
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "image" => Field::owned("deploy"),
            name if content::LEFT_OUT.contains(&name) => Field::SILENT,
            _ => Field::REPLACE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        revisions::find(aws, scope).await
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let platform = RuntimePlatform::builder()
            .cpu_architecture(CpuArchitecture::X8664)
            .operating_system_family(OsFamily::Linux)
            .build();
        let volume = |name: &String| Volume::builder().name(name).build();
        let answer = aws
            .ecs
            .register_task_definition()
            .family(&identity.name)
            .requires_compatibilities(Compatibility::Fargate)
            .network_mode(NetworkMode::Awsvpc)
            .runtime_platform(platform)
            .cpu(self.cpu.to_string())
            .memory(self.memory.to_string())
            .execution_role_arn(self.execution_role.get()?)
            .task_role_arn(self.task_role.get()?)
            .set_container_definitions(Some(self.containers()?))
            .set_volumes(Some(self.volumes.iter().map(volume).collect()))
            .set_proxy_configuration(self.proxy.as_ref().map(Proxy::configuration).transpose()?)
            .set_tags(Some(shared::tag_list(&identity.tags)))
            .send()
            .await
            .of("ecs:RegisterTaskDefinition")?;
        let arn = answer.task_definition().and_then(|it| it.task_definition_arn()).unwrap_or_default();
        Ok(Created { id: arn.to_owned(), outputs: outputs(arn) })
    }

    async fn update(&self, _aws: &Aws, _it: &Physical, _changes: &Changes) -> Result<Outputs, Failure> {
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, &it.id, tags).await
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        // A revision is ACTIVE as soon as it is registered (ECS API reference, RegisterTaskDefinition).
        Ok(Readiness::Ready(outputs(&it.id)))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        deregister(aws, &it.id).await?;
        let call = aws.ecs.delete_task_definitions().task_definitions(&it.id);
        let answer = call.send().await.of("ecs:DeleteTaskDefinitions")?;
        match answer.failures().first() {
            None => Ok(()),
            Some(refusal) => {
                let reason = refusal.reason().unwrap_or_default();
                let detail = refusal.detail().unwrap_or_default();
                let missing = reason == "MISSING" || detail.contains("not found") || detail.contains("does not exist");
                let class = if missing { Class::Absent } else { Class::Blocked };
                let message = format!("{} can't be deleted: {reason} {detail}", it.id);
                Err(Failure {
                    operation: "ecs:DeleteTaskDefinitions".to_owned(),
                    ..Failure::new(class, message.trim())
                })
            }
        }
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // DELETE_IN_PROGRESS can't be undone and ends by itself once nothing refers to the revision any more
        // (ECS Developer Guide, "Deleting an Amazon ECS task definition revision using the console").
        Ok(Gone::Yes)
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        // Services and tasks that use a revision don't keep it from being deleted.
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "ecs:DeleteTaskDefinitions",
            "ecs:DeregisterTaskDefinition",
            "ecs:DescribeServices",
            "ecs:DescribeTaskDefinition",
            "ecs:ListTaskDefinitionFamilies",
            "ecs:ListTaskDefinitions",
            "ecs:RegisterTaskDefinition",
            "ecs:TagResource",
            "iam:PassRole",
        ]
    }
}

/// What DescribeTaskDefinition says, tags included.
pub(super) async fn describe(
    aws: &Aws,
    arn: &str,
) -> Result<Option<(aws_sdk_ecs::types::TaskDefinition, Tags)>, Failure> {
    let call = aws.ecs.describe_task_definition().task_definition(arn).include(TaskDefinitionField::Tags);
    match call.send().await.of("ecs:DescribeTaskDefinition") {
        Ok(answer) => {
            let tags = shared::read_tags(answer.tags());
            Ok(answer.task_definition.map(|definition| (definition, tags)))
        }
        // A deleted revision is refused as "Unable to describe task definition" (ClientException).
        Err(failure) if is_missing(&failure) => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn is_missing(failure: &Failure) -> bool {
    failure.class == Class::Absent || failure.message.contains("Unable to describe task definition")
}

/// A field of a specification that may be null.
pub(super) fn text<'a>(spec: &'a Value, field: &str) -> Option<&'a str> {
    spec.get(field).and_then(Value::as_str)
}
