//! Generated database credentials.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    SecretArn,
    shared::{self, Trust},
};
use crate::{
    aws::{Aws, kms::KmsKeyArn, rds::Endpoint},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Manner, Output, Outputs, Physical, Readiness,
        Resource, Scope, Sighting, Tags,
    },
    rotator::{
        password,
        secret::{Credentials, Database},
    },
    secret_actions,
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

impl CredentialsSecret {
    fn value(&self) -> Result<Credentials, Failure> {
        let database = match &self.location {
            None => None,
            Some(it) => Some(Database { host: it.host.get()?.to_owned(), port: it.port, name: it.database.clone() }),
        };
        Ok(Credentials { database, username: self.username.clone(), password: password::generate() })
    }
}

#[async_trait]
impl Resource for CredentialsSecret {
    type Clients = Aws;
    const KIND: &'static str = "credentials-secret";

    fn manner() -> Manner {
        shared::manner()
    }

    fn field(name: &str) -> Field {
        match name {
            "description" => Field::UPDATE,
            // Whoever rotates the secret has changed them since.
            "username" | "location" => Field::SILENT,
            name => shared::field(name).unwrap_or(Field::REPLACE),
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        shared::find(aws, scope, Self::KIND, Trust::List, |secret, _, _, observed| {
            observed.insert("description".into(), secret.description.as_str().into());
        })
        .await
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let value = self.value()?.to_json();
        let arn = shared::create(aws, identity, self.key.get()?, &self.description, value).await?;
        Ok(Created { outputs: shared::outputs(&arn), id: arn })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        if changes.touches("description") {
            shared::set_description(aws, &it.id, &self.description).await?;
        }
        if changes.touches("key") {
            shared::set_key(aws, &it.id, self.key.get()?).await?;
        }
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, it, tags).await
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        Ok(Readiness::Ready(shared::outputs(&it.id)))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        shared::delete(aws, it).await
    }

    async fn gone(aws: &Aws, it: &Physical) -> Result<Gone, Failure> {
        shared::gone(aws, it).await
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        secret_actions!()
    }
}
