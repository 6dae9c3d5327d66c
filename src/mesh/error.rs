use time::OffsetDateTime;

/// Why something of the mesh could not be made or read. No variant ever carries key material.
#[derive(Debug, thiserror::Error)]
pub enum MeshError {
    /// A name was asked for that the model does not have.
    #[error("the mesh has no service `{0}`")]
    UnknownService(String),
    /// A `calls` entry names a service that does not exist.
    #[error("service `{service}` calls `{peer}`, which is not a service of this mesh")]
    UnknownPeer {
        /// The caller.
        service: String,
        /// The missing callee.
        peer: String,
    },
    /// A service lists itself in its own `calls`.
    #[error("service `{0}` calls itself; a call within a service does not go through the mesh")]
    CallsItself(String),
    /// The application would listen where its sidecar listens.
    #[error("service `{service}` listens on port {port}, which its sidecar needs")]
    PortTaken {
        /// The service.
        service: String,
        /// Its port.
        port: u16,
    },
    /// The certificate library refused.
    #[error("cannot {action}: {reason}")]
    Certificate {
        /// What was being done.
        action: &'static str,
        /// What the library said.
        reason: String,
    },
    /// The authority's certificate and key are not a pair, or the certificate may not sign.
    #[error("the authority's certificate cannot be used: {0}")]
    Authority(&'static str),
    /// The authority itself is past its end, so that nothing it signs would be accepted.
    #[error("the authority's certificate expired at {0}; renew the authority first")]
    AuthorityExpired(OffsetDateTime),
    /// A service's certificate would not be accepted, or is not the service's.
    #[error("the certificate does not hold: {0}")]
    Unfit(String),
    /// A secret is not the JSON that was written. The parser's own message is left out, since it may quote the content.
    #[error("the {what} secret is not in the expected JSON layout (line {line}, column {column})")]
    Secret {
        /// Which secret.
        what: &'static str,
        /// Line of the mistake, from 1.
        line: usize,
        /// Column of the mistake, from 1.
        column: usize,
    },
}

impl MeshError {
    /// Wraps an error of the certificate library.
    pub(super) fn certificate(action: &'static str) -> impl FnOnce(rcgen::Error) -> Self {
        move |e| Self::Certificate { action, reason: e.to_string() }
    }
}
