//! What an Envoy without a control plane is started with: a static bootstrap and two files for its secret discovery.
//!
//! The bootstrap is JSON in the shape of Envoy's API v3 (Envoy documentation, "Configuration: Bootstrap"); names of
//! fields and messages are Envoy's own. A change of the model is a new bootstrap and so a new revision of the task.

mod access_log;
mod bootstrap;
mod clusters;
mod egress;
mod http;
mod inbound;
mod ingress;
mod json;
mod layout;
mod process;
mod stats;
mod tls;

#[cfg(test)]
mod tests;

pub use bootstrap::{bootstrap, ingress_bootstrap};
pub use layout::Layout;
pub use tls::{sds_leaf, sds_trust};
