//! Buckets and tables.

use std::collections::BTreeMap;

use crate::{
    aws::{dynamodb::Table, s3::Bucket},
    engine::Handle,
};

/// What services keep their data in.
pub struct Data {
    /// The bucket of each service that has one.
    pub buckets: BTreeMap<String, Handle<Bucket>>,
    /// The table of each service that has one.
    pub tables: BTreeMap<String, Handle<Table>>,
    /// Where the load balancer writes its access logs, if it does.
    pub alb_logs: Option<Handle<Bucket>>,
}
