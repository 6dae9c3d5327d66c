//! Scalable targets: the range that the task count of a service may move in.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_applicationautoscaling::types::{ScalableDimension, ScalableTarget as Described, ServiceNamespace};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    aws::{Answer, Aws, tags},
    engine::{
        Changes, Class, Created, Failure, Field, Gone, Handle, Identity, Key, Life, Manner, Naming, Output, Outputs,
        Physical, Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
    markers,
};

markers! {
    /// What is scaled: `service/cluster/service`.
    ScalableResource,
}

/// The range that the task count of an ECS service may move in. Its id is the resource's, which AWS takes once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScalableTarget {
    /// The service.
    pub resource: Output<ScalableResource>,
    /// Tasks at least.
    pub min: u32,
    /// Tasks at most.
    pub max: u32,
}

impl Handle<ScalableTarget> {
    /// What is scaled.
    pub fn resource(&self) -> Output<ScalableResource> {
        self.output("resource")
    }
}

/// DescribeScalableTargets takes that many ids and gives that many targets a page (Application Auto Scaling API reference).
const AT_ONCE: usize = 50;

fn outputs(resource: &str, arn: &str) -> Outputs {
    Outputs::from([("resource".to_owned(), resource.to_owned()), ("arn".to_owned(), arn.to_owned())])
}

fn observe(it: &Described) -> Map<String, Value> {
    Map::from_iter([
        ("resource".to_owned(), json!(it.resource_id())),
        ("min".to_owned(), json!(it.min_capacity())),
        ("max".to_owned(), json!(it.max_capacity())),
    ])
}

/// The targets of these resources, or of all ECS services where none is named.
async fn describe(aws: &Aws, resources: Option<Vec<String>>) -> Result<Vec<Described>, Failure> {
    // A dimension is only taken together with resources (API reference); ECS services have only one anyway.
    let mut pages = aws
        .autoscaling
        .describe_scalable_targets()
        .service_namespace(ServiceNamespace::Ecs)
        .set_resource_ids(resources)
        .max_results(i32::try_from(AT_ONCE).unwrap_or(i32::MAX))
        .into_paginator()
        .send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.of("application-autoscaling:DescribeScalableTargets")?;
        found.extend(page.scalable_targets.unwrap_or_default());
    }
    Ok(found)
}

/// The tags of a target, unless they can only be ours: the tag search has them, or we recorded that we made it.
async fn tags_of(aws: &Aws, scope: &Scope<'_>, resource: &str, arn: &str) -> Result<Option<Tags>, Failure> {
    if let Some(tags) = tags::searched(scope, arn) {
        return Ok(Some(tags.clone()));
    }
    if scope.by_id(resource).is_some() {
        return Ok(None);
    }
    let call = aws.autoscaling.list_tags_for_resource().resource_arn(arn);
    match call.send().await.of("application-autoscaling:ListTagsForResource") {
        Ok(answer) => Ok(Some(answer.tags.unwrap_or_default().into_iter().collect())),
        Err(failure) if failure.class == Class::Absent => Ok(Some(Tags::new())),
        Err(failure) => Err(failure),
    }
}

impl ScalableTarget {
    /// Registers it, or changes its range: both is one call (Application Auto Scaling API reference, RegisterScalableTarget).
    async fn register(&self, aws: &Aws, tags: Option<&Tags>) -> Result<String, Failure> {
        let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
        let answer = aws
            .autoscaling
            .register_scalable_target()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_id(self.resource.get()?)
            .min_capacity(number(self.min))
            .max_capacity(number(self.max))
            .set_tags(tags.map(|tags| tags.clone().into_iter().collect()))
            .send()
            .await
            .of("application-autoscaling:RegisterScalableTarget")?;
        Ok(answer.scalable_target_arn.unwrap_or_default())
    }
}

#[async_trait]
impl Resource for ScalableTarget {
    type Clients = Aws;
    const KIND: &'static str = "scalable-target";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            // A repeated call with tags is refused where the target exists, so it is looked for first.
            repeat: Repeat::Lookup,
            usable: When::Created,
            create: Wait::INSTANT,
            delete: Wait::INSTANT,
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "resource" => Field::REPLACE,
            _ => Field::UPDATE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        const PART: &str = ":application-autoscaling:";
        let hits: BTreeSet<&str> =
            scope.tagged_with(PART).filter(|_| scope.sweep).map(|hit| hit.arn.as_str()).collect();
        let wanted = scope.targets.iter().filter_map(|target| target.id.as_deref().or_else(|| target.text("resource")));
        let wanted: BTreeSet<&str> = wanted.collect();
        let mut all = Vec::new();
        if !hits.is_empty() {
            // A hit names no resource, and there is no look-up by ARN.
            all = describe(aws, None).await?;
        } else {
            let wanted: Vec<String> = wanted.iter().map(|resource| (*resource).to_owned()).collect();
            for resources in wanted.chunks(AT_ONCE) {
                all.extend(describe(aws, Some(resources.to_vec())).await?);
            }
        }
        let mut found = Vec::new();
        for it in &all {
            let (resource, arn) = (it.resource_id(), it.scalable_target_arn().unwrap_or_default());
            if !wanted.contains(resource) && !hits.contains(arn) {
                continue;
            }
            let tags = tags_of(aws, scope, resource, arn).await?;
            let target = scope.targets.iter().find(|target| target.text("resource") == Some(resource));
            let seen = Sighting {
                key: Key::new(Self::KIND, "?"),
                // It has no name of its own: who scales what a target wants to scale takes that one's place.
                name: target.map_or_else(|| tags.as_ref().map(tags::name_of).unwrap_or_default(), |it| it.name.clone()),
                id: resource.to_owned(),
                outputs: outputs(resource, arn),
                observed: observe(it),
                tags: None,
                life: Life::Live,
            };
            found.extend(tags::identify_unread(scope, seen, tags.as_ref()));
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let arn = self.register(aws, Some(&identity.tags)).await?;
        let resource = self.resource.get()?;
        Ok(Created { id: resource.to_owned(), outputs: outputs(resource, &arn) })
    }

    async fn update(&self, aws: &Aws, _it: &Physical, _changes: &Changes) -> Result<Outputs, Failure> {
        self.register(aws, None).await?;
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        let call = aws.autoscaling.tag_resource().resource_arn(it.output("arn")?);
        let call = call.set_tags(Some(tags.clone().into_iter().collect()));
        call.send().await.of("application-autoscaling:TagResource")?;
        Ok(())
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        // RegisterScalableTarget is synchronous (Application Auto Scaling API reference).
        Ok(Readiness::Ready(it.outputs.clone()))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        let call = aws.autoscaling.deregister_scalable_target().service_namespace(ServiceNamespace::Ecs);
        let call = call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount).resource_id(&it.id);
        call.send().await.of("application-autoscaling:DeregisterScalableTarget")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // DeregisterScalableTarget is synchronous and takes the policies and their alarms along (API reference).
        Ok(Gone::Yes)
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "application-autoscaling:DeregisterScalableTarget",
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:ListTagsForResource",
            "application-autoscaling:RegisterScalableTarget",
            "application-autoscaling:TagResource",
            "ecs:DescribeServices",
            "ecs:UpdateService",
        ]
    }
}
