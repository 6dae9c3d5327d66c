//! NAT gateways.

use aws_sdk_ec2::operation::create_nat_gateway::{CreateNatGatewayInput, CreateNatGatewayOutput};
use aws_sdk_ec2::operation::delete_nat_gateway::{DeleteNatGatewayInput, DeleteNatGatewayOutput};
use aws_sdk_ec2::operation::describe_nat_gateways::{DescribeNatGatewaysInput, DescribeNatGatewaysOutput};
use aws_sdk_ec2::types::{self, ConnectivityType, NatGatewayAddress, NatGatewayAddressStatus, NatGatewayState};
use serde::{Deserialize, Serialize};
use std::time::Duration;

use super::network_interface::{self, NewInterface, PublicAddress};
use super::record::{self, Kind, Meta, Record, View, find, find_mut, has_meta, query, required, unsupported};
use super::subnet::Subnet;
use super::tags;
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::quotas;
use crate::sandbox::world::Tags;

/// How long a gateway that cannot work is `pending`.
const FAILS_AFTER: Duration = Duration::from_secs(10);

/// A NAT gateway.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NatGateway {
    /// Id, time of birth, tags.
    pub meta: Meta,
    /// The VPC that it belongs to.
    pub vpc_id: String,
    /// The subnet that it is in.
    pub subnet_id: String,
    /// `us-east-1a`.
    pub zone: String,
    /// Public ones have an address.
    pub allocation_id: Option<String>,
    /// Its public address.
    pub public_ip: Option<String>,
    /// Its network interface.
    pub interface_id: String,
    /// Its private address.
    pub private_ip: String,
    /// Why it will fail: code and message.
    pub failure: Option<(String, String)>,
    /// When its deletion was asked for.
    pub delete_asked_at: Option<Moment>,
}

impl Record for NatGateway {
    const KIND: Kind = Kind {
        prefix: "nat",
        resource_type: "natgateway",
        item: "ec2:natgateway",
        noun: "NatGateway",
        not_found: "NatGatewayNotFound",
        malformed: "NatGatewayMalformed",
    };
    const FILTERS: &'static [&'static str] = &["nat-gateway-id", "state", "subnet-id", "vpc-id"];

    has_meta!();

    fn values(&self, filter: &str, view: &View<'_>) -> Vec<String> {
        vec![match filter {
            "state" => self.state(view).as_str().to_owned(),
            "subnet-id" => self.subnet_id.clone(),
            "vpc-id" => self.vpc_id.clone(),
            _ => self.meta.id.clone(),
        }]
    }
}

impl NatGateway {
    /// VPC User Guide, "NAT gateway states".
    pub(super) fn state(&self, view: &View<'_>) -> NatGatewayState {
        match (self.deleted_at(view), &self.failure) {
            (Some(at), _) if view.now >= at => NatGatewayState::Deleted,
            (Some(_), _) => NatGatewayState::Deleting,
            (None, Some(_)) if view.now >= self.meta.created_at + FAILS_AFTER => NatGatewayState::Failed,
            (None, None) if view.now >= self.meta.created_at + view.durations.nat_available => {
                NatGatewayState::Available
            }
            _ => NatGatewayState::Pending,
        }
    }

    fn deleted_at(&self, view: &View<'_>) -> Option<Moment> {
        self.delete_asked_at.map(|at| at + view.durations.nat_deleted)
    }

    /// Whether its address cannot be released yet.
    pub(super) fn holds_address(&self, view: &View<'_>) -> bool {
        match self.state(view) {
            NatGatewayState::Failed => false,
            NatGatewayState::Deleted => {
                let releasable = |at| view.now >= at + view.durations.eip_releasable_after_nat_deleted;
                !self.deleted_at(view).is_some_and(releasable)
            }
            _ => true,
        }
    }

    /// When nothing is seen of it any more. VPC User Guide: "remains visible for a while (usually about an hour)".
    pub(super) fn forgotten_at(&self, durations: &crate::sandbox::Durations) -> Option<Moment> {
        self.delete_asked_at.map(|at| at + durations.nat_deleted + durations.nat_visible_after_delete)
    }

