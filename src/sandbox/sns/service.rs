//! The operations of SNS.

use super::{state, subscriptions, tags, topics};
use crate::sandbox::registry::{Registry, Service, operations};
use crate::sandbox::throttle::{Limits, Rate};

/// AWS General Reference, "Amazon SNS endpoints and quotas": 30 per second for lists and topics, 100 for Subscribe, 10 for tags.
pub(super) static SNS: Service = Service {
    name: "sns",
    sdk_id: "SNS",
    limits: Limits {
        reading: Rate { burst: 30.0, per_second: 30.0 },
        changing: Rate { burst: 30.0, per_second: 10.0 },
        code: "Throttling",
        status: 400,
    },
};

/// Adds SNS.
pub(in crate::sandbox) fn register(registry: &mut Registry) {
    registry.before_each_call(state::advance);
    operations!(registry, &SNS, aws_sdk_sns, {
        create_topic::CreateTopicError => topics::create_topic,
        delete_topic::DeleteTopicError => topics::delete_topic,
        get_topic_attributes::GetTopicAttributesError => topics::get_topic_attributes,
        list_subscriptions_by_topic::ListSubscriptionsByTopicError => subscriptions::list_subscriptions_by_topic,
        list_tags_for_resource::ListTagsForResourceError => tags::list_tags_for_resource,
        list_topics::ListTopicsError => topics::list_topics,
        set_topic_attributes::SetTopicAttributesError => topics::set_topic_attributes,
        subscribe::SubscribeError => subscriptions::subscribe,
        tag_resource::TagResourceError => tags::tag_resource,
        unsubscribe::UnsubscribeError => subscriptions::unsubscribe,
    });
}
