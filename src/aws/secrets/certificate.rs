//! The certificate of one service of the mesh.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::{
    Fingerprint, NotAfter, SecretArn,
    authority::known_outputs,
    facts::{Facts, unfit},
    shared::{self, Secret},
};
use crate::{
    aws::{Aws, kms::KmsKeyArn},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Manner, Output, Outputs, Physical, Readiness,
        Resource, Scope, Sighting, Tags, Target,
    },
    mesh::{self, Authority, LeafRequest, LeafSecret},
    secret_actions,
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

/// What is stored of a certificate that was just issued.
struct Issued {
    facts: Facts,
    description: String,
    value: String,
}

impl CertificateSecret {
    /// Issues a certificate with a fresh key. The authority's key is in memory for as long as that takes.
    async fn issue(&self, aws: &Aws) -> Result<Issued, Failure> {
        let secret = mesh::AuthoritySecret::from_json(&shared::value(aws, self.authority.get()?).await?);
        let authority = Authority::try_from(&secret.map_err(unfit)?).map_err(unfit)?;
        let request = LeafRequest {
            trust_domain: self.trust_domain.clone(),
            service: self.service.clone(),
            dns_name: self.dns_name.clone(),
            days: self.days,
        };
        let leaf = authority.issue(&request, OffsetDateTime::now_utc()).map_err(unfit)?;
        let facts = Facts::of(&leaf.chain_pem)?;
        let description = facts.describe(&self.describe()?);
        let value = LeafSecret::new(leaf, authority.cert_pem).to_json().map_err(unfit)?;
        Ok(Issued { facts, description, value })
    }
}

const WHAT: &str = "Mesh certificate of ";
const NAME: &str = " as ";
const DAYS: &str = " for days ";
const AUTHORITY: &str = " by ";

impl CertificateSecret {
    /// What the certificate was issued for, so that it can be compared with what is wanted where nothing is recorded.
    fn describe(&self) -> Result<String, Failure> {
        let Self { trust_domain, service, dns_name, days, .. } = self;
        Ok(format!("{WHAT}{trust_domain}/{service}{NAME}{dns_name}{DAYS}{days}{AUTHORITY}{}", self.authority.get()?))
    }
}

/// Reads what [`CertificateSecret::describe`] wrote, as the fields of a specification; nothing where a person wrote something else.
fn read_description(text: &str) -> Option<Map<String, Value>> {
    let (trust_domain, rest) = text.strip_prefix(WHAT)?.split_once('/')?;
    let (service, rest) = rest.split_once(NAME)?;
    let (dns_name, rest) = rest.split_once(DAYS)?;
    let (days, authority) = rest.split_once(AUTHORITY)?;
    let mut fields = Map::new();
    fields.insert("trust_domain".into(), trust_domain.into());
    fields.insert("service".into(), service.into());
    fields.insert("dns_name".into(), dns_name.into());
    fields.insert("days".into(), days.parse::<u16>().ok()?.into());
    fields.insert("authority".into(), authority.into());
    Some(fields)
}

/// The wanted number of days where the certificate still has them, else the days that it has left: so that a certificate
/// that nears its end shows up in the plan as a field that differs.
fn days_kept(facts: &Facts, wanted: u64, now: OffsetDateTime) -> u64 {
    u64::try_from(facts.left(now).whole_days()).unwrap_or(0).min(wanted)
}

fn observe(secret: &Secret, target: Option<&Target>, outputs: &mut Outputs, observed: &mut Map<String, Value>) {
    let Some(facts) = Facts::read(&secret.description) else { return };
    facts.add_to(outputs);
    observed.extend(read_description(&facts.what).unwrap_or_default());
    if let Some(wanted) = target.and_then(|target| target.spec.get("renew_before_days")).and_then(Value::as_u64) {
        observed.insert("renew_before_days".into(), days_kept(&facts, wanted, OffsetDateTime::now_utc()).into());
    }
}

#[async_trait]
impl Resource for CertificateSecret {
    type Clients = Aws;
    const KIND: &'static str = "mesh-certificate";

    fn manner() -> Manner {
        shared::manner()
    }

    /// Whatever changes, the secret stays and gets a new version.
    fn field(_name: &str) -> Field {
        Field::UPDATE
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        shared::find(aws, scope, Self::KIND, observe).await
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let Issued { facts, description, value } = self.issue(aws).await?;
        let arn = shared::create(aws, identity, self.key.get()?, &description, value).await?;
        let mut outputs = shared::outputs(&arn);
        facts.add_to(&mut outputs);
        Ok(Created { id: arn, outputs })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        if changes.touches("key") {
            shared::set_key(aws, &it.id, self.key.get()?).await?;
        }
        let mut outputs = Outputs::new();
        if changes.fields.iter().any(|field| field != "key") {
            let Issued { facts, description, value } = self.issue(aws).await?;
            shared::set_value(aws, &it.id, &description, value).await?;
            facts.add_to(&mut outputs);
        }
        Ok(outputs)
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, it, tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        let certificate = |value: &str| LeafSecret::from_json(value).map(|secret| secret.cert_chain).map_err(unfit);
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

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn what_it_was_issued_for_is_read_back() {
        let spec = serde_json::json!({
            "key": "arn:aws:kms:us-east-1:1:key/x", "authority": "arn:aws:secretsmanager:us-east-1:1:secret:mesh-authority-dev-AbCdEf",
            "service": "payments", "trust_domain": "dev.platform", "dns_name": "payments.dev.local", "days": 30, "renew_before_days": 10,
        });
        let secret: CertificateSecret = serde_json::from_value(spec.clone()).expect("a specification");
        let fields = read_description(&secret.describe().expect("known")).expect("readable");
        assert_eq!(fields.len(), 5);
        assert!(fields.iter().all(|(name, value)| spec[name] == *value), "{fields:?}");
        assert_eq!(read_description("somebody's own words"), None);
    }

    #[test]
    fn a_certificate_that_nears_its_end_differs_from_the_specification() {
        let facts = Facts { what: String::new(), not_after: "2026-12-23T07:00:00Z".into(), fingerprint: String::new() };
        assert_eq!(days_kept(&facts, 10, datetime!(2026-11-23 07:00 UTC)), 10);
        assert_eq!(days_kept(&facts, 10, datetime!(2026-12-20 06:00 UTC)), 3);
        assert_eq!(days_kept(&facts, 10, datetime!(2027-01-20 06:00 UTC)), 0);
    }
}
