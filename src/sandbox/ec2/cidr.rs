//! Address ranges.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::record::invalid;
use crate::sandbox::error::ApiError;

/// The first four addresses of a subnet and its last are AWS's. VPC User Guide, "Subnet CIDR blocks".
pub(super) const RESERVED_ADDRESSES: u32 = 5;

/// Parses an IPv4 range and clears its host bits, as CreateVpc and CreateSubnet do.
pub(super) fn parse(text: &str, parameter: &str) -> Result<Ipv4Net, ApiError> {
    let net: Ipv4Net = text.parse().map_err(|_| invalid(text, parameter, "This is not a valid CIDR block."))?;
    Ok(net.trunc())
}

/// VPCs and subnets are between /16 and /28. VPC User Guide, "VPC CIDR blocks".
pub(super) fn check_size(net: Ipv4Net, code: &str) -> Result<(), ApiError> {
    if (16..=28).contains(&net.prefix_len()) {
        return Ok(());
    }
    Err(ApiError::new(code, format!("The CIDR '{net}' is invalid.")))
}

/// Whether two ranges share an address.
pub(super) fn overlap(left: Ipv4Net, right: Ipv4Net) -> bool {
    left.contains(&right) || right.contains(&left)
}

/// The lowest address of a subnet that is neither AWS's nor taken.
pub(super) fn free_address(net: Ipv4Net, taken: &[Ipv4Addr]) -> Option<Ipv4Addr> {
    let first = u32::from(net.network()) + RESERVED_ADDRESSES - 1;
    (first..u32::from(net.broadcast())).map(Ipv4Addr::from).find(|address| !taken.contains(address))
}
