//! Topics.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_sns::operation::create_topic::{CreateTopicInput, CreateTopicOutput};
use aws_sdk_sns::operation::delete_topic::{DeleteTopicInput, DeleteTopicOutput};
use aws_sdk_sns::operation::get_topic_attributes::{GetTopicAttributesInput, GetTopicAttributesOutput};
use aws_sdk_sns::operation::list_topics::{ListTopicsInput, ListTopicsOutput};
use aws_sdk_sns::operation::set_topic_attributes::{SetTopicAttributesInput, SetTopicAttributesOutput};
use aws_sdk_sns::types;
use serde_json::json;

use super::state::{Topic, invalid};
use super::tags;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::iam::policy::{Grammar, Policy};
use crate::sandbox::world::Tags;
use crate::sandbox::{kms, paging};

/// SNS API reference, ListTopics.
const PAGE: usize = 100;

/// SNS API reference, CreateTopic: up to 256 letters, digits, `-` and `_`.
fn check_name(name: &str) -> Result<(), ApiError> {
    let formed = (1..=256).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if formed { Ok(()) } else { Err(invalid("Topic Name")) }
}

/// SNS API reference, SetTopicAttributes.
fn check_attribute(call: &Call<'_>, arn: &str, name: &str, value: &str) -> Result<(), ApiError> {
    match name {
        "DisplayName" if value.chars().count() <= 100 => Ok(()),
        "DisplayName" => Err(invalid("DisplayName")),
        "KmsMasterKeyId" if value.is_empty() => Ok(()),
        "KmsMasterKeyId" => match kms::usable(call, value) {
            Ok(_) => Ok(()),
            Err(error) => Err(ApiError::new("KMSInvalidState", error.message)),
        },
        "Policy" => {
            let flaw = |flaw: String| invalid(&format!("Policy Error: {flaw}"));
            let policy = Policy::parse(value, Grammar::Resource).map_err(flaw)?;
            // SNS Developer Guide, "Troubleshooting": a policy may only speak of its own topic.
            let own = policy.resources().all(|resource| resource == arn);
            let actions = policy.actions().all(|action| action.to_ascii_lowercase().starts_with("sns:"));
            match (own, actions) {
                (true, true) => Ok(()),
                (false, _) => Err(invalid("Policy statement resource must match the topic's ARN")),
                (_, false) => Err(invalid("Policy statement action out of service scope!")),
            }
        }
        other => {
            Err(ApiError::new("UnsupportedOperation", format!("The sandbox does not simulate the attribute {other}.")))
        }
    }
}

/// SNS API reference, CreateTopic: the same name again gives the same topic, unless attributes or tags differ.
pub(super) fn create_topic(call: &mut Call<'_>, input: &CreateTopicInput) -> Result<CreateTopicOutput, ApiError> {
    let name = input.name().unwrap_or_default().to_owned();
    check_name(&name)?;
    let arn = call.arn("sns", &name);
    let attributes: BTreeMap<String, String> =
        input.attributes().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect();
    for (name, value) in &attributes {
        check_attribute(call, &arn, name, value)?;
    }
    let tags = tags::merged(&Tags::new(), input.tags())?;
    if let Some(topic) = call.world.sns.topics.get(&arn) {
        if attributes.iter().any(|(name, value)| topic.attributes.get(name) != Some(value)) {
            return Err(invalid("Attributes Reason: Topic already exists with different attributes"));
        }
        if !tags.is_empty() && tags != topic.tags {
            return Err(invalid("Tags Reason: Topic already exists with different tags"));
        }
        return Ok(CreateTopicOutput::builder().topic_arn(arn).build());
    }
    let topic = Topic { arn: arn.clone(), name, created_at: call.now, attributes, subscriptions: Vec::new(), tags };
    call.world.sns.topics.insert(arn.clone(), topic);
    Ok(CreateTopicOutput::builder().topic_arn(arn).build())
}

/// SNS API reference, GetTopicAttributes.
pub(super) fn get_topic_attributes(
    call: &mut Call<'_>,
    input: &GetTopicAttributesInput,
) -> Result<GetTopicAttributesOutput, ApiError> {
    let owner = call.account().to_owned();
    let topic = call.world.sns.topic_mut(input.topic_arn())?;
    let count =
        |confirmed: bool| topic.subscriptions.iter().filter(|one| one.confirmed == confirmed).count().to_string();
    let mut attributes: HashMap<String, String> = topic.attributes.clone().into_iter().collect();
    attributes.entry("Policy".to_owned()).or_insert_with(|| default_policy(&topic.arn, &owner));
    attributes.entry("DisplayName".to_owned()).or_default();
    attributes.insert("TopicArn".to_owned(), topic.arn.clone());
    attributes.insert("SubscriptionsConfirmed".to_owned(), count(true));
    attributes.insert("SubscriptionsPending".to_owned(), count(false));
    attributes.insert("Owner".to_owned(), owner);
    Ok(GetTopicAttributesOutput::builder().set_attributes(Some(attributes)).build())
}

/// SNS Developer Guide, "Example cases for Amazon SNS access control": the policy of a topic that was made without one.
fn default_policy(arn: &str, owner: &str) -> String {
    json!({ "Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [{
        "Sid": "__default_statement_ID", "Effect": "Allow", "Principal": { "AWS": "*" }, "Resource": arn,
        "Action": ["SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission", "SNS:RemovePermission",
            "SNS:DeleteTopic", "SNS:Subscribe", "SNS:ListSubscriptionsByTopic", "SNS:Publish"],
        "Condition": { "StringEquals": { "AWS:SourceOwner": owner } },
    }]})
    .to_string()
}

/// SNS API reference, SetTopicAttributes.
pub(super) fn set_topic_attributes(
    call: &mut Call<'_>,
    input: &SetTopicAttributesInput,
) -> Result<SetTopicAttributesOutput, ApiError> {
    let arn = call.world.sns.topic_mut(input.topic_arn())?.arn.clone();
    let (name, value) = (input.attribute_name().unwrap_or_default(), input.attribute_value().unwrap_or_default());
    check_attribute(call, &arn, name, value)?;
    let topic = call.world.sns.topic_mut(Some(&arn))?;
    topic.attributes.insert(name.to_owned(), value.to_owned());
    Ok(SetTopicAttributesOutput::builder().build())
}

/// SNS API reference, ListTopics: pages of 100.
pub(super) fn list_topics(call: &mut Call<'_>, input: &ListTopicsInput) -> Result<ListTopicsOutput, ApiError> {
    let visible = call.world.sns.topics.values().filter(|topic| call.visible(topic.created_at));
    let topics = visible.map(|topic| types::Topic::builder().topic_arn(&topic.arn).build()).collect();
    let (topics, token) = paging::page(topics, PAGE, input.next_token()).ok_or_else(|| invalid("NextToken"))?;
    Ok(ListTopicsOutput::builder().set_topics(Some(topics)).set_next_token(token).build())
}

/// SNS API reference, DeleteTopic: with all subscriptions; no error where there is none.
pub(super) fn delete_topic(call: &mut Call<'_>, input: &DeleteTopicInput) -> Result<DeleteTopicOutput, ApiError> {
    call.world.sns.topics.remove(input.topic_arn().unwrap_or_default());
    Ok(DeleteTopicOutput::builder().build())
}
