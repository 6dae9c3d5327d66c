//! Subnets.

use std::net::Ipv4Addr;

use aws_sdk_ec2::operation::create_subnet::{CreateSubnetInput, CreateSubnetOutput};
use aws_sdk_ec2::operation::delete_subnet::{DeleteSubnetInput, DeleteSubnetOutput};
use aws_sdk_ec2::operation::describe_subnets::{DescribeSubnetsInput, DescribeSubnetsOutput};
use aws_sdk_ec2::operation::modify_subnet_attribute::{ModifySubnetAttributeInput, ModifySubnetAttributeOutput};
use aws_sdk_ec2::types::{self, AttributeBooleanValue, HostnameType, PrivateDnsNameOptionsOnLaunch, SubnetState};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::record::{self, Kind, Meta, Record, View, find, find_mut, has_meta, invalid, query, required, unsupported};
use super::zones::{Zone, zones};
use super::{cidr, tags};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::quotas;

/// A subnet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subnet {
    /// Id, time of birth, tags.
    pub meta: Meta,
    /// The VPC that it belongs to.
    pub vpc_id: String,
    /// Its range.
    pub cidr: Ipv4Net,
    /// `us-east-1a`.
    pub zone: String,
    /// `use1-az1`.
    pub zone_id: String,
    /// Whether new interfaces get a public address.
    pub map_public_ip: bool,
    /// Its association with the network ACL.
    pub acl_association: String,
}

impl Record for Subnet {
    const KIND: Kind = Kind {
        prefix: "subnet",
        resource_type: "subnet",
        item: "ec2:subnet",
        noun: "subnet ID",
        not_found: "InvalidSubnetID.NotFound",
        malformed: "InvalidSubnetID.Malformed",
    };
    const FILTERS: &'static [&'static str] = &[
        "availability-zone",
        "availabilityZone",
        "availability-zone-id",
        "availabilityZoneId",
        "available-ip-address-count",
        "cidr-block",
        "cidr",
        "cidrBlock",
        "default-for-az",
        "defaultForAz",
        "map-public-ip-on-launch",
        "owner-id",
        "state",
        "subnet-arn",
        "subnet-id",
        "vpc-id",
    ];

    has_meta!();

    fn values(&self, filter: &str, view: &View<'_>) -> Vec<String> {
        vec![match filter {
            "availability-zone" | "availabilityZone" => self.zone.clone(),
            "availability-zone-id" | "availabilityZoneId" => self.zone_id.clone(),
            "available-ip-address-count" => self.available_addresses(view).to_string(),
            "cidr-block" | "cidr" | "cidrBlock" => self.cidr.to_string(),
            "default-for-az" | "defaultForAz" => "false".to_owned(),
            "map-public-ip-on-launch" => self.map_public_ip.to_string(),
            "owner-id" => view.account.to_owned(),
            "state" => "available".to_owned(),
            "subnet-arn" => self.arn(view),
            "vpc-id" => self.vpc_id.clone(),
            _ => self.meta.id.clone(),
        }]
    }
}

impl Subnet {
    fn arn(&self, view: &View<'_>) -> String {
        format!("arn:aws:ec2:{}:{}:subnet/{}", view.region, view.account, self.meta.id)
    }

    /// How many network interfaces fit in.
    pub(in crate::sandbox) fn size(&self) -> usize {
        (1_usize << (32 - self.cidr.prefix_len())) - cidr::RESERVED_ADDRESSES as usize
    }

    fn available_addresses(&self, view: &View<'_>) -> usize {
        self.size().saturating_sub(view.ec2.interfaces_in(&self.meta.id).count())
    }

    /// An address for a new network interface.
    pub(super) fn free_address(&self, view: &View<'_>) -> Option<Ipv4Addr> {
        let taken: Vec<Ipv4Addr> =
            view.ec2.interfaces_in(&self.meta.id).map(|interface| interface.private_ip).collect();
        cidr::free_address(self.cidr, &taken)
    }

    fn to_sdk(&self, view: &View<'_>) -> types::Subnet {
        let names = PrivateDnsNameOptionsOnLaunch::builder()
            .hostname_type(HostnameType::IpName)
            .enable_resource_name_dns_a_record(false)
            .enable_resource_name_dns_aaaa_record(false);
        types::Subnet::builder()
            .subnet_id(&self.meta.id)
            .subnet_arn(self.arn(view))
            .owner_id(view.account)
            .vpc_id(&self.vpc_id)
            .cidr_block(self.cidr.to_string())
            .availability_zone(&self.zone)
            .availability_zone_id(&self.zone_id)
            .available_ip_address_count(self.available_addresses(view) as i32)
            .map_public_ip_on_launch(self.map_public_ip)
            .default_for_az(false)
            .assign_ipv6_address_on_creation(false)
            .private_dns_name_options_on_launch(names.build())
            .state(SubnetState::Available)
            .set_tags(tags::to_sdk(&self.meta.tags))
            .build()
    }
}

