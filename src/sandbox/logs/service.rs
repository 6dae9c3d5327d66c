//! The operations of CloudWatch Logs.

use super::{events, groups, tags};
use crate::sandbox::registry::{Registry, Service, operations};
use crate::sandbox::throttle::{Limits, Rate};

/// CloudWatch Logs User Guide, "CloudWatch Logs quotas": 10 per second for DescribeLogGroups, 5 for what changes log groups; some burst is
/// granted.
pub(super) static LOGS: Service = Service {
    name: "logs",
    sdk_id: "CloudWatch Logs",
    limits: Limits {
        reading: Rate { burst: 50.0, per_second: 10.0 },
        changing: Rate { burst: 50.0, per_second: 5.0 },
        code: "ThrottlingException",
        status: 400,
    },
};

/// Adds CloudWatch Logs.
pub(in crate::sandbox) fn register(registry: &mut Registry) {
    operations!(registry, &LOGS, aws_sdk_cloudwatchlogs, {
        associate_kms_key::AssociateKmsKeyError => groups::associate_kms_key,
        create_log_group::CreateLogGroupError => groups::create_log_group,
        delete_log_group::DeleteLogGroupError => groups::delete_log_group,
        describe_log_groups::DescribeLogGroupsError => groups::describe_log_groups,
        filter_log_events::FilterLogEventsError => events::filter,
        get_log_events::GetLogEventsError => events::get,
        list_tags_for_resource::ListTagsForResourceError => tags::list_tags_for_resource,
        put_retention_policy::PutRetentionPolicyError => groups::put_retention_policy,
        tag_resource::TagResourceError => tags::tag_resource,
    });
}
