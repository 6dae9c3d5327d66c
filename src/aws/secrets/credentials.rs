//! Generated database credentials.

use serde::{Deserialize, Serialize};

use super::SecretArn;
use crate::{
    aws::kms::KmsKeyArn,
    engine::{Handle, Output},
};

/// A secret with the JSON `{"username": …, "password": …}`. The password is made when the secret is, from the system's
/// random source, and is nowhere else.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CredentialsSecret {
    /// The key that it is encrypted with.
    pub key: Output<KmsKeyArn>,
    /// What it is for.
    pub description: String,
    /// The user whose password it holds.
    pub username: String,
}

impl Handle<CredentialsSecret> {
    /// Its ARN.
    pub fn arn(&self) -> Output<SecretArn> {
        self.output("arn")
    }
}
