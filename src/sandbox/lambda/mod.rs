//! Lambda: functions, and who may invoke them. A function that Secrets Manager invokes is the rotator, which is part of this program.

mod checks;
mod describe;
mod functions;
mod inside;
mod permissions;
mod service;
pub mod state;
#[cfg(test)]
mod tests;

pub(in crate::sandbox) use inside::invoke;
pub(in crate::sandbox) use permissions::may_invoke;
pub(in crate::sandbox) use service::register;
pub use state::LambdaState;
