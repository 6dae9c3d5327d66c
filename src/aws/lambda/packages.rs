//! Packages to upload. A specification names its package by the digest that Lambda gives for it; the bytes are here.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use crate::engine::Failure;

/// Packages by digest. Clones share them.
#[derive(Clone, Default)]
pub struct Packages(Arc<Mutex<BTreeMap<String, Arc<Vec<u8>>>>>);

impl Packages {
    /// Keeps a package; gives its digest: SHA-256 in base 64 (Lambda API reference, FunctionConfiguration, CodeSha256).
    pub fn keep(&self, package: Vec<u8>) -> String {
        let digest = STANDARD.encode(Sha256::digest(&package));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(digest.clone(), Arc::new(package));
        digest
    }

    /// The package of that digest.
    ///
    /// # Errors
    /// A failure of the tool itself where it was not kept before.
    pub fn get(&self, digest: &str) -> Result<Arc<Vec<u8>>, Failure> {
        let packages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = packages.get(digest).cloned();
        found.ok_or_else(|| Failure::internal(format!("the package {digest} is not at hand")))
    }
}

impl fmt::Debug for Packages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Packages")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_found_by_the_digest_that_lambda_gives() {
        let packages = Packages::default();
        let digest = packages.keep(b"hello".to_vec());
        // printf hello | openssl dgst -sha256 -binary | base64
        assert_eq!(digest, "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=");
        assert_eq!(packages.get(&digest).map(|bytes| bytes.to_vec()).ok(), Some(b"hello".to_vec()));
        assert!(packages.clone().get("other").is_err());
    }
}