/// EC2 API reference, CreateSubnet: within the VPC, and apart from its other subnets.
pub(super) fn create_subnet(call: &mut Call<'_>, input: &CreateSubnetInput) -> Result<CreateSubnetOutput, ApiError> {
    unsupported(&[
        ("DryRun", input.dry_run() == Some(true)),
        ("IPv6", input.ipv6_cidr_block().is_some() || input.ipv6_native() == Some(true)),
        ("IPAM pools", input.ipv4_ipam_pool_id().is_some() || input.ipv6_ipam_pool_id().is_some()),
        ("Outposts", input.outpost_arn().is_some()),
    ])?;
    let vpc = find(&call.world.ec2.vpcs, required(input.vpc_id(), "vpcId")?)?;
    let cidr = cidr::parse(required(input.cidr_block(), "cidrBlock")?, "cidrBlock")?;
    cidr::check_size(cidr, "InvalidSubnet.Range")?;
    if !vpc.cidr.contains(&cidr) {
        return Err(ApiError::new("InvalidSubnet.Range", format!("The CIDR '{cidr}' is invalid.")));
    }
    let (vpc_id, siblings) = (vpc.meta.id.clone(), call.world.ec2.subnets_of(&vpc.meta.id));
    if siblings.clone().any(|sibling| cidr::overlap(sibling.cidr, cidr)) {
        let message = format!("The CIDR '{cidr}' conflicts with another subnet");
        return Err(ApiError::new("InvalidSubnet.Conflict", message));
    }
    if siblings.count() as f64 >= call.quota(quotas::SUBNETS_PER_VPC) {
        return Err(ApiError::new("SubnetLimitExceeded", "The maximum number of subnets has been reached."));
    }
    let zone = chosen_zone(call.region(), input)?;
    let tags = tags::specified(input.tag_specifications(), &Subnet::KIND)?;

    let subnet = Subnet {
        meta: Meta::new(call, &Subnet::KIND, tags),
        vpc_id,
        cidr,
        zone: zone.name,
        zone_id: zone.id,
        map_public_ip: false,
        acl_association: call.id("aclassoc"),
    };
    let output = subnet.to_sdk(&View::of(call));
    call.world.ec2.subnets.insert(subnet.meta.id.clone(), subnet);
    Ok(CreateSubnetOutput::builder().subnet(output).build())
}

/// The zone asked for; AWS's choice, the first, if none was.
fn chosen_zone(region: &str, input: &CreateSubnetInput) -> Result<Zone, ApiError> {
    let all = zones(region);
    let names = all.iter().map(|zone| zone.name.as_str()).collect::<Vec<_>>().join(", ");
    let reason = format!("Subnets can currently only be created in the following availability zones: {names}.");
    let (value, parameter) = match (input.availability_zone(), input.availability_zone_id()) {
        (Some(name), None) => (Some(name), "availabilityZone"),
        (None, Some(id)) => (Some(id), "availabilityZoneId"),
        (None, None) => (None, "availabilityZone"),
        (Some(_), Some(_)) => {
            let message = "Only one of AvailabilityZone and AvailabilityZoneId may be specified.";
            return Err(ApiError::new("InvalidParameterCombination", message));
        }
    };
    let wanted = |zone: &Zone| value.is_none_or(|value| zone.name == value || zone.id == value);
    all.into_iter().find(wanted).ok_or_else(|| invalid(value.unwrap_or_default(), parameter, &reason))
}

pub(super) fn describe_subnets(
    call: &mut Call<'_>,
    input: &DescribeSubnetsInput,
) -> Result<DescribeSubnetsOutput, ApiError> {
    let query = query!(input, subnet_ids, filters);
    let (subnets, next_token) = record::describe(call, &call.world.ec2.subnets, &query)?;
    let view = View::of(call);
    let subnets = subnets.into_iter().map(|subnet| subnet.to_sdk(&view)).collect();
    Ok(DescribeSubnetsOutput::builder().set_subnets(Some(subnets)).set_next_token(next_token).build())
}

/// EC2 API reference, ModifySubnetAttribute: one attribute per call.
pub(super) fn modify_subnet_attribute(
    call: &mut Call<'_>,
    input: &ModifySubnetAttributeInput,
) -> Result<ModifySubnetAttributeOutput, ApiError> {
    unsupported(&[
        ("IPv6", input.assign_ipv6_address_on_creation().is_some() || input.enable_dns64().is_some()),
        ("Outposts", input.map_customer_owned_ip_on_launch().is_some()),
        ("host names by resource", input.private_dns_hostname_type_on_launch().is_some()),
    ])?;
    let subnet = find_mut(&mut call.world.ec2.subnets, required(input.subnet_id(), "subnetId")?)?;
    let value = input.map_public_ip_on_launch().and_then(AttributeBooleanValue::value);
    subnet.map_public_ip = *required(value.as_ref(), "mapPublicIpOnLaunch")?;
    Ok(ModifySubnetAttributeOutput::builder().build())
}

/// EC2 API reference, DeleteSubnet: nothing may be in it. Its route table association goes with it.
pub(super) fn delete_subnet(call: &mut Call<'_>, input: &DeleteSubnetInput) -> Result<DeleteSubnetOutput, ApiError> {
    let id = required(input.subnet_id(), "subnetId")?;
    find(&call.world.ec2.subnets, id)?;
    if call.world.ec2.interfaces_in(id).next().is_some() {
        let message = format!("The subnet '{id}' has dependencies and cannot be deleted.");
        return Err(ApiError::new("DependencyViolation", message));
    }
    let ec2 = &mut call.world.ec2;
    ec2.subnets.remove(id);
    for table in ec2.route_tables.values_mut() {
        table.associations.retain(|association| association.subnet_id.as_deref() != Some(id));
    }
    Ok(DeleteSubnetOutput::builder().build())
}
