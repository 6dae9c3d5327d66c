//! What may be known of a service's certificate without the secret that holds its key. It is the description of that secret, written by whoever
//! issued the certificate, and read by whoever wants to know what there is.

use std::fmt;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Facts, LeafRequest, LeafSecret, MeshError, authority::CLOCK_SKEW, expiry, facts::text, fingerprint, x509};

/// What is known of a service's certificate: what it was issued for, by whom, and what it comes with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafNote {
    /// SPIFFE trust domain.
    pub trust_domain: String,
    /// The service.
    pub service: String,
    /// The name under which peers find it.
    pub dns_name: String,
    /// The days that it was asked for.
    pub days: u16,
    /// The fingerprint of the authority that issued it.
    pub issuer: String,
    /// Those of the authorities that it came with, joined by `+`.
    pub trust: String,
    /// When it was issued.
    pub issued: OffsetDateTime,
    /// It ends with its authority: a new one would not last longer.
    pub cut: bool,
    /// The fingerprint of the certificate that it took the place of without anybody having to be told: the last one that was made by order.
    pub in_place_of: Option<String>,
    /// When it ends (RFC 3339).
    pub not_after: String,
    /// Its own fingerprint.
    pub fingerprint: String,
}

const WHAT: &str = "Mesh certificate of ";
const NAME: &str = " as ";
const DAYS: &str = " for days ";
const ISSUER: &str = " by ";
const TRUST: &str = " trusting ";
const ISSUED: &str = " issued ";
const CUT: &str = " until its authority ends";
const IN_PLACE_OF: &str = " in place of ";

/// Several fingerprints as one text.
pub(super) fn set(mut fingerprints: Vec<String>) -> String {
    fingerprints.sort();
    fingerprints.join("+")
}

impl LeafNote {
    /// Of a certificate that was issued for a request. Everything else is read off the certificate and the authorities that it comes with.
    ///
    /// # Errors
    /// If one of them can't be read, or if none of them issued it.
    pub fn of(leaf: &LeafSecret, request: &LeafRequest) -> Result<Self, MeshError> {
        let facts = Facts::of(&leaf.cert_chain)?;
        let (key, begins) = x509::read(&leaf.cert_chain, |certificate, _| {
            (x509::issuers_key(certificate), certificate.validity().not_before.to_datetime())
        })?;
        let authorities = x509::read_all(&leaf.ca_bundle, |certificate, der| {
            let ends = certificate.validity().not_after.to_datetime();
            (x509::own_key(certificate), x509::sha_256(der), ends)
        })?;
        let issuer = authorities.iter().find(|(own, ..)| key.is_some() && *own == key);
        let (_, issuer, authority_ends) = issuer
            .ok_or_else(|| MeshError::Unfit("none of the authorities that it comes with issued it".to_owned()))?;
        Ok(LeafNote {
            trust_domain: request.trust_domain.clone(),
            service: request.service.clone(),
            dns_name: request.dns_name.clone(),
            days: request.days,
            issuer: issuer.clone(),
            trust: set(authorities.iter().map(|(_, fingerprint, _)| fingerprint.clone()).collect()),
            issued: begins + CLOCK_SKEW,
            cut: expiry(&leaf.cert_chain)? >= *authority_ends,
            in_place_of: None,
            not_after: facts.not_after,
            fingerprint: facts.fingerprint,
        })
    }

    /// The same, of a certificate that takes the place of the one that `before` is about. Where the authorities are other ones, somebody has
    /// to be told: the tasks of before and after are not the same to their peers.
    pub fn after(self, before: Option<&LeafNote>) -> Self {
        let alike = before.filter(|before| before.issuer == self.issuer && before.trust == self.trust);
        let in_place_of = alike.map(|before| before.ordered().to_owned());
        LeafNote { in_place_of, ..self }
    }

    /// The fingerprint of the certificate that was made by order last: this one, or the one that it took the place of.
    pub fn ordered(&self) -> &str {
        self.in_place_of.as_deref().unwrap_or(&self.fingerprint)
    }

    /// What it says of the certificate alone.
    pub fn facts(&self) -> Facts {
        Facts { what: String::new(), not_after: self.not_after.clone(), fingerprint: self.fingerprint.clone() }
    }

    /// Reads a description; nothing where a person wrote something else.
    pub fn read(description: &str) -> Option<Self> {
        let Facts { what, not_after, fingerprint } = Facts::read(description)?;
        let (trust_domain, rest) = what.strip_prefix(WHAT)?.split_once('/')?;
        let (service, rest) = rest.split_once(NAME)?;
        let (dns_name, rest) = rest.split_once(DAYS)?;
        let (days, rest) = rest.split_once(ISSUER)?;
        let (issuer, rest) = rest.split_once(TRUST)?;
        let (trust, rest) = rest.split_once(ISSUED)?;
        let (rest, in_place_of) =
            rest.split_once(IN_PLACE_OF).map_or((rest, None), |(rest, one)| (rest, Some(one.to_owned())));
        let (issued, cut) = rest.strip_suffix(CUT).map_or((rest, false), |issued| (issued, true));
        Some(LeafNote {
            trust_domain: trust_domain.to_owned(),
            service: service.to_owned(),
            dns_name: dns_name.to_owned(),
            days: days.parse().ok()?,
            issuer: issuer.to_owned(),
            trust: trust.to_owned(),
            issued: OffsetDateTime::parse(issued, &Rfc3339).ok()?,
            cut,
            in_place_of,
            not_after,
            fingerprint,
        })
    }
}

