//! Log groups.

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::LogGroup as Described;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    aws::{Answer, Aws, kms::KmsKeyArn, tags},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Key, Life, Manner, Naming, Output, Outputs, Physical,
        Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
        environment::{TAG_ENVIRONMENT_ID, UNCLAIMED},
    },
    markers,
};

markers! {
    /// A log group's name.
    LogGroupName,
    /// A log group's ARN, without the `:*` that stands for its streams.
    LogGroupArn,
}

/// A log group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogGroup {
    /// After how many days its events are dropped: one of the periods that CloudWatch Logs knows.
    pub retention_days: u32,
    /// The key that encrypts it.
    pub key: Output<KmsKeyArn>,
}

impl Handle<LogGroup> {
    /// Its name.
    pub fn name(&self) -> Output<LogGroupName> {
        self.output("name")
    }

    /// Its ARN, without the `:*` that stands for its streams.
    pub fn arn(&self) -> Output<LogGroupArn> {
        self.output("arn")
    }
}

/// What the names of an environment's log groups begin with, but for those whose names AWS chose.
pub fn prefix(suffix: &str) -> String {
    format!("/platformctl/{suffix}/")
}

fn outputs(name: &str, arn: &str) -> Outputs {
    Outputs::from([("name".to_owned(), name.to_owned()), ("arn".to_owned(), arn.to_owned())])
}

fn name_of(group: &Described) -> &str {
    group.log_group_name().unwrap_or_default()
}

/// The ARN without the `:*`, which older answers carry alone (CloudWatch Logs API reference, LogGroup).
fn arn_of(group: &Described) -> &str {
    group.log_group_arn().unwrap_or_else(|| group.arn().unwrap_or_default().trim_end_matches(":*"))
}

/// All log groups whose names begin so.
async fn beginning(aws: &Aws, prefix: &str) -> Result<Vec<Described>, Failure> {
    let mut pages = aws.logs.describe_log_groups().log_group_name_prefix(prefix).limit(50).into_paginator().send();
    let mut groups = Vec::new();
    while let Some(page) = pages.next().await {
        groups.extend(page.of("logs:DescribeLogGroups")?.log_groups.unwrap_or_default());
    }
    Ok(groups)
}

/// What to look for: the environment's common prefix, and the names that don't have it.
fn prefixes(scope: &Scope<'_>) -> Vec<String> {
    let common = prefix(scope.suffix);
    let (under, others): (Vec<_>, Vec<_>) =
        scope.targets.iter().map(|target| target.name.clone()).partition(|name| name.starts_with(&common));
    let mut wanted = others;
    if scope.sweep || !under.is_empty() {
        wanted.push(common);
    }
    wanted
}

/// The group that Container Insights writes to, and makes where it isn't there (CloudWatch user guide, "Container Insights performance log
/// events for Amazon ECS").
pub fn insights_name(cluster: &str) -> String {
    format!("/aws/ecs/containerinsights/{cluster}/performance")
}

/// The tags of a group, unless we recorded that we made it. One that AWS made, untagged, under a name of its own that tells what it logs is
/// to be taken up (Container Insights makes it whenever its cluster writes before or after the group was ours).
async fn tags_of(aws: &Aws, scope: &Scope<'_>, name: &str, arn: &str) -> Result<Option<Tags>, Failure> {
    if let Some(tags) = tags::searched(scope, arn) {
        return Ok(Some(tags.clone()));
    }
    if scope.by_id(name).is_some() {
        return Ok(None);
    }
    let answer = aws.logs.list_tags_for_resource().resource_arn(arn).send().await.of("logs:ListTagsForResource")?;
    let tags: Tags = answer.tags.unwrap_or_default().into_iter().collect();
    if tags.is_empty() && name.starts_with("/aws/") {
        return Ok(Some(Tags::from([(TAG_ENVIRONMENT_ID.to_owned(), UNCLAIMED.to_owned())])));
    }
    Ok(Some(tags))
}

fn observed(group: &Described) -> Map<String, Value> {
    Map::from_iter([
        ("retention_days".to_owned(), json!(group.retention_in_days())),
        ("key".to_owned(), json!(group.kms_key_id())),
    ])
}

#[async_trait]
impl Resource for LogGroup {
    type Clients = Aws;
    const KIND: &'static str = "log-group";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            repeat: Repeat::Safe,
            usable: When::Ready,
            create: Wait::INSTANT,
            delete: Wait::INSTANT,
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "retention_days" => Field::UPDATE.later(),
            _ => Field::UPDATE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let mut found = Vec::new();
        for prefix in prefixes(scope) {
            let exact = scope.by_name(&prefix).is_some();
            for group in beginning(aws, &prefix).await? {
                let (name, arn) = (name_of(&group), arn_of(&group));
                if exact && name != prefix {
                    continue;
                }
                let tags = tags_of(aws, scope, name, arn).await?;
                let seen = Sighting {
                    key: Key::new(Self::KIND, "?"),
                    name: name.to_owned(),
                    id: name.to_owned(),
                    outputs: outputs(name, arn),
                    observed: observed(&group),
                    tags: None,
                    life: Life::Live,
                };
                found.extend(tags::identify_unread(scope, seen, tags.as_ref()));
            }
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        aws.logs
            .create_log_group()
            .log_group_name(&identity.name)
            .kms_key_id(self.key.get()?)
            .set_tags(Some(identity.tags.clone().into_iter().collect()))
            .send()
            .await
            .of("logs:CreateLogGroup")?;
        Ok(Created { id: identity.name.clone(), outputs: Outputs::from([("name".to_owned(), identity.name.clone())]) })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        if changes.touches("key") {
            let call = aws.logs.associate_kms_key().log_group_name(&it.id).kms_key_id(self.key.get()?);
            call.send().await.of("logs:AssociateKmsKey")?;
        }
        if changes.touches("retention_days") {
            let days = i32::try_from(self.retention_days).unwrap_or(i32::MAX);
            let call = aws.logs.put_retention_policy().log_group_name(&it.id).retention_in_days(days);
            call.send().await.of("logs:PutRetentionPolicy")?;
        }
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        let call = aws.logs.tag_resource().resource_arn(it.output("arn")?);
        call.set_tags(Some(tags.clone().into_iter().collect())).send().await.of("logs:TagResource")?;
        Ok(())
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        // There is nothing to wait for, but CreateLogGroup doesn't tell the ARN.
        let groups = beginning(aws, &it.id).await?;
        Ok(match groups.iter().find(|group| name_of(group) == it.id) {
            Some(group) => Readiness::Ready(outputs(&it.id, arn_of(group))),
            None => Readiness::Waiting("not listed yet".to_owned()),
        })
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        aws.logs.delete_log_group().log_group_name(&it.id).send().await.of("logs:DeleteLogGroup")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // DeleteLogGroup is synchronous (CloudWatch Logs API reference, DeleteLogGroup).
        Ok(Gone::Yes)
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "logs:AssociateKmsKey",
            "logs:CreateLogGroup",
            "logs:DeleteLogGroup",
            "logs:DescribeLogGroups",
            "logs:ListTagsForResource",
            "logs:PutRetentionPolicy",
            "logs:TagResource",
        ]
    }
}
