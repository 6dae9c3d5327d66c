//! Whether a certificate would be accepted: held against its key, its authorities and its names, as a peer does.

use std::{sync::Arc, time::Duration as StdDuration};

use rcgen::{KeyPair, PublicKeyData};
use rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    server::WebPkiClientVerifier,
};
use time::{Duration, OffsetDateTime};
use x509_parser::extensions::GeneralName;

use super::{LeafRequest, LeafSecret, MeshError, authority::CLOCK_SKEW, expiry, x509};

fn unfit(error: impl std::fmt::Display) -> MeshError {
    MeshError::Unfit(error.to_string())
}

impl LeafSecret {
    /// Verifies that somebody who trusts `authorities` (PEM) accepts the certificate as what the request is for, as a client's and as a
    /// server's, now; that the key is its own; and that it lives as long as was asked for, or less.
    ///
    /// # Errors
    /// What is wrong with it. Never holds anything of the key.
    pub fn verify(&self, request: &LeafRequest, authorities: &str, now: OffsetDateTime) -> Result<(), MeshError> {
        let key = KeyPair::from_pem(&self.private_key).map_err(|_| unfit("its key can't be read"))?;
        let spki = key.subject_public_key_info();
        let wanted = [format!("spiffe://{}/{}", request.trust_domain, request.service), request.dns_name.clone()];
        let (is_pair, names, lives) = x509::read(&self.cert_chain, |certificate, _| {
            let names = certificate.subject_alternative_name().ok().flatten();
            let names: Vec<String> = names.into_iter().flat_map(|it| it.value.general_names.iter()).map(name).collect();
            let validity = certificate.validity();
            let lives = validity.not_after.to_datetime() - validity.not_before.to_datetime();
            (certificate.public_key().raw == spki.as_slice(), names, lives)
        })?;
        if !is_pair {
            return Err(unfit("its key belongs to another certificate"));
        }
        if names != wanted {
            return Err(unfit(format!("it is for {} instead of {}", names.join(", "), wanted.join(", "))));
        }
        if expiry(&self.cert_chain)? != self.not_after {
            return Err(unfit("it ends at another moment than the secret says"));
        }
        if lives > Duration::days(request.days.into()) + CLOCK_SKEW {
            return Err(unfit(format!("it lives for {} days instead of {}", lives.whole_days(), request.days)));
        }
        self.accepted(&request.dns_name, authorities, now)
    }

    /// As a server's and as a client's, by the rules that TLS has for them.
    fn accepted(&self, dns_name: &str, authorities: &str, now: OffsetDateTime) -> Result<(), MeshError> {
        let provider: Arc<CryptoProvider> = Arc::new(aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        for authority in CertificateDer::pem_slice_iter(authorities.as_bytes()) {
            roots.add(authority.map_err(unfit)?).map_err(unfit)?;
        }
        let roots = Arc::new(roots);
        let leaf = CertificateDer::from_pem_slice(self.cert_chain.as_bytes()).map_err(unfit)?;
        let seconds = u64::try_from(now.unix_timestamp()).unwrap_or_default();
        let now = UnixTime::since_unix_epoch(StdDuration::from_secs(seconds));
        let name = ServerName::try_from(dns_name.to_owned()).map_err(unfit)?;
        let server = WebPkiServerVerifier::builder_with_provider(roots.clone(), provider.clone()).build();
        server.map_err(unfit)?.verify_server_cert(&leaf, &[], &name, &[], now).map_err(unfit)?;
        let client = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
        client.map_err(unfit)?.verify_client_cert(&leaf, &[], now).map_err(unfit)?;
        Ok(())
    }
}

fn name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::URI(text) | GeneralName::DNSName(text) => (*text).to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::mesh::{Authorities, AuthorityRequest, Stage};

    const NOW: OffsetDateTime = datetime!(2026-11-23 07:00 UTC);

    fn authority() -> AuthorityRequest {
        AuthorityRequest { trust_domain: "dev.platform".into(), namespace: "dev.local".into(), days: 365 }
    }

    fn authorities() -> Authorities {
        Authorities::create(&authority(), NOW).expect("an authority")
    }

    fn request(service: &str) -> LeafRequest {
        LeafRequest {
            trust_domain: "dev.platform".into(),
            service: service.into(),
            dns_name: format!("{service}.dev.local"),
            days: 30,
        }
    }

    #[test]
    fn a_fresh_certificate_holds_until_it_ends_and_at_each_stage() {
        let mut authorities = authorities();
        for phase in 1..=3 {
            let leaf = authorities.issue(&request("payments"), NOW).expect("a leaf");
            let verify = |now| leaf.verify(&request("payments"), &authorities.bundle(), now);
            verify(NOW).expect("fresh");
            verify(NOW + Duration::days(29)).expect("not over yet");
            let over = verify(NOW + Duration::days(30) + Duration::seconds(1)).expect_err("over").to_string();
            assert!(over.to_ascii_lowercase().contains("expired"), "{over}");
            authorities = authorities.advance(Stage::of_phase(phase), &authority(), NOW).expect("the next stage");
            leaf.verify(&request("payments"), &authorities.bundle(), NOW).expect("trusted by the next row");
        }
    }

    #[test]
    fn what_is_wrong_is_told_and_the_key_is_not() {
        let authorities = authorities();
        let leaf = authorities.issue(&request("payments"), NOW).expect("a leaf");
        let other = authorities.issue(&request("accounts"), NOW).expect("a leaf");
        let long = authorities.issue(&LeafRequest { days: 31, ..request("payments") }, NOW).expect("a leaf");
        let stranger = self::authorities().issue(&request("payments"), NOW).expect("a leaf");
        let broken = LeafSecret { private_key: "x".to_owned(), ..leaf.clone() };
        let swapped = LeafSecret { private_key: other.private_key.clone(), ..leaf.clone() };
        let later = LeafSecret { not_after: leaf.not_after + Duration::days(1), ..leaf.clone() };
        let cases = [
            (broken, "can't be read"),
            (swapped, "another certificate"),
            (other, "spiffe://dev.platform/accounts"),
            (later, "another moment"),
            (long, "31 days instead of 30"),
            (stranger, "BadSignature"),
        ];
        for (wrong, told) in cases {
            let error = wrong.verify(&request("payments"), &authorities.bundle(), NOW).expect_err(told).to_string();
            assert!(error.contains(told), "{told}: {error}");
            assert!(!error.contains("PRIVATE"), "{error}");
        }
    }
}
