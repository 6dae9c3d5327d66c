//! Log groups.

use serde::{Deserialize, Serialize};

use crate::{
    aws::kms::KmsKeyArn,
    engine::{Handle, Output},
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
