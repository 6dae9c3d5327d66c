//! VPCs.

use aws_sdk_ec2::operation::create_vpc::{CreateVpcInput, CreateVpcOutput};
use aws_sdk_ec2::operation::delete_vpc::{DeleteVpcInput, DeleteVpcOutput};
use aws_sdk_ec2::operation::describe_vpc_attribute::{DescribeVpcAttributeInput, DescribeVpcAttributeOutput};
use aws_sdk_ec2::operation::describe_vpcs::{DescribeVpcsInput, DescribeVpcsOutput};
use aws_sdk_ec2::operation::modify_vpc_attribute::{ModifyVpcAttributeInput, ModifyVpcAttributeOutput};
use aws_sdk_ec2::types::{
    self, AttributeBooleanValue, Tenancy, VpcAttributeName, VpcCidrBlockAssociation, VpcCidrBlockState,
    VpcCidrBlockStateCode, VpcState,
};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::network_acl::NetworkAcl;
use super::record::{self, Kind, Meta, Record, View, find, find_mut, has_meta, query, required, unsupported};
use super::route_table::RouteTable;
use super::security_group::SecurityGroup;
use super::security_group_rule::SecurityGroupRule;
use super::{cidr, tags};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::quotas;

/// The DHCP options of a new account.
const DHCP_OPTIONS: &str = "dopt-0a1b2c3d4e5f60718";

/// A VPC.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Vpc {
    /// Id, time of birth, tags.
    pub meta: Meta,
    /// Its range.
    pub cidr: Ipv4Net,
    /// The association of its range.
    pub cidr_association: String,
    /// Attribute `enableDnsSupport`.
    pub dns_support: bool,
    /// Attribute `enableDnsHostnames`.
    pub dns_hostnames: bool,
    /// Attribute `enableNetworkAddressUsageMetrics`.
    pub address_usage_metrics: bool,
    /// The security group that came with it.
    pub default_group: String,
    /// The route table that came with it.
    pub main_route_table: String,
    /// The network ACL that came with it.
    pub default_acl: String,
}

impl Record for Vpc {
    const KIND: Kind = Kind {
        prefix: "vpc",
        resource_type: "vpc",
        item: "ec2:vpc",
        noun: "vpc ID",
        not_found: "InvalidVpcID.NotFound",
        malformed: "InvalidVpcID.Malformed",
    };
    const FILTERS: &'static [&'static str] = &[
        "cidr",
        "cidr-block-association.association-id",
        "cidr-block-association.cidr-block",
        "cidr-block-association.state",
        "dhcp-options-id",
        "is-default",
        "owner-id",
        "state",
        "vpc-id",
    ];

    has_meta!();

    fn values(&self, filter: &str, view: &View<'_>) -> Vec<String> {
        vec![match filter {
            "cidr" | "cidr-block-association.cidr-block" => self.cidr.to_string(),
            "cidr-block-association.association-id" => self.cidr_association.clone(),
            "cidr-block-association.state" => "associated".to_owned(),
            "dhcp-options-id" => DHCP_OPTIONS.to_owned(),
            "is-default" => "false".to_owned(),
            "owner-id" => view.account.to_owned(),
            "state" => "available".to_owned(),
            _ => self.meta.id.clone(),
        }]
    }
}

impl Vpc {
    fn to_sdk(&self, account: &str) -> types::Vpc {
        let state = VpcCidrBlockState::builder().state(VpcCidrBlockStateCode::Associated).build();
        let association = VpcCidrBlockAssociation::builder()
            .association_id(&self.cidr_association)
            .cidr_block(self.cidr.to_string())
            .cidr_block_state(state)
            .build();
        types::Vpc::builder()
            .vpc_id(&self.meta.id)
            .owner_id(account)
            .cidr_block(self.cidr.to_string())
            .cidr_block_association_set(association)
            .dhcp_options_id(DHCP_OPTIONS)
            .instance_tenancy(Tenancy::Default)
            .is_default(false)
            .state(VpcState::Available)
            .set_tags(tags::to_sdk(&self.meta.tags))
            .build()
    }
}

/// EC2 API reference, CreateVpc: /16 to /28; comes with a main route table, a default group and a default ACL. Knows no
/// client token: called twice, it makes two.
pub(super) fn create_vpc(call: &mut Call<'_>, input: &CreateVpcInput) -> Result<CreateVpcOutput, ApiError> {
    unsupported(&[
        ("DryRun", input.dry_run() == Some(true)),
        ("IPv6", input.amazon_provided_ipv6_cidr_block() == Some(true) || input.ipv6_cidr_block().is_some()),
        ("IPAM pools", input.ipv4_ipam_pool_id().is_some() || input.ipv6_ipam_pool_id().is_some()),
        ("dedicated tenancy", input.instance_tenancy().is_some_and(|tenancy| *tenancy != Tenancy::Default)),
    ])?;
    let cidr = cidr::parse(required(input.cidr_block(), "cidrBlock")?, "cidrBlock")?;
    cidr::check_size(cidr, "InvalidVpc.Range")?;
    let tags = tags::specified(input.tag_specifications(), &Vpc::KIND)?;
    if call.world.ec2.vpcs.len() as f64 >= call.quota(quotas::VPCS) {
        return Err(ApiError::new("VpcLimitExceeded", "The maximum number of VPCs has been reached."));
    }

    let meta = Meta::new(call, &Vpc::KIND, tags);
    let group = SecurityGroup::default_of(call, &meta.id);
    let rules = SecurityGroupRule::defaults_of_default_group(call, &group.meta.id);
    let table = RouteTable::main_of(call, &meta.id, cidr);
    let acl = NetworkAcl::default_of(call, &meta.id);
    let vpc = Vpc {
        cidr,
        cidr_association: call.id("vpc-cidr-assoc"),
        dns_support: true,
        dns_hostnames: false,
        address_usage_metrics: false,
        default_group: group.meta.id.clone(),
        main_route_table: table.meta.id.clone(),
        default_acl: acl.meta.id.clone(),
        meta,
    };
    let output = vpc.to_sdk(call.account());
    let ec2 = &mut call.world.ec2;
    ec2.security_groups.insert(group.meta.id.clone(), group);
    ec2.security_group_rules.extend(rules.into_iter().map(|rule| (rule.meta.id.clone(), rule)));
    ec2.route_tables.insert(table.meta.id.clone(), table);
    ec2.network_acls.insert(acl.meta.id.clone(), acl);
    ec2.vpcs.insert(vpc.meta.id.clone(), vpc);
    Ok(CreateVpcOutput::builder().vpc(output).build())
}

