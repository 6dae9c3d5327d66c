//! Secrets of the services.

use std::collections::BTreeMap;

use crate::{aws::secrets::CredentialsSecret, engine::Handle};

/// Secrets of the services.
pub struct Secrets {
    /// The database credentials of each service that has some.
    pub credentials: BTreeMap<String, Handle<CredentialsSecret>>,
}
