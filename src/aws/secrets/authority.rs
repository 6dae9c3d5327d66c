//! The certificate authority of an environment's mesh.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Fingerprint, NotAfter, SecretArn, Trusted,
    facts::{self, unfit},
    shared::{self, Secret, Trust},
};
use crate::{
    aws::{Aws, kms::KmsKeyArn},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Manner, Output, Outputs, Physical, Readiness,
        Resource, Scope, Sighting, Tags, Target,
    },
    mesh::{self, Authorities, AuthorityRequest, Facts, Stage},
    secret_actions,
};

/// A secret with the environment's certificate authority, made when the secret is, and during a change with the one that comes or
/// goes. Only the operator's tool and the rotator read it; no task may.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuthoritySecret {
    /// The key that it is encrypted with.
    pub key: Output<KmsKeyArn>,
    /// SPIFFE trust domain (`dev.platform`).
    pub trust_domain: String,
    /// The DNS namespace that it may certify names of (`dev.local`).
    pub namespace: String,
    /// How long an authority is valid when it is made, in days. One that is in use keeps its end: only a change of authority makes
    /// another.
    pub days: u16,
    /// The stage of a change of authority that is wanted; nothing where the stage that is reached is to stay.
    pub to: Option<Stage>,
}

impl Handle<AuthoritySecret> {
    /// Its ARN.
    pub fn arn(&self) -> Output<SecretArn> {
        self.output("arn")
    }

    /// SHA-256 of the certificate of the authority that issues.
    pub fn fingerprint(&self) -> Output<Fingerprint> {
        self.output(facts::FINGERPRINT)
    }

    /// SHA-256 of the certificates of all authorities that are trusted, as one text.
    pub fn trust(&self) -> Output<Trusted> {
        self.output(TRUST)
    }

    /// When the certificate of the authority that issues ends.
    pub fn not_after(&self) -> Output<NotAfter> {
        self.output(facts::NOT_AFTER)
    }
}

/// Output: who is trusted.
pub const TRUST: &str = "trust";
/// Output: the stage of a change of authority.
pub const STAGE: &str = "stage";
/// Output: for how many days the one that was made last was made.
pub const DAYS: &str = "days";

const OUTPUTS: [&str; 5] = [facts::FINGERPRINT, facts::NOT_AFTER, TRUST, STAGE, DAYS];

const WHAT: &str = "Mesh authority of ";
const FOR_DAYS: &str = " for days ";
const TRUSTING: &str = " trusting ";

/// What may be known of authorities without their secret.
struct Known {
    facts: Facts,
    days: u16,
    stage: Stage,
    trust: String,
}

impl Known {
    fn of(authorities: &Authorities, days: u16) -> Result<Self, Failure> {
        Ok(Known {
            facts: Facts::of(authorities.issuer()).map_err(unfit)?,
            days,
            stage: authorities.stage(),
            trust: facts::set(&authorities.fingerprints().map_err(unfit)?),
        })
    }

    fn describe(&self, trust_domain: &str) -> String {
        let Known { facts, days, stage, trust } = self;
        facts.describe(&format!("{WHAT}{trust_domain}{FOR_DAYS}{days}, {stage}{TRUSTING}{trust}"))
    }

    /// Reads what [`Known::describe`] wrote; nothing where somebody else wrote it.
    fn read(description: &str) -> Option<Self> {
        let facts = Facts::read(description)?;
        let (_, rest) = facts.what.strip_prefix(WHAT)?.split_once(FOR_DAYS)?;
        let (days, rest) = rest.split_once(", ")?;
        let (stage, trust) = rest.split_once(TRUSTING)?;
        let (days, stage, trust) = (days.parse().ok()?, stage.parse().ok()?, trust.to_owned());
        Some(Known { facts, days, stage, trust })
    }

    fn add_to(&self, outputs: &mut Outputs) {
        facts::add(&self.facts, outputs);
        outputs.insert(TRUST.to_owned(), self.trust.clone());
        outputs.insert(STAGE.to_owned(), self.stage.to_string());
        outputs.insert(DAYS.to_owned(), self.days.to_string());
    }
}

impl AuthoritySecret {
    fn request(&self) -> AuthorityRequest {
        AuthorityRequest { trust_domain: self.trust_domain.clone(), namespace: self.namespace.clone(), days: self.days }
    }

    /// Takes the step that is wanted, or none, and describes what is there then. What describes it and what it holds change in one
    /// call.
    async fn advance(&self, aws: &Aws, it: &Physical) -> Result<Outputs, Failure> {
        let before = stored(aws, &it.id).await?;
        let stage = before.stage();
        let days_before = it.outputs.get(DAYS).and_then(|days| days.parse().ok()).unwrap_or(self.days);
        let after = match self.to {
            Some(to) => before.advance(to, &self.request(), aws.now()).map_err(unfit)?,
            None => before,
        };
        let is_new = stage == Stage::Settled && after.stage() != Stage::Settled;
        let known = Known::of(&after, if is_new { self.days } else { days_before })?;
        let description = known.describe(&self.trust_domain);
        if after.stage() == stage {
            shared::set_description(aws, &it.id, &description).await?;
        } else {
            let value = after.secret().to_json().map_err(unfit)?;
            shared::set_value(aws, &it.id, &description, value).await?;
        }
        let mut outputs = Outputs::new();
        known.add_to(&mut outputs);
        Ok(outputs)
    }
}

