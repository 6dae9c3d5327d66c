//! The operations of RDS and of its Data API.

use super::{clusters, data_api, describe, instances, state, subnet_groups, tags};
use crate::sandbox::registry::{Registry, Service, operations};
use crate::sandbox::throttle::{Limits, Rate};

/// Unpublished; cautious.
static RDS: Service = Service {
    name: "rds",
    sdk_id: "RDS",
    limits: Limits {
        reading: Rate { burst: 50.0, per_second: 10.0 },
        changing: Rate { burst: 20.0, per_second: 4.0 },
        code: "Throttling",
        status: 400,
    },
};

/// RDS Data API, "Quotas": 1,000 requests a second.
static DATA: Service = Service {
    name: "rds-data",
    sdk_id: "RDS Data",
    limits: Limits {
        reading: Rate { burst: 1000.0, per_second: 1000.0 },
        changing: Rate { burst: 1000.0, per_second: 1000.0 },
        code: "ThrottlingException",
        status: 400,
    },
};

/// Adds RDS and the Data API.
pub(in crate::sandbox) fn register(registry: &mut Registry) {
    registry.before_each_call(state::advance);
    operations!(registry, &RDS, aws_sdk_rds, {
        create_db_cluster::CreateDBClusterError => clusters::create,
        create_db_instance::CreateDBInstanceError => instances::create,
        create_db_subnet_group::CreateDBSubnetGroupError => subnet_groups::create,
        delete_db_cluster::DeleteDBClusterError => clusters::delete,
        delete_db_instance::DeleteDBInstanceError => instances::delete,
        delete_db_subnet_group::DeleteDBSubnetGroupError => subnet_groups::delete,
        describe_db_clusters::DescribeDBClustersError => describe::clusters,
        describe_db_instances::DescribeDBInstancesError => describe::instances,
        describe_db_subnet_groups::DescribeDBSubnetGroupsError => describe::subnet_groups,
        disable_http_endpoint::DisableHttpEndpointError => clusters::disable_http_endpoint,
        enable_http_endpoint::EnableHttpEndpointError => clusters::enable_http_endpoint,
        list_tags_for_resource::ListTagsForResourceError => tags::list,
        modify_db_cluster::ModifyDBClusterError => clusters::modify,
        modify_db_instance::ModifyDBInstanceError => instances::modify,
        modify_db_subnet_group::ModifyDBSubnetGroupError => subnet_groups::modify,
    });
    operations!(registry, &DATA, aws_sdk_rdsdata, {
        execute_statement::ExecuteStatementError => data_api::execute_statement,
    });
}
