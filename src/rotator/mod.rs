//! The rotation of database credentials in Secrets Manager's four steps, as a function of Lambda does it.
//!
//! Two users take turns (`payments_a`, `payments_b`). A rotation gives the one that is not in use a new password and makes it current; the
//! other goes on working until the next rotation, so that no running task is left with dead credentials. Both act as one role (`payments`)
//! that owns the service's schema, so that what either makes is the other's too.
//!
//! Every step can be repeated, cut off anywhere and run twice at once: statements and calls are such that doing them again is harmless, and
//! what must not be done again is looked up first. The steps know the services only by the small traits of [`platform`].

pub mod elf;
pub mod error;
pub mod event;
pub mod names;
pub mod password;
pub mod platform;
pub mod scram;
pub mod secret;
pub mod settings;
pub mod sql;
pub mod stages;
mod steps;

pub use error::RotationError;
pub use event::{Event, Step};
pub use platform::{Clock, DataApi, Platform, Secrets, Services};
pub use settings::Settings;
pub use steps::run;
