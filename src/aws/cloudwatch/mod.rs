//! CloudWatch: alarms and the dashboard.

use std::sync::Arc;

use super::Aws;
use crate::engine::Kinds;

mod alarm;
mod metric;

pub use alarm::{Alarm, AlarmArn, AlarmName};
pub use metric::{DimensionValue, Metric, Query, Source};

/// Adds this service's kinds.
pub fn register(_kinds: &mut Kinds, _aws: &Arc<Aws>) {}
