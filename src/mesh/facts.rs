//! What may be known of a certificate without reading the secret that holds its key: it stands in the secret's description.

use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{MeshError, expiry, fingerprint};

const UNTIL: &str = ", valid until ";
const SHA_256: &str = ", SHA-256 ";

/// When a certificate ends, and which one it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What it is; empty before it is described.
    pub what: String,
    /// When it ends (RFC 3339).
    pub not_after: String,
    /// SHA-256, lower-case hexadecimal.
    pub fingerprint: String,
}

impl Facts {
    /// Those of a certificate in PEM.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn of(certificate: &str) -> Result<Self, MeshError> {
        Ok(Facts {
            what: String::new(),
            not_after: text(expiry(certificate)?)?,
            fingerprint: fingerprint(certificate)?,
        })
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
}

/// A moment as it is written.
pub(super) fn text(moment: OffsetDateTime) -> Result<String, MeshError> {
    moment
        .format(&Rfc3339)
        .map_err(|error| MeshError::Certificate { action: "write a date", reason: error.to_string() })
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
