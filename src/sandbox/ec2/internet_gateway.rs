//! Internet gateways.

use aws_sdk_ec2::operation::attach_internet_gateway::{AttachInternetGatewayInput, AttachInternetGatewayOutput};
use aws_sdk_ec2::operation::create_internet_gateway::{CreateInternetGatewayInput, CreateInternetGatewayOutput};
use aws_sdk_ec2::operation::delete_internet_gateway::{DeleteInternetGatewayInput, DeleteInternetGatewayOutput};
use aws_sdk_ec2::operation::describe_internet_gateways::{
    DescribeInternetGatewaysInput, DescribeInternetGatewaysOutput,
};
use aws_sdk_ec2::operation::detach_internet_gateway::{DetachInternetGatewayInput, DetachInternetGatewayOutput};
use aws_sdk_ec2::types::{self, AttachmentStatus, InternetGatewayAttachment};
use serde::{Deserialize, Serialize};

use super::record::{self, Kind, Meta, Record, View, find, find_mut, has_meta, query, required, unsupported};
use super::tags;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::quotas;

/// An Internet gateway.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InternetGateway {
    /// Id, time of birth, tags.
    pub meta: Meta,
    /// The VPC that it is attached to.
    pub vpc_id: Option<String>,
}

impl Record for InternetGateway {
    const KIND: Kind = Kind {
        prefix: "igw",
        resource_type: "internet-gateway",
        item: "ec2:internet-gateway",
        noun: "internetGateway ID",
        not_found: "InvalidInternetGatewayID.NotFound",
        malformed: "InvalidInternetGatewayId.Malformed",
    };
    const FILTERS: &'static [&'static str] =
        &["attachment.state", "attachment.vpc-id", "internet-gateway-id", "owner-id"];

    has_meta!();

    fn values(&self, filter: &str, view: &View<'_>) -> Vec<String> {
        match filter {
            "attachment.state" => self.vpc_id.iter().map(|_| "available".to_owned()).collect(),
            "attachment.vpc-id" => self.vpc_id.iter().cloned().collect(),
            "owner-id" => vec![view.account.to_owned()],
            _ => vec![self.meta.id.clone()],
        }
    }
}

impl InternetGateway {
    fn to_sdk(&self, account: &str) -> types::InternetGateway {
        // The API answers "available", which the model of the API does not list.
        let attachment = |vpc_id| {
            InternetGatewayAttachment::builder().state(AttachmentStatus::from("available")).vpc_id(vpc_id).build()
        };
        types::InternetGateway::builder()
            .internet_gateway_id(&self.meta.id)
            .owner_id(account)
            .set_attachments(Some(self.vpc_id.iter().map(attachment).collect()))
            .set_tags(tags::to_sdk(&self.meta.tags))
            .build()
    }
}

pub(super) fn create_internet_gateway(
    call: &mut Call<'_>,
    input: &CreateInternetGatewayInput,
) -> Result<CreateInternetGatewayOutput, ApiError> {
    unsupported(&[("DryRun", input.dry_run() == Some(true))])?;
    let tags = tags::specified(input.tag_specifications(), &InternetGateway::KIND)?;
    if call.world.ec2.internet_gateways.len() as f64 >= call.quota(quotas::INTERNET_GATEWAYS) {
        let message = "The maximum number of internet gateways has been reached.";
        return Err(ApiError::new("InternetGatewayLimitExceeded", message));
    }
    let gateway = InternetGateway { meta: Meta::new(call, &InternetGateway::KIND, tags), vpc_id: None };
    let output = gateway.to_sdk(call.account());
    call.world.ec2.internet_gateways.insert(gateway.meta.id.clone(), gateway);
    Ok(CreateInternetGatewayOutput::builder().internet_gateway(output).build())
}

/// EC2 API reference, AttachInternetGateway: one VPC has one.
pub(super) fn attach_internet_gateway(
    call: &mut Call<'_>,
    input: &AttachInternetGatewayInput,
) -> Result<AttachInternetGatewayOutput, ApiError> {
    let ec2 = &call.world.ec2;
    let gateway = find(&ec2.internet_gateways, required(input.internet_gateway_id(), "internetGatewayId")?)?;
    let id = gateway.meta.id.clone();
    let vpc_id = find(&ec2.vpcs, required(input.vpc_id(), "vpcId")?)?.meta.id.clone();
    if let Some(other) = &gateway.vpc_id {
        let message = format!("resource {id} is already attached to network {other}");
        return Err(ApiError::new("Resource.AlreadyAssociated", message));
    }
    if ec2.gateway_of(&vpc_id).is_some() {
        let message = format!("Network {vpc_id} already has an internet gateway attached");
        return Err(ApiError::new("InvalidParameterValue", message));
    }
    find_mut(&mut call.world.ec2.internet_gateways, &id)?.vpc_id = Some(vpc_id);
    Ok(AttachInternetGatewayOutput::builder().build())
}

/// EC2 API reference, DetachInternetGateway: no network interface in the VPC may have a public address.
pub(super) fn detach_internet_gateway(
    call: &mut Call<'_>,
    input: &DetachInternetGatewayInput,
) -> Result<DetachInternetGatewayOutput, ApiError> {
    let ec2 = &call.world.ec2;
    let gateway = find(&ec2.internet_gateways, required(input.internet_gateway_id(), "internetGatewayId")?)?;
    let id = gateway.meta.id.clone();
    let vpc_id = find(&ec2.vpcs, required(input.vpc_id(), "vpcId")?)?.meta.id.clone();
    if gateway.vpc_id.as_deref() != Some(&*vpc_id) {
        let message = format!("resource {id} is not attached to network {vpc_id}");
        return Err(ApiError::new("Gateway.NotAttached", message));
    }
    let is_mapped = |interface: &&super::network_interface::NetworkInterface| {
        interface.vpc_id == vpc_id && interface.public_ip.is_some()
    };
    if ec2.network_interfaces.values().any(|interface| is_mapped(&interface)) {
        let message = format!(
            "Network {vpc_id} has some mapped public address(es). Please unmap those public address(es) before \
             detaching the gateway."
        );
        return Err(ApiError::new("DependencyViolation", message));
    }
    find_mut(&mut call.world.ec2.internet_gateways, &id)?.vpc_id = None;
    Ok(DetachInternetGatewayOutput::builder().build())
}

pub(super) fn describe_internet_gateways(
    call: &mut Call<'_>,
    input: &DescribeInternetGatewaysInput,
) -> Result<DescribeInternetGatewaysOutput, ApiError> {
    let query = query!(input, internet_gateway_ids, filters);
    let (gateways, next_token) = record::describe(call, &call.world.ec2.internet_gateways, &query)?;
    let gateways = gateways.into_iter().map(|gateway| gateway.to_sdk(call.account())).collect();
    Ok(DescribeInternetGatewaysOutput::builder()
        .set_internet_gateways(Some(gateways))
        .set_next_token(next_token)
        .build())
}

/// EC2 API reference, DeleteInternetGateway: it must be detached.
pub(super) fn delete_internet_gateway(
    call: &mut Call<'_>,
    input: &DeleteInternetGatewayInput,
) -> Result<DeleteInternetGatewayOutput, ApiError> {
    let id = required(input.internet_gateway_id(), "internetGatewayId")?;
    if find(&call.world.ec2.internet_gateways, id)?.vpc_id.is_some() {
        let message = format!("The internetGateway '{id}' has dependencies and cannot be deleted.");
        return Err(ApiError::new("DependencyViolation", message));
    }
    call.world.ec2.internet_gateways.remove(id);
    Ok(DeleteInternetGatewayOutput::builder().build())
}
