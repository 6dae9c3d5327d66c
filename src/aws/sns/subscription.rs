//! Subscriptions: who is told.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_sns::types::Subscription as Listed;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use super::TopicArn;
use crate::{
    aws::{Answer, Aws},
    engine::{
        Changes, Class, Created, Failure, Field, Gone, Identity, Life, Manner, Naming, Output, Outputs, Physical,
        Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
};

/// A subscription to a topic. AWS lists it without an ARN until the person has answered the confirmation mail, so its id here is
/// the topic's ARN, the protocol and the endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscription {
    /// The topic.
    pub topic: Output<TopicArn>,
    /// How it is told: `email`.
    pub protocol: String,
    /// Who is told: an e-mail address.
    pub endpoint: String,
}

/// What ListSubscriptionsByTopic gives for the ARN until then (SNS API reference, ListSubscriptionsByTopic).
const PENDING: &str = "PendingConfirmation";

fn id_of(topic: &str, protocol: &str, endpoint: &str) -> String {
    format!("{topic} {protocol} {endpoint}")
}

/// The topic in an id.
fn topic_of(id: &str) -> &str {
    id.split(' ').next().unwrap_or(id)
}

fn outputs(arn: &str) -> Outputs {
    let state = if arn.starts_with("arn:") { "confirmed" } else { "pending confirmation" };
    Outputs::from([("state".to_owned(), state.to_owned())])
}

/// A topic's subscriptions by id, each with its ARN; none where the topic is gone.
async fn list(aws: &Aws, topic: &str) -> Result<Vec<(String, Listed)>, Failure> {
    let mut listed = Vec::new();
    let mut pages = aws.sns.list_subscriptions_by_topic().topic_arn(topic).into_paginator().send();
    while let Some(page) = pages.next().await {
        match page.of("sns:ListSubscriptionsByTopic") {
            Ok(page) => listed.extend(page.subscriptions.unwrap_or_default()),
            Err(failure) if failure.class == Class::Absent => return Ok(Vec::new()),
            Err(failure) => return Err(failure),
        }
    }
    let id = |one: &Listed| id_of(topic, one.protocol().unwrap_or_default(), one.endpoint().unwrap_or_default());
    Ok(listed.into_iter().map(|one| (id(&one), one)).collect())
}

async fn look(aws: &Aws, id: &str) -> Result<Option<Listed>, Failure> {
    Ok(list(aws, topic_of(id)).await?.into_iter().find(|(other, _)| other == id).map(|(_, listed)| listed))
}

#[async_trait]
impl Resource for Subscription {
    type Clients = Aws;
    const KIND: &'static str = "sns-subscription";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Free,
            // SNS recognises the endpoint (SNS API reference, Subscribe).
            repeat: Repeat::Safe,
            usable: When::Created,
            create: Wait::INSTANT,
            delete: Wait::INSTANT,
        }
    }

    fn field(_name: &str) -> Field {
        Field::REPLACE
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let wanted = |target: &crate::engine::Target| {
            let text = |name| target.text(name);
            target.id.clone().or_else(|| Some(id_of(text("topic")?, text("protocol")?, text("endpoint")?)))
        };
        let targets: Vec<_> = scope.targets.iter().filter_map(|target| Some((target, wanted(target)?))).collect();
        let topics: BTreeSet<&str> = targets.iter().map(|(_, id)| topic_of(id)).collect();
        let mut found = Vec::new();
        for topic in topics {
            for (id, listed) in list(aws, topic).await? {
                // Without a target it is not ours to judge; it goes with its topic.
                let Some((target, _)) = targets.iter().find(|(_, wanted)| *wanted == id) else { continue };
                found.push(Sighting {
                    key: target.key.clone(),
                    name: target.name.clone(),
                    outputs: outputs(listed.subscription_arn().unwrap_or_default()),
                    id,
                    observed: Map::from_iter([
                        ("topic".to_owned(), json!(topic)),
                        ("protocol".to_owned(), json!(listed.protocol())),
                        ("endpoint".to_owned(), json!(listed.endpoint())),
                    ]),
                    tags: None,
                    life: Life::Live,
                });
            }
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, _identity: &Identity) -> Result<Created, Failure> {
        let topic = self.topic.get()?;
        let answer = aws
            .sns
            .subscribe()
            .topic_arn(topic)
            .protocol(&self.protocol)
            .endpoint(&self.endpoint)
            .send()
            .await
            .of("sns:Subscribe")?;
        let id = id_of(topic, &self.protocol, &self.endpoint);
        Ok(Created { id, outputs: outputs(answer.subscription_arn().unwrap_or_default()) })
    }

    async fn update(&self, _aws: &Aws, _it: &Physical, _changes: &Changes) -> Result<Outputs, Failure> {
        Ok(Outputs::new())
    }

    async fn tag(_aws: &Aws, _it: &Physical, _tags: &Tags) -> Result<(), Failure> {
        // Only topics take tags (SNS developer guide, "Topic tagging").
        Ok(())
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        // A person has to answer a mail; the platform doesn't wait for that.
        Ok(Readiness::Ready(it.outputs.clone()))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        let listed = look(aws, &it.id).await?;
        match listed.as_ref().and_then(Listed::subscription_arn) {
            // One that nobody confirmed can't be unsubscribed: it goes with its topic, or by itself (SNS API reference, Unsubscribe).
            None | Some(PENDING) => Ok(()),
            Some(arn) => {
                aws.sns.unsubscribe().subscription_arn(arn).send().await.of("sns:Unsubscribe")?;
                Ok(())
            }
        }
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // Unsubscribe is synchronous (SNS API reference, Unsubscribe).
        Ok(Gone::Yes)
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        &["sns:ListSubscriptionsByTopic", "sns:Subscribe", "sns:Unsubscribe"]
    }
}
