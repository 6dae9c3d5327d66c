//! The operations of CloudWatch.

use super::{alarms, dashboards, state, tags};
use crate::sandbox::registry::{Registry, Service, operations};
use crate::sandbox::throttle::{Limits, Rate};

/// CloudWatch User Guide, "CloudWatch service quotas": DescribeAlarms 9 per second, PutMetricAlarm and DeleteAlarms 3, all for dashboards
/// 10; some burst is granted.
static CLOUDWATCH: Service = Service {
    name: "cloudwatch",
    sdk_id: "CloudWatch",
    limits: Limits {
        reading: Rate { burst: 50.0, per_second: 9.0 },
        changing: Rate { burst: 50.0, per_second: 3.0 },
        code: "Throttling",
        status: 400,
    },
};

/// Adds CloudWatch.
pub(in crate::sandbox) fn register(registry: &mut Registry) {
    registry.before_each_call(state::advance);
    operations!(registry, &CLOUDWATCH, aws_sdk_cloudwatch, {
        delete_alarms::DeleteAlarmsError => alarms::delete,
        delete_dashboards::DeleteDashboardsError => dashboards::delete,
        describe_alarms::DescribeAlarmsError => alarms::describe,
        get_dashboard::GetDashboardError => dashboards::get,
        list_dashboards::ListDashboardsError => dashboards::list,
        list_tags_for_resource::ListTagsForResourceError => tags::list,
        put_dashboard::PutDashboardError => dashboards::put,
        put_metric_alarm::PutMetricAlarmError => alarms::put,
        set_alarm_state::SetAlarmStateError => alarms::set_state,
        tag_resource::TagResourceError => tags::tag,
    });
}
