use std::fmt;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, GeneralSubtree, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, PublicKeyData,
};
use time::{Duration, OffsetDateTime};

use super::{AuthoritySecret, MeshError, expiry, x509};

/// How far back a certificate's validity begins, so that a task whose clock is a little behind accepts it at once.
pub(super) const CLOCK_SKEW: Duration = Duration::minutes(5);

/// What an environment's authority is made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityRequest {
    /// SPIFFE trust domain (`dev.platform`); goes into the subject, for people to read.
    pub trust_domain: String,
    /// DNS namespace of the services (`dev.local`). The authority is constrained to it: a leaf for any other DNS name is
    /// refused by whoever verifies it (RFC 5280, 4.2.1.10).
    pub namespace: String,
    /// How long the certificate is valid, in days.
    pub days: u16,
}

/// The certificate authority of one environment: self-signed, so that no other environment's certificates verify, and
/// with path length 0, so that it signs leaves and no further authority.
pub struct Authority {
    /// The certificate, PEM.
    pub cert_pem: String,
    key: KeyPair,
}

impl Authority {
    /// Makes a new authority with a fresh P-256 key.
    ///
    /// # Errors
    /// If the namespace is no DNS name or the random source fails.
    pub fn create(request: &AuthorityRequest, now: OffsetDateTime) -> Result<Self, MeshError> {
        let key = new_key()?;
        let mut params = dated(now, now + Duration::days(request.days.into()));
        params.distinguished_name = common_name(&format!("{} mesh CA", request.trust_domain));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName(request.namespace.clone())],
            excluded_subtrees: Vec::new(),
        });
        let certificate = params.self_signed(&key).map_err(MeshError::certificate("sign the authority"))?;
        Ok(Self { cert_pem: certificate.pem(), key })
    }

    /// Takes up an authority again from its certificate and PKCS#8 key, both PEM.
    ///
    /// # Errors
    /// If either cannot be read, if they are not a pair, or if the certificate may not sign others.
    pub fn from_pem(certificate: &str, private_key: &str) -> Result<Self, MeshError> {
        let key = KeyPair::from_pem(private_key).map_err(MeshError::certificate("read the authority's key"))?;
        let spki = key.subject_public_key_info();
        let (is_ca, is_pair) = x509::read(certificate, |c, _| (c.is_ca(), c.public_key().raw == spki.as_slice()))?;
        match (is_ca, is_pair) {
            (false, _) => Err(MeshError::Authority("it is not a certificate authority's")),
            (_, false) => Err(MeshError::Authority("its key belongs to another certificate")),
            _ => Ok(Self { cert_pem: certificate.to_owned(), key }),
        }
    }

    /// What is stored of it.
    pub fn secret(&self) -> AuthoritySecret {
        AuthoritySecret::of(self.cert_pem.clone(), self.key.serialize_pem())
    }

    /// When it ends. Leaves never outlive it.
    ///
    /// # Errors
    /// Never for an authority that was made here or taken up from its PEM.
    pub fn not_after(&self) -> Result<OffsetDateTime, MeshError> {
        expiry(&self.cert_pem)
    }

    /// For signing leaves.
    pub(super) fn issuer(&self) -> Result<Issuer<'static, &KeyPair>, MeshError> {
        Issuer::from_ca_cert_pem(&self.cert_pem, &self.key).map_err(MeshError::certificate("use the authority"))
    }
}

impl TryFrom<&AuthoritySecret> for Authority {
    type Error = MeshError;

    fn try_from(secret: &AuthoritySecret) -> Result<Self, MeshError> {
        Self::from_pem(&secret.certificate, &secret.private_key)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("cert_pem", &self.cert_pem).finish_non_exhaustive()
    }
}

/// A fresh P-256 key: the curve that BoringSSL, and so every Envoy, offers by default.
pub(super) fn new_key() -> Result<KeyPair, MeshError> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(MeshError::certificate("make a key"))
}

