//! What all kinds of EC2 resources have in common: tag specifications, tag filters, tagging by id.

use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};

use crate::{
    aws::{Answer, Aws, tags},
    engine::{
        Failure, Tags,
        environment::{TAG_ENVIRONMENT, TAG_KEY},
    },
    markers, tag_list,
};

markers! {
    /// A VPC's id.
    VpcId,
    /// A subnet's id.
    SubnetId,
    /// A security group's id.
    SecurityGroupId,
    /// A route table's id.
    RouteTableId,
    /// An Internet gateway's id.
    InternetGatewayId,
    /// An Elastic IP's allocation id.
    AllocationId,
    /// A NAT gateway's id.
    NatGatewayId,
}

/// The tags of a create call.
pub fn specification(kind: ResourceType, tags: &Tags) -> TagSpecification {
    TagSpecification::builder().resource_type(kind).set_tags(Some(tag_list!(aws_sdk_ec2, tags))).build()
}

/// Filters for everything that platformctl made for an environment of that suffix.
pub fn ours(suffix: &str) -> [Filter; 2] {
    [filter(&format!("tag:{TAG_ENVIRONMENT}"), [suffix]), filter("tag-key", [TAG_KEY])]
}

/// One filter.
pub fn filter<'a>(name: &str, values: impl IntoIterator<Item = &'a str>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().map(str::to_owned).collect())).build()
}

/// Tags as EC2 gives them.
pub fn read_tags(list: &[Tag]) -> Tags {
    tags::collect(list.iter().map(|tag| (tag.key(), tag.value())))
}

/// Sets tags by id.
///
/// # Errors
/// The call's own.
pub async fn tag(aws: &Aws, id: &str, tags: &Tags) -> Result<(), Failure> {
    aws.ec2
        .create_tags()
        .resources(id)
        .set_tags(Some(tag_list!(aws_sdk_ec2, tags)))
        .send()
        .await
        .of("ec2:CreateTags")?;
    Ok(())
}

/// The network interfaces that a filter finds, for people: what keeps a subnet, a group or a VPC from being deleted.
///
/// # Errors
/// The call's own.
pub async fn interfaces(aws: &Aws, name: &str, value: &str) -> Result<Vec<String>, Failure> {
    let answer = aws
        .ec2
        .describe_network_interfaces()
        .filters(filter(name, [value]))
        .send()
        .await
        .of("ec2:DescribeNetworkInterfaces")?;
    let describe = |interface: &aws_sdk_ec2::types::NetworkInterface| {
        let id = interface.network_interface_id().unwrap_or_default();
        let owner = interface.requester_id().unwrap_or("this account");
        match interface.description().filter(|text| !text.is_empty()) {
            Some(text) => format!("network interface {id} of {text}"),
            None => format!("network interface {id} of {owner}"),
        }
    };
    Ok(answer.network_interfaces().iter().map(describe).collect())
}
