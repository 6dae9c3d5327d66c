//! Network interfaces: those that services make in a customer's subnets, and leave there for a while.

use std::net::Ipv4Addr;

use aws_sdk_ec2::operation::describe_network_interfaces::{
    DescribeNetworkInterfacesInput, DescribeNetworkInterfacesOutput,
};
use aws_sdk_ec2::types::{
    self, AttachmentStatus, GroupIdentifier, NetworkInterfaceAssociation, NetworkInterfaceAttachment,
    NetworkInterfacePrivateIpAddress, NetworkInterfaceStatus, NetworkInterfaceType,
};
use serde::{Deserialize, Serialize};

use super::address::{Address, random_public_ip};
use super::record::{self, Kind, Meta, Record, View, find, has_meta, query};
use super::security_group::SecurityGroup;
use super::subnet::Subnet;
use super::tags;
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::quotas;
use crate::sandbox::world::Tags;

/// A network interface.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NetworkInterface {
    /// Id, time of birth, tags.
    pub meta: Meta,
    /// The VPC that it belongs to.
    pub vpc_id: String,
    /// The subnet that it is in.
    pub subnet_id: String,
    /// `us-east-1a`.
    pub zone: String,
    /// Its private address.
    pub private_ip: Ipv4Addr,
    /// Its hardware address.
    pub mac_address: String,
    /// What its maker wrote.
    pub description: String,
    /// `interface`, `nat_gateway`, `vpc_endpoint`.
    pub interface_type: String,
    /// Who attached it: `amazon-elb`, `amazon-aws`, an account.
    pub requester: String,
    /// Its security groups.
    pub groups: Vec<String>,
    /// Its attachment to what uses it.
    pub attachment_id: String,
    /// Its public address.
    pub public_ip: Option<String>,
    /// The Elastic IP address that it has, by its allocation.
    pub allocation_id: Option<String>,
    /// The association with that address.
    pub association_id: Option<String>,
    /// When it disappears; set once its owner is being deleted.
    pub expires_at: Option<Moment>,
}

/// The public address of a new network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicAddress {
    /// It has none.
    None,
    /// One of Amazon's.
    Amazon,
    /// An Elastic IP address, by its allocation.
    Elastic(String),
}

/// A network interface that a service is about to make.
#[derive(Clone, Debug)]
pub struct NewInterface<'a> {
    /// Where.
    pub subnet_id: &'a str,
    /// As the service writes it: `ELB app/name/id`.
    pub description: String,
    /// `interface`, `nat_gateway`, `vpc_endpoint`.
    pub interface_type: &'a str,
    /// Who attaches it: `amazon-elb`, `amazon-aws`.
    pub requester: &'a str,
    /// Its security groups.
    pub groups: &'a [String],
    /// Its public address.
    pub public: PublicAddress,
    /// Its tags.
    pub tags: Tags,
}

impl Record for NetworkInterface {
    const KIND: Kind = Kind {
        prefix: "eni",
        resource_type: "network-interface",
        item: "ec2:network-interface",
        noun: "networkInterface ID",
        not_found: "InvalidNetworkInterfaceID.NotFound",
        malformed: "InvalidNetworkInterfaceId.Malformed",
    };
    const FILTERS: &'static [&'static str] = &[
        "addresses.private-ip-address",
        "association.allocation-id",
        "association.association-id",
        "association.public-ip",
        "attachment.attachment-id",
        "attachment.instance-owner-id",
        "attachment.status",
        "availability-zone",
        "description",
        "group-id",
        "group-name",
        "interface-type",
        "network-interface-id",
        "owner-id",
        "private-ip-address",
        "requester-id",
        "requester-managed",
        "status",
        "subnet-id",
        "vpc-id",
    ];

    has_meta!();

    fn values(&self, filter: &str, view: &View<'_>) -> Vec<String> {
        match filter {
            "addresses.private-ip-address" | "private-ip-address" => vec![self.private_ip.to_string()],
            "association.allocation-id" => self.allocation_id.iter().cloned().collect(),
            "association.association-id" => self.association_id.iter().cloned().collect(),
            "association.public-ip" => self.public_ip.iter().cloned().collect(),
            "attachment.attachment-id" => vec![self.attachment_id.clone()],
            "attachment.instance-owner-id" | "requester-id" => vec![self.requester.clone()],
            "attachment.status" => vec!["attached".to_owned()],
            "availability-zone" => vec![self.zone.clone()],
            "description" => vec![self.description.clone()],
            "group-id" => self.groups.clone(),
            "group-name" => self.named_groups(view).map(|group| group.name.clone()).collect(),
            "interface-type" => vec![self.interface_type.clone()],
            "owner-id" => vec![view.account.to_owned()],
            "requester-managed" => vec!["true".to_owned()],
            "status" => vec!["in-use".to_owned()],
            "subnet-id" => vec![self.subnet_id.clone()],
            "vpc-id" => vec![self.vpc_id.clone()],
            _ => vec![self.meta.id.clone()],
        }
    }
}

impl NetworkInterface {
    fn named_groups<'a>(&'a self, view: &View<'a>) -> impl Iterator<Item = &'a SecurityGroup> {
        let groups = &view.ec2.security_groups;
        self.groups.iter().filter_map(|id| groups.get(id))
    }

