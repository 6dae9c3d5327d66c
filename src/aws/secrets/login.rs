//! Secrets with which credentials are tried.
//!
//! The Data API logs in with the current version of a secret and with no other, so that credentials that are not current yet can't be
//! tried from the secret that they are pending in. They are put into this one for the moment that the log-in takes.

use serde::{Deserialize, Serialize};

use super::{
    SecretArn,
    described::{Described, described},
    shared,
};
use crate::{
    aws::kms::KmsKeyArn,
    engine::{Failure, Field, Handle, Output},
    rotator::secret::NOBODY,
};

/// A secret that holds nobody's credentials while nothing is tried.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoginSecret {
    /// The key that it is encrypted with.
    pub key: Output<KmsKeyArn>,
    /// What it is for.
    pub description: String,
}

impl Handle<LoginSecret> {
    /// Its ARN.
    pub fn arn(&self) -> Output<SecretArn> {
        self.output("arn")
    }
}

impl Described for LoginSecret {
    fn key(&self) -> &Output<KmsKeyArn> {
        &self.key
    }

    fn description(&self) -> &str {
        &self.description
    }

    fn first_value(&self) -> Result<String, Failure> {
        Ok(NOBODY.to_owned())
    }

    fn other_field(_name: &str) -> Field {
        Field::UPDATE
    }
}

described!(LoginSecret, "login-secret");
