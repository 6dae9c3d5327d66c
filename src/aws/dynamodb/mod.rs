//! DynamoDB: tables.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

pub mod table;

pub use table::{Table, TableArn, TableName};

/// Adds this service's kinds.
pub fn register(kinds: &mut Kinds, aws: &Arc<Aws>) {
    kinds.add::<Table>(aws);
}