    fn to_sdk(&self, view: &View<'_>) -> types::NetworkInterface {
        let association = self.public_ip.as_ref().map(|public_ip| {
            NetworkInterfaceAssociation::builder()
                .public_ip(public_ip)
                .set_allocation_id(self.allocation_id.clone())
                .set_association_id(self.association_id.clone())
                .ip_owner_id(if self.allocation_id.is_some() { view.account } else { "amazon" })
                .build()
        });
        let attachment = NetworkInterfaceAttachment::builder()
            .attachment_id(&self.attachment_id)
            .attach_time(self.meta.created_at.datetime())
            .instance_owner_id(&self.requester)
            .delete_on_termination(false)
            .device_index(1)
            .status(AttachmentStatus::Attached);
        let address = NetworkInterfacePrivateIpAddress::builder()
            .primary(true)
            .private_ip_address(self.private_ip.to_string())
            .set_association(association.clone());
        let groups = self
            .named_groups(view)
            .map(|group| GroupIdentifier::builder().group_id(&group.meta.id).group_name(&group.name).build());
        types::NetworkInterface::builder()
            .network_interface_id(&self.meta.id)
            .vpc_id(&self.vpc_id)
            .subnet_id(&self.subnet_id)
            .availability_zone(&self.zone)
            .description(&self.description)
            .interface_type(NetworkInterfaceType::from(self.interface_type.as_str()))
            .owner_id(view.account)
            .requester_id(&self.requester)
            .requester_managed(true)
            .source_dest_check(self.interface_type != "nat_gateway")
            .status(NetworkInterfaceStatus::InUse)
            .mac_address(&self.mac_address)
            .private_ip_address(self.private_ip.to_string())
            .private_ip_addresses(address.build())
            .attachment(attachment.build())
            .set_association(association)
            .set_groups(Some(groups.collect()))
            .set_tag_set(tags::to_sdk(&self.meta.tags))
            .build()
    }
}

/// Makes a network interface for a service, and gives its id.
///
/// # Errors
/// As the service's own call reports them: subnet or group unknown, groups of another VPC, subnet full.
pub(in crate::sandbox) fn create(call: &mut Call<'_>, new: NewInterface<'_>) -> Result<String, ApiError> {
    let subnet = find(&call.world.ec2.subnets, new.subnet_id)?.clone();
    check_groups(call, &subnet.vpc_id, new.groups)?;
    let private_ip = subnet.free_address(&View::of(call)).ok_or_else(|| full(&subnet))?;
    let (public_ip, allocation_id) = match new.public {
        PublicAddress::None => (None, None),
        PublicAddress::Amazon => (Some(random_public_ip(call)), None),
        PublicAddress::Elastic(id) => {
            let address: &Address = find(&call.world.ec2.addresses, &id)?;
            (Some(address.public_ip.clone()), Some(id))
        }
    };
    let digits = call.hex(10);
    let mac_address = (0..5).fold("0a".to_owned(), |mac, pair| format!("{mac}:{}", &digits[pair * 2..pair * 2 + 2]));
    let interface = NetworkInterface {
        meta: Meta::new(call, &NetworkInterface::KIND, new.tags),
        vpc_id: subnet.vpc_id,
        subnet_id: subnet.meta.id,
        zone: subnet.zone,
        private_ip,
        mac_address,
        description: new.description,
        interface_type: new.interface_type.to_owned(),
        requester: new.requester.to_owned(),
        groups: new.groups.to_vec(),
        attachment_id: call.id("eni-attach"),
        association_id: allocation_id.as_ref().map(|_| call.id("eipassoc")),
        public_ip,
        allocation_id,
        expires_at: None,
    };
    let id = interface.meta.id.clone();
    call.world.ec2.network_interfaces.insert(id.clone(), interface);
    Ok(id)
}

/// Groups of an interface exist, are of its VPC, and are not too many. EC2 API reference, CreateNetworkInterface.
pub(in crate::sandbox) fn check_groups(call: &Call<'_>, vpc_id: &str, groups: &[String]) -> Result<(), ApiError> {
    for id in groups {
        if find(&call.world.ec2.security_groups, id)?.vpc_id != vpc_id {
            let message = "You have specified two resources that belong to different networks.";
            return Err(ApiError::new("InvalidGroup.NotFound", message));
        }
    }
    if groups.len() as f64 > call.quota(quotas::GROUPS_PER_INTERFACE) {
        let message = "The maximum number of security groups per interface has been reached.";
        return Err(ApiError::new("SecurityGroupsPerInterfaceLimitExceeded", message));
    }
    Ok(())
}

/// Lets the interfaces that `belongs` picks disappear at `at`: they outlive their owner.
pub(in crate::sandbox) fn expire(call: &mut Call<'_>, at: Moment, belongs: impl Fn(&NetworkInterface) -> bool) {
    let picked: Vec<String> = call
        .world
        .ec2
        .network_interfaces
        .values()
        .filter(|interface| interface.expires_at.is_none() && belongs(interface))
        .map(|interface| interface.meta.id.clone())
        .collect();
    for id in picked {
        if let Some(interface) = call.world.ec2.network_interfaces.get_mut(&id) {
            interface.expires_at = Some(at);
        }
    }
}

fn full(subnet: &Subnet) -> ApiError {
    let message = format!("There are not enough free addresses in subnet '{}'.", subnet.meta.id);
    ApiError::new("InsufficientFreeAddressesInSubnet", message)
}

pub(super) fn describe_network_interfaces(
    call: &mut Call<'_>,
    input: &DescribeNetworkInterfacesInput,
) -> Result<DescribeNetworkInterfacesOutput, ApiError> {
    let query = query!(input, network_interface_ids, filters);
    let (interfaces, next_token) = record::describe(call, &call.world.ec2.network_interfaces, &query)?;
    let view = View::of(call);
    let interfaces = interfaces.into_iter().map(|interface| interface.to_sdk(&view)).collect();
    Ok(DescribeNetworkInterfacesOutput::builder()
        .set_network_interfaces(Some(interfaces))
        .set_next_token(next_token)
        .build())
}
