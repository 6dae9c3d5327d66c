//! Elastic IP addresses.

use aws_sdk_ec2::operation::allocate_address::{AllocateAddressInput, AllocateAddressOutput};
use aws_sdk_ec2::operation::describe_addresses::{DescribeAddressesInput, DescribeAddressesOutput};
use aws_sdk_ec2::operation::release_address::{ReleaseAddressInput, ReleaseAddressOutput};
use aws_sdk_ec2::types::{self, DomainType};
use serde::{Deserialize, Serialize};

use super::network_interface::NetworkInterface;
use super::record::{self, Kind, Meta, Query, Record, View, find, has_meta, required, unsupported};
use super::tags;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::quotas;

/// An Elastic IP address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Address {
    /// Id, time of birth, tags.
    pub meta: Meta,
    /// Its public address.
    pub public_ip: String,
}

impl Record for Address {
    const KIND: Kind = Kind {
        prefix: "eipalloc",
        resource_type: "elastic-ip",
        item: "ec2:elastic-ip",
        noun: "allocation ID",
        not_found: "InvalidAllocationID.NotFound",
        malformed: "InvalidAllocationID.Malformed",
    };
    const FILTERS: &'static [&'static str] = &[
        "allocation-id",
        "association-id",
        "instance-id",
        "network-border-group",
        "network-interface-id",
        "network-interface-owner-id",
        "private-ip-address",
        "public-ip",
    ];

    has_meta!();

    fn values(&self, filter: &str, view: &View<'_>) -> Vec<String> {
        let of_interface =
            |field: fn(&NetworkInterface) -> Option<String>| self.interface(view).and_then(field).into_iter().collect();
        match filter {
            "association-id" => of_interface(|interface| interface.association_id.clone()),
            "network-interface-id" => of_interface(|interface| Some(interface.meta.id.clone())),
            "private-ip-address" => of_interface(|interface| Some(interface.private_ip.to_string())),
            "network-interface-owner-id" => self.interface(view).map(|_| view.account.to_owned()).into_iter().collect(),
            "network-border-group" => vec![view.region.to_owned()],
            "public-ip" => vec![self.public_ip.clone()],
            "instance-id" => Vec::new(),
            _ => vec![self.meta.id.clone()],
        }
    }
}

impl Address {
    /// The interface that it is associated with.
    pub(super) fn interface<'a>(&self, view: &View<'a>) -> Option<&'a NetworkInterface> {
        let mine = |interface: &&NetworkInterface| interface.allocation_id.as_ref() == Some(&self.meta.id);
        view.ec2.network_interfaces.values().find(mine)
    }

    /// Whether something still holds it; a NAT gateway does for a moment after it is deleted.
    fn is_in_use(&self, view: &View<'_>) -> bool {
        let held = |nat: &super::nat_gateway::NatGateway| {
            nat.allocation_id.as_ref() == Some(&self.meta.id) && nat.holds_address(view)
        };
        self.interface(view).is_some() || view.ec2.nat_gateways.values().any(held)
    }

    fn to_sdk(&self, view: &View<'_>) -> types::Address {
        let address = types::Address::builder()
            .allocation_id(&self.meta.id)
            .public_ip(&self.public_ip)
            .domain(DomainType::Vpc)
            .network_border_group(view.region)
            .public_ipv4_pool("amazon")
            .set_tags(tags::to_sdk(&self.meta.tags));
        match self.interface(view) {
            None => address.build(),
            Some(interface) => address
                .set_association_id(interface.association_id.clone())
                .network_interface_id(&interface.meta.id)
                .network_interface_owner_id(view.account)
                .private_ip_address(interface.private_ip.to_string())
                .build(),
        }
    }
}

/// A public address as Amazon's pools hold them.
pub(super) fn random_public_ip(call: &mut Call<'_>) -> String {
    format!("52.{}.{}.{}", call.number(0..256), call.number(0..256), call.number(1..255))
}

/// EC2 API reference, AllocateAddress. Knows no client token: called twice, it allocates two.
pub(super) fn allocate_address(
    call: &mut Call<'_>,
    input: &AllocateAddressInput,
) -> Result<AllocateAddressOutput, ApiError> {
    unsupported(&[
        ("DryRun", input.dry_run() == Some(true)),
        ("other address pools", input.public_ipv4_pool().is_some_and(|pool| pool != "amazon")),
        ("IPAM pools", input.ipam_pool_id().is_some()),
        ("choosing an address", input.address().is_some()),
        ("EC2-Classic", input.domain().is_some_and(|domain| *domain != DomainType::Vpc)),
    ])?;
    let tags = tags::specified(input.tag_specifications(), &Address::KIND)?;
    if call.world.ec2.addresses.len() as f64 >= call.quota(quotas::ELASTIC_IPS) {
        return Err(ApiError::new("AddressLimitExceeded", "The maximum number of addresses has been reached."));
    }
    let address = Address { meta: Meta::new(call, &Address::KIND, tags), public_ip: random_public_ip(call) };
    let output = AllocateAddressOutput::builder()
        .allocation_id(&address.meta.id)
        .public_ip(&address.public_ip)
        .public_ipv4_pool("amazon")
        .network_border_group(call.region())
        .domain(DomainType::Vpc)
        .build();
    call.world.ec2.addresses.insert(address.meta.id.clone(), address);
    Ok(output)
}

/// EC2 API reference, DescribeAddresses: has no pages.
pub(super) fn describe_addresses(
    call: &mut Call<'_>,
    input: &DescribeAddressesInput,
) -> Result<DescribeAddressesOutput, ApiError> {
    let query = Query { ids: input.allocation_ids(), filters: input.filters(), max_results: None, next_token: None };
    let (addresses, _) = record::describe(call, &call.world.ec2.addresses, &query)?;
    if let Some(ip) = input.public_ips().iter().find(|ip| addresses.iter().all(|address| address.public_ip != **ip)) {
        return Err(ApiError::new("InvalidAddress.NotFound", format!("Address '{ip}' not found.")));
    }
    let wanted = |address: &&Address| input.public_ips().is_empty() || input.public_ips().contains(&address.public_ip);
    let view = View::of(call);
    let addresses = addresses.into_iter().filter(wanted).map(|address| address.to_sdk(&view)).collect();
    Ok(DescribeAddressesOutput::builder().set_addresses(Some(addresses)).build())
}

/// EC2 API reference, ReleaseAddress: not while something is associated with it.
pub(super) fn release_address(
    call: &mut Call<'_>,
    input: &ReleaseAddressInput,
) -> Result<ReleaseAddressOutput, ApiError> {
    unsupported(&[("DryRun", input.dry_run() == Some(true)), ("EC2-Classic", input.public_ip().is_some())])?;
    let id = required(input.allocation_id(), "allocationId")?;
    let address = find(&call.world.ec2.addresses, id)?;
    if address.is_in_use(&View::of(call)) {
        let message = format!("Address {} is in use.", address.public_ip);
        return Err(ApiError::new("InvalidIPAddress.InUse", message));
    }
    call.world.ec2.addresses.remove(id);
    Ok(ReleaseAddressOutput::builder().build())
}
