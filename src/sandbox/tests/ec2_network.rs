//! VPCs, subnets, gateways, NAT, routes.

use std::time::Duration;

use aws_sdk_ec2::types::{AttributeBooleanValue, NatGatewayState, ResourceType, RouteState, Tag};

use super::support::*;
use crate::sandbox::{SandboxOptions, quotas};

const ZONE: &str = "us-east-1a";

fn yes() -> AttributeBooleanValue {
    AttributeBooleanValue::builder().value(true).build()
}

#[tokio::test(start_paused = true)]
async fn a_vpc_comes_with_group_table_and_acl_and_they_go_with_it() {
    let (sandbox, ec2) = in_memory();
    let id = vpc(&ec2).await;
    settle().await;
    let of_vpc = filter("vpc-id", &id);
    let groups = ec2.describe_security_groups().filters(of_vpc.clone()).send().await.unwrap();
    let default = &groups.security_groups()[0];
    assert_eq!((default.group_name(), default.ip_permissions().len()), (Some("default"), 1));
    assert_eq!(default.ip_permissions_egress()[0].ip_ranges()[0].cidr_ip(), Some("0.0.0.0/0"));
    let tables = ec2.describe_route_tables().filters(filter("association.main", "true")).send().await.unwrap();
    assert_eq!(tables.route_tables()[0].routes()[0].gateway_id(), Some("local"));
    let acls = ec2.describe_network_acls().filters(of_vpc.clone()).send().await.unwrap();
    assert_eq!(acls.network_acls()[0].entries().len(), 4);
    assert_eq!(sandbox.inventory().unwrap(), [format!("ec2:vpc {id}")]);

    let group = default.group_id().unwrap();
    assert_eq!(code(ec2.delete_security_group().group_id(group).send().await), "CannotDelete");
    ec2.delete_vpc().vpc_id(&id).send().await.unwrap();
    assert!(ec2.describe_security_groups().send().await.unwrap().security_groups().is_empty());
    assert!(ec2.describe_security_group_rules().send().await.unwrap().security_group_rules().is_empty());
    assert!(ec2.describe_route_tables().send().await.unwrap().route_tables().is_empty());
    assert_eq!(code(ec2.delete_vpc().vpc_id(&id).send().await), "InvalidVpcID.NotFound");
}

#[tokio::test(start_paused = true)]
async fn vpc_attributes() {
    let (_sandbox, ec2) = in_memory();
    let id = vpc(&ec2).await;
    let modify = || ec2.modify_vpc_attribute().vpc_id(&id);
    assert_eq!(code(modify().send().await), "MissingParameter");
    let both = modify().enable_dns_support(yes()).enable_dns_hostnames(yes()).send().await;
    assert_eq!(code(both), "InvalidParameterCombination");
    modify().enable_dns_hostnames(yes()).send().await.unwrap();
    settle().await;
    let describe = ec2.describe_vpc_attribute().vpc_id(&id).attribute("enableDnsHostnames".into());
    let hostnames = describe.send().await.unwrap().enable_dns_hostnames.unwrap();
    assert_eq!(hostnames.value(), Some(true));
}

#[tokio::test(start_paused = true)]
async fn ranges_are_checked() {
    let (_sandbox, ec2) = in_memory();
    let create = |cidr: &str| ec2.create_vpc().cidr_block(cidr).send();
    assert_eq!(code(create("10.0.0.0/15").await), "InvalidVpc.Range");
    assert_eq!(code(create("10.0.0.0/29").await), "InvalidVpc.Range");
    assert_eq!(code(create("10.0.0.0").await), "InvalidParameterValue");
    assert_eq!(code(ec2.create_vpc().send().await), "MissingParameter");

    let id = vpc(&ec2).await;
    let create = |cidr: &str| ec2.create_subnet().vpc_id(&id).cidr_block(cidr).availability_zone(ZONE).send();
    assert_eq!(code(create("10.1.0.0/24").await), "InvalidSubnet.Range");
    assert_eq!(code(create("10.0.0.0/29").await), "InvalidSubnet.Range");
    create("10.0.0.0/20").await.unwrap();
    assert_eq!(code(create("10.0.1.0/24").await), "InvalidSubnet.Conflict");
    let nowhere = ec2.create_subnet().vpc_id(&id).cidr_block("10.0.16.0/20").availability_zone("eu-west-1a");
    assert_eq!(code(nowhere.send().await), "InvalidParameterValue");
    let unknown = ec2.create_subnet().vpc_id("vpc-0123456789abcdef0").cidr_block("10.0.16.0/20");
    assert_eq!(code(unknown.send().await), "InvalidVpcID.NotFound");
    assert_eq!(code(ec2.delete_vpc().vpc_id("vpc-dev").send().await), "InvalidVpcID.Malformed");
    assert_eq!(code(ec2.delete_vpc().vpc_id(&id).send().await), "DependencyViolation");
}

