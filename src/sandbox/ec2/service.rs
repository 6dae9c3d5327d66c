//! The operations of EC2.

use super::{tags, zones};
use crate::sandbox::registry::{Registry, Service, operations};
use crate::sandbox::throttle::{Limits, Rate};

/// EC2 API reference, "Request throttling": token buckets per account and Region, 100 and 20 per second for Describe
/// calls; 50 and 5 per second for changing ones is the lower end of the documented buckets.
pub(super) static EC2: Service = Service {
    name: "ec2",
    sdk_id: "EC2",
    limits: Limits {
        reading: Rate { burst: 100.0, per_second: 20.0 },
        changing: Rate { burst: 50.0, per_second: 5.0 },
        code: "RequestLimitExceeded",
        status: 503,
    },
};

/// Adds EC2.
pub(in crate::sandbox) fn register(registry: &mut Registry) {
    operations!(registry, &EC2, aws_sdk_ec2, {
        create_tags::CreateTagsError => tags::create_tags,
        delete_tags::DeleteTagsError => tags::delete_tags,
        describe_tags::DescribeTagsError => tags::describe_tags,
        describe_availability_zones::DescribeAvailabilityZonesError => zones::describe_availability_zones,
    });
}
