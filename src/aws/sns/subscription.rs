//! Subscriptions: who is told.

use serde::{Deserialize, Serialize};

use super::TopicArn;
use crate::engine::Output;

/// A subscription to a topic.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscription {
    /// The topic.
    pub topic: Output<TopicArn>,
    /// How it is told: `email`.
    pub protocol: String,
    /// Who is told: an e-mail address.
    pub endpoint: String,
}
