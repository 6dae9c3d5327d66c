//! Routes.

use aws_sdk_ec2::operation::create_route::{CreateRouteInput, CreateRouteOutput};
use aws_sdk_ec2::operation::delete_route::{DeleteRouteInput, DeleteRouteOutput};
use aws_sdk_ec2::operation::replace_route::{ReplaceRouteInput, ReplaceRouteOutput};
use aws_sdk_ec2::types::{self, NatGatewayState, RouteOrigin, RouteState};
use serde::{Deserialize, Serialize};

use super::record::{View, find, find_mut, required, unsupported};
use super::{cidr, prefix_list};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::quotas;

/// A route.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Route {
    /// A range, or the id of a prefix list.
    pub destination: String,
    /// Where it leads.
    pub target: Target,
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// Within the VPC.
    Local,
    /// To an Internet gateway.
    InternetGateway(String),
    /// To a NAT gateway.
    NatGateway(String),
    /// To a gateway endpoint, which makes and deletes the route itself.
    Endpoint(String),
}

impl Target {
    pub(super) fn gateway_id(&self) -> Option<&str> {
        match self {
            Target::Local => Some("local"),
            Target::InternetGateway(id) | Target::Endpoint(id) => Some(id),
            Target::NatGateway(_) => None,
        }
    }

    pub(super) fn nat_gateway_id(&self) -> Option<&str> {
        match self {
            Target::NatGateway(id) => Some(id),
            _ => None,
        }
    }
}

impl Route {
    pub(super) fn prefix_list(&self) -> Option<&str> {
        Some(self.destination.as_str()).filter(|destination| destination.starts_with("pl-"))
    }

    pub(super) fn cidr(&self) -> Option<&str> {
        Some(self.destination.as_str()).filter(|destination| !destination.starts_with("pl-"))
    }

    pub(super) fn origin(&self) -> RouteOrigin {
        if self.target == Target::Local { RouteOrigin::CreateRouteTable } else { RouteOrigin::CreateRoute }
    }

    /// EC2 API reference, Route: `blackhole` if the target is not there or cannot take traffic.
    pub(super) fn state(&self, view: &View<'_>) -> RouteState {
        let leads_on = match &self.target {
            Target::Local => true,
            Target::InternetGateway(id) => {
                view.ec2.internet_gateways.get(id).is_some_and(|gateway| gateway.vpc_id.is_some())
            }
            Target::NatGateway(id) => {
                view.ec2.nat_gateways.get(id).is_some_and(|nat| nat.state(view) == NatGatewayState::Available)
            }
            Target::Endpoint(id) => view.ec2.vpc_endpoints.contains_key(id),
        };
        if leads_on { RouteState::Active } else { RouteState::Blackhole }
    }

    pub(super) fn to_sdk(&self, view: &View<'_>) -> types::Route {
        types::Route::builder()
            .set_destination_cidr_block(self.cidr().map(str::to_owned))
            .set_destination_prefix_list_id(self.prefix_list().map(str::to_owned))
            .set_gateway_id(self.target.gateway_id().map(str::to_owned))
            .set_nat_gateway_id(self.target.nat_gateway_id().map(str::to_owned))
            .origin(self.origin())
            .state(self.state(view))
            .build()
    }
}

/// The target that a call names: an Internet gateway of the VPC, or a NAT gateway that is there.
fn target(
    call: &Call<'_>,
    vpc_id: &str,
    table_id: &str,
    gateway_id: Option<&str>,
    nat_gateway_id: Option<&str>,
) -> Result<Target, ApiError> {
    let ec2 = &call.world.ec2;
    match (gateway_id, nat_gateway_id) {
        (Some(id), None) => {
            let gateway = ec2.internet_gateways.get(id).ok_or_else(|| {
                ApiError::new("InvalidGatewayID.NotFound", format!("The gateway ID '{id}' does not exist"))
            })?;
            if gateway.vpc_id.as_deref() != Some(vpc_id) {
                let message = format!("route table {table_id} and network gateway {id} belong to different networks");
                return Err(ApiError::new("InvalidParameterValue", message));
            }
            Ok(Target::InternetGateway(id.to_owned()))
        }
        (None, Some(id)) => {
            // CreateRoute does not find a NAT gateway that is not available yet.
            let view = View::of(call);
            let usable = ec2.nat_gateways.get(id).filter(|nat| nat.state(&view) == NatGatewayState::Available);
            let nat = usable.ok_or_else(|| {
                ApiError::new("InvalidNatGatewayID.NotFound", format!("The natGateway ID '{id}' does not exist"))
            })?;
            if nat.vpc_id != vpc_id {
                let message = format!("route table {table_id} and NAT gateway {id} belong to different networks");
                return Err(ApiError::new("InvalidParameterValue", message));
            }
            Ok(Target::NatGateway(id.to_owned()))
        }
        (None, None) => Err(ApiError::new("MissingParameter", "The request must contain exactly one route target.")),
        (Some(_), Some(_)) => {
            Err(ApiError::new("InvalidParameterCombination", "The request must contain exactly one route target."))
        }
    }
}

