//! Topics.

use std::collections::HashMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    aws::{Answer, Aws, iam::document, kms::KmsKeyArn, tags},
    engine::{
        Changes, Class, Created, Failure, Field, Gone, Handle, Identity, Key, Life, Manner, Naming, Output, Outputs,
        Physical, Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
    markers, tag_list,
};

markers! {
    /// A topic's ARN.
    TopicArn,
}

/// A topic that alarms are published to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Topic {
    /// The key that encrypts what is published.
    pub key: Output<KmsKeyArn>,
    /// Who may publish.
    pub policy: Value,
}

impl Handle<Topic> {
    /// Its ARN.
    pub fn arn(&self) -> Output<TopicArn> {
        self.output("arn")
    }
}

const KEY: &str = "KmsMasterKeyId";
const POLICY: &str = "Policy";

fn outputs(arn: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned())])
}

/// The last part of a topic's ARN.
fn name_of(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

/// The ARNs of topics that may be the environment's.
async fn candidates(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<String>, Failure> {
    let mut arns: Vec<String> = scope.targets.iter().filter_map(|target| target.id.clone()).collect();
    if scope.sweep {
        arns.extend(scope.tagged_with(":sns:").map(|hit| hit.arn.clone()));
    }
    let missing =
        |arns: &[String]| scope.targets.iter().any(|target| !arns.iter().any(|arn| name_of(arn) == target.name));
    if missing(&arns) {
        let mut pages = aws.sns.list_topics().into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.of("sns:ListTopics")?;
            let named = page.topics().iter().filter_map(|topic| topic.topic_arn());
            arns.extend(named.filter(|arn| scope.by_name(name_of(arn)).is_some()).map(str::to_owned));
        }
    }
    arns.sort();
    arns.dedup();
    Ok(arns)
}

/// The tags of a topic, unless they can only be ours: the tag search has them, or we recorded that we made it.
async fn tags_of(aws: &Aws, scope: &Scope<'_>, arn: &str) -> Result<Option<Tags>, Failure> {
    if let Some(tags) = tags::searched(scope, arn) {
        return Ok(Some(tags.clone()));
    }
    if scope.by_id(arn).is_some() {
        return Ok(None);
    }
    let answer = aws.sns.list_tags_for_resource().resource_arn(arn).send().await.of("sns:ListTagsForResource")?;
    Ok(Some(tags::collect(answer.tags().iter().map(|tag| (Some(tag.key()), Some(tag.value()))))))
}

fn observed(attributes: &HashMap<String, String>) -> Map<String, Value> {
    Map::from_iter([
        ("key".to_owned(), json!(attributes.get(KEY))),
        ("policy".to_owned(), document::read(attributes.get(POLICY).map_or("", String::as_str))),
    ])
}

#[async_trait]
impl Resource for Topic {
    type Clients = Aws;
    const KIND: &'static str = "sns-topic";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            repeat: Repeat::Safe,
            usable: When::Created,
            create: Wait::INSTANT,
            delete: Wait::INSTANT,
        }
    }

    fn field(_name: &str) -> Field {
        Field::UPDATE
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let mut found = Vec::new();
        for arn in candidates(aws, scope).await? {
            let answer = aws.sns.get_topic_attributes().topic_arn(&arn).send().await.of("sns:GetTopicAttributes");
            let attributes = match answer {
                Ok(answer) => answer.attributes.unwrap_or_default(),
                Err(failure) if failure.class == Class::Absent => continue,
                Err(failure) => return Err(failure),
            };
            let tags = tags_of(aws, scope, &arn).await?;
            let seen = Sighting {
                key: Key::new(Self::KIND, "?"),
                name: name_of(&arn).to_owned(),
                outputs: outputs(&arn),
                id: arn,
                observed: observed(&attributes),
                tags: None,
                life: Life::Live,
            };
            found.extend(tags::identify_unread(scope, seen, tags.as_ref()));
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let answer = aws
            .sns
            .create_topic()
            .name(&identity.name)
            .attributes(KEY, self.key.get()?)
            .attributes(POLICY, self.policy.to_string())
            .set_tags(Some(tag_list!(aws_sdk_sns, identity.tags, fallible)))
            .send()
            .await
            .of("sns:CreateTopic")?;
        let arn = answer.topic_arn().unwrap_or_default();
        Ok(Created { id: arn.to_owned(), outputs: outputs(arn) })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        let set = |name: &str, value: &str| {
            let call = aws.sns.set_topic_attributes().topic_arn(&it.id).attribute_name(name).attribute_value(value);
            async { call.send().await.of("sns:SetTopicAttributes") }
        };
        if changes.touches("key") {
            set(KEY, self.key.get()?).await?;
        }
        if changes.touches("policy") {
            set(POLICY, &self.policy.to_string()).await?;
        }
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        let call = aws.sns.tag_resource().resource_arn(&it.id);
        call.set_tags(Some(tag_list!(aws_sdk_sns, tags, fallible))).send().await.of("sns:TagResource")?;
        Ok(())
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        Ok(Readiness::Ready(outputs(&it.id)))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        aws.sns.delete_topic().topic_arn(&it.id).send().await.of("sns:DeleteTopic")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // DeleteTopic is synchronous, and takes the subscriptions along (SNS API reference, DeleteTopic).
        Ok(Gone::Yes)
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "sns:CreateTopic",
            "sns:DeleteTopic",
            "sns:GetTopicAttributes",
            "sns:ListTagsForResource",
            "sns:ListTopics",
            "sns:SetTopicAttributes",
            "sns:TagResource",
        ]
    }
}
