//! Reading certificates back.

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::pem::parse_x509_pem;

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
    read(pem, |_, der| hex(&Sha256::digest(der)))
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
