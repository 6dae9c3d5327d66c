//! Secrets Manager: generated credentials, the mesh's authority, the services' certificates.
//!
//! No value of a secret ever leaves this room: not in specifications, outputs, ids or errors.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

pub mod authority;
pub mod certificate;
pub mod credentials;
mod described;
pub mod facts;
pub mod login;
pub mod rotation;
pub mod shared;

pub use authority::AuthoritySecret;
pub use certificate::CertificateSecret;
pub use credentials::{CredentialsSecret, Location};
pub use login::LoginSecret;
pub use rotation::{Rotation, RotationOf};
pub use shared::{Fingerprint, NotAfter, SecretArn, Trusted};

/// Adds this service's kinds.
pub fn register(kinds: &mut Kinds, aws: &Arc<Aws>) {
    kinds.add::<CredentialsSecret>(aws);
    kinds.add::<LoginSecret>(aws);
    kinds.add::<Rotation>(aws);
    kinds.add::<AuthoritySecret>(aws);
    kinds.add::<CertificateSecret>(aws);
}
