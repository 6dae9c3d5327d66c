//! One authority after another, without a moment in which a service meets a certificate that it doesn't trust.
//!
//! | phase | stage that it brings about | who issues | who is trusted |
//! |---|---|---|---|
//! | | settled | the old one | the old one |
//! | 1 | introduced | the old one | both |
//! | 2 | switched | the new one | both |
//! | 3 | settled | the new one | the new one |
//!
//! Neighbouring rows go together: whoever is of one row trusts the issuer of the other. So each phase has to be complete everywhere
//! before the next begins, and within a phase the order doesn't matter.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Authority, AuthorityRequest, AuthoritySecret, LeafRequest, LeafSecret, MeshError, fingerprint};

/// How many phases a change of authority has.
pub const PHASES: u8 = 3;

/// How far a change of authority is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// One authority, and no change under way.
    Settled,
    /// The next one is trusted and doesn't issue yet.
    Introduced,
    /// The next one issues, and the previous one is still trusted.
    Switched,
}

impl Stage {
    /// The stage that a phase of a change brings about, counted from 1.
    pub fn of_phase(phase: u8) -> Self {
        match phase {
            1 => Stage::Introduced,
            2 => Stage::Switched,
            _ => Stage::Settled,
        }
    }

    /// The stage that comes before it.
    fn before(self) -> Self {
        match self {
            Stage::Introduced => Stage::Settled,
            Stage::Switched => Stage::Introduced,
            Stage::Settled => Stage::Switched,
        }
    }

    /// True where one step leads from here to `other`.
    pub fn leads_to(self, other: Stage) -> bool {
        self == other.before()
    }

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Settled => "settled",
            Stage::Introduced => "introduced",
            Stage::Switched => "switched",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Stage {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Stage::Settled, Stage::Introduced, Stage::Switched].into_iter().find(|it| it.as_str() == text).ok_or(())
    }
}

/// The authorities of an environment: the one that issues, and during a change the one that comes or goes.
#[derive(Debug)]
pub struct Authorities {
    issuing: Authority,
    other: Other,
}

/// Who is trusted besides the one that issues.
#[derive(Debug)]
enum Other {
    None,
    /// It will issue.
    Next(Authority),
    /// It no longer issues, so that its key is forgotten: its certificate, PEM.
    Previous(String),
}

impl Authorities {
    /// A first authority, alone.
    ///
    /// # Errors
    /// As [`Authority::create`].
    pub fn create(request: &AuthorityRequest, now: OffsetDateTime) -> Result<Self, MeshError> {
        Ok(Self { issuing: Authority::create(request, now)?, other: Other::None })
    }

    /// How far a change is.
    pub fn stage(&self) -> Stage {
        match self.other {
            Other::None => Stage::Settled,
            Other::Next(_) => Stage::Introduced,
            Other::Previous(_) => Stage::Switched,
        }
    }

    /// Takes the one step that leads to a stage; nothing where that stage is reached, or is not the next one. `request` is what a
    /// new authority is made for.
    ///
    /// An authority that has ended is not trusted by anybody any more: its successor issues at once.
    ///
    /// # Errors
    /// As [`Authority::create`].
    pub fn advance(self, to: Stage, request: &AuthorityRequest, now: OffsetDateTime) -> Result<Self, MeshError> {
        if !self.stage().leads_to(to) {
            return Ok(self);
        }
        let Self { issuing, other } = self;
        Ok(match other {
            Other::None => {
                let next = Authority::create(request, now)?;
                match issuing.not_after()? > now {
                    true => Self { issuing, other: Other::Next(next) },
                    false => Self { issuing: next, other: Other::Previous(issuing.cert_pem) },
                }
            }
            Other::Next(next) => Self { issuing: next, other: Other::Previous(issuing.cert_pem) },
            Other::Previous(_) => Self { issuing, other: Other::None },
        })
    }

    /// The certificate of the one that issues, PEM.
    pub fn issuer(&self) -> &str {
        &self.issuing.cert_pem
    }

    /// The certificates of all that are trusted, PEM, one after the other.
    pub fn bundle(&self) -> String {
        self.trusted().concat()
    }

    /// SHA-256 of each certificate that is trusted, in alphabetical order: the same text for the same set.
    ///
    /// # Errors
    /// Never for authorities that were made here or taken up from their secret.
    pub fn fingerprints(&self) -> Result<Vec<String>, MeshError> {
        let mut all = self.trusted().into_iter().map(fingerprint).collect::<Result<Vec<_>, _>>()?;
        all.sort();
        Ok(all)
    }

    fn trusted(&self) -> Vec<&str> {
        let other = match &self.other {
            Other::None => None,
            Other::Next(next) => Some(next.cert_pem.as_str()),
            Other::Previous(previous) => Some(previous.as_str()),
        };
        std::iter::once(self.issuing.cert_pem.as_str()).chain(other).collect()
    }

    /// When the one that issues ends. Certificates never outlive it.
    ///
    /// # Errors
    /// As [`Authority::not_after`].
    pub fn not_after(&self) -> Result<OffsetDateTime, MeshError> {
        self.issuing.not_after()
    }

