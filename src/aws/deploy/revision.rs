//! Revisions of a task definition: reading one, and registering it with another image.

use std::collections::BTreeSet;

use aws_sdk_ecs::types::{
    Compatibility, ContainerDefinition, SortOrder, TaskDefinition, TaskDefinitionField, TaskDefinitionStatus,
};

use crate::{
    aws::{
        Answer, Aws,
        ecs::{shared, task_definition::CONTENT_LABEL},
        look::data_planes,
    },
    engine::{Class, Failure, Tags},
    mesh::Shape,
};

/// Tag: who put the revision into service last.
pub const TAG_BY: &str = "platformctl:deployed-by";
/// Tag: the image as it was asked for, before its tag was resolved.
pub const TAG_IMAGE: &str = "platformctl:image";

/// A revision of a task definition.
#[derive(Clone, Debug)]
pub struct Revision {
    /// Its ARN.
    pub arn: String,
    /// Its family.
    pub family: String,
    /// Its number.
    pub number: i32,
    /// The application's image.
    pub image: String,
    /// Its tags.
    pub tags: Tags,
    /// Who registered it: the ARN of an identity.
    pub registered_by: Option<String>,
    /// What ECS pulls images and secrets as.
    pub execution_role: Option<String>,
    /// `X86_64` or `ARM64`.
    pub architecture: String,
    /// Where the containers' secrets come from.
    pub secrets: Vec<String>,
    /// The log group.
    pub log_group: Option<String>,
    /// The application's container.
    pub application: String,
    /// Its containers.
    pub containers: Vec<String>,
    /// What it was registered from, but for the image: a digest.
    pub content: Option<String>,
    /// It was not deregistered.
    pub is_active: bool,
    definition: TaskDefinition,
}

impl Revision {
    /// `family:number`.
    pub fn id(&self) -> String {
        format!("{}:{}", self.family, self.number)
    }
}

/// What carries its calls. `variables` are those that tell an application where a peer is.
pub fn shape(revision: &Revision, variables: &BTreeSet<String>) -> Option<Shape> {
    data_planes::shape_of(&revision.definition, variables)
}

