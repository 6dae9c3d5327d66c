//! Availability Zones.

use aws_sdk_ec2::operation::describe_availability_zones::{
    DescribeAvailabilityZonesInput, DescribeAvailabilityZonesOutput,
};
use aws_sdk_ec2::types::{AvailabilityZone, AvailabilityZoneOptInStatus, AvailabilityZoneState};

use super::filters::Filters;
use super::record::invalid;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

/// A zone by its two names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) struct Zone {
    /// `us-east-1a`.
    pub name: String,
    /// `use1-az1`.
    pub id: String,
}

/// The zones of a region: six in `us-east-1`, four in `us-west-2`, else three. AWS Global Infrastructure.
pub(in crate::sandbox) fn zones(region: &str) -> Vec<Zone> {
    let letters = match region {
        "us-east-1" => "abcdef",
        "us-west-2" | "ap-northeast-2" => "abcd",
        _ => "abc",
    };
    let prefix = id_prefix(region);
    let zone = |(index, letter): (usize, char)| Zone {
        name: format!("{region}{letter}"),
        id: format!("{prefix}-az{}", index + 1),
    };
    letters.chars().enumerate().map(zone).collect()
}

/// `ap-southeast-2` gives `apse2`. EC2 User Guide, "Availability Zone IDs".
fn id_prefix(region: &str) -> String {
    let abbreviate = |word: &str| match word {
        "northeast" => "ne".to_owned(),
        "northwest" => "nw".to_owned(),
        "southeast" => "se".to_owned(),
        "southwest" => "sw".to_owned(),
        "north" | "south" | "east" | "west" | "central" => word[..1].to_owned(),
        other => other.to_owned(),
    };
    region.split('-').map(abbreviate).collect()
}

pub(super) fn describe_availability_zones(
    call: &mut Call<'_>,
    input: &DescribeAvailabilityZonesInput,
) -> Result<DescribeAvailabilityZonesOutput, ApiError> {
    const FILTERS: &[&str] = &[
        "group-long-name",
        "group-name",
        "message",
        "opt-in-status",
        "parent-zone-id",
        "parent-zone-name",
        "region-name",
        "state",
        "zone-id",
        "zone-name",
        "zone-type",
    ];
    let filters = Filters::parse(input.filters(), FILTERS)?;
    let all = zones(call.region());
    if let Some(name) = input.zone_names().iter().find(|name| all.iter().all(|zone| zone.name != **name)) {
        return Err(invalid(name, "zoneName", &format!("Invalid availability zone: [{name}]")));
    }
    if let Some(id) = input.zone_ids().iter().find(|id| all.iter().all(|zone| zone.id != **id)) {
        return Err(invalid(id, "zoneId", &format!("Invalid availability zone-id: [{id}]")));
    }
    let region = call.region();
    let chosen = all.into_iter().filter(|zone| {
        let field = |name: &str| match name {
            "group-name" | "region-name" => vec![region.to_owned()],
            "opt-in-status" => vec!["opt-in-not-required".to_owned()],
            "state" => vec!["available".to_owned()],
            "zone-id" => vec![zone.id.clone()],
            "zone-name" => vec![zone.name.clone()],
            "zone-type" => vec!["availability-zone".to_owned()],
            _ => Vec::new(),
        };
        (input.zone_names().is_empty() || input.zone_names().contains(&zone.name))
            && (input.zone_ids().is_empty() || input.zone_ids().contains(&zone.id))
            && filters.accept(&Tags::new(), field)
    });
    let described = chosen.map(|zone| {
        AvailabilityZone::builder()
            .zone_name(zone.name)
            .zone_id(zone.id)
            .zone_type("availability-zone")
            .region_name(region)
            .group_name(region)
            .network_border_group(region)
            .opt_in_status(AvailabilityZoneOptInStatus::OptInNotRequired)
            .state(AvailabilityZoneState::Available)
            .build()
    });
    Ok(DescribeAvailabilityZonesOutput::builder().set_availability_zones(Some(described.collect())).build())
}

#[cfg(test)]
mod tests {
    use super::zones;

    #[test]
    fn zone_ids_follow_the_region() {
        assert_eq!(zones("us-east-1")[5].id, "use1-az6");
        assert_eq!(zones("ap-southeast-2")[0].id, "apse2-az1");
        assert_eq!(zones("eu-central-1")[2].name, "eu-central-1c");
    }
}
