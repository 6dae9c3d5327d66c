//! The certificate of one service of the mesh.

use serde::{Deserialize, Serialize};

use super::{Fingerprint, NotAfter, SecretArn};
use crate::{
    aws::kms::KmsKeyArn,
    engine::{Handle, Output},
};

/// A secret with a service's certificate, its key and the authority that it is to trust: the JSON
/// `{"cert_chain": …, "private_key": …, "ca_bundle": …, "not_after": …}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CertificateSecret {
    /// The key that it is encrypted with.
    pub key: Output<KmsKeyArn>,
    /// The secret of the authority that issues it.
    pub authority: Output<SecretArn>,
    /// The service that it is for.
    pub service: String,
    /// SPIFFE trust domain (`dev.platform`).
    pub trust_domain: String,
    /// The name under which others call the service (`payments.dev.local`).
    pub dns_name: String,
    /// How long it is valid from its issue, in days.
    pub days: u16,
    /// It is issued anew once it has fewer days left than that.
    pub renew_before_days: u16,
}

impl Handle<CertificateSecret> {
    /// Its ARN.
    pub fn arn(&self) -> Output<SecretArn> {
        self.output("arn")
    }

    /// SHA-256 of the certificate: another one whenever it is issued anew.
    pub fn fingerprint(&self) -> Output<Fingerprint> {
        self.output("fingerprint")
    }

    /// When the certificate ends.
    pub fn not_after(&self) -> Output<NotAfter> {
        self.output("not_after")
    }
}
