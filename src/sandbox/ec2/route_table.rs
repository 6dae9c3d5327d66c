//! Route tables and their associations with subnets.

use aws_sdk_ec2::operation::associate_route_table::{AssociateRouteTableInput, AssociateRouteTableOutput};
use aws_sdk_ec2::operation::create_route_table::{CreateRouteTableInput, CreateRouteTableOutput};
use aws_sdk_ec2::operation::delete_route_table::{DeleteRouteTableInput, DeleteRouteTableOutput};
use aws_sdk_ec2::operation::describe_route_tables::{DescribeRouteTablesInput, DescribeRouteTablesOutput};
use aws_sdk_ec2::operation::disassociate_route_table::{DisassociateRouteTableInput, DisassociateRouteTableOutput};
use aws_sdk_ec2::types::{self, RouteTableAssociation, RouteTableAssociationState, RouteTableAssociationStateCode};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::record::{self, Kind, Meta, Record, View, find, find_mut, has_meta, query, required, unsupported};
use super::route::{Route, Target};
use super::tags;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::quotas;
use crate::sandbox::world::Tags;

/// A route table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RouteTable {
    /// Id, time of birth, tags.
    pub meta: Meta,
    /// The VPC that it belongs to.
    pub vpc_id: String,
    /// Its routes.
    pub routes: Vec<Route>,
    /// The subnets that use it.
    pub associations: Vec<Association>,
}

/// A use of a route table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Association {
    /// Its id.
    pub id: String,
    /// None: it is the VPC's main table.
    pub subnet_id: Option<String>,
}

impl Record for RouteTable {
    const KIND: Kind = Kind {
        prefix: "rtb",
        resource_type: "route-table",
        item: "ec2:route-table",
        noun: "routeTable ID",
        not_found: "InvalidRouteTableID.NotFound",
        malformed: "InvalidRouteTableId.Malformed",
    };
    const FILTERS: &'static [&'static str] = &[
        "association.main",
        "association.route-table-association-id",
        "association.route-table-id",
        "association.subnet-id",
        "owner-id",
        "route-table-id",
        "route.destination-cidr-block",
        "route.destination-prefix-list-id",
        "route.gateway-id",
        "route.nat-gateway-id",
        "route.origin",
        "route.state",
        "vpc-id",
    ];

    has_meta!();

    fn values(&self, filter: &str, view: &View<'_>) -> Vec<String> {
        let of_routes = |field: &dyn Fn(&Route) -> Option<String>| self.routes.iter().filter_map(field).collect();
        match filter {
            "association.main" => self.associations.iter().map(|entry| entry.subnet_id.is_none().to_string()).collect(),
            "association.route-table-association-id" => {
                self.associations.iter().map(|entry| entry.id.clone()).collect()
            }
            "association.route-table-id" => self.associations.iter().map(|_| self.meta.id.clone()).collect(),
            "association.subnet-id" => self.associations.iter().filter_map(|entry| entry.subnet_id.clone()).collect(),
            "owner-id" => vec![view.account.to_owned()],
            "route.destination-cidr-block" => of_routes(&|route| route.cidr().map(str::to_owned)),
            "route.destination-prefix-list-id" => of_routes(&|route| route.prefix_list().map(str::to_owned)),
            "route.gateway-id" => of_routes(&|route| route.target.gateway_id().map(str::to_owned)),
            "route.nat-gateway-id" => of_routes(&|route| route.target.nat_gateway_id().map(str::to_owned)),
            "route.origin" => of_routes(&|route| Some(route.origin().as_str().to_owned())),
            "route.state" => of_routes(&|route| Some(route.state(view).as_str().to_owned())),
            "vpc-id" => vec![self.vpc_id.clone()],
            _ => vec![self.meta.id.clone()],
        }
    }
}

impl RouteTable {
    /// The one that comes with a VPC.
    pub(super) fn main_of(call: &mut Call<'_>, vpc_id: &str, cidr: Ipv4Net) -> Self {
        let association = Association { id: call.id("rtbassoc"), subnet_id: None };
        Self { associations: vec![association], ..Self::new(call, vpc_id, cidr, Tags::new()) }
    }

    fn new(call: &mut Call<'_>, vpc_id: &str, cidr: Ipv4Net, tags: Tags) -> Self {
        let local = Route { destination: cidr.to_string(), target: Target::Local };
        Self {
            meta: Meta::new(call, &Self::KIND, tags),
            vpc_id: vpc_id.to_owned(),
            routes: vec![local],
            associations: Vec::new(),
        }
    }

    fn to_sdk(&self, view: &View<'_>) -> types::RouteTable {
        let state = RouteTableAssociationState::builder().state(RouteTableAssociationStateCode::Associated).build();
        let associations = self.associations.iter().map(|association| {
            RouteTableAssociation::builder()
                .route_table_association_id(&association.id)
                .route_table_id(&self.meta.id)
                .main(association.subnet_id.is_none())
                .set_subnet_id(association.subnet_id.clone())
                .association_state(state.clone())
                .build()
        });
        types::RouteTable::builder()
            .route_table_id(&self.meta.id)
            .vpc_id(&self.vpc_id)
            .owner_id(view.account)
            .set_associations(Some(associations.collect()))
            .set_routes(Some(self.routes.iter().map(|route| route.to_sdk(view)).collect()))
            .set_tags(tags::to_sdk(&self.meta.tags))
            .build()
    }
}

