//! What carries the calls of the tasks that run, read off their definitions.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{ContainerDefinition, ProxyConfigurationType, TaskDefinition};
use futures::future::try_join_all;

use super::{services, tasks};
use crate::{
    aws::{Answer, Aws, ecs::task_definition::CONTENT_LABEL},
    engine::{Failure, failure::absent_is_fine},
    mesh::{Shape, ports},
};

/// The shape of each revision that is in use in a cluster, by service: the service's own, and those of which tasks have not stopped yet.
/// Services are given and told by their names in ECS; `variables` are those that tell an application where a peer is.
///
/// # Errors
/// The calls' own.
pub async fn in_use(
    aws: &Aws,
    cluster: &str,
    names: &[String],
    variables: &BTreeSet<String>,
) -> Result<BTreeMap<String, Vec<Shape>>, Failure> {
    let seen = services::services(aws, cluster, names).await?;
    if seen.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut revisions: BTreeSet<(String, String)> = BTreeSet::new();
    revisions.extend(
        seen.iter().flat_map(|(name, it)| it.revisions.iter().map(|revision| (name.clone(), revision.clone()))),
    );
    let (living, _) = tasks::living(aws, cluster, &BTreeSet::new()).await?;
    revisions
        .extend(living.into_iter().filter(|it| seen.contains_key(&it.service)).map(|it| (it.service, it.revision)));
    let arns: BTreeSet<&String> = revisions.iter().map(|(_, revision)| revision).collect();
    let shapes = try_join_all(arns.into_iter().map(|arn| shape(aws, arn, variables))).await?;
    let shapes: BTreeMap<String, Option<Shape>> = shapes.into_iter().collect();
    let mut found: BTreeMap<String, Vec<Shape>> = BTreeMap::new();
    for (service, revision) in revisions {
        found.entry(service).or_default().extend(shapes.get(&revision).copied().flatten());
    }
    Ok(found)
}

async fn shape(aws: &Aws, arn: &str, variables: &BTreeSet<String>) -> Result<(String, Option<Shape>), Failure> {
    let call = aws.ecs.describe_task_definition().task_definition(arn);
    let answer = absent_is_fine(call.send().await.of("ecs:DescribeTaskDefinition").map(Some))?;
    let definition = answer.and_then(|answer| answer.task_definition);
    Ok((arn.to_owned(), definition.and_then(|definition| shape_of(&definition, variables))))
}

/// The shape of a task definition.
pub fn shape_of(definition: &TaskDefinition, variables: &BTreeSet<String>) -> Option<Shape> {
    let proxy = definition.proxy_configuration().and_then(|proxy| proxy.r#type());
    let containers = definition.container_definitions();
    let ports = containers.iter().flat_map(ContainerDefinition::port_mappings).filter_map(|it| it.container_port());
    let labelled = |it: &&ContainerDefinition| it.docker_labels().is_some_and(|it| it.contains_key(CONTENT_LABEL));
    let environment = containers.iter().filter(labelled).flat_map(ContainerDefinition::environment);
    let addresses = environment.filter(|it| it.name().is_some_and(|name| variables.contains(name)));
    Shape::of(
        proxy == Some(&ProxyConfigurationType::Appmesh),
        ports.into_iter().any(|port| port == i32::from(ports::MESH)),
        addresses.filter_map(|it| it.value()),
    )
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{KeyValuePair, PortMapping, ProxyConfiguration};

    use super::*;
    use crate::mesh::DataPlane;

    #[test]
    fn only_the_variables_of_peers_tell_how_it_calls() {
        let variable = |name: &str, value: &str| KeyValuePair::builder().name(name).value(value).build();
        let application = ContainerDefinition::builder()
            .docker_labels(CONTENT_LABEL, "x")
            .environment(variable("ACCOUNTS_URL", "http://127.0.0.1:15101"))
            .environment(variable("BANK_URL", "http://bank.example.com:8080"));
        let ours = ContainerDefinition::builder().port_mappings(PortMapping::builder().container_port(15006).build());
        let proxy = ProxyConfiguration::builder().r#type(ProxyConfigurationType::Appmesh).container_name("envoy");
        let definition = TaskDefinition::builder()
            .container_definitions(application.build())
            .container_definitions(ours.build())
            .proxy_configuration(proxy.build().expect("complete"))
            .build();
        let plane = DataPlane::BothCallingEnvoy;
        let shape = shape_of(&definition, &BTreeSet::from(["ACCOUNTS_URL".to_owned()]));
        assert_eq!(shape, Some(Shape { first: plane, last: plane }));
    }
}
