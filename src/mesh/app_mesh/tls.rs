//! Transport security as App Mesh is told it.

use serde::Serialize;

/// API reference: `ListenerTls`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListenerTls {
    /// `STRICT`: nothing but TLS.
    pub mode: &'static str,
    /// The server's certificate.
    pub certificate: TlsCertificate,
    /// How the client's certificate is validated.
    pub validation: TlsValidation,
}

/// API reference: `ListenerTlsCertificate`, `ClientTlsCertificate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum TlsCertificate {
    /// From files of the Envoy container.
    File(FileCertificate),
}

/// API reference: `ListenerTlsFileCertificate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileCertificate {
    /// Path of the certificate chain.
    pub certificate_chain: String,
    /// Path of the private key.
    pub private_key: String,
}

/// API reference: `ListenerTlsValidationContext`, `TlsValidationContext`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TlsValidation {
    /// Which authorities are believed.
    pub trust: TlsTrust,
    /// Which names are accepted.
    pub subject_alternative_names: SubjectAlternativeNames,
}

/// API reference: `ListenerTlsValidationContextTrust`, `TlsValidationContextTrust`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum TlsTrust {
    /// From a file of the Envoy container.
    File(FileTrust),
}

/// API reference: `TlsValidationContextFileTrust`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileTrust {
    /// Path of the authorities' certificates.
    pub certificate_chain: String,
}

/// API reference: `SubjectAlternativeNames`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubjectAlternativeNames {
    /// What they are held against.
    #[serde(rename = "match")]
    pub matching: SubjectAlternativeNameMatchers,
}

/// API reference: `SubjectAlternativeNameMatchers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubjectAlternativeNameMatchers {
    /// The accepted names; DNS names or URIs, no wildcards.
    pub exact: Vec<String>,
}

/// API reference: `ClientPolicy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientPolicy {
    /// With TLS.
    pub tls: ClientPolicyTls,
}

/// API reference: `ClientPolicyTls`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientPolicyTls {
    /// Whether TLS is demanded.
    pub enforce: bool,
    /// On which ports.
    pub ports: Vec<u16>,
    /// The client's certificate.
    pub certificate: TlsCertificate,
    /// How the server's certificate is validated.
    pub validation: TlsValidation,
}

/// Where in the Envoy container the init container's files appear. App Mesh reads them once, at the start: changed ones
/// need new tasks (App Mesh User Guide, "Transport Layer Security (TLS)", file-based certificates).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFiles {
    /// Directory of the key volume; the files are those behind its link `current`.
    pub keys_dir: String,
}

impl KeyFiles {
    /// The service's certificate and key.
    pub(super) fn certificate(&self) -> TlsCertificate {
        TlsCertificate::File(FileCertificate {
            certificate_chain: self.path("cert_chain.pem"),
            private_key: self.path("private_key.pem"),
        })
    }

    /// A certificate of the environment's authorities with one of these names.
    pub(super) fn validation(&self, exact: Vec<String>) -> TlsValidation {
        TlsValidation {
            trust: TlsTrust::File(FileTrust { certificate_chain: self.path("ca_bundle.pem") }),
            subject_alternative_names: SubjectAlternativeNames { matching: SubjectAlternativeNameMatchers { exact } },
        }
    }

    fn path(&self, file: &str) -> String {
        format!("{}/current/{file}", self.keys_dir)
    }
}
