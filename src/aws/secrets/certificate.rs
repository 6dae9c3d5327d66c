//! The certificate of one service of the mesh.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    Fingerprint, NotAfter, SecretArn, Trusted, authority,
    facts::{self, unfit},
    shared::{self, Secret, Trust},
};
use crate::{
    aws::{Aws, kms::KmsKeyArn},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Manner, Output, Outputs, Physical, Readiness,
        Resource, Scope, Sighting, Tags, Target,
    },
    mesh::{Facts, LeafNote, LeafRequest, LeafSecret},
    secret_actions,
};

/// A secret with a service's certificate, its key and the authorities that it is to trust: the JSON
/// `{"cert_chain": …, "private_key": …, "ca_bundle": …, "not_after": …}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CertificateSecret {
    /// The key that it is encrypted with.
    pub key: Output<KmsKeyArn>,
    /// The secret of the authority that issues it.
    pub authority: Output<SecretArn>,
    /// The authority that issues it. By another one, it is issued anew.
    pub issuer: Output<Fingerprint>,
    /// The authorities that it comes with, for its service to trust.
    pub trust: Output<Trusted>,
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
    /// It is issued anew if it was issued before this moment (RFC 3339).
    pub issued_after: Option<String>,
}

impl Handle<CertificateSecret> {
    /// Its ARN.
    pub fn arn(&self) -> Output<SecretArn> {
        self.output("arn")
    }

    /// SHA-256 of the certificate that was made by order last: another one whenever platformctl issues one, or when one comes with other
    /// authorities. The rotator, which renews certificates by the same authority and starts a deployment by itself, leaves it as it is.
    pub fn ordered(&self) -> Output<Fingerprint> {
        self.output(ORDERED)
    }

    /// When the certificate ends.
    pub fn not_after(&self) -> Output<NotAfter> {
        self.output(facts::NOT_AFTER)
    }
}

/// Output: SHA-256 of the certificate that was made by order last. The rotator's renewals leave it as it is.
const ORDERED: &str = "ordered";

const OUTPUTS: [&str; 3] = [facts::FINGERPRINT, facts::NOT_AFTER, ORDERED];

/// What is stored of a certificate that was just issued.
struct Issued {
    note: LeafNote,
    value: String,
}

/// What others need to know of a certificate.
fn add(note: &LeafNote, outputs: &mut Outputs) {
    facts::add(&note.facts(), outputs);
    outputs.insert(ORDERED.to_owned(), note.ordered().to_owned());
}

impl CertificateSecret {
    fn request(&self) -> LeafRequest {
        LeafRequest {
            trust_domain: self.trust_domain.clone(),
            service: self.service.clone(),
            dns_name: self.dns_name.clone(),
            days: self.days,
        }
    }

    /// Issues a certificate with a fresh key. The authority's key is in memory for as long as that takes.
    async fn issue(&self, aws: &Aws) -> Result<Issued, Failure> {
        let authorities = authority::stored(aws, self.authority.get()?).await?;
        let leaf = authorities.issue(&self.request(), aws.now()).map_err(unfit)?;
        let note = LeafNote::of(&leaf, &self.request()).map_err(unfit)?;
        Ok(Issued { note, value: leaf.to_json().map_err(unfit)? })
    }
}

/// The wanted number of days where the certificate still has them, else the days that it has left: so that a certificate
/// that nears its end shows up in the plan as a field that differs. One that ends with its authority can't be renewed.
fn days_kept(facts: &Facts, cut: bool, wanted: u64, now: OffsetDateTime) -> u64 {
    if cut { wanted } else { u64::try_from(facts.left(now).whole_days()).unwrap_or(0).min(wanted) }
}

/// The wanted moment, unless the certificate was issued before it: then when it was.
fn issued_after(wanted: Option<&str>, issued: OffsetDateTime) -> Value {
    let Some(wanted) = wanted else { return Value::Null };
    let is_older = OffsetDateTime::parse(wanted, &Rfc3339).is_ok_and(|moment| issued < moment);
    if is_older { issued.format(&Rfc3339).unwrap_or_default().into() } else { wanted.into() }
}

