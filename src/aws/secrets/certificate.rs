//! The certificate of one service of the mesh.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    Fingerprint, NotAfter, SecretArn, Trusted, authority,
    facts::{self, Facts, unfit},
    shared::{self, Secret, Trust},
};
use crate::{
    aws::{Aws, kms::KmsKeyArn},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Manner, Output, Outputs, Physical, Readiness,
        Resource, Scope, Sighting, Tags, Target,
    },
    mesh::{self, LeafRequest, LeafSecret},
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

    /// SHA-256 of the certificate: another one whenever it is issued anew.
    pub fn fingerprint(&self) -> Output<Fingerprint> {
        self.output(facts::FINGERPRINT)
    }

    /// When the certificate ends.
    pub fn not_after(&self) -> Output<NotAfter> {
        self.output(facts::NOT_AFTER)
    }
}

const OUTPUTS: [&str; 2] = [facts::FINGERPRINT, facts::NOT_AFTER];

/// What is stored of a certificate that was just issued.
struct Issued {
    facts: Facts,
    description: String,
    value: String,
}

impl CertificateSecret {
    /// Issues a certificate with a fresh key. The authority's key is in memory for as long as that takes.
    async fn issue(&self, aws: &Aws) -> Result<Issued, Failure> {
        let authorities = authority::stored(aws, self.authority.get()?).await?;
        let request = LeafRequest {
            trust_domain: self.trust_domain.clone(),
            service: self.service.clone(),
            dns_name: self.dns_name.clone(),
            days: self.days,
        };
        let now = aws.now();
        let leaf = authorities.issue(&request, now).map_err(unfit)?;
        let facts = Facts::of(&leaf.cert_chain)?;
        let origin = Origin {
            issuer: mesh::fingerprint(authorities.issuer()).map_err(unfit)?,
            trust: facts::set(&authorities.fingerprints().map_err(unfit)?),
            issued: now.replace_nanosecond(0).unwrap_or(now),
            cut: leaf.not_after >= authorities.not_after().map_err(unfit)?,
        };
        let description = facts.describe(&self.describe(&origin)?);
        let value = leaf.to_json().map_err(unfit)?;
        Ok(Issued { facts, description, value })
    }
}

/// Where a certificate comes from.
#[derive(Clone, Debug, PartialEq)]
struct Origin {
    /// The fingerprint of the authority that issued it.
    issuer: String,
    /// Those of the authorities that it came with.
    trust: String,
    /// When.
    issued: OffsetDateTime,
    /// It ends with its authority: a new one would not last longer.
    cut: bool,
}

const WHAT: &str = "Mesh certificate of ";
const NAME: &str = " as ";
const DAYS: &str = " for days ";
const ISSUER: &str = " by ";
const TRUST: &str = " trusting ";
const ISSUED: &str = " issued ";
const CUT: &str = " until its authority ends";

impl CertificateSecret {
    /// What the certificate was issued for, so that it can be compared with what is wanted where nothing is recorded.
    fn describe(&self, origin: &Origin) -> Result<String, Failure> {
        let Self { trust_domain, service, dns_name, days, .. } = self;
        let Origin { issuer, trust, issued, cut } = origin;
        let issued = issued.format(&Rfc3339).map_err(|error| Failure::internal(error.to_string()))?;
        let cut = if *cut { CUT } else { "" };
        Ok(format!(
            "{WHAT}{trust_domain}/{service}{NAME}{dns_name}{DAYS}{days}{ISSUER}{issuer}{TRUST}{trust}{ISSUED}{issued}{cut}"
        ))
    }
}

/// Reads what [`CertificateSecret::describe`] wrote, as the fields of a specification and where the certificate comes from; nothing
/// where a person wrote something else.
fn read_description(text: &str) -> Option<(Map<String, Value>, Origin)> {
    let (trust_domain, rest) = text.strip_prefix(WHAT)?.split_once('/')?;
    let (service, rest) = rest.split_once(NAME)?;
    let (dns_name, rest) = rest.split_once(DAYS)?;
    let (days, rest) = rest.split_once(ISSUER)?;
    let (issuer, rest) = rest.split_once(TRUST)?;
    let (trust, rest) = rest.split_once(ISSUED)?;
    let (issued, cut) = rest.strip_suffix(CUT).map_or((rest, false), |issued| (issued, true));
    let issued = OffsetDateTime::parse(issued, &Rfc3339).ok()?;
    let fields = [
        ("trust_domain", trust_domain.into()),
        ("service", service.into()),
        ("dns_name", dns_name.into()),
        ("days", days.parse::<u16>().ok()?.into()),
        ("issuer", issuer.into()),
        ("trust", trust.into()),
    ];
    let fields = fields.map(|(name, value): (&str, Value)| (name.to_owned(), value)).into_iter().collect();
    Some((fields, Origin { issuer: issuer.to_owned(), trust: trust.to_owned(), issued, cut }))
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
    let Some(facts) = Facts::read(&secret.description) else { return };
    facts.add_to(outputs);
    let Some((fields, origin)) = read_description(&facts.what) else { return };
    observed.extend(fields);
    let Some(target) = target else { return };
    if let Some(wanted) = target.spec.get("renew_before_days").and_then(Value::as_u64) {
        observed.insert("renew_before_days".into(), days_kept(&facts, origin.cut, wanted, now).into());
    }
    observed.insert("issued_after".into(), issued_after(target.text("issued_after"), origin.issued));
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
        if OUTPUTS.iter().all(|name| it.outputs.contains_key(*name)) {
            return Ok(Readiness::Ready(it.outputs.clone()));
        }
        // Found with somebody else's description: the certificate itself tells.
        let mut outputs = shared::outputs(&it.id);
        let leaf = LeafSecret::from_json(&shared::value(aws, &it.id).await?).map_err(unfit)?;
        Facts::of(&leaf.cert_chain)?.add_to(&mut outputs);
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
    fn what_it_was_issued_for_is_read_back() {
        let spec = serde_json::json!({
            "key": "arn:aws:kms:us-east-1:1:key/x", "authority": "arn:aws:secretsmanager:us-east-1:1:secret:mesh-authority-dev-AbCdEf",
            "issuer": "a".repeat(64), "trust": format!("{}+{}", "a".repeat(64), "b".repeat(64)),
            "service": "payments", "trust_domain": "dev.platform", "dns_name": "payments.dev.local", "days": 30,
            "renew_before_days": 10, "issued_after": null,
        });
        let secret: CertificateSecret = serde_json::from_value(spec.clone()).expect("a specification");
        for cut in [false, true] {
            let origin = Origin {
                issuer: "a".repeat(64),
                trust: spec["trust"].as_str().expect("a text").to_owned(),
                issued: datetime!(2026-11-23 07:00 UTC),
                cut,
            };
            let text = secret.describe(&origin).expect("known");
            assert!(text.len() < 1900, "Secrets Manager takes 2048 with the facts");
            let (fields, read) = read_description(&text).expect("readable");
            assert_eq!(read, origin);
            assert_eq!(fields.len(), 6);
            assert!(fields.iter().all(|(name, value)| spec[name] == *value), "{fields:?}");
        }
        assert_eq!(read_description("somebody's own words"), None);
    }

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
