//! The operations of EC2.

use super::{
    address, flow_log, internet_gateway, nat_gateway, network_acl, network_interface, prefix_list, route, route_table,
    rules, security_group, security_group_rule, state, subnet, tags, vpc, vpc_endpoints, zones,
};
use crate::sandbox::registry::{Registry, Service, operations};
use crate::sandbox::throttle::{Limits, Rate};

/// EC2 API reference, "Request throttling": token buckets per account and Region, 100 and 20 per second for Describe
/// calls; 50 and 5 per second for changing ones is the lower end of the documented buckets.
static EC2: Service = Service {
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
    registry.before_each_call(state::advance);
    networks(registry);
    gateways(registry);
    routing(registry);
    groups(registry);
    operations!(registry, &EC2, aws_sdk_ec2, {
        create_tags::CreateTagsError => tags::create_tags,
        delete_tags::DeleteTagsError => tags::delete_tags,
        describe_tags::DescribeTagsError => tags::describe_tags,
        create_flow_logs::CreateFlowLogsError => flow_log::create_flow_logs,
        describe_flow_logs::DescribeFlowLogsError => flow_log::describe_flow_logs,
        delete_flow_logs::DeleteFlowLogsError => flow_log::delete_flow_logs,
    });
}

fn networks(registry: &mut Registry) {
    operations!(registry, &EC2, aws_sdk_ec2, {
        describe_availability_zones::DescribeAvailabilityZonesError => zones::describe_availability_zones,
        create_vpc::CreateVpcError => vpc::create_vpc,
        modify_vpc_attribute::ModifyVpcAttributeError => vpc::modify_vpc_attribute,
        describe_vpcs::DescribeVpcsError => vpc::describe_vpcs,
        describe_vpc_attribute::DescribeVpcAttributeError => vpc::describe_vpc_attribute,
        delete_vpc::DeleteVpcError => vpc::delete_vpc,
        create_subnet::CreateSubnetError => subnet::create_subnet,
        modify_subnet_attribute::ModifySubnetAttributeError => subnet::modify_subnet_attribute,
        describe_subnets::DescribeSubnetsError => subnet::describe_subnets,
        delete_subnet::DeleteSubnetError => subnet::delete_subnet,
        describe_network_acls::DescribeNetworkAclsError => network_acl::describe_network_acls,
        describe_network_interfaces::DescribeNetworkInterfacesError => network_interface::describe_network_interfaces,
    });
}

fn gateways(registry: &mut Registry) {
    operations!(registry, &EC2, aws_sdk_ec2, {
        create_internet_gateway::CreateInternetGatewayError => internet_gateway::create_internet_gateway,
        attach_internet_gateway::AttachInternetGatewayError => internet_gateway::attach_internet_gateway,
        detach_internet_gateway::DetachInternetGatewayError => internet_gateway::detach_internet_gateway,
        describe_internet_gateways::DescribeInternetGatewaysError => internet_gateway::describe_internet_gateways,
        delete_internet_gateway::DeleteInternetGatewayError => internet_gateway::delete_internet_gateway,
        allocate_address::AllocateAddressError => address::allocate_address,
        describe_addresses::DescribeAddressesError => address::describe_addresses,
        release_address::ReleaseAddressError => address::release_address,
        create_nat_gateway::CreateNatGatewayError => nat_gateway::create_nat_gateway,
        describe_nat_gateways::DescribeNatGatewaysError => nat_gateway::describe_nat_gateways,
        delete_nat_gateway::DeleteNatGatewayError => nat_gateway::delete_nat_gateway,
        create_vpc_endpoint::CreateVpcEndpointError => vpc_endpoints::create_vpc_endpoint,
        modify_vpc_endpoint::ModifyVpcEndpointError => vpc_endpoints::modify_vpc_endpoint,
        describe_vpc_endpoints::DescribeVpcEndpointsError => vpc_endpoints::describe_vpc_endpoints,
        delete_vpc_endpoints::DeleteVpcEndpointsError => vpc_endpoints::delete_vpc_endpoints,
    });
}

fn routing(registry: &mut Registry) {
    operations!(registry, &EC2, aws_sdk_ec2, {
        create_route_table::CreateRouteTableError => route_table::create_route_table,
        describe_route_tables::DescribeRouteTablesError => route_table::describe_route_tables,
        associate_route_table::AssociateRouteTableError => route_table::associate_route_table,
        disassociate_route_table::DisassociateRouteTableError => route_table::disassociate_route_table,
        delete_route_table::DeleteRouteTableError => route_table::delete_route_table,
        create_route::CreateRouteError => route::create_route,
        replace_route::ReplaceRouteError => route::replace_route,
        delete_route::DeleteRouteError => route::delete_route,
        describe_prefix_lists::DescribePrefixListsError => prefix_list::describe_prefix_lists,
        describe_managed_prefix_lists::DescribeManagedPrefixListsError => prefix_list::describe_managed_prefix_lists,
    });
}

fn groups(registry: &mut Registry) {
    operations!(registry, &EC2, aws_sdk_ec2, {
        create_security_group::CreateSecurityGroupError => security_group::create_security_group,
        describe_security_groups::DescribeSecurityGroupsError => security_group::describe_security_groups,
        delete_security_group::DeleteSecurityGroupError => security_group::delete_security_group,
        describe_security_group_rules::DescribeSecurityGroupRulesError =>
            security_group_rule::describe_security_group_rules,
        authorize_security_group_ingress::AuthorizeSecurityGroupIngressError => rules::authorize_ingress,
        authorize_security_group_egress::AuthorizeSecurityGroupEgressError => rules::authorize_egress,
        revoke_security_group_ingress::RevokeSecurityGroupIngressError => rules::revoke_ingress,
        revoke_security_group_egress::RevokeSecurityGroupEgressError => rules::revoke_egress,
        modify_security_group_rules::ModifySecurityGroupRulesError => rules::modify_security_group_rules,
    });
}
