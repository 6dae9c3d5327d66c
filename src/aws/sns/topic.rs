//! Topics.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    aws::kms::KmsKeyArn,
    engine::{Handle, Output},
    markers,
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
