//! The operations of DynamoDB.

use super::{backups, describe, state, tables};
use crate::sandbox::registry::{Registry, Service, operations};
use crate::sandbox::throttle::{Limits, Rate};

/// Unpublished for calls on tables but for "up to 500 simultaneous table operations" (DynamoDB Developer Guide, "Quotas"); these are
/// cautious.
static DYNAMODB: Service = Service {
    name: "dynamodb",
    sdk_id: "DynamoDB",
    limits: Limits {
        reading: Rate { burst: 50.0, per_second: 10.0 },
        changing: Rate { burst: 25.0, per_second: 5.0 },
        code: "ThrottlingException",
        status: 400,
    },
};

/// Adds DynamoDB.
pub(in crate::sandbox) fn register(registry: &mut Registry) {
    registry.before_each_call(state::advance);
    operations!(registry, &DYNAMODB, aws_sdk_dynamodb, {
        create_table::CreateTableError => tables::create_table,
        delete_table::DeleteTableError => tables::delete_table,
        describe_continuous_backups::DescribeContinuousBackupsError => backups::describe_continuous_backups,
        describe_table::DescribeTableError => describe::describe_table,
        list_tags_of_resource::ListTagsOfResourceError => describe::list_tags_of_resource,
        update_continuous_backups::UpdateContinuousBackupsError => backups::update_continuous_backups,
        update_table::UpdateTableError => tables::update_table,
    });
}