    fn to_sdk(&self, view: &View<'_>) -> types::NatGateway {
        let state = self.state(view);
        let failed = state == NatGatewayState::Failed;
        let association =
            view.ec2.network_interfaces.get(&self.interface_id).and_then(|eni| eni.association_id.clone());
        let status = match state {
            NatGatewayState::Pending => NatGatewayAddressStatus::Associating,
            NatGatewayState::Failed => NatGatewayAddressStatus::Failed,
            NatGatewayState::Deleting | NatGatewayState::Deleted => NatGatewayAddressStatus::Disassociating,
            _ => NatGatewayAddressStatus::Succeeded,
        };
        let address = NatGatewayAddress::builder()
            .set_allocation_id(self.allocation_id.clone())
            .set_public_ip(self.public_ip.clone())
            .set_association_id(association)
            .network_interface_id(&self.interface_id)
            .private_ip(&self.private_ip)
            .is_primary(true)
            .status(status);
        let connectivity =
            if self.allocation_id.is_some() { ConnectivityType::Public } else { ConnectivityType::Private };
        let (code, message) = self.failure.clone().filter(|_| failed).unzip();
        types::NatGateway::builder()
            .nat_gateway_id(&self.meta.id)
            .vpc_id(&self.vpc_id)
            .subnet_id(&self.subnet_id)
            .state(state)
            .connectivity_type(connectivity)
            .create_time(self.meta.created_at.datetime())
            .set_delete_time(self.delete_asked_at.map(Moment::datetime))
            .set_failure_code(code)
            .set_failure_message(message)
            .nat_gateway_addresses(address.build())
            .set_tags(tags::to_sdk(&self.meta.tags))
            .build()
    }
}

/// EC2 API reference, CreateNatGateway: honours its client token.
pub(super) fn create_nat_gateway(
    call: &mut Call<'_>,
    input: &CreateNatGatewayInput,
) -> Result<CreateNatGatewayOutput, ApiError> {
    unsupported(&[
        ("DryRun", input.dry_run() == Some(true)),
        ("regional NAT gateways", input.availability_mode().is_some_and(|mode| mode.as_str() != "zonal")),
        ("secondary addresses", !input.secondary_allocation_ids().is_empty()),
        ("choosing a private address", input.private_ip_address().is_some()),
    ])?;
    let token = input.client_token();
    let output = |gateway| {
        CreateNatGatewayOutput::builder()
            .nat_gateway(gateway)
            .set_client_token(input.client_token().map(str::to_owned))
            .build()
    };
    if let Some([id]) = call.world.ec2.tokens.earlier(token, input)? {
        let gateway = find(&call.world.ec2.nat_gateways, id)?;
        return Ok(output(gateway.to_sdk(&View::of(call))));
    }

    let subnet = find(&call.world.ec2.subnets, required(input.subnet_id(), "subnetId")?)?.clone();
    let allocation_id = allocation(call, input)?;
    let tags = tags::specified(input.tag_specifications(), &NatGateway::KIND)?;
    check_quota(call, &subnet)?;

    let meta = Meta::new(call, &NatGateway::KIND, tags);
    let failure = (allocation_id.is_some() && call.world.ec2.gateway_of(&subnet.vpc_id).is_none()).then(|| {
        let message = format!("Network {} has no Internet gateway attached", subnet.vpc_id);
        ("Gateway.NotAttached".to_owned(), message)
    });
    let interface_id = network_interface::create(
        call,
        NewInterface {
            subnet_id: &subnet.meta.id,
            description: format!("Interface for NAT Gateway {}", meta.id),
            interface_type: "nat_gateway",
            requester: "amazon-aws",
            groups: &[],
            public: allocation_id.clone().map_or(PublicAddress::None, PublicAddress::Elastic),
            tags: Tags::new(),
        },
    )?;
    if failure.is_some() {
        network_interface::expire(call, call.now + FAILS_AFTER, |interface| interface.meta.id == interface_id);
    }
    let interface = find(&call.world.ec2.network_interfaces, &interface_id)?;
    let gateway = NatGateway {
        meta,
        vpc_id: subnet.vpc_id,
        subnet_id: subnet.meta.id,
        zone: subnet.zone,
        allocation_id,
        public_ip: interface.public_ip.clone(),
        private_ip: interface.private_ip.to_string(),
        interface_id,
        failure,
        delete_asked_at: None,
    };
    let answer = output(gateway.to_sdk(&View::of(call)));
    call.world.ec2.tokens.remember(token, input, vec![gateway.meta.id.clone()]);
    call.world.ec2.nat_gateways.insert(gateway.meta.id.clone(), gateway);
    Ok(answer)
}

