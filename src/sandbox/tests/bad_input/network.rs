//! EC2.

use aws_sdk_ec2::types::{
    AttributeBooleanValue, FlowLogsResourceType, IpPermission, IpRange, ResourceType, TrafficType, VpcEndpointType,
};

use super::trial::{Trial, refused};
use crate::sandbox::tests::bench::Bench;
use crate::sandbox::tests::estate::{Network, wait};
use crate::sandbox::tests::support::{self, filter, tags};

/// TCP from an address range.
fn permission(from: i32, to: i32, range: &str) -> IpPermission {
    let range = IpRange::builder().cidr_ip(range).build();
    IpPermission::builder().ip_protocol("tcp").from_port(from).to_port(to).ip_ranges(range).build()
}

/// EC2 API reference, each operation, and "Error codes".
pub async fn ec2(trial: &mut Trial) {
    let bench = Bench::open().await;
    let ec2 = &bench.aws.ec2;
    let net = Network::make(&bench.aws).await;
    let address = support::address(ec2).await;
    let table = support::route_table(ec2, &net.vpc).await;
    let call = ec2.authorize_security_group_ingress().group_id(&net.group);
    call.ip_permissions(permission(443, 443, "10.0.0.0/16")).send().await.expect("a rule");
    wait(2).await;

    let subnet = || ec2.create_subnet().vpc_id(&net.vpc).cidr_block("10.0.9.0/24");
    let group = || ec2.create_security_group().vpc_id(&net.vpc).group_name("new").description("new");
    let allow = || ec2.authorize_security_group_ingress().group_id(&net.group);
    let gateway = || ec2.create_nat_gateway().subnet_id(&net.subnets[0]).allocation_id(&address);
    let route = || ec2.create_route().route_table_id(&table).destination_cidr_block("0.0.0.0/0");
    let log = || {
        let call = ec2.create_flow_logs().resource_type(FlowLogsResourceType::Vpc).resource_ids(&net.vpc);
        call.traffic_type(TrafficType::All).log_group_name("/vpc")
    };
    let endpoint = || ec2.create_vpc_endpoint().vpc_id(&net.vpc);
    let reserved = || tags(ResourceType::Vpc, &[("aws:mine", "1")]);
    let on = AttributeBooleanValue::builder().value(true).build();
    refused!(trial, bench, "ec2",
        "a VPC larger than /16", "InvalidVpc.Range" => ec2.create_vpc().cidr_block("10.0.0.0/8");
        "a VPC smaller than /28", "InvalidVpc.Range" => ec2.create_vpc().cidr_block("10.0.0.0/29");
        "a range that is none", "InvalidParameterValue" => ec2.create_vpc().cidr_block("10.0.0.0");
        "no range", "MissingParameter" => ec2.create_vpc();
        "a tag that is reserved", "InvalidParameterValue" => ec2.create_vpc().cidr_block("10.9.0.0/16").tag_specifications(reserved());
        "tags of another kind", "InvalidParameterValue" => subnet().tag_specifications(tags(ResourceType::Vpc, &[("a", "b")]));
        "an id that is none", "InvalidVpcID.Malformed" => ec2.delete_vpc().vpc_id("dev");
        "an id that is not there", "InvalidVpcID.NotFound" => ec2.delete_vpc().vpc_id("vpc-0123456789abcdef0");
        "two attributes at once", "InvalidParameterCombination" => ec2.modify_vpc_attribute().vpc_id(&net.vpc).enable_dns_support(on.clone()).enable_dns_hostnames(on.clone());
        "a subnet outside of its VPC", "InvalidSubnet.Range" => subnet().cidr_block("10.1.0.0/24");
        "a subnet that overlaps", "InvalidSubnet.Conflict" => subnet().cidr_block("10.0.1.128/25");
        "a zone that is not there", "InvalidParameterValue" => subnet().availability_zone("us-east-1z");
        "a group called sg-", "InvalidParameterValue" => group().group_name("sg-alb");
        "a group called default", "InvalidGroup.Reserved" => group().group_name("default");
        "a group's name twice", "InvalidGroup.Duplicate" => group().group_name("tasks");
        "a description with an umlaut", "InvalidParameterValue" => group().description("für alle");
        "a name of 256 characters", "InvalidParameterValue" => group().group_name("x".repeat(256));
        "port 70000", "InvalidParameterValue" => allow().ip_permissions(permission(443, 70_000, "10.0.0.0/16"));
        "ports backwards", "InvalidParameterValue" => allow().ip_permissions(permission(443, 80, "10.0.0.0/16"));
        "a range with host bits", "InvalidParameterValue" => allow().ip_permissions(permission(80, 80, "10.0.0.1/16"));
        "an unknown protocol", "InvalidParameterValue" => allow().ip_protocol("http").from_port(80).to_port(80).cidr_ip("10.0.0.0/16");
        "a rule twice", "InvalidPermission.Duplicate" => allow().ip_permissions(permission(443, 443, "10.0.0.0/16"));
        "a rule that is not there", "InvalidPermission.NotFound" => ec2.revoke_security_group_ingress().group_id(&net.group).ip_permissions(permission(22, 22, "10.0.0.0/16"));
        "a NAT gateway without an address", "MissingParameter" => gateway().set_allocation_id(None);
        "a NAT gateway in no subnet", "InvalidSubnetID.NotFound" => gateway().subnet_id("subnet-0123456789abcdef0");
        "a token of 65 characters", "InvalidParameterValue" => gateway().client_token("x".repeat(65));
        "a route to nothing", "MissingParameter" => route();
        "a route to a gateway that is not there", "InvalidGatewayID.NotFound" => route().gateway_id("igw-0123456789abcdef0");
        "a route to two gateways", "InvalidParameterCombination" => route().gateway_id(&net.gateway).nat_gateway_id("nat-0123456789abcdef0");
        "a second gateway", "Resource.AlreadyAssociated" => ec2.attach_internet_gateway().internet_gateway_id(&net.gateway).vpc_id(&net.vpc);
        "a flow log without a role", "InvalidParameter" => log();
        "a flow log with a role that is not there", "InvalidParameter" => log().deliver_logs_permission_arn("arn:aws:iam::123456789012:role/ghost");
        "an endpoint of a service that has none", "InvalidServiceName" => endpoint().service_name("com.amazonaws.us-east-1.ghost").vpc_endpoint_type(VpcEndpointType::Gateway);
        "a gateway endpoint with subnets", "InvalidParameter" => endpoint().service_name("com.amazonaws.us-east-1.s3").vpc_endpoint_type(VpcEndpointType::Gateway).subnet_ids(&net.subnets[0]);
        "a filter that is not there", "InvalidParameterValue" => ec2.describe_vpcs().filters(filter("colour", "red"));
        "a page of four", "InvalidParameterValue" => ec2.describe_vpcs().max_results(4);
        "a page of ids", "InvalidParameterCombination" => ec2.describe_vpcs().vpc_ids(&net.vpc).max_results(10);
        "a token of another list", "InvalidNextToken" => ec2.describe_vpcs().next_token("x");
    );
}
