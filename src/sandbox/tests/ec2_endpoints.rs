//! Interface endpoints, prefix lists, routes that are replaced.

use std::time::Duration;

use aws_sdk_ec2::types::{AttributeBooleanValue, VpcEndpointType};

use super::support::*;
use crate::sandbox::Sandbox;
use crate::sandbox::SandboxOptions;
use crate::sandbox::pace::run_paced;

#[tokio::test(start_paused = true)]
async fn an_interface_endpoint_has_interfaces_and_needs_dns() {
    let (_sandbox, ec2) = in_memory();
    let id = vpc(&ec2).await;
    let first = subnet(&ec2, &id, "10.0.0.0/24", "us-east-1a").await;
    let sibling = subnet(&ec2, &id, "10.0.1.0/24", "us-east-1a").await;
    let create = |subnets: &[&String]| {
        ec2.create_vpc_endpoint()
            .vpc_endpoint_type(VpcEndpointType::Interface)
            .vpc_id(&id)
            .service_name("com.amazonaws.us-east-1.ecr.api")
            .set_subnet_ids(Some(subnets.iter().map(|id| id.to_string()).collect()))
    };
    assert_eq!(code(create(&[&first]).send().await), "InvalidParameter");
    let hostnames = AttributeBooleanValue::builder().value(true).build();
    ec2.modify_vpc_attribute().vpc_id(&id).enable_dns_hostnames(hostnames).send().await.unwrap();
    assert_eq!(code(create(&[&first, &sibling]).send().await), "DuplicateSubnetsInSameZone");
    let endpoint = create(&[&first]).send().await.unwrap().vpc_endpoint.unwrap();
    assert_eq!((endpoint.network_interface_ids().len(), endpoint.groups().len()), (1, 1));
    let endpoint = endpoint.vpc_endpoint_id().unwrap();
    assert_eq!(code(ec2.delete_subnet().subnet_id(&first).send().await), "DependencyViolation");
    ec2.delete_vpc_endpoints().vpc_endpoint_ids(endpoint).send().await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    ec2.delete_subnet().subnet_id(&first).send().await.unwrap();
    assert_eq!(
        code(ec2.describe_vpc_endpoints().vpc_endpoint_ids(endpoint).send().await),
        "InvalidVpcEndpointId.NotFound"
    );
}

#[tokio::test(start_paused = true)]
async fn a_gateway_endpoint_moves_between_tables() {
    let (_sandbox, ec2) = in_memory();
    let id = vpc(&ec2).await;
    let (old, new) = (route_table(&ec2, &id).await, route_table(&ec2, &id).await);
    let create = ec2.create_vpc_endpoint().vpc_id(&id).service_name("com.amazonaws.us-east-1.dynamodb");
    let endpoint = create.route_table_ids(&old).send().await.unwrap().vpc_endpoint.unwrap();
    let modify = || ec2.modify_vpc_endpoint().vpc_endpoint_id(endpoint.vpc_endpoint_id().unwrap());
    assert_eq!(code(modify().policy_document("{").send().await), "InvalidPolicyDocument");
    modify().add_route_table_ids(&new).remove_route_table_ids(&old).send().await.unwrap();
    settle().await;
    let name = "com.amazonaws.us-east-1.dynamodb";
    let lists = ec2.describe_prefix_lists().filters(filter("prefix-list-name", name)).send().await.unwrap();
    let list = lists.prefix_lists()[0].prefix_list_id().unwrap();
    let tables = ec2.describe_route_tables().filters(filter("route.destination-prefix-list-id", list));
    let tables = tables.send().await.unwrap();
    assert_eq!(tables.route_tables().len(), 1);
    assert_eq!(tables.route_tables()[0].route_table_id(), Some(&*new));
    let managed = ec2.describe_managed_prefix_lists().prefix_list_ids(list).send().await.unwrap();
    assert_eq!(managed.prefix_lists()[0].prefix_list_name(), Some(name));
}

#[tokio::test(start_paused = true)]
async fn a_route_is_replaced_only_if_it_is_there() {
    let (_sandbox, ec2) = in_memory();
    let id = vpc(&ec2).await;
    let subnet = subnet(&ec2, &id, "10.0.0.0/24", "us-east-1a").await;
    let gateway = internet_gateway(&ec2, &id).await;
    let nat = nat_gateway(&ec2, &subnet, &address(&ec2).await).await;
    tokio::time::sleep(Duration::from_secs(105)).await;
    let table = route_table(&ec2, &id).await;
    let replace =
        || ec2.replace_route().route_table_id(&table).destination_cidr_block("0.0.0.0/0").nat_gateway_id(&nat);
    assert_eq!(code(replace().send().await), "InvalidParameterValue");
    let create = ec2.create_route().route_table_id(&table).destination_cidr_block("0.0.0.0/0");
    create.gateway_id(&gateway).send().await.unwrap();
    replace().send().await.unwrap();
    settle().await;
    let tables = ec2.describe_route_tables().filters(filter("route.nat-gateway-id", &nat)).send().await.unwrap();
    assert_eq!(tables.route_tables()[0].route_table_id(), Some(&*table));
}

#[test]
fn a_nat_gateway_becomes_available_on_a_paced_clock() {
    let started = std::time::Instant::now();
    let states = run_paced(600.0, async {
        let sandbox = Sandbox::open(SandboxOptions::in_memory()).unwrap();
        let ec2 = ec2(&sandbox);
        let id = vpc(&ec2).await;
        let subnet = subnet(&ec2, &id, "10.0.0.0/24", "us-east-1a").await;
        internet_gateway(&ec2, &id).await;
        let nat = nat_gateway(&ec2, &subnet, &address(&ec2).await).await;
        settle().await;
        let before = nat_state(&ec2, &nat).await;
        tokio::time::sleep(Duration::from_secs(105)).await;
        (before, nat_state(&ec2, &nat).await)
    })
    .unwrap();
    assert_eq!(states, ("pending".to_owned(), "available".to_owned()));
    assert!(started.elapsed() >= Duration::from_millis(170), "the clock ran away");
}