impl fmt::Display for LeafNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trust_domain, service, dns_name, days, issuer, trust, .. } = self;
        let issued = text(self.issued).map_err(|_| fmt::Error)?;
        let cut = if self.cut { CUT } else { "" };
        let mut what = format!(
            "{WHAT}{trust_domain}/{service}{NAME}{dns_name}{DAYS}{days}{ISSUER}{issuer}{TRUST}{trust}{ISSUED}{issued}{cut}"
        );
        if let Some(before) = &self.in_place_of {
            what = format!("{what}{IN_PLACE_OF}{before}");
        }
        f.write_str(&self.facts().describe(&what))
    }
}

impl super::Authorities {
    /// True where a certificate is as it would be issued now: by the one that issues, and with all that are trusted.
    ///
    /// # Errors
    /// Never for authorities that were made here or taken up from their secret.
    pub fn would_issue(&self, note: &LeafNote) -> Result<bool, MeshError> {
        Ok(note.issuer == fingerprint(self.issuer())? && note.trust == set(self.fingerprints()?))
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};

    use super::*;
    use crate::mesh::{Authorities, AuthorityRequest, Stage};

    const NOW: OffsetDateTime = datetime!(2026-11-23 07:00:00.25 UTC);

    fn authority(days: u16) -> AuthorityRequest {
        AuthorityRequest { trust_domain: "dev.platform".into(), namespace: "dev.local".into(), days }
    }

    fn request() -> LeafRequest {
        LeafRequest {
            trust_domain: "dev.platform".into(),
            service: "payments".into(),
            dns_name: "payments.dev.local".into(),
            days: 30,
        }
    }

    fn note(authorities: &Authorities, now: OffsetDateTime) -> LeafNote {
        let leaf = authorities.issue(&request(), now).expect("a leaf");
        LeafNote::of(&leaf, &request()).expect("readable")
    }

    #[test]
    fn what_it_says_is_read_off_the_certificate_and_read_back() {
        for days in [10, 365] {
            let authorities = Authorities::create(&authority(days), NOW).expect("an authority");
            let one = note(&authorities, NOW);
            assert_eq!((one.issued, one.cut), (datetime!(2026-11-23 07:00 UTC), days == 10));
            assert!(authorities.would_issue(&one).expect("readable"));
            let two = note(&authorities, NOW + Duration::days(1)).after(Some(&one));
            for it in [one, two] {
                let text = it.to_string();
                assert!(text.len() < 1024, "Secrets Manager takes 2048: {text}");
                assert_eq!(LeafNote::read(&text), Some(it));
            }
        }
        assert_eq!(LeafNote::read("somebody's own words"), None);
    }

    #[test]
    fn what_takes_the_place_of_another_goes_on_for_it_as_long_as_the_authorities_are_the_same() {
        let before = Authorities::create(&authority(365), NOW).expect("an authority");
        let first = note(&before, NOW);
        let second = note(&before, NOW).after(Some(&first));
        let third = note(&before, NOW).after(Some(&second));
        assert_eq!((second.ordered(), third.ordered()), (first.fingerprint.as_str(), first.fingerprint.as_str()));
        assert_ne!(second.fingerprint, third.fingerprint);
        for (stage, later) in [(Stage::Introduced, 1), (Stage::Switched, 2), (Stage::Settled, 3)] {
            let mut authorities = Authorities::create(&authority(365), NOW).expect("an authority");
            let old = note(&authorities, NOW);
            let mut seen = old.clone();
            for step in 1..=later {
                seen = note(&authorities, NOW);
                authorities = authorities.advance(Stage::of_phase(step), &authority(365), NOW).expect("the next stage");
            }
            assert_eq!(authorities.stage(), stage);
            assert!(!authorities.would_issue(&seen).expect("readable"), "{stage}");
            let new = note(&authorities, NOW).after(Some(&seen));
            assert_eq!(new.ordered(), new.fingerprint, "{stage}: whoever rolls the services out has to be told");
            assert!(authorities.would_issue(&new).expect("readable"));
        }
        let stranger = Authorities::create(&authority(365), NOW).expect("an authority");
        assert!(!stranger.would_issue(&first).expect("readable"));
        assert_eq!(note(&before, NOW).after(None).in_place_of, None);
    }

    #[test]
    fn a_certificate_that_comes_without_its_issuer_is_refused() {
        let (one, other) = (
            Authorities::create(&authority(365), NOW).expect("an authority"),
            Authorities::create(&authority(365), NOW).expect("an authority"),
        );
        let leaf = one.issue(&request(), NOW).expect("a leaf");
        let wrong = LeafSecret { ca_bundle: other.bundle(), ..leaf };
        assert!(matches!(LeafNote::of(&wrong, &request()), Err(MeshError::Unfit(_))));
    }
}
