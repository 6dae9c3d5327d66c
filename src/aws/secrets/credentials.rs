//! Generated database credentials.

use serde::{Deserialize, Serialize};

use super::{
    SecretArn,
    described::{Described, described},
    shared,
};
use crate::{
    aws::{kms::KmsKeyArn, rds::Endpoint},
    engine::{Failure, Field, Handle, Output},
    rotator::{
        in_use::InUse,
        password,
        secret::{Credentials, Database},
    },
};

/// A secret with database credentials as JSON. The password is made when the secret is, from the system's random source, and is nowhere
/// else.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CredentialsSecret {
    /// The key that it is encrypted with.
    pub key: Output<KmsKeyArn>,
    /// What it is for.
    pub description: String,
    /// The user whose password it holds at first; a rotation changes both.
    pub username: String,
    /// Where the database is, where it is one of the environment's.
    pub location: Option<Location>,
}

/// Where a database is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Location {
    /// Its address.
    pub host: Output<Endpoint>,
    /// Its port.
    pub port: u16,
    /// Its name.
    pub database: String,
}

impl Handle<CredentialsSecret> {
    /// Its ARN.
    pub fn arn(&self) -> Output<SecretArn> {
        self.output("arn")
    }
}

impl Described for CredentialsSecret {
    fn key(&self) -> &Output<KmsKeyArn> {
        &self.key
    }

    fn description(&self) -> &str {
        &self.description
    }

    fn purpose(description: &str) -> &str {
        InUse::stripped(description)
    }

    fn first_value(&self) -> Result<String, Failure> {
        let database = match &self.location {
            None => None,
            Some(it) => Some(Database { host: it.host.get()?.to_owned(), port: it.port, name: it.database.clone() }),
        };
        Ok(Credentials { database, username: self.username.clone(), password: password::generate() }.to_json())
    }

    fn other_field(name: &str) -> Field {
        match name {
            // Whoever rotates the secret has changed them since.
            "username" | "location" => Field::SILENT,
            _ => Field::REPLACE,
        }
    }
}

described!(CredentialsSecret, "credentials-secret");