/// EC2 API reference, CreateRouteTable: honours its client token.
pub(super) fn create_route_table(
    call: &mut Call<'_>,
    input: &CreateRouteTableInput,
) -> Result<CreateRouteTableOutput, ApiError> {
    unsupported(&[("DryRun", input.dry_run() == Some(true))])?;
    let output = |table| {
        CreateRouteTableOutput::builder()
            .route_table(table)
            .set_client_token(input.client_token().map(str::to_owned))
            .build()
    };
    if let Some([id]) = call.world.ec2.tokens.earlier(input.client_token(), input)? {
        let table = find(&call.world.ec2.route_tables, id)?;
        return Ok(output(table.to_sdk(&View::of(call))));
    }
    let vpc = find(&call.world.ec2.vpcs, required(input.vpc_id(), "vpcId")?)?;
    let (vpc_id, cidr) = (vpc.meta.id.clone(), vpc.cidr);
    let tags = tags::specified(input.tag_specifications(), &RouteTable::KIND)?;
    let siblings = call.world.ec2.route_tables.values().filter(|table| table.vpc_id == vpc_id).count();
    if siblings as f64 >= call.quota(quotas::ROUTE_TABLES_PER_VPC) {
        return Err(ApiError::new("RouteTableLimitExceeded", "The maximum number of route tables has been reached."));
    }

    let table = RouteTable::new(call, &vpc_id, cidr, tags);
    let answer = output(table.to_sdk(&View::of(call)));
    call.world.ec2.tokens.remember(input.client_token(), input, vec![table.meta.id.clone()]);
    call.world.ec2.route_tables.insert(table.meta.id.clone(), table);
    Ok(answer)
}

pub(super) fn describe_route_tables(
    call: &mut Call<'_>,
    input: &DescribeRouteTablesInput,
) -> Result<DescribeRouteTablesOutput, ApiError> {
    let query = query!(input, route_table_ids, filters);
    let (tables, next_token) = record::describe(call, &call.world.ec2.route_tables, &query)?;
    let view = View::of(call);
    let tables = tables.into_iter().map(|table| table.to_sdk(&view)).collect();
    Ok(DescribeRouteTablesOutput::builder().set_route_tables(Some(tables)).set_next_token(next_token).build())
}

/// EC2 API reference, AssociateRouteTable: a subnet has one table, of its own VPC.
pub(super) fn associate_route_table(
    call: &mut Call<'_>,
    input: &AssociateRouteTableInput,
) -> Result<AssociateRouteTableOutput, ApiError> {
    unsupported(&[("gateway route tables", input.gateway_id().is_some())])?;
    let ec2 = &call.world.ec2;
    let table = find(&ec2.route_tables, required(input.route_table_id(), "routeTableId")?)?;
    let subnet = find(&ec2.subnets, required(input.subnet_id(), "subnetId")?)?;
    let (table_id, subnet_id) = (table.meta.id.clone(), subnet.meta.id.clone());
    if table.vpc_id != subnet.vpc_id {
        let message = format!("route table {table_id} and subnet {subnet_id} belong to different networks");
        return Err(ApiError::new("InvalidParameterValue", message));
    }
    let is_ours = |association: &Association| association.subnet_id.as_ref() == Some(&subnet_id);
    if ec2.route_tables.values().any(|table| table.associations.iter().any(is_ours)) {
        let message =
            format!("the specified association for route table {table_id} conflicts with an existing association");
        return Err(ApiError::new("Resource.AlreadyAssociated", message));
    }
    let id = call.id("rtbassoc");
    let association = Association { id: id.clone(), subnet_id: Some(subnet_id) };
    find_mut(&mut call.world.ec2.route_tables, &table_id)?.associations.push(association);
    let state = RouteTableAssociationState::builder().state(RouteTableAssociationStateCode::Associated).build();
    Ok(AssociateRouteTableOutput::builder().association_id(id).association_state(state).build())
}

pub(super) fn disassociate_route_table(
    call: &mut Call<'_>,
    input: &DisassociateRouteTableInput,
) -> Result<DisassociateRouteTableOutput, ApiError> {
    let id = required(input.association_id(), "associationId")?;
    let all = call.world.ec2.route_tables.values().flat_map(|table| &table.associations);
    let association = all.into_iter().find(|association| association.id == id).ok_or_else(|| {
        ApiError::new("InvalidAssociationID.NotFound", format!("The association ID '{id}' does not exist"))
    })?;
    if association.subnet_id.is_none() {
        let message = format!("cannot disassociate the main route table association {id}");
        return Err(ApiError::new("InvalidParameterValue", message));
    }
    for table in call.world.ec2.route_tables.values_mut() {
        table.associations.retain(|association| association.id != id);
    }
    Ok(DisassociateRouteTableOutput::builder().build())
}

/// EC2 API reference, DeleteRouteTable: not the main one, and not one with associations.
pub(super) fn delete_route_table(
    call: &mut Call<'_>,
    input: &DeleteRouteTableInput,
) -> Result<DeleteRouteTableOutput, ApiError> {
    let id = required(input.route_table_id(), "routeTableId")?;
    if !find(&call.world.ec2.route_tables, id)?.associations.is_empty() {
        let message = format!("The routeTable '{id}' has dependencies and cannot be deleted.");
        return Err(ApiError::new("DependencyViolation", message));
    }
    let ec2 = &mut call.world.ec2;
    ec2.route_tables.remove(id);
    for endpoint in ec2.vpc_endpoints.values_mut() {
        endpoint.route_table_ids.retain(|table| table != id);
    }
    Ok(DeleteRouteTableOutput::builder().build())
}