/// Parameters with both dates set (the library's own reach from 1975 to 4096) and with the authority's key identifier,
/// without which strict verifiers refuse (RFC 5280, 4.2.1.1).
pub(super) fn dated(now: OffsetDateTime, not_after: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = whole_seconds(now - CLOCK_SKEW);
    params.not_after = whole_seconds(not_after);
    params.use_authority_key_identifier_extension = true;
    params
}

/// A subject of nothing but a common name.
pub(super) fn common_name(name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    subject
}

/// X.509 knows no fractions of a second.
fn whole_seconds(instant: OffsetDateTime) -> OffsetDateTime {
    instant - Duration::nanoseconds(instant.nanosecond().into())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use x509_parser::extensions::{GeneralName, ParsedExtension};

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-23 07:00:00.5 UTC);

    fn authority(environment: &str) -> Authority {
        let request = AuthorityRequest {
            trust_domain: format!("{environment}.platform"),
            namespace: format!("{environment}.local"),
            days: 365,
        };
        Authority::create(&request, NOW).expect("an authority")
    }

    #[test]
    fn it_signs_leaves_of_its_own_namespace_only() {
        x509::read(&authority("dev").cert_pem, |c, _| {
            assert_eq!(c.subject().to_string(), "CN=dev.platform mesh CA");
            assert_eq!(c.issuer(), c.subject());
            let basic = c.basic_constraints().expect("one").expect("present");
            assert!(basic.critical && basic.value.ca);
            assert_eq!(basic.value.path_len_constraint, Some(0));
            let usage = c.key_usage().expect("one").expect("present").value;
            assert!(usage.key_cert_sign() && usage.crl_sign() && !usage.digital_signature());
            let names = c.name_constraints().expect("one").expect("present").value;
            let permitted = names.permitted_subtrees.as_ref().expect("some");
            assert_eq!(
                permitted.iter().map(|tree| &tree.base).collect::<Vec<_>>(),
                [&GeneralName::DNSName("dev.local")]
            );
        })
        .expect("readable");
    }

    #[test]
    fn its_validity_is_as_asked() {
        let authority = authority("dev");
        x509::read(&authority.cert_pem, |c, _| {
            assert_eq!(c.validity().not_before.to_datetime(), datetime!(2026-11-23 06:55:00 UTC));
        })
        .expect("readable");
        assert_eq!(authority.not_after().expect("readable"), datetime!(2027-11-23 07:00:00 UTC));
    }

    #[test]
    fn its_key_identifiers_agree() {
        x509::read(&authority("dev").cert_pem, |c, _| {
            let identifiers: Vec<&[u8]> = c
                .extensions()
                .iter()
                .filter_map(|extension| match extension.parsed_extension() {
                    ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0),
                    ParsedExtension::AuthorityKeyIdentifier(id) => id.key_identifier.as_ref().map(|id| id.0),
                    _ => None,
                })
                .collect();
            assert_eq!(identifiers.len(), 2);
            assert_eq!(identifiers[0], identifiers[1]);
        })
        .expect("readable");
    }

    #[test]
    fn it_comes_back_from_its_secret() {
        let first = authority("dev");
        let again = Authority::try_from(&first.secret()).expect("the same pair");
        assert_eq!(again.cert_pem, first.cert_pem);
        assert_eq!(again.secret(), first.secret());
    }

    #[test]
    fn another_authoritys_key_is_refused() {
        let (dev, prod) = (authority("dev"), authority("prod"));
        let refused = Authority::from_pem(&dev.cert_pem, &prod.secret().private_key);
        assert!(matches!(refused, Err(MeshError::Authority(reason)) if reason.contains("another certificate")));
    }

    #[test]
    fn a_leaf_is_no_authority() {
        let key = new_key().expect("a key");
        let leaf = dated(NOW, NOW + Duration::days(1)).self_signed(&key).expect("a certificate");
        let refused = Authority::from_pem(&leaf.pem(), &key.serialize_pem());
        assert!(matches!(refused, Err(MeshError::Authority(reason)) if reason.contains("not a certificate authority")));
    }

    #[test]
    fn its_debug_form_hides_the_key() {
        let shown = format!("{:?}", authority("dev"));
        assert!(shown.contains("BEGIN CERTIFICATE") && !shown.contains("PRIVATE KEY"));
    }
}
