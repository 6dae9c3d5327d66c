//! What may be known of a certificate without reading the secret that holds its key: it stands in the secret's description,
//! which changes in one call with the value.

use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    engine::{Class, Failure, Outputs},
    mesh::{self, MeshError},
};

const UNTIL: &str = ", valid until ";
const SHA_256: &str = ", SHA-256 ";

/// Output: when a certificate ends.
pub const NOT_AFTER: &str = "not_after";
/// Output: SHA-256 of a certificate.
pub const FINGERPRINT: &str = "fingerprint";

/// Several fingerprints as one text.
pub(super) fn set(fingerprints: &[String]) -> String {
    fingerprints.join("+")
}

/// When a certificate ends, and which one it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// What it is; empty before it is described.
    pub what: String,
    /// When it ends (RFC 3339).
    pub not_after: String,
    /// SHA-256, lower-case hexadecimal.
    pub fingerprint: String,
}

impl Facts {
    /// Those of a certificate in PEM.
    pub fn of(certificate: &str) -> Result<Self, Failure> {
        let not_after = mesh::expiry(certificate).map_err(unfit)?;
        let not_after = not_after.format(&Rfc3339).map_err(|error| Failure::internal(error.to_string()))?;
        Ok(Facts { what: String::new(), not_after, fingerprint: mesh::fingerprint(certificate).map_err(unfit)? })
    }

    /// As a description of `what`.
    pub fn describe(&self, what: &str) -> String {
        format!("{what}{UNTIL}{}{SHA_256}{}", self.not_after, self.fingerprint)
    }

    /// Reads a description; `None` where a person wrote another one.
    pub fn read(description: &str) -> Option<Self> {
        let (rest, fingerprint) = description.rsplit_once(SHA_256)?;
        let (what, not_after) = rest.rsplit_once(UNTIL)?;
        OffsetDateTime::parse(not_after, &Rfc3339).ok()?;
        Some(Facts { what: what.to_owned(), not_after: not_after.to_owned(), fingerprint: fingerprint.to_owned() })
    }

    /// How long the certificate is still valid; negative once it has ended.
    pub fn left(&self, now: OffsetDateTime) -> Duration {
        OffsetDateTime::parse(&self.not_after, &Rfc3339).map_or(Duration::ZERO, |end| end - now)
    }

    /// Adds them to the outputs of a secret.
    pub fn add_to(&self, outputs: &mut Outputs) {
        outputs.insert(NOT_AFTER.to_owned(), self.not_after.clone());
        outputs.insert(FINGERPRINT.to_owned(), self.fingerprint.clone());
    }
}

/// A certificate that can't be made or read, as a failure. The errors of the mesh never hold key material.
pub(super) fn unfit(error: MeshError) -> Failure {
    match error {
        MeshError::AuthorityExpired(_) => Failure::new(Class::Invalid, error.to_string())
            .remedy("make another authority: platformctl rotate certificates --authority"),
        error => Failure::internal(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::mesh::{Authority, AuthorityRequest};

    #[test]
    fn a_description_gives_back_what_was_put_into_it() {
        let now = datetime!(2026-11-23 07:00 UTC);
        let request = AuthorityRequest { trust_domain: "dev.platform".into(), namespace: "dev.local".into(), days: 30 };
        let authority = Authority::create(&request, now).expect("an authority");
        let facts = Facts::of(&authority.cert_pem).expect("readable");
        assert_eq!((facts.not_after.as_str(), facts.fingerprint.len()), ("2026-12-23T07:00:00Z", 64));
        let what = "Mesh authority of dev.platform";
        assert_eq!(Facts::read(&facts.describe(what)), Some(Facts { what: what.to_owned(), ..facts.clone() }));
        assert_eq!(facts.left(now).whole_days(), 30);
        assert!(facts.left(now + Duration::days(31)).is_negative());
    }

    #[test]
    fn other_descriptions_say_nothing() {
        for text in ["", "something", "x, valid until tomorrow, SHA-256 ab", "x, SHA-256 ab"] {
            assert_eq!(Facts::read(text), None, "{text}");
        }
    }
}