#[tokio::test(start_paused = true)]
async fn quotas_hold_and_can_be_raised() {
    let mut options = SandboxOptions::in_memory();
    options.quotas.insert(quotas::VPCS.to_owned(), 1.0);
    let ec2 = ec2(&sandbox(options));
    vpc(&ec2).await;
    assert_eq!(code(ec2.create_vpc().cidr_block("10.0.0.0/16").send().await), "VpcLimitExceeded");
    for _ in 0..5 {
        address(&ec2).await;
    }
    assert_eq!(code(ec2.allocate_address().send().await), "AddressLimitExceeded");
}

#[tokio::test(start_paused = true)]
async fn tags_filters_and_pages() {
    let (_sandbox, ec2) = in_memory();
    let id = vpc(&ec2).await;
    for index in 0..7 {
        let specification = tags(ResourceType::Subnet, &[("Name", &format!("subnet-{index}")), ("Team", "platform")]);
        let cidr = format!("10.0.{index}.0/24");
        ec2.create_subnet().vpc_id(&id).cidr_block(cidr).tag_specifications(specification).send().await.unwrap();
    }
    settle().await;
    let named = ec2.describe_subnets().filters(filter("tag:Name", "subnet-3")).send().await.unwrap();
    assert_eq!(named.subnets()[0].cidr_block(), Some("10.0.3.0/24"));
    assert_eq!(named.subnets()[0].available_ip_address_count(), Some(251));
    let all = ec2.describe_subnets().filters(filter("tag-key", "Te*")).filters(filter("vpc-id", &id));
    assert_eq!(all.send().await.unwrap().subnets().len(), 7);
    let misspelt = ec2.describe_subnets().filters(filter("vpcid", &id)).send().await;
    assert_eq!(code(misspelt), "InvalidParameterValue");

    let page = ec2.describe_subnets().max_results(5).send().await.unwrap();
    let rest = ec2.describe_subnets().max_results(5).next_token(page.next_token().unwrap()).send().await.unwrap();
    assert_eq!((page.subnets().len(), rest.subnets().len(), rest.next_token()), (5, 2, None));
    assert_eq!(code(ec2.describe_subnets().max_results(4).send().await), "InvalidParameterValue");
    assert_eq!(code(ec2.describe_subnets().next_token("x").send().await), "InvalidNextToken");

    let wrong = ec2.create_subnet().vpc_id(&id).cidr_block("10.0.9.0/24");
    let wrong = wrong.tag_specifications(tags(ResourceType::Vpc, &[("Name", "x")]));
    assert_eq!(code(wrong.send().await), "InvalidParameterValue");
    let reserved = ec2.create_tags().resources(&id).tags(Tag::builder().key("aws:x").value("y").build());
    assert_eq!(code(reserved.send().await), "InvalidParameterValue");
    ec2.create_tags().resources(&id).tags(Tag::builder().key("Name").value("vpc-dev").build()).send().await.unwrap();
    let listed = ec2.describe_tags().filters(filter("resource-id", &id)).send().await.unwrap();
    assert_eq!((listed.tags()[0].key(), listed.tags()[0].value()), (Some("Name"), Some("vpc-dev")));
    ec2.delete_tags().resources(&id).tags(Tag::builder().key("Name").build()).send().await.unwrap();
    assert!(ec2.describe_vpcs().send().await.unwrap().vpcs()[0].tags().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_nat_gateway_lives_and_dies() {
    let (_sandbox, ec2) = in_memory();
    let id = vpc(&ec2).await;
    let subnet = subnet(&ec2, &id, "10.0.0.0/24", ZONE).await;
    let gateway = internet_gateway(&ec2, &id).await;
    let allocation = address(&ec2).await;
    let nat = nat_gateway(&ec2, &subnet, &allocation).await;
    let taken = ec2.create_nat_gateway().subnet_id(&subnet).allocation_id(&allocation).send().await;
    assert_eq!(code(taken), "Resource.AlreadyAssociated");
    let table = route_table(&ec2, &id).await;
    let route = || ec2.create_route().route_table_id(&table).destination_cidr_block("0.0.0.0/0").nat_gateway_id(&nat);
    assert_eq!(code(route().send().await), "InvalidNatGatewayID.NotFound");
    settle().await;
    assert_eq!(nat_state(&ec2, &nat).await, "pending");
    tokio::time::sleep(Duration::from_secs(104)).await;
    assert_eq!(nat_state(&ec2, &nat).await, "available");
    route().send().await.unwrap();
    assert_eq!(code(route().send().await), "RouteAlreadyExists");

    assert_eq!(code(ec2.delete_subnet().subnet_id(&subnet).send().await), "DependencyViolation");
    let detach = || ec2.detach_internet_gateway().internet_gateway_id(&gateway).vpc_id(&id).send();
    assert_eq!(code(detach().await), "DependencyViolation");
    let release = || ec2.release_address().allocation_id(&allocation).send();
    assert_eq!(code(release().await), "InvalidIPAddress.InUse");

    ec2.delete_nat_gateway().nat_gateway_id(&nat).send().await.unwrap();
    assert_eq!(nat_state(&ec2, &nat).await, "deleting");
    assert_eq!(code(release().await), "InvalidIPAddress.InUse");
    tokio::time::sleep(Duration::from_secs(55)).await;
    assert_eq!(nat_state(&ec2, &nat).await, "deleted");
    assert_eq!(code(release().await), "InvalidIPAddress.InUse");
    detach().await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    release().await.unwrap();
    let tables = ec2.describe_route_tables().route_table_ids(&table).send().await.unwrap();
    let default = tables.route_tables()[0].routes().iter().find(|route| route.nat_gateway_id().is_some()).unwrap();
    assert_eq!(default.state(), Some(&RouteState::Blackhole));
    ec2.delete_subnet().subnet_id(&subnet).send().await.unwrap();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let gone = ec2.describe_nat_gateways().nat_gateway_ids(&nat).send().await;
    assert_eq!(code(gone), "NatGatewayNotFound");
}

#[tokio::test(start_paused = true)]
async fn a_nat_gateway_without_internet_gateway_fails() {
    let (_sandbox, ec2) = in_memory();
    let id = vpc(&ec2).await;
    let subnet = subnet(&ec2, &id, "10.0.0.0/24", ZONE).await;
    let allocation = address(&ec2).await;
    let nat = nat_gateway(&ec2, &subnet, &allocation).await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    let output = ec2.describe_nat_gateways().nat_gateway_ids(&nat).send().await.unwrap();
    assert_eq!(output.nat_gateways()[0].state(), Some(&NatGatewayState::Failed));
    assert_eq!(output.nat_gateways()[0].failure_code(), Some("Gateway.NotAttached"));
    ec2.release_address().allocation_id(&allocation).send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn client_tokens_are_honoured() {
    let (sandbox, ec2) = in_memory();
    let id = vpc(&ec2).await;
    let subnet = subnet(&ec2, &id, "10.0.0.0/24", ZONE).await;
    internet_gateway(&ec2, &id).await;
    let allocation = address(&ec2).await;
    let nat = || ec2.create_nat_gateway().subnet_id(&subnet).allocation_id(&allocation).client_token("nat-a");
    let first = nat().send().await.unwrap().nat_gateway.unwrap().nat_gateway_id;
    let second = nat().send().await.unwrap().nat_gateway.unwrap().nat_gateway_id;
    assert_eq!(first, second);
    let table = |vpc: &str| ec2.create_route_table().vpc_id(vpc).client_token("table-a");
    let first = table(&id).send().await.unwrap().route_table.unwrap().route_table_id;
    let second = table(&id).send().await.unwrap().route_table.unwrap().route_table_id;
    assert_eq!(first, second);
    let other = table(&vpc(&ec2).await).send().await;
    assert_eq!(code(other), "IdempotentParameterMismatch");
    assert_eq!(sandbox.inventory().unwrap().iter().filter(|line| line.starts_with("ec2:route-table")).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn route_tables_and_their_associations() {
    let (_sandbox, ec2) = in_memory();
    let id = vpc(&ec2).await;
    let subnet = subnet(&ec2, &id, "10.0.0.0/24", ZONE).await;
    let gateway = internet_gateway(&ec2, &id).await;
    let (table, other) = (route_table(&ec2, &id).await, route_table(&ec2, &id).await);
    let associate = |table: &str| ec2.associate_route_table().route_table_id(table).subnet_id(&subnet).send();
    let association = associate(&table).await.unwrap().association_id.unwrap();
    assert_eq!(code(associate(&other).await), "Resource.AlreadyAssociated");
    assert_eq!(code(ec2.delete_route_table().route_table_id(&table).send().await), "DependencyViolation");

    let route = |destination: &str| ec2.create_route().route_table_id(&table).destination_cidr_block(destination);
    route("0.0.0.0/0").gateway_id(&gateway).send().await.unwrap();
    assert_eq!(code(route("0.0.0.0/0").gateway_id(&gateway).send().await), "RouteAlreadyExists");
    assert_eq!(code(route("10.9.0.0/16").send().await), "MissingParameter");
    let stray = ec2.create_internet_gateway().send().await.unwrap().internet_gateway.unwrap();
    let stray = stray.internet_gateway_id().unwrap();
    assert_eq!(code(route("10.9.0.0/16").gateway_id(stray).send().await), "InvalidParameterValue");
    let attach = ec2.attach_internet_gateway().internet_gateway_id(stray).vpc_id(&id).send().await;
    assert_eq!(code(attach), "InvalidParameterValue");
    assert_eq!(code(ec2.delete_internet_gateway().internet_gateway_id(&gateway).send().await), "DependencyViolation");
    let local = ec2.delete_route().route_table_id(&table).destination_cidr_block("10.0.0.0/16").send().await;
    assert_eq!(code(local), "InvalidParameterValue");
    ec2.delete_route().route_table_id(&table).destination_cidr_block("0.0.0.0/0").send().await.unwrap();
    let absent = ec2.delete_route().route_table_id(&table).destination_cidr_block("0.0.0.0/0").send().await;
    assert_eq!(code(absent), "InvalidRoute.NotFound");

    ec2.disassociate_route_table().association_id(&association).send().await.unwrap();
    let again = ec2.disassociate_route_table().association_id(&association).send().await;
    assert_eq!(code(again), "InvalidAssociationID.NotFound");
    ec2.delete_route_table().route_table_id(&table).send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn endpoints_bring_and_take_their_routes() {
    let (_sandbox, ec2) = in_memory();
    let id = vpc(&ec2).await;
    let table = route_table(&ec2, &id).await;
    let create = |service: &str| {
        let name = format!("com.amazonaws.us-east-1.{service}");
        ec2.create_vpc_endpoint().vpc_id(&id).service_name(name).route_table_ids(&table)
    };
    assert_eq!(code(create("sqs").send().await), "InvalidServiceName");
    let endpoint = create("s3").client_token("s3").send().await.unwrap().vpc_endpoint.unwrap();
    let endpoint = endpoint.vpc_endpoint_id().unwrap().to_owned();
    assert_eq!(
        create("s3").client_token("s3").send().await.unwrap().vpc_endpoint.unwrap().vpc_endpoint_id(),
        Some(&*endpoint)
    );
    assert_eq!(code(create("s3").send().await), "RouteAlreadyExists");
    tokio::time::sleep(Duration::from_secs(5)).await;
    let found = ec2.describe_vpc_endpoints().vpc_endpoint_ids(&endpoint).send().await.unwrap();
    assert_eq!(found.vpc_endpoints()[0].state().map(|state| state.as_str()), Some("available"));
    let routes = || async {
        let output = ec2.describe_route_tables().route_table_ids(&table).send().await.unwrap();
        output.route_tables()[0].routes().len()
    };
    assert_eq!(routes().await, 2);
    let output = ec2.delete_vpc_endpoints().vpc_endpoint_ids(&endpoint).send().await.unwrap();
    assert!(output.unsuccessful().is_empty());
    assert_eq!(routes().await, 1);
    ec2.delete_route_table().route_table_id(&table).send().await.unwrap();
    assert_eq!(code(ec2.delete_vpc().vpc_id(&id).send().await), "DependencyViolation");
    tokio::time::sleep(Duration::from_secs(5)).await;
    ec2.delete_vpc().vpc_id(&id).send().await.unwrap();
}