pub(super) fn describe_vpcs(call: &mut Call<'_>, input: &DescribeVpcsInput) -> Result<DescribeVpcsOutput, ApiError> {
    let query = query!(input, vpc_ids, filters);
    let (vpcs, next_token) = record::describe(call, &call.world.ec2.vpcs, &query)?;
    let vpcs = vpcs.into_iter().map(|vpc| vpc.to_sdk(call.account())).collect();
    Ok(DescribeVpcsOutput::builder().set_vpcs(Some(vpcs)).set_next_token(next_token).build())
}

pub(super) fn describe_vpc_attribute(
    call: &mut Call<'_>,
    input: &DescribeVpcAttributeInput,
) -> Result<DescribeVpcAttributeOutput, ApiError> {
    let vpc = find(&call.world.ec2.vpcs, required(input.vpc_id(), "vpcId")?)?;
    if !call.visible(vpc.meta.created_at) {
        return Err(Vpc::KIND.not_found(&vpc.meta.id));
    }
    let output = DescribeVpcAttributeOutput::builder().vpc_id(&vpc.meta.id);
    let value = |value| AttributeBooleanValue::builder().value(value).build();
    let output = match required(input.attribute(), "attribute")? {
        VpcAttributeName::EnableDnsSupport => output.enable_dns_support(value(vpc.dns_support)),
        VpcAttributeName::EnableDnsHostnames => output.enable_dns_hostnames(value(vpc.dns_hostnames)),
        VpcAttributeName::EnableNetworkAddressUsageMetrics => {
            output.enable_network_address_usage_metrics(value(vpc.address_usage_metrics))
        }
        other => return Err(record::invalid(other, "attribute", "Invalid attribute.")),
    };
    Ok(output.build())
}

/// EC2 API reference, ModifyVpcAttribute: one attribute per call; host names only with DNS support.
pub(super) fn modify_vpc_attribute(
    call: &mut Call<'_>,
    input: &ModifyVpcAttributeInput,
) -> Result<ModifyVpcAttributeOutput, ApiError> {
    let vpc = find(&call.world.ec2.vpcs, required(input.vpc_id(), "vpcId")?)?;
    let value = |value: Option<&AttributeBooleanValue>| value.and_then(AttributeBooleanValue::value);
    let support = value(input.enable_dns_support());
    let hostnames = value(input.enable_dns_hostnames());
    let metrics = value(input.enable_network_address_usage_metrics());
    match [support, hostnames, metrics].into_iter().flatten().count() {
        1 => {}
        0 => return Err(ApiError::new("MissingParameter", "The request must contain one attribute to modify.")),
        _ => {
            let message = "Fields for multiple attribute types specified";
            return Err(ApiError::new("InvalidParameterCombination", message));
        }
    }
    if hostnames == Some(true) && !vpc.dns_support {
        let message = "Enabling DNS hostnames requires DNS support to be enabled.";
        return Err(ApiError::new("InvalidParameterCombination", message));
    }
    let id = vpc.meta.id.clone();
    let vpc = find_mut(&mut call.world.ec2.vpcs, &id)?;
    vpc.dns_support = support.unwrap_or(vpc.dns_support);
    vpc.dns_hostnames = hostnames.unwrap_or(vpc.dns_hostnames) && vpc.dns_support;
    vpc.address_usage_metrics = metrics.unwrap_or(vpc.address_usage_metrics);
    Ok(ModifyVpcAttributeOutput::builder().build())
}

/// VPC User Guide, "Delete your VPC": what came with the VPC goes with it, everything else must be gone before.
pub(super) fn delete_vpc(call: &mut Call<'_>, input: &DeleteVpcInput) -> Result<DeleteVpcOutput, ApiError> {
    let vpc = find(&call.world.ec2.vpcs, required(input.vpc_id(), "vpcId")?)?.clone();
    let id = &vpc.meta.id;
    if call.world.ec2.has_dependents(&vpc) {
        let message = format!("The vpc '{id}' has dependencies and cannot be deleted.");
        return Err(ApiError::new("DependencyViolation", message));
    }
    let ec2 = &mut call.world.ec2;
    ec2.security_group_rules.retain(|_, rule| rule.group_id != vpc.default_group);
    ec2.security_groups.remove(&vpc.default_group);
    ec2.route_tables.remove(&vpc.main_route_table);
    ec2.network_acls.remove(&vpc.default_acl);
    ec2.vpcs.remove(id);
    Ok(DeleteVpcOutput::builder().build())
}
