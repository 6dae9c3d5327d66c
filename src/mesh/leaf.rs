use std::fmt;

use rcgen::{ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType};
use time::{Duration, OffsetDateTime};

use super::authority::{common_name, dated, new_key};
use super::{Authority, MeshError, MeshModel, expiry, fingerprint, x509};

/// Which service a leaf is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafRequest {
    /// SPIFFE trust domain (`dev.platform`).
    pub trust_domain: String,
    /// The service; with the trust domain it makes the identity `spiffe://dev.platform/payments`.
    pub service: String,
    /// The name under which peers find it (`payments.dev.local`). App Mesh's Envoy expects it where no subject
    /// alternative names are configured (App Mesh User Guide, "Mutual TLS Authentication").
    pub dns_name: String,
    /// How long the certificate is valid, in days; cut to the authority's own end.
    pub days: u16,
}

impl LeafRequest {
    /// The request for one service of a mesh.
    pub fn of(model: &MeshModel, service: &str, days: u16) -> Self {
        Self {
            trust_domain: model.trust_domain().to_owned(),
            service: service.to_owned(),
            dns_name: model.host(service),
            days,
        }
    }
}

/// A service's certificate with its key.
#[derive(Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The certificate, PEM. The authority is the trust anchor of every peer and so not part of the chain
    /// (RFC 8446, 4.4.2).
    pub chain_pem: String,
    /// The private key, PKCS#8 PEM.
    pub key_pem: String,
    /// When it ends.
    pub not_after: OffsetDateTime,
    /// Serial number, lower-case hexadecimal.
    pub serial: String,
    /// SHA-256 of the certificate, lower-case hexadecimal. Not secret: this is what may be recorded and shown.
    pub fingerprint: String,
}

impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaf")
            .field("not_after", &self.not_after)
            .field("serial", &self.serial)
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

impl Authority {
    /// Issues a certificate with a fresh P-256 key. It is for both ends of a connection, because a service is client to
    /// some peers and server to others with the one certificate that it has.
    ///
    /// # Errors
    /// If the authority has expired, or a name cannot stand in a certificate.
    pub fn issue(&self, request: &LeafRequest, now: OffsetDateTime) -> Result<Leaf, MeshError> {
        let authority_ends = self.not_after()?;
        if authority_ends <= now {
            return Err(MeshError::AuthorityExpired(authority_ends));
        }
        let not_after = authority_ends.min(now + Duration::days(request.days.into()));
        let key = new_key()?;
        let mut params = dated(now, not_after);
        params.distinguished_name = common_name(&request.service);
        params.subject_alt_names = subject_alt_names(request)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let certificate =
            params.signed_by(&key, &self.issuer()?).map_err(MeshError::certificate("sign a service's certificate"))?;
        let chain_pem = certificate.pem();
        Ok(Leaf {
            not_after: expiry(&chain_pem)?,
            serial: x509::read(&chain_pem, |c, _| x509::hex(c.raw_serial()))?,
            fingerprint: fingerprint(&chain_pem)?,
            key_pem: key.serialize_pem(),
            chain_pem,
        })
    }
}