/// `family:number` of an ARN.
pub fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// Looks at a revision, by ARN or `family:number`; `None` where it has been deleted.
///
/// # Errors
/// The call's own.
pub async fn look(aws: &Aws, reference: &str) -> Result<Option<Revision>, Failure> {
    let call = aws.ecs.describe_task_definition().task_definition(reference).include(TaskDefinitionField::Tags);
    match call.send().await.of("ecs:DescribeTaskDefinition") {
        Ok(answer) => {
            let tags = shared::read_tags(answer.tags());
            Ok(answer.task_definition.map(|definition| read(definition, tags)))
        }
        // A deleted revision is refused as "Unable to describe task definition" (ClientException).
        Err(failure) if failure.message.contains("Unable to describe") || failure.class == Class::Absent => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn read(definition: TaskDefinition, tags: Tags) -> Revision {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let containers = definition.container_definitions();
    let application = application(containers);
    let secrets = containers.iter().flat_map(ContainerDefinition::secrets);
    let mut secrets: Vec<String> = secrets.map(|secret| secret.value_from().to_owned()).collect();
    secrets.sort();
    secrets.dedup();
    let log = containers.iter().filter_map(|one| one.log_configuration()?.options()?.get("awslogs-group"));
    let architecture = definition.runtime_platform().and_then(|platform| platform.cpu_architecture());
    Revision {
        arn: text(definition.task_definition_arn()),
        family: text(definition.family()),
        number: definition.revision(),
        image: text(application.and_then(ContainerDefinition::image)),
        registered_by: definition.registered_by().map(str::to_owned),
        execution_role: definition.execution_role_arn().map(str::to_owned),
        architecture: architecture.map_or("X86_64", |it| it.as_str()).to_owned(),
        secrets,
        log_group: log.into_iter().next().cloned(),
        content: application.and_then(|one| one.docker_labels()?.get(CONTENT_LABEL).cloned()),
        application: text(application.and_then(ContainerDefinition::name)),
        containers: containers.iter().filter_map(|one| one.name().map(str::to_owned)).collect(),
        is_active: definition.status() == Some(&TaskDefinitionStatus::Active),
        tags,
        definition,
    }
}

/// The container that we labelled.
fn application(containers: &[ContainerDefinition]) -> Option<&ContainerDefinition> {
    containers.iter().find(|it| it.docker_labels().is_some_and(|labels| labels.contains_key(CONTENT_LABEL)))
}

/// Registers a revision that only differs from another one in the application's image. An application starts as its image says: where `from` runs
/// the placeholder, its command goes.
///
/// # Errors
/// The call's own, or where `from` has no container of ours.
pub async fn register(aws: &Aws, from: &Revision, image: &str, tags: &Tags) -> Result<Revision, Failure> {
    let source = &from.definition;
    let mut containers = source.container_definitions().to_vec();
    let found = containers.iter_mut().find(|it| it.name() == Some(&from.application));
    let application = found.ok_or_else(|| {
        Failure::new(Class::Invalid, format!("{} has no container that platformctl made", from.id()))
            .remedy("run platformctl up, which makes a revision of its own")
    })?;
    application.image = Some(image.to_owned());
    application.entry_point = None;
    application.command = None;
    let answer = aws
        .ecs
        .register_task_definition()
        .family(&from.family)
        .requires_compatibilities(Compatibility::Fargate)
        .set_network_mode(source.network_mode().cloned())
        .set_runtime_platform(source.runtime_platform().cloned())
        .set_cpu(source.cpu().map(str::to_owned))
        .set_memory(source.memory().map(str::to_owned))
        .set_execution_role_arn(from.execution_role.clone())
        .set_task_role_arn(source.task_role_arn().map(str::to_owned))
        .set_container_definitions(Some(containers))
        .set_volumes(Some(source.volumes().to_vec()))
        .set_proxy_configuration(source.proxy_configuration().cloned())
        .set_ephemeral_storage(source.ephemeral_storage().cloned())
        .set_tags(Some(shared::tag_list(tags)))
        .send()
        .await
        .of("ecs:RegisterTaskDefinition")?;
    let made = answer.task_definition.ok_or_else(|| Failure::internal("RegisterTaskDefinition gave no revision"))?;
    Ok(read(made, tags.clone()))
}

/// Sets tags on a revision.
///
/// # Errors
/// The call's own.
pub async fn tag(aws: &Aws, arn: &str, tags: &Tags) -> Result<(), Failure> {
    shared::tag(aws, arn, tags).await
}

/// The usable revisions of a family, the newest first.
///
/// # Errors
/// The call's own.
pub async fn list(aws: &Aws, family: &str) -> Result<Vec<String>, Failure> {
    let call = aws.ecs.list_task_definitions().family_prefix(family).status(TaskDefinitionStatus::Active);
    let mut pages = call.sort(SortOrder::Desc).into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        found.extend(page.of("ecs:ListTaskDefinitions")?.task_definition_arns.unwrap_or_default());
    }
    // A prefix also finds longer families.
    found.retain(|arn| short(arn).rsplit_once(':').is_some_and(|(name, _)| name == family));
    Ok(found)
}

/// Deletes a revision. What runs of it runs on, and ECS keeps it that long (ECS Developer Guide, "Amazon ECS task definition states").
///
/// # Errors
/// The calls' own.
pub async fn delete(aws: &Aws, arn: &str) -> Result<(), Failure> {
    aws.ecs.deregister_task_definition().task_definition(arn).send().await.of("ecs:DeregisterTaskDefinition")?;
    aws.ecs.delete_task_definitions().task_definitions(arn).send().await.of("ecs:DeleteTaskDefinitions")?;
    Ok(())
}

/// A text as a tag's value: what a tag can't hold becomes `_` (ECS API reference, Tag).
pub fn tag_value(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || " +-=._:/@".contains(c) { c } else { '_' };
    text.chars().map(plain).take(256).collect()
}
