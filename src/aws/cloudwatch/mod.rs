//! CloudWatch: alarms and the dashboard.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

mod alarm;
mod dashboard;
mod metric;
mod shared;

pub use alarm::{Alarm, AlarmArn, AlarmName};
pub use dashboard::{Dashboard, DashboardArn};
pub use metric::{DimensionValue, Insights, Metric, Query, Source};

/// Adds this service's kinds.
pub fn register(kinds: &mut Kinds, aws: &Arc<Aws>) {
    kinds.add::<Alarm>(aws);
    kinds.add::<Dashboard>(aws);
}
