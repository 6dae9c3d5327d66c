//! The rotation of database credentials and of the mesh's certificates in Secrets Manager's four steps, as a function of Lambda does it.
//!
//! **Credentials.** Two users take turns (`payments_a`, `payments_b`). A rotation gives the one that is not in use a new password and makes it current; the
//! other goes on working until the next rotation, so that no running task is left with dead credentials. Both act as one role (`payments`)
//! that owns the service's schema, so that what either makes is the other's too.
//!
//! **Certificates.** A rotation issues a new one by the authority of the moment, verifies it as a peer would, makes it current and starts a
//! deployment. It comes so early that what running tasks hold outlives the next rotation, too.
//!
//! Every step can be repeated, cut off anywhere and run twice at once: statements and calls are such that doing them again is harmless, and
//! what must not be done again is looked up first. The steps know the services only by the small traits of [`platform`].

mod certificate;
mod credentials;
pub mod elf;
pub mod error;
pub mod event;
pub mod in_use;
pub mod names;
pub mod password;
pub mod platform;
mod run;
pub mod scram;
pub mod secret;
pub mod settings;
pub mod sql;
pub mod stages;
mod turn;

pub use error::RotationError;
pub use event::{Event, Note, Step};
pub use platform::{Clock, DataApi, Platform, Secrets, Services};
pub use run::run;
pub use settings::Settings;
