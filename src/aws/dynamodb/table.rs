//! Tables.

use serde::{Deserialize, Serialize};

use crate::{
    aws::kms::KmsKeyArn,
    engine::{Handle, Output},
    markers,
};

markers! {
    /// A table's name.
    TableName,
    /// A table's ARN.
    TableArn,
}

/// A table that is paid for by request. Its keys are strings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Table {
    /// Name of the partition key.
    pub partition_key: String,
    /// Name of the sort key, if it has one.
    pub sort_key: Option<String>,
    /// The key that it is encrypted with.
    pub key: Output<KmsKeyArn>,
    /// It can be restored to any second of the last 35 days.
    pub point_in_time_recovery: bool,
    /// DynamoDB refuses to delete it.
    pub deletion_protection: bool,
}

impl Handle<Table> {
    /// Its name.
    pub fn name(&self) -> Output<TableName> {
        self.output("name")
    }

    /// Its ARN.
    pub fn arn(&self) -> Output<TableArn> {
        self.output("arn")
    }
}
