//! The certificate authority of an environment's mesh.

use serde::{Deserialize, Serialize};

use super::{Fingerprint, NotAfter, SecretArn};
use crate::{
    aws::kms::KmsKeyArn,
    engine::{Handle, Output},
};

/// A secret with the environment's certificate authority, made when the secret is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuthoritySecret {
    /// The key that it is encrypted with.
    pub key: Output<KmsKeyArn>,
    /// SPIFFE trust domain (`dev.platform`).
    pub trust_domain: String,
    /// The DNS namespace that it may certify names of (`dev.local`).
    pub namespace: String,
    /// How long it is valid when it is made, in days.
    pub days: u16,
}

impl Handle<AuthoritySecret> {
    /// Its ARN.
    pub fn arn(&self) -> Output<SecretArn> {
        self.output("arn")
    }

    /// SHA-256 of its certificate.
    pub fn fingerprint(&self) -> Output<Fingerprint> {
        self.output("fingerprint")
    }

    /// When its certificate ends.
    pub fn not_after(&self) -> Output<NotAfter> {
        self.output("not_after")
    }
}
