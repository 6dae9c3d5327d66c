//! What lies in Secrets Manager. The JSON keys are part of the task definitions (`valueFrom: <arn>:cert_chain::`), so
//! changing one means a new revision of every task.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Leaf, MeshError};

/// The environment's authority. Only the operator's tool and the rotator read it; no task may.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthoritySecret {
    /// The authority's certificate, PEM.
    pub certificate: String,
    /// Its private key, PKCS#8 PEM.
    pub private_key: String,
    /// The authority that is trusted already and will issue next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Box<AuthoritySecret>>,
    /// The certificate of the authority that no longer issues and is still trusted, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
}

/// What one service's tasks get, through their execution role and the init container.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeafSecret {
    /// The service's certificate, PEM.
    pub cert_chain: String,
    /// Its private key, PKCS#8 PEM.
    pub private_key: String,
    /// The authorities that it trusts, PEM; while an authority is being replaced, the old and the new one.
    pub ca_bundle: String,
    /// When the certificate ends (RFC 3339).
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
}

impl AuthoritySecret {
    /// Of one authority alone.
    pub fn of(certificate: String, private_key: String) -> Self {
        Self { certificate, private_key, next: None, previous: None }
    }

    /// The secret's text.
    ///
    /// # Errors
    /// Never for text fields; the serializer's signature demands it.
    pub fn to_json(&self) -> Result<String, MeshError> {
        to_json("authority", self)
    }

    /// Reads the secret's text.
    ///
    /// # Errors
    /// If it is not this layout. The error does not quote the content.
    pub fn from_json(text: &str) -> Result<Self, MeshError> {
        from_json("authority", text)
    }
}

impl LeafSecret {
    /// What a service gets: its certificate and key, and the authorities (PEM, concatenated) that it is to trust.
    pub fn new(leaf: Leaf, ca_bundle: String) -> Self {
        Self { cert_chain: leaf.chain_pem, private_key: leaf.key_pem, ca_bundle, not_after: leaf.not_after }
    }

    /// The secret's text.
    ///
    /// # Errors
    /// If the end date lies past the year 9999, which RFC 3339 cannot say.
    pub fn to_json(&self) -> Result<String, MeshError> {
        to_json("certificate", self)
    }

    /// Reads the secret's text.
    ///
    /// # Errors
    /// If it is not this layout. The error does not quote the content.
    pub fn from_json(text: &str) -> Result<Self, MeshError> {
        from_json("certificate", text)
    }
}

impl fmt::Debug for AuthoritySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthoritySecret")
            .field("certificate", &self.certificate)
            .field("next", &self.next)
            .field("previous", &self.previous)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for LeafSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeafSecret")
            .field("cert_chain", &self.cert_chain)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

fn to_json(what: &'static str, secret: &impl Serialize) -> Result<String, MeshError> {
    serde_json::to_string(secret).map_err(|e| unfit(what, &e))
}

fn from_json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, MeshError> {
    serde_json::from_str(text).map_err(|e| unfit(what, &e))
}

fn unfit(what: &'static str, error: &serde_json::Error) -> MeshError {
    MeshError::Secret { what, line: error.line(), column: error.column() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use time::macros::datetime;

    use super::*;

    fn secret() -> LeafSecret {
        LeafSecret {
            cert_chain: "CHAIN\n".into(),
            private_key: "KEY\n".into(),
            ca_bundle: "CA\n".into(),
            not_after: datetime!(2026-12-23 07:00 UTC),
        }
    }

    #[test]
    fn the_layout_is_what_the_task_definitions_refer_to() {
        let text = secret().to_json().expect("text");
        let value: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(
            value,
            json!({"cert_chain": "CHAIN\n", "private_key": "KEY\n", "ca_bundle": "CA\n", "not_after": "2026-12-23T07:00:00Z"})
        );
        assert_eq!(LeafSecret::from_json(&text).expect("the same"), secret());
    }

    #[test]
    fn the_authoritys_layout_too() {
        let secret = AuthoritySecret::of("CA".into(), "KEY".into());
        let text = secret.to_json().expect("text");
        assert_eq!(text, r#"{"certificate":"CA","private_key":"KEY"}"#);
        assert_eq!(AuthoritySecret::from_json(&text).expect("the same"), secret);
    }

    #[test]
    fn neither_debug_forms_nor_errors_show_a_key() {
        assert!(!format!("{:?}", secret()).contains("KEY"));
        assert!(!format!("{:?}", AuthoritySecret::of("CA".into(), "KEY".into())).contains("KEY"));
        let wrong =
            AuthoritySecret::from_json(r#"{"certificate":"CA","private_key":["KEY"]}"#).expect_err("wrong type");
        assert!(!wrong.to_string().contains("KEY"));
        let wrong = AuthoritySecret::from_json(r#""KEY""#).expect_err("wrong type");
        assert!(!wrong.to_string().contains("KEY") && !format!("{wrong:?}").contains("KEY"));
    }
}
