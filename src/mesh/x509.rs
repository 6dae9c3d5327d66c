//! Reading certificates back.

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::pem::{Pem, parse_x509_pem};

use super::MeshError;

/// When the first certificate of a PEM text ends (in a chain, the leaf).
///
/// # Errors
/// If the text does not begin with a certificate.
pub fn expiry(pem: &str) -> Result<OffsetDateTime, MeshError> {
    read(pem, |certificate, _| certificate.validity().not_after.to_datetime())
}

/// SHA-256 over the DER form of the first certificate of a PEM text, in lower-case hexadecimal.
///
/// # Errors
/// If the text does not begin with a certificate.
pub fn fingerprint(pem: &str) -> Result<String, MeshError> {
    read(pem, |_, der| sha_256(der))
}

/// SHA-256, lower-case hexadecimal.
pub(super) fn sha_256(der: &[u8]) -> String {
    hex(&Sha256::digest(der))
}

/// Hands the first certificate of a PEM text, parsed and as DER, to `look`.
pub(super) fn read<T>(pem: &str, look: impl FnOnce(&X509Certificate<'_>, &[u8]) -> T) -> Result<T, MeshError> {
    let unreadable = |reason: String| MeshError::Certificate { action: "read a certificate", reason };
    let (_, block) = parse_x509_pem(pem.as_bytes()).map_err(|_| unreadable("it is not PEM".to_owned()))?;
    if block.label != "CERTIFICATE" {
        return Err(unreadable(format!("the PEM block is a {}", block.label)));
    }
    let certificate = block.parse_x509().map_err(|e| unreadable(e.to_string()))?;
    Ok(look(&certificate, &block.contents))
}

/// Hands each certificate of a PEM text, parsed and as DER, to `look`.
pub(super) fn read_all<T>(
    pem: &str,
    mut look: impl FnMut(&X509Certificate<'_>, &[u8]) -> T,
) -> Result<Vec<T>, MeshError> {
    let unreadable = |reason: String| MeshError::Certificate { action: "read the authorities", reason };
    let one = |block: Result<Pem, _>| {
        let block = block.map_err(|_| unreadable("one is not PEM".to_owned()))?;
        let certificate = block.parse_x509().map_err(|error| unreadable(error.to_string()))?;
        Ok(look(&certificate, &block.contents))
    };
    Pem::iter_from_buffer(pem.as_bytes()).map(one).collect()
}

/// The identifier of a certificate's own key (RFC 5280, 4.2.1.2).
pub(super) fn own_key(certificate: &X509Certificate<'_>) -> Option<Vec<u8>> {
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
        _ => None,
    })
}

/// The identifier of the key that signed a certificate (RFC 5280, 4.2.1.1).
pub(super) fn issuers_key(certificate: &X509Certificate<'_>) -> Option<Vec<u8>> {
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => Some(id.key_identifier.as_ref()?.0.to_vec()),
        _ => None,
    })
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_refused() {
        assert!(expiry("").is_err());
        let key = rcgen::KeyPair::generate().expect("a key").serialize_pem();
        let message = fingerprint(&key).expect_err("a key is no certificate").to_string();
        assert_eq!(message, "cannot read a certificate: the PEM block is a PRIVATE KEY");
    }

    #[test]
    fn hexadecimal_keeps_leading_zeros() {
        assert_eq!(hex(&[0x00, 0x0a, 0xff]), "000aff");
    }
}
