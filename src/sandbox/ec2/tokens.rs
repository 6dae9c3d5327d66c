//! Client tokens: the same request, sent twice, makes one thing. EC2 Developer Guide, "Ensuring idempotency".

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::sandbox::error::ApiError;

/// The longest token, in ASCII characters.
const MAX_TOKEN: usize = 64;

/// Tokens that were used.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientTokens {
    used: BTreeMap<String, Use>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Use {
    fingerprint: String,
    ids: Vec<String>,
}

impl ClientTokens {
    /// What an earlier request with this token made, if there was one.
    ///
    /// # Errors
    /// `IdempotentParameterMismatch` if that request was another.
    pub(super) fn earlier(&self, token: Option<&str>, request: &impl Debug) -> Result<Option<&[String]>, ApiError> {
        let Some(token) = token else { return Ok(None) };
        if token.len() > MAX_TOKEN || !token.is_ascii() {
            let message = format!("Client token exceeds maximum length of {MAX_TOKEN} ASCII characters");
            return Err(ApiError::new("InvalidParameterValue", message));
        }
        match self.used.get(token) {
            None => Ok(None),
            Some(earlier) if earlier.fingerprint == fingerprint(request) => Ok(Some(&earlier.ids)),
            Some(_) => {
                let message = "The request uses the same client token as a previous, but non-identical request.";
                Err(ApiError::new("IdempotentParameterMismatch", message))
            }
        }
    }

    /// Remembers what a request with this token made.
    pub(super) fn remember(&mut self, token: Option<&str>, request: &impl Debug, ids: Vec<String>) {
        if let Some(token) = token {
            self.used.insert(token.to_owned(), Use { fingerprint: fingerprint(request), ids });
        }
    }
}

fn fingerprint(request: &impl Debug) -> String {
    let digest = Sha256::digest(format!("{request:?}"));
    digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