/// The destination that a call names, as the table holds it.
fn destination(call: &Call<'_>, cidr: Option<&str>, prefix_list: Option<&str>) -> Result<String, ApiError> {
    match (cidr, prefix_list) {
        (Some(cidr), None) => Ok(cidr::parse(cidr, "destinationCidrBlock")?.to_string()),
        (None, Some(id)) => prefix_list::check(call.region(), id).map(|()| id.to_owned()),
        _ => {
            let message = "The request must contain exactly one of destinationCidrBlock, destinationPrefixListId.";
            Err(ApiError::new("InvalidParameterCombination", message))
        }
    }
}

/// EC2 API reference, CreateRoute: one route per destination.
pub(super) fn create_route(call: &mut Call<'_>, input: &CreateRouteInput) -> Result<CreateRouteOutput, ApiError> {
    unsupported(&[
        ("IPv6", input.destination_ipv6_cidr_block().is_some()),
        ("routes to instances", input.instance_id().is_some() || input.network_interface_id().is_some()),
        ("routes to Gateway Load Balancers", input.vpc_endpoint_id().is_some()),
        ("transit gateways", input.transit_gateway_id().is_some()),
        ("VPC peering", input.vpc_peering_connection_id().is_some()),
    ])?;
    let table = find(&call.world.ec2.route_tables, required(input.route_table_id(), "routeTableId")?)?;
    let id = table.meta.id.clone();
    let destination = destination(call, input.destination_cidr_block(), input.destination_prefix_list_id())?;
    let target = target(call, &table.vpc_id, &id, input.gateway_id(), input.nat_gateway_id())?;
    if table.routes.iter().any(|route| route.destination == destination) {
        let message = format!("The route identified by {destination} already exists.");
        return Err(ApiError::new("RouteAlreadyExists", message));
    }
    if table.routes.len() as f64 >= call.quota(quotas::ROUTES_PER_TABLE) {
        return Err(ApiError::new("RouteLimitExceeded", "The maximum number of routes has been reached."));
    }
    find_mut(&mut call.world.ec2.route_tables, &id)?.routes.push(Route { destination, target });
    Ok(CreateRouteOutput::builder().r#return(true).build())
}

pub(super) fn replace_route(call: &mut Call<'_>, input: &ReplaceRouteInput) -> Result<ReplaceRouteOutput, ApiError> {
    unsupported(&[
        ("IPv6", input.destination_ipv6_cidr_block().is_some()),
        ("local targets", input.local_target().is_some()),
        ("routes to instances", input.instance_id().is_some() || input.network_interface_id().is_some()),
        ("routes to Gateway Load Balancers", input.vpc_endpoint_id().is_some()),
        ("transit gateways", input.transit_gateway_id().is_some()),
        ("VPC peering", input.vpc_peering_connection_id().is_some()),
    ])?;
    let table = find(&call.world.ec2.route_tables, required(input.route_table_id(), "routeTableId")?)?;
    let id = table.meta.id.clone();
    let destination = destination(call, input.destination_cidr_block(), input.destination_prefix_list_id())?;
    let target = target(call, &table.vpc_id, &id, input.gateway_id(), input.nat_gateway_id())?;
    let routes = &mut find_mut(&mut call.world.ec2.route_tables, &id)?.routes;
    let route = routes.iter_mut().find(|route| route.destination == destination).ok_or_else(|| {
        let message =
            format!("There is no route defined for '{destination}' in the route table. Use CreateRoute instead.");
        ApiError::new("InvalidParameterValue", message)
    })?;
    route.target = target;
    Ok(ReplaceRouteOutput::builder().build())
}

/// EC2 API reference, DeleteRoute: not the local one; those of an endpoint go with the endpoint.
pub(super) fn delete_route(call: &mut Call<'_>, input: &DeleteRouteInput) -> Result<DeleteRouteOutput, ApiError> {
    unsupported(&[("IPv6", input.destination_ipv6_cidr_block().is_some())])?;
    let table = find(&call.world.ec2.route_tables, required(input.route_table_id(), "routeTableId")?)?;
    let id = table.meta.id.clone();
    let destination = destination(call, input.destination_cidr_block(), input.destination_prefix_list_id())?;
    let route = table.routes.iter().find(|route| route.destination == destination).ok_or_else(|| {
        let message = format!("no route with destination-cidr-block {destination} in route table {id}");
        ApiError::new("InvalidRoute.NotFound", message)
    })?;
    if matches!(route.target, Target::Local | Target::Endpoint(_)) {
        let message = format!("cannot remove local or endpoint route {destination} in route table {id}");
        return Err(ApiError::new("InvalidParameterValue", message));
    }
    find_mut(&mut call.world.ec2.route_tables, &id)?.routes.retain(|route| route.destination != destination);
    Ok(DeleteRouteOutput::builder().build())
}
