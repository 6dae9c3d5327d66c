//! Deploying: another image into service, watched until it serves or is taken back.
//!
//! [`begin()`] checks and starts, [`watch()`] follows deployments by their id until each has its verdict. AWS is what remembers: who deployed what is on the
//! revision's tags, when and how it ended is ECS's, so that any machine can go on where another was killed.

pub mod begin;
pub mod cause;
pub mod event;
pub mod history;
pub mod place;
pub mod preflight;
pub mod progress;
pub mod prune;
mod reach;
pub mod record;
pub mod request;
pub mod rollback;
pub mod run;
pub mod settings;
pub mod settle;
pub mod verdict;
pub mod watch;

pub use begin::{Beginning, Begun, begin};
pub use event::{DeployEvent, DeployObserver};
pub use place::Place;
pub use progress::Progress;
pub use request::{Image, Limit, Request, Severity};
pub use verdict::{Outcome, Verdict};
pub use watch::watch;