/// The authorities that a secret holds. Their keys are in memory for as long as the caller needs them.
pub(super) async fn stored(aws: &Aws, arn: &str) -> Result<Authorities, Failure> {
    let secret = mesh::AuthoritySecret::from_json(&shared::value(aws, arn).await?).map_err(unfit)?;
    Authorities::try_from(&secret).map_err(unfit)
}

/// The stage that is wanted, unless one step leads there from the stage that is reached: so that this step shows up in the plan as a
/// field that differs, and nothing else does. A description that can't be read is written anew.
fn observe(secret: &Secret, target: Option<&Target>, outputs: &mut Outputs, observed: &mut Map<String, Value>) {
    let Some(known) = Known::read(&secret.description) else { return };
    known.add_to(outputs);
    let wanted = target.and_then(|target| target.spec.get("to")).cloned().unwrap_or_default();
    let leads = Stage::deserialize(&wanted).is_ok_and(|to| known.stage.leads_to(to));
    let seen = if leads { Value::from(known.stage.as_str()) } else { wanted };
    observed.insert("to".into(), seen);
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
            "to" => Field::UPDATE.giving(&OUTPUTS),
            name => shared::field(name).unwrap_or(Field::REPLACE),
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        shared::find(aws, scope, Self::KIND, Trust::Recorded, observe).await
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let authorities = Authorities::create(&self.request(), aws.now()).map_err(unfit)?;
        let known = Known::of(&authorities, self.days)?;
        let value = authorities.secret().to_json().map_err(unfit)?;
        let description = known.describe(&self.trust_domain);
        let arn = shared::create(aws, identity, self.key.get()?, &description, value).await?;
        let mut outputs = shared::outputs(&arn);
        known.add_to(&mut outputs);
        Ok(Created { id: arn, outputs })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        if changes.touches("key") {
            shared::set_key(aws, &it.id, self.key.get()?).await?;
        }
        if changes.touches("to") { self.advance(aws, it).await } else { Ok(Outputs::new()) }
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, it, tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        if OUTPUTS.iter().all(|name| it.outputs.contains_key(*name)) {
            return Ok(Readiness::Ready(it.outputs.clone()));
        }
        // Found with somebody else's description.
        let mut outputs = shared::outputs(&it.id);
        Known::of(&stored(aws, &it.id).await?, self.days)?.add_to(&mut outputs);
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
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn what_it_is_is_read_back_from_its_description() {
        let request = AuthorityRequest { trust_domain: "dev.platform".into(), namespace: "dev.local".into(), days: 30 };
        let now = datetime!(2026-11-23 07:00 UTC);
        let authorities = Authorities::create(&request, now).expect("an authority");
        let authorities = authorities.advance(Stage::Introduced, &request, now).expect("a second one");
        let known = Known::of(&authorities, 30).expect("readable");
        let description = known.describe("dev.platform");
        assert!(description.len() <= 2048, "Secrets Manager takes no more");
        let read = Known::read(&description).expect("readable");
        assert_eq!((read.days, read.stage, &read.trust), (30, Stage::Introduced, &known.trust));
        assert_eq!(known.trust.split('+').count(), 2);
        assert!(Known::read("somebody's own words").is_none());
    }

    #[test]
    fn only_the_next_step_differs_from_what_is_wanted() {
        let request = AuthorityRequest { trust_domain: "dev.platform".into(), namespace: "dev.local".into(), days: 30 };
        let authorities = Authorities::create(&request, datetime!(2026-11-23 07:00 UTC)).expect("an authority");
        let secret = Secret {
            arn: "arn".into(),
            name: "mesh-authority-dev".into(),
            description: Known::of(&authorities, 30).expect("readable").describe("dev.platform"),
            key: None,
            tags: Tags::new(),
            doomed: false,
        };
        let observed = |to: Value| {
            let target = Target {
                key: crate::engine::Key::new(AuthoritySecret::KIND, "services"),
                name: secret.name.clone(),
                id: None,
                recorded: Outputs::new(),
                spec: json!({ "to": to }),
            };
            let (mut outputs, mut observed) = (Outputs::new(), Map::new());
            observe(&secret, Some(&target), &mut outputs, &mut observed);
            observed["to"].clone()
        };
        assert_eq!(observed(Value::Null), Value::Null);
        assert_eq!(observed(json!("introduced")), json!("settled"));
        assert_eq!(observed(json!("switched")), json!("switched"), "no phase is skipped");
        assert_eq!(observed(json!("settled")), json!("settled"));
    }
}
