//! IAM: roles, and what other services ask about them.
//!
//! Other services call [`assumable`] before they use a role, and [`may`] where it matters what the role allows.

mod checks;
mod details;
mod linked;
mod managed;
mod policies;
pub mod policy;
mod roles;
mod service;
mod simulate;
pub mod state;
#[cfg(test)]
mod tests;
mod use_of;

pub use linked::{is_linked, link};
pub(in crate::sandbox) use service::register;
pub use state::{IamState, Role};
pub use use_of::{Refusal, assumable, assumable_without_source, may, may_at};
