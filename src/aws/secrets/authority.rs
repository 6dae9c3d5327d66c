//! The certificate authority of an environment's mesh.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::{
    Fingerprint, NotAfter, SecretArn,
    facts::{Facts, unfit},
    shared::{self, Secret},
};
use crate::{
    aws::{Aws, kms::KmsKeyArn},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Manner, Output, Outputs, Physical, Readiness,
        Resource, Scope, Sighting, Tags, Target,
    },
    mesh::{Authority, AuthorityRequest},
    secret_actions,
};

/// A secret with the environment's certificate authority, made when the secret is. Only the operator's tool reads it; no
/// task may.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuthoritySecret {
    /// The key that it is encrypted with.
    pub key: Output<KmsKeyArn>,
    /// SPIFFE trust domain (`dev.platform`).
    pub trust_domain: String,
    /// The DNS namespace that it may certify names of (`dev.local`).
    pub namespace: String,
    /// How long it is valid when it is made, in days. An authority that is in use keeps its end: a new one would be
    /// trusted only by tasks that were started after it.
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

fn observe(secret: &Secret, _target: Option<&Target>, outputs: &mut Outputs, _observed: &mut Map<String, Value>) {
    if let Some(facts) = Facts::read(&secret.description) {
        facts.add_to(outputs);
    }
}

/// What it gives to others where it was found instead of made: the description tells, else the certificate itself.
pub(super) async fn known_outputs(
    aws: &Aws,
    it: &Physical,
    certificate: impl Fn(&str) -> Result<String, Failure>,
) -> Result<Outputs, Failure> {
    if ["not_after", "fingerprint"].iter().all(|name| it.outputs.contains_key(*name)) {
        return Ok(it.outputs.clone());
    }
    let mut outputs = shared::outputs(&it.id);
    Facts::of(&certificate(&shared::value(aws, &it.id).await?)?)?.add_to(&mut outputs);
    Ok(outputs)
}

#[async_trait]
impl Resource for AuthoritySecret {
    type Clients = Aws;
    const KIND: &'static str = "mesh-authority";

    fn manner() -> Manner {
        shared::manner()
    }

    fn field(name: &str) -> Field {
        match name {
            "days" => Field::SILENT,
            name => shared::field(name).unwrap_or(Field::REPLACE),
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        shared::find(aws, scope, Self::KIND, observe).await
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let request = AuthorityRequest {
            trust_domain: self.trust_domain.clone(),
            namespace: self.namespace.clone(),
            days: self.days,
        };
        let authority = Authority::create(&request, OffsetDateTime::now_utc()).map_err(unfit)?;
        let facts = Facts::of(&authority.cert_pem)?;
        let description = facts.describe(&format!("Mesh authority of {}", self.trust_domain));
        let value = authority.secret().to_json().map_err(unfit)?;
        let arn = shared::create(aws, identity, self.key.get()?, &description, value).await?;
        let mut outputs = shared::outputs(&arn);
        facts.add_to(&mut outputs);
        Ok(Created { id: arn, outputs })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        if changes.touches("key") {
            shared::set_key(aws, &it.id, self.key.get()?).await?;
        }
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, it, tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        let certificate = |value: &str| {
            crate::mesh::AuthoritySecret::from_json(value).map(|secret| secret.certificate).map_err(unfit)
        };
        Ok(Readiness::Ready(known_outputs(aws, it, certificate).await?))
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
        secret_actions!("secretsmanager:GetSecretValue")
    }
}
