//! Customer-managed keys.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    engine::{Handle, Output},
    markers,
};

markers! {
    /// A KMS key's ARN.
    KmsKeyArn,
    /// A KMS key's id: a UUID.
    KmsKeyId,
}

/// A symmetric customer-managed key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KmsKey {
    /// What it is for.
    pub description: String,
    /// Who may use and administer it.
    pub policy: Value,
    /// AWS makes new key material every year.
    pub rotation: bool,
    /// Days between the order to delete it and its end: 7 to 30.
    pub deletion_window_days: u32,
}

impl Handle<KmsKey> {
    /// Its ARN.
    pub fn arn(&self) -> Output<KmsKeyArn> {
        self.output("arn")
    }

    /// Its id.
    pub fn id(&self) -> Output<KmsKeyId> {
        self.output("id")
    }
}