    /// What a service's tasks get: a fresh certificate with its key, and the authorities to trust.
    ///
    /// # Errors
    /// As [`Authority::issue`].
    pub fn issue(&self, request: &LeafRequest, now: OffsetDateTime) -> Result<LeafSecret, MeshError> {
        Ok(LeafSecret::new(self.issuing.issue(request, now)?, self.bundle()))
    }

    /// What is stored of them.
    pub fn secret(&self) -> AuthoritySecret {
        let mut secret = self.issuing.secret();
        match &self.other {
            Other::None => {}
            Other::Next(next) => secret.next = Some(Box::new(next.secret())),
            Other::Previous(previous) => secret.previous = Some(previous.clone()),
        }
        secret
    }
}

impl TryFrom<&AuthoritySecret> for Authorities {
    type Error = MeshError;

    fn try_from(secret: &AuthoritySecret) -> Result<Self, MeshError> {
        let other = match (&secret.next, &secret.previous) {
            (Some(next), _) => Other::Next(Authority::try_from(next.as_ref())?),
            (None, Some(previous)) => Other::Previous(previous.clone()),
            (None, None) => Other::None,
        };
        Ok(Self { issuing: Authority::try_from(secret)?, other })
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-23 07:00 UTC);

    fn request() -> AuthorityRequest {
        AuthorityRequest { trust_domain: "dev.platform".into(), namespace: "dev.local".into(), days: 30 }
    }

    fn leaf_request() -> LeafRequest {
        LeafRequest {
            trust_domain: "dev.platform".into(),
            service: "payments".into(),
            dns_name: "payments.dev.local".into(),
            days: 10,
        }
    }

    /// Through the secret, as it is between two calls.
    fn stored(authorities: &Authorities) -> Authorities {
        let text = authorities.secret().to_json().expect("text");
        Authorities::try_from(&AuthoritySecret::from_json(&text).expect("the layout")).expect("usable")
    }

    #[test]
    fn a_change_goes_through_three_phases_and_each_issues_for_its_neighbours() {
        let mut authorities = Authorities::create(&request(), NOW).expect("an authority");
        let old = fingerprint(authorities.issuer()).expect("readable");
        let mut rows = vec![(old.clone(), authorities.fingerprints().expect("readable"))];
        for phase in 1..=PHASES {
            let to = Stage::of_phase(phase);
            authorities = stored(&authorities.advance(to, &request(), NOW).expect("advanced"));
            assert_eq!(authorities.stage(), to);
            let issued = authorities.issue(&leaf_request(), NOW).expect("issued");
            assert_eq!(issued.ca_bundle.matches("BEGIN CERTIFICATE").count(), if phase == PHASES { 1 } else { 2 });
            rows.push((
                fingerprint(authorities.issuer()).expect("readable"),
                authorities.fingerprints().expect("readable"),
            ));
        }
        for pair in rows.windows(2) {
            let ((one_issuer, one_trusts), (other_issuer, other_trusts)) = (&pair[0], &pair[1]);
            assert!(one_trusts.contains(other_issuer) && other_trusts.contains(one_issuer), "{pair:?}");
        }
        let (issuer, trusted) = rows.last().expect("some");
        assert!(*issuer != old && !trusted.contains(&old), "the old one is gone");
    }

    #[test]
    fn a_phase_that_is_reached_or_not_next_changes_nothing() {
        let authorities = Authorities::create(&request(), NOW).expect("an authority");
        let before = authorities.secret();
        let authorities = authorities.advance(Stage::Switched, &request(), NOW).expect("nothing");
        assert_eq!(authorities.secret(), before, "no phase is skipped");
        let introduced = authorities.advance(Stage::Introduced, &request(), NOW).expect("introduced");
        let once = introduced.secret();
        let again = introduced.advance(Stage::Introduced, &request(), NOW).expect("nothing");
        assert_eq!(again.secret(), once, "the next one stays the next one");
        let switched = again.advance(Stage::Switched, &request(), NOW).expect("switched");
        assert!(switched.secret().next.is_none());
        let old_key = before.private_key;
        assert!(!switched.secret().to_json().expect("text").contains(&old_key.replace('\n', "\\n")));
    }

    #[test]
    fn the_successor_of_one_that_has_ended_issues_at_once() {
        let authorities = Authorities::create(&request(), NOW).expect("an authority");
        let late = NOW + Duration::days(31);
        assert!(authorities.issue(&leaf_request(), late).is_err());
        let after = authorities.advance(Stage::Introduced, &request(), late).expect("a successor");
        assert_eq!(after.stage(), Stage::Switched);
        after.issue(&leaf_request(), late).expect("issued");
    }

    #[test]
    fn stages_are_read_as_they_are_written() {
        for stage in [Stage::Settled, Stage::Introduced, Stage::Switched] {
            assert_eq!(stage.to_string().parse(), Ok(stage));
        }
        assert_eq!("gone".parse::<Stage>(), Err(()));
    }

    #[test]
    fn debug_forms_hide_both_keys() {
        let authorities = Authorities::create(&request(), NOW).expect("an authority");
        let authorities = authorities.advance(Stage::Introduced, &request(), NOW).expect("introduced");
        let shown = format!("{authorities:?}{:?}", authorities.secret());
        assert!(shown.contains("BEGIN CERTIFICATE") && !shown.contains("PRIVATE KEY"));
    }
}
