//! Availability zones.

use crate::{
    aws::{Answer, Aws, ec2::shared::filter},
    engine::Failure,
};

/// The names of the region's ordinary availability zones that this account may use, sorted.
///
/// # Errors
/// The call's own.
pub async fn available(aws: &Aws) -> Result<Vec<String>, Failure> {
    let answer = aws
        .ec2
        .describe_availability_zones()
        .filters(filter("state", ["available"]))
        .filters(filter("zone-type", ["availability-zone"]))
        .send()
        .await
        .of("ec2:DescribeAvailabilityZones")?;
    let mut names: Vec<String> =
        answer.availability_zones().iter().filter_map(|zone| zone.zone_name().map(str::to_owned)).collect();
    names.sort();
    Ok(names)
}
