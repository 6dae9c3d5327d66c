//! What of a certificate is given to others, and what becomes of the mesh's errors.

use crate::{
    engine::{Class, Failure, Outputs},
    mesh::{Facts, MeshError},
};

/// Output: when a certificate ends.
pub const NOT_AFTER: &str = "not_after";
/// Output: SHA-256 of a certificate.
pub const FINGERPRINT: &str = "fingerprint";

/// Several fingerprints as one text.
pub(super) fn set(fingerprints: &[String]) -> String {
    fingerprints.join("+")
}

/// Adds what is known of a certificate to the outputs of a secret.
pub(super) fn add(facts: &Facts, outputs: &mut Outputs) {
    outputs.insert(NOT_AFTER.to_owned(), facts.not_after.clone());
    outputs.insert(FINGERPRINT.to_owned(), facts.fingerprint.clone());
}

/// A certificate that can't be made or read, as a failure. The errors of the mesh never hold key material.
pub(super) fn unfit(error: MeshError) -> Failure {
    match error {
        MeshError::AuthorityExpired(_) => Failure::new(Class::Invalid, error.to_string())
            .remedy("make another authority: platformctl rotate certificates --authority"),
        error => Failure::internal(error.to_string()),
    }
}