/// A public gateway needs an Elastic IP address that nothing else has.
fn allocation(call: &Call<'_>, input: &CreateNatGatewayInput) -> Result<Option<String>, ApiError> {
    if input.connectivity_type() == Some(&ConnectivityType::Private) {
        if input.allocation_id().is_some() {
            let message = "An AllocationId cannot be specified for a private NAT gateway.";
            return Err(ApiError::new("InvalidParameterCombination", message));
        }
        return Ok(None);
    }
    let address = find(&call.world.ec2.addresses, required(input.allocation_id(), "AllocationId")?)?;
    let id = address.meta.id.clone();
    if address.interface(&View::of(call)).is_some() {
        let message = format!("Elastic IP address [{id}] is already associated");
        return Err(ApiError::new("Resource.AlreadyAssociated", message));
    }
    Ok(Some(id))
}

/// VPC User Guide, "Amazon VPC quotas": gateways that are pending, available or deleting count.
fn check_quota(call: &Call<'_>, subnet: &Subnet) -> Result<(), ApiError> {
    let view = View::of(call);
    let counts = |nat: &&NatGateway| {
        nat.zone == subnet.zone && !matches!(nat.state(&view), NatGatewayState::Deleted | NatGatewayState::Failed)
    };
    let limit = call.quota(quotas::NAT_GATEWAYS_PER_ZONE);
    if call.world.ec2.nat_gateways.values().filter(counts).count() as f64 >= limit {
        let message = format!("Performing this operation would exceed the limit of {limit} NAT gateways");
        return Err(ApiError::new("NatGatewayLimitExceeded", message));
    }
    Ok(())
}

pub(super) fn describe_nat_gateways(
    call: &mut Call<'_>,
    input: &DescribeNatGatewaysInput,
) -> Result<DescribeNatGatewaysOutput, ApiError> {
    let query = query!(input, nat_gateway_ids, filter);
    let (gateways, next_token) = record::describe(call, &call.world.ec2.nat_gateways, &query)?;
    let view = View::of(call);
    let gateways = gateways.into_iter().map(|gateway| gateway.to_sdk(&view)).collect();
    Ok(DescribeNatGatewaysOutput::builder().set_nat_gateways(Some(gateways)).set_next_token(next_token).build())
}

/// EC2 API reference, DeleteNatGateway: disassociates the address, but does not release it, nor delete routes.
pub(super) fn delete_nat_gateway(
    call: &mut Call<'_>,
    input: &DeleteNatGatewayInput,
) -> Result<DeleteNatGatewayOutput, ApiError> {
    let gateway = find(&call.world.ec2.nat_gateways, required(input.nat_gateway_id(), "natGatewayId")?)?;
    let id = gateway.meta.id.clone();
    match gateway.state(&View::of(call)) {
        NatGatewayState::Deleted => return Err(NatGateway::KIND.not_found(&id)),
        NatGatewayState::Deleting => {}
        _ => {
            let interface_id = gateway.interface_id.clone();
            let gone_at = call.now + call.durations().nat_deleted;
            find_mut(&mut call.world.ec2.nat_gateways, &id)?.delete_asked_at = Some(call.now);
            network_interface::expire(call, gone_at, |interface| interface.meta.id == interface_id);
        }
    }
    Ok(DeleteNatGatewayOutput::builder().nat_gateway_id(id).build())
}