fn subject_alt_names(request: &LeafRequest) -> Result<Vec<SanType>, MeshError> {
    let identity = format!("spiffe://{}/{}", request.trust_domain, request.service);
    let unfit = || MeshError::certificate("put a service's name into its certificate");
    Ok(vec![
        SanType::URI(identity.try_into().map_err(unfit())?),
        SanType::DnsName(request.dns_name.clone().try_into().map_err(unfit())?),
    ])
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use x509_parser::extensions::{GeneralName, ParsedExtension};
    use x509_parser::oid_registry::{OID_EC_P256, OID_SIG_ECDSA_WITH_SHA256};

    use super::super::AuthorityRequest;
    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-23 07:00 UTC);

    fn authority(environment: &str, days: u16) -> Authority {
        let request = AuthorityRequest {
            trust_domain: format!("{environment}.platform"),
            namespace: format!("{environment}.local"),
            days,
        };
        Authority::create(&request, NOW).expect("an authority")
    }

    fn request() -> LeafRequest {
        LeafRequest {
            trust_domain: "dev.platform".into(),
            service: "payments".into(),
            dns_name: "payments.dev.local".into(),
            days: 30,
        }
    }

    /// The subject key identifier or, with `of_issuer`, the authority key identifier.
    fn key_identifier(pem: &str, of_issuer: bool) -> Vec<u8> {
        x509::read(pem, |c, _| {
            c.extensions().iter().find_map(|extension| match extension.parsed_extension() {
                ParsedExtension::SubjectKeyIdentifier(id) if !of_issuer => Some(id.0.to_vec()),
                ParsedExtension::AuthorityKeyIdentifier(id) if of_issuer => {
                    id.key_identifier.as_ref().map(|id| id.0.to_vec())
                }
                _ => None,
            })
        })
        .expect("readable")
        .expect("the identifier is there")
    }

    #[test]
    fn it_names_the_service_in_both_forms() {
        let leaf = authority("dev", 365).issue(&request(), NOW).expect("a leaf");
        x509::read(&leaf.chain_pem, |c, _| {
            let names = c.subject_alternative_name().expect("one").expect("present").value;
            assert_eq!(
                names.general_names,
                [GeneralName::URI("spiffe://dev.platform/payments"), GeneralName::DNSName("payments.dev.local")]
            );
            assert_eq!(c.subject().to_string(), "CN=payments");
        })
        .expect("readable");
    }

    #[test]
    fn it_serves_as_client_and_as_server_and_signs_nothing() {
        let leaf = authority("dev", 365).issue(&request(), NOW).expect("a leaf");
        x509::read(&leaf.chain_pem, |c, _| {
            let extended = c.extended_key_usage().expect("one").expect("present").value;
            assert!(extended.server_auth && extended.client_auth && !extended.any);
            let usage = c.key_usage().expect("one").expect("present").value;
            assert!(usage.digital_signature() && !usage.key_cert_sign());
            assert!(!c.is_ca());
            let curve = c.public_key().algorithm.parameters.as_ref().expect("a curve").as_oid().expect("an OID");
            assert_eq!(curve, OID_EC_P256);
            assert_eq!(c.signature_algorithm.algorithm, OID_SIG_ECDSA_WITH_SHA256);
        })
        .expect("readable");
    }

    #[test]
    fn its_validity_is_as_asked() {
        let leaf = authority("dev", 365).issue(&request(), NOW).expect("a leaf");
        let begins = x509::read(&leaf.chain_pem, |c, _| c.validity().not_before.to_datetime()).expect("readable");
        assert_eq!(begins, datetime!(2026-11-23 06:55 UTC));
        assert_eq!(leaf.not_after, datetime!(2026-12-23 07:00 UTC));
    }

    #[test]
    fn it_ends_with_its_authority() {
        let leaf = authority("dev", 10).issue(&request(), NOW).expect("a leaf");
        assert_eq!(leaf.not_after, datetime!(2026-12-03 07:00 UTC));
    }

    #[test]
    fn an_expired_authority_issues_nothing() {
        let refused = authority("dev", 10).issue(&request(), NOW + Duration::days(10));
        assert!(matches!(refused, Err(MeshError::AuthorityExpired(end)) if end == NOW + Duration::days(10)));
    }

    #[test]
    fn it_points_to_its_own_authority_and_to_no_other() {
        let (dev, prod) = (authority("dev", 365), authority("prod", 365));
        let leaf = dev.issue(&request(), NOW).expect("a leaf");
        let issuer = key_identifier(&leaf.chain_pem, true);
        assert_eq!(issuer, key_identifier(&dev.cert_pem, false));
        assert_ne!(issuer, key_identifier(&prod.cert_pem, false));
        let issuer_name = x509::read(&leaf.chain_pem, |c, _| c.issuer().to_string()).expect("readable");
        assert_eq!(issuer_name, "CN=dev.platform mesh CA");
    }

    #[test]
    fn an_authority_taken_up_again_issues_under_the_same_key() {
        let dev = authority("dev", 365);
        let again = Authority::try_from(&dev.secret()).expect("the same pair");
        let leaf = again.issue(&request(), NOW).expect("a leaf");
        assert_eq!(key_identifier(&leaf.chain_pem, true), key_identifier(&dev.cert_pem, false));
    }

    #[test]
    fn two_leaves_share_nothing() {
        let dev = authority("dev", 365);
        let (one, two) = (dev.issue(&request(), NOW).expect("a leaf"), dev.issue(&request(), NOW).expect("a leaf"));
        assert_ne!(one.serial, two.serial);
        assert_ne!(one.fingerprint, two.fingerprint);
        assert_ne!(one.key_pem, two.key_pem);
        assert_eq!(one.fingerprint.len(), 64);
    }

    #[test]
    fn a_name_that_no_certificate_can_hold_is_refused() {
        let refused =
            authority("dev", 365).issue(&LeafRequest { service: "zahlungs-dienst-ä".into(), ..request() }, NOW);
        assert!(matches!(refused, Err(MeshError::Certificate { .. })));
    }

    #[test]
    fn its_debug_form_hides_the_key() {
        let leaf = authority("dev", 365).issue(&request(), NOW).expect("a leaf");
        let shown = format!("{leaf:?}");
        assert!(shown.contains(&leaf.fingerprint) && !shown.contains("PRIVATE KEY") && !shown.contains("key_pem"));
    }
}
