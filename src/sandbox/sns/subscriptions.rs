//! Subscriptions.

use aws_sdk_sns::operation::list_subscriptions_by_topic::{
    ListSubscriptionsByTopicInput, ListSubscriptionsByTopicOutput,
};
use aws_sdk_sns::operation::subscribe::{SubscribeInput, SubscribeOutput};
use aws_sdk_sns::operation::unsubscribe::{UnsubscribeInput, UnsubscribeOutput};
use aws_sdk_sns::types;

use super::state::{Subscription, invalid};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::paging;

/// SNS API reference, ListSubscriptionsByTopic.
const PAGE: usize = 100;
/// What stands for the ARN until somebody confirms, in lists and in the answer to Subscribe.
const PENDING: &str = "PendingConfirmation";
const PENDING_ANSWER: &str = "pending confirmation";

/// SNS API reference, Subscribe: form of the endpoint.
fn check(protocol: &str, endpoint: &str) -> Result<(), ApiError> {
    match protocol {
        "email" | "email-json" => {
            let (name, domain) = endpoint.split_once('@').ok_or_else(|| invalid("Email address"))?;
            let formed = !name.is_empty() && domain.contains('.') && !endpoint.contains(char::is_whitespace);
            if formed { Ok(()) } else { Err(invalid("Email address")) }
        }
        "http" | "https" => {
            let formed = endpoint.starts_with(&format!("{protocol}://"));
            if formed { Ok(()) } else { Err(invalid("Endpoint must match the specified protocol")) }
        }
        "sms" | "sqs" | "lambda" | "application" | "firehose" => {
            let message = format!("The sandbox does not simulate subscriptions by {protocol}.");
            Err(ApiError::new("UnsupportedOperation", message))
        }
        other => Err(invalid(&format!("Does not support this protocol string: {other}"))),
    }
}

/// SNS API reference, Subscribe: the same endpoint again gives the same subscription, and another mail while it is pending.
pub(super) fn subscribe(call: &mut Call<'_>, input: &SubscribeInput) -> Result<SubscribeOutput, ApiError> {
    let (protocol, endpoint) = (input.protocol().unwrap_or_default(), input.endpoint().unwrap_or_default());
    check(protocol, endpoint)?;
    let (id, now) = (call.uuid(), call.now);
    let topic = call.world.sns.topic_mut(input.topic_arn())?;
    let same = |one: &&Subscription| one.protocol == protocol && one.endpoint == endpoint;
    let subscription = match topic.subscriptions.iter().find(same) {
        Some(present) => present.clone(),
        None => {
            let arn = format!("{}:{id}", topic.arn);
            let (protocol, endpoint) = (protocol.to_owned(), endpoint.to_owned());
            topic.subscriptions.push(Subscription { arn, protocol, endpoint, created_at: now, confirmed: false });
            topic.subscriptions[topic.subscriptions.len() - 1].clone()
        }
    };
    let tell = subscription.confirmed || input.return_subscription_arn() == Some(true);
    let arn = if tell { subscription.arn } else { PENDING_ANSWER.to_owned() };
    Ok(SubscribeOutput::builder().subscription_arn(arn).build())
}

/// SNS API reference, Unsubscribe: only what was confirmed has an ARN to go by.
pub(super) fn unsubscribe(call: &mut Call<'_>, input: &UnsubscribeInput) -> Result<UnsubscribeOutput, ApiError> {
    let arn = input.subscription_arn().unwrap_or_default();
    let (topic, _) = arn.rsplit_once(':').unwrap_or_default();
    if arn.split(':').count() != 7 {
        return Err(invalid("SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"));
    }
    let missing = || ApiError::new("NotFound", "Subscription does not exist").with_status(404);
    let topic = call.world.sns.topic_mut(Some(topic)).map_err(|_| missing())?;
    let position = topic.subscriptions.iter().position(|one| one.arn == arn).ok_or_else(missing)?;
    if !topic.subscriptions[position].confirmed {
        return Err(invalid("SubscriptionArn Reason: This subscription is pending confirmation"));
    }
    topic.subscriptions.remove(position);
    Ok(UnsubscribeOutput::builder().build())
}

/// SNS API reference, ListSubscriptionsByTopic: pages of 100.
pub(super) fn list_subscriptions_by_topic(
    call: &mut Call<'_>,
    input: &ListSubscriptionsByTopicInput,
) -> Result<ListSubscriptionsByTopicOutput, ApiError> {
    let owner = call.account().to_owned();
    let topic = call.world.sns.topic_mut(input.topic_arn())?;
    let listed = topic.subscriptions.iter().map(|one| {
        types::Subscription::builder()
            .subscription_arn(if one.confirmed { &one.arn } else { PENDING })
            .owner(&owner)
            .protocol(&one.protocol)
            .endpoint(&one.endpoint)
            .topic_arn(&topic.arn)
            .build()
    });
    let (page, token) = paging::page(listed.collect(), PAGE, input.next_token()).ok_or_else(|| invalid("NextToken"))?;
    Ok(ListSubscriptionsByTopicOutput::builder().set_subscriptions(Some(page)).set_next_token(token).build())
}
