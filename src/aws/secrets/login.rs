//! Secrets with which credentials are tried.
//!
//! The Data API logs in with the current version of a secret and with no other, so that credentials that are not current yet can't be
//! tried from the secret that they are pending in. They are put into this one for the moment that the log-in takes.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    SecretArn,
    shared::{self, Trust},
};
use crate::{
    aws::{Aws, kms::KmsKeyArn},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Manner, Output, Outputs, Physical, Readiness,
        Resource, Scope, Sighting, Tags,
    },
    rotator::secret::NOBODY,
    secret_actions,
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

#[async_trait]
impl Resource for LoginSecret {
    type Clients = Aws;
    const KIND: &'static str = "login-secret";

    fn manner() -> Manner {
        shared::manner()
    }

    fn field(name: &str) -> Field {
        shared::field(name).unwrap_or(Field::UPDATE)
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        shared::find(aws, scope, Self::KIND, Trust::List, |secret, _, _, observed| {
            observed.insert("description".into(), secret.description.as_str().into());
        })
        .await
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let arn = shared::create(aws, identity, self.key.get()?, &self.description, NOBODY.to_owned()).await?;
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
