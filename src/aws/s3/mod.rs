//! S3: buckets.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

pub mod bucket;
mod empty;
mod settings;

pub use bucket::{Bucket, BucketArn, BucketName, Lifecycle};

/// Adds this service's kinds.
pub fn register(kinds: &mut Kinds, aws: &Arc<Aws>) {
    kinds.add::<Bucket>(aws);
}