fn observe(
    now: OffsetDateTime,
    secret: &Secret,
    target: Option<&Target>,
    outputs: &mut Outputs,
    observed: &mut Map<String, Value>,
) {
    let Some(note) = LeafNote::read(&secret.description) else { return };
    add(&note, outputs);
    let fields = [
        ("trust_domain", note.trust_domain.as_str().into()),
        ("service", note.service.as_str().into()),
        ("dns_name", note.dns_name.as_str().into()),
        ("days", note.days.into()),
        ("issuer", note.issuer.as_str().into()),
        ("trust", note.trust.as_str().into()),
    ];
    observed.extend(fields.map(|(name, value): (&str, Value)| (name.to_owned(), value)));
    let Some(target) = target else { return };
    if let Some(wanted) = target.spec.get("renew_before_days").and_then(Value::as_u64) {
        observed.insert("renew_before_days".into(), days_kept(&note.facts(), note.cut, wanted, now).into());
    }
    observed.insert("issued_after".into(), issued_after(target.text("issued_after"), note.issued));
}

#[async_trait]
impl Resource for CertificateSecret {
    type Clients = Aws;
    const KIND: &'static str = "mesh-certificate";

    fn manner() -> Manner {
        shared::manner()
    }

    /// Whatever changes, the secret stays and gets a new version with another certificate.
    fn field(name: &str) -> Field {
        match name {
            // With another secret comes another issuer.
            "authority" => Field::SILENT,
            name => shared::field(name).unwrap_or(Field::UPDATE.giving(&OUTPUTS)),
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let now = aws.now();
        shared::find(aws, scope, Self::KIND, Trust::Recorded, |secret, target, outputs, observed| {
            observe(now, secret, target, outputs, observed);
        })
        .await
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let Issued { note, value } = self.issue(aws).await?;
        let arn = shared::create(aws, identity, self.key.get()?, &note.to_string(), value).await?;
        let mut outputs = shared::outputs(&arn);
        add(&note, &mut outputs);
        Ok(Created { id: arn, outputs })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        if changes.touches("key") {
            shared::set_key(aws, &it.id, self.key.get()?).await?;
        }
        let mut outputs = Outputs::new();
        if changes.fields.iter().any(|field| field != "key") {
            let Issued { note, value } = self.issue(aws).await?;
            shared::set_value(aws, &it.id, &note.to_string(), value).await?;
            add(&note, &mut outputs);
        }
        Ok(outputs)
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, it, tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        if OUTPUTS.iter().all(|name| it.outputs.contains_key(*name)) {
            return Ok(Readiness::Ready(it.outputs.clone()));
        }
        // Found with somebody else's description: the certificate itself tells.
        let mut outputs = shared::outputs(&it.id);
        let leaf = LeafSecret::from_json(&shared::value(aws, &it.id).await?).map_err(unfit)?;
        add(&LeafNote::of(&leaf, &self.request()).map_err(unfit)?, &mut outputs);
        Ok(Readiness::Ready(outputs))
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
    fn a_certificate_that_nears_its_end_differs_from_the_specification() {
        let facts = Facts { what: String::new(), not_after: "2026-12-23T07:00:00Z".into(), fingerprint: String::new() };
        let kept = |now| days_kept(&facts, false, 10, now);
        assert_eq!(kept(datetime!(2026-11-23 07:00 UTC)), 10);
        assert_eq!(kept(datetime!(2026-12-20 06:00 UTC)), 3);
        assert_eq!(kept(datetime!(2027-01-20 06:00 UTC)), 0);
        let cut = days_kept(&facts, true, 10, datetime!(2026-12-20 06:00 UTC));
        assert_eq!(cut, 10, "another one would not last longer than its authority either");
    }

    #[test]
    fn a_certificate_issued_before_the_wanted_moment_differs() {
        let issued = datetime!(2026-11-23 07:00 UTC);
        assert_eq!(issued_after(None, issued), Value::Null);
        assert_eq!(issued_after(Some("2026-11-23T07:00:00Z"), issued), "2026-11-23T07:00:00Z");
        assert_eq!(issued_after(Some("2026-11-24T07:00:00Z"), issued), "2026-11-23T07:00:00Z");
    }
}
