//! Clients and short cuts for the tests.

use std::time::Duration;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;

use crate::sandbox::{Sandbox, SandboxOptions};

pub fn sandbox(options: SandboxOptions) -> Sandbox {
    Sandbox::open(options).expect("a sandbox for the test")
}

pub fn ec2(sandbox: &Sandbox) -> Client {
    let config = aws_sdk_ec2::config::Builder::from(&sandbox.sdk_config())
        .retry_config(RetryConfig::disabled())
        .interceptor(sandbox.interceptor())
        .build();
    Client::from_conf(config)
}

/// A sandbox and its EC2.
pub fn in_memory() -> (Sandbox, Client) {
    let sandbox = sandbox(SandboxOptions::in_memory());
    let ec2 = ec2(&sandbox);
    (sandbox, ec2)
}

/// The code of the error that a call must end with.
pub fn code<T: std::fmt::Debug, E: ProvideErrorMetadata>(result: Result<T, E>) -> String {
    match result {
        Ok(output) => panic!("should have been refused: {output:?}"),
        Err(error) => error.code().unwrap_or("(no code)").to_owned(),
    }
}

/// Lets eventual consistency settle.
pub async fn settle() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

pub fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

pub fn tags(resource_type: ResourceType, pairs: &[(&str, &str)]) -> TagSpecification {
    let tags = pairs.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build()).collect();
    TagSpecification::builder().resource_type(resource_type).set_tags(Some(tags)).build()
}

pub async fn vpc(ec2: &Client) -> String {
    let output = ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.expect("a VPC");
    output.vpc.and_then(|vpc| vpc.vpc_id).expect("its id")
}

pub async fn subnet(ec2: &Client, vpc: &str, cidr: &str, zone: &str) -> String {
    let request = ec2.create_subnet().vpc_id(vpc).cidr_block(cidr).availability_zone(zone);
    let output = request.send().await.expect("a subnet");
    output.subnet.and_then(|subnet| subnet.subnet_id).expect("its id")
}

/// An Internet gateway, attached.
pub async fn internet_gateway(ec2: &Client, vpc: &str) -> String {
    let output = ec2.create_internet_gateway().send().await.expect("a gateway");
    let id = output.internet_gateway.and_then(|gateway| gateway.internet_gateway_id).expect("its id");
    ec2.attach_internet_gateway().internet_gateway_id(&id).vpc_id(vpc).send().await.expect("attached");
    id
}

pub async fn address(ec2: &Client) -> String {
    ec2.allocate_address().send().await.expect("an address").allocation_id.expect("its id")
}

pub async fn nat_gateway(ec2: &Client, subnet: &str, allocation: &str) -> String {
    let request = ec2.create_nat_gateway().subnet_id(subnet).allocation_id(allocation);
    let output = request.send().await.expect("a NAT gateway");
    output.nat_gateway.and_then(|nat| nat.nat_gateway_id).expect("its id")
}

pub async fn nat_state(ec2: &Client, id: &str) -> String {
    let output = ec2.describe_nat_gateways().nat_gateway_ids(id).send().await.expect("the NAT gateway");
    output.nat_gateways()[0].state().expect("its state").as_str().to_owned()
}

pub async fn route_table(ec2: &Client, vpc: &str) -> String {
    let output = ec2.create_route_table().vpc_id(vpc).send().await.expect("a route table");
    output.route_table.and_then(|table| table.route_table_id).expect("its id")
}

pub async fn group(ec2: &Client, vpc: &str, name: &str) -> String {
    let request = ec2.create_security_group().vpc_id(vpc).group_name(name).description("for a test");
    request.send().await.expect("a group").group_id.expect("its id")
}

/// Pushes an image of one layer-less configuration, and gives its manifest.
pub async fn push(ecr: &aws_sdk_ecr::Client, repository: &str, tag: &str, configuration: &str) -> String {
    let digest = crate::sandbox::web::digest(configuration.as_bytes());
    let begun = ecr.initiate_layer_upload().repository_name(repository).send().await.expect("an upload");
    let id = begun.upload_id.expect("its id");
    let part = ecr.upload_layer_part().repository_name(repository).upload_id(&id).part_first_byte(0);
    let part = part.part_last_byte(configuration.len() as i64 - 1);
    part.layer_part_blob(aws_sdk_ecr::primitives::Blob::new(configuration)).send().await.expect("a part");
    let end = ecr.complete_layer_upload().repository_name(repository).upload_id(id).layer_digests(&digest);
    end.send().await.expect("a layer");
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": [],
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest },
    });
    let manifest = manifest.to_string();
    let put = ecr.put_image().repository_name(repository).image_tag(tag).image_manifest(&manifest);
    put.send().await.expect("pushed");
    manifest
}
