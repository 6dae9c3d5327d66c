//! The mesh: who may call whom, the certificates that prove it, and what the Envoy beside each service is told.
//!
//! Pure generation: nothing here reads a clock, a file or the network (a key is drawn from the system's random source,
//! that is all). Two data planes are generated from one [`MeshModel`]: a bootstrap for an Envoy without a control plane
//! ([`envoy`]) and the specifications of AWS App Mesh ([`app_mesh`]). Certificates and container scripts serve both.

pub mod app_mesh;
mod authority;
pub mod data_plane;
pub mod envoy;
mod error;
mod facts;
mod leaf;
mod model;
mod note;
pub mod ports;
pub mod scripts;
mod secret;
mod succession;
mod verify;
mod x509;

pub use authority::{Authority, AuthorityRequest};
pub use data_plane::{DataPlane, Shape, Way};
pub use error::MeshError;
pub use facts::Facts;
pub use leaf::{Leaf, LeafRequest};
pub use model::{Edge, MeshModel, MeshService, Peer, variable};
pub use note::LeafNote;
pub use secret::{AuthoritySecret, LeafSecret};
pub use succession::{Authorities, PHASES, Stage};
pub use x509::{expiry, fingerprint};
