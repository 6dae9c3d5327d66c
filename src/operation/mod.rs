//! What the commands do, without a terminal: `cli` calls it with arguments, tests call it in virtual time.
//!
//! [`Workspace`] is what a run works on; [`prepare()`] looks and plans; [`apply()`] carries out; [`sweep()`] takes away what came back and proves that
//! nothing is left; [`rotate`] plans what is to be made anew.

pub mod apply;
pub mod changeover;
pub mod deploy;
pub mod doctor;
pub mod error;
pub mod exec;
pub mod facts;
pub mod leftovers;
pub mod logs;
pub mod package;
pub mod prepare;
pub mod rehearse;
pub mod room;
pub mod rotate;
pub mod status;
pub mod sweep;
pub mod workspace;

pub use apply::apply;
pub use doctor::{Check, Verdict, doctor, doctor_cheap};
pub use error::OperationError;
pub use leftovers::{Leftover, leftovers};
pub use prepare::{Intention, Prepared, prepare};
pub use rehearse::rehearse;
pub use status::{StatusReport, status, status_with};
pub use sweep::sweep;
pub use workspace::Workspace;
