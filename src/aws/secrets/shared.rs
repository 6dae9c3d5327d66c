//! What all kinds of secrets have in common.

use crate::markers;

markers! {
    /// A secret's ARN, with the six characters that AWS adds to its name.
    SecretArn,
    /// SHA-256 of a certificate, lower-case hexadecimal.
    Fingerprint,
    /// When a certificate ends (RFC 3339).
    NotAfter,
}
