//! Buckets.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    aws::kms::KmsKeyArn,
    engine::{Handle, Output},
    markers,
};

markers! {
    /// A bucket's name.
    BucketName,
    /// A bucket's ARN.
    BucketArn,
}

/// A general purpose bucket whose objects all belong to the account (no access control lists).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bucket {
    /// The key that objects are encrypted with; `None` for S3's own keys, which is all that the load balancer's log
    /// delivery can write with (Elastic Load Balancing user guide, "Enable access logs").
    pub key: Option<Output<KmsKeyArn>>,
    /// Replaced and deleted objects are kept as older versions.
    pub versioning: bool,
    /// No policy and no access control list can make it public.
    pub public_access_blocked: bool,
    /// Who else may do what; a policy document.
    pub policy: Value,
    /// What goes by itself.
    pub lifecycle: Lifecycle,
}

/// What S3 removes by itself, and after how many days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// Objects, counted from their creation; `None` for never.
    pub expire_days: Option<u32>,
    /// Older versions, counted from their replacement; `None` for never.
    pub expire_older_versions_days: Option<u32>,
    /// Multipart uploads that were begun and never completed.
    pub abort_uploads_days: u32,
}

impl Handle<Bucket> {
    /// Its name.
    pub fn name(&self) -> Output<BucketName> {
        self.output("name")
    }

    /// Its ARN.
    pub fn arn(&self) -> Output<BucketArn> {
        self.output("arn")
    }
}
