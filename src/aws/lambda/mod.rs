//! Lambda: functions, and who may invoke them.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

pub mod function;
pub mod packages;
mod permission;

pub use function::{Function, FunctionArn, FunctionName, FunctionVariable};
pub use packages::Packages;
pub use permission::Invoker;

/// Adds this service's kinds.
pub fn register(kinds: &mut Kinds, aws: &Arc<Aws>) {
    kinds.add::<Function>(aws);
}
