//! Route tables, with their routes and the subnets that use them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, Filter, ResourceType, RouteOrigin, RouteTableAssociationStateCode as State};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::shared::{self, InternetGatewayId, RouteTableId, Seen, SubnetId, VpcId};
use crate::{
    aws::{Answer, Aws},
    engine::{
        Changes, Class, Created, Failure, Field, Gone, Handle, Identity, Life, Manner, Naming, Output, Outputs,
        Physical, Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
};

/// A route table.
///
/// Routes to NAT gateways are resources of their own ([`NatRoute`](super::NatRoute)): a gateway takes minutes, while endpoints and subnets
/// want the table at once. Routes that gateway endpoints and gateways put in by themselves are not its own either.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RouteTable {
    /// The VPC that it is part of.
    pub vpc: Output<VpcId>,
    /// Its routes to Internet gateways; any other that is found is deleted.
    pub routes: Vec<Route>,
    /// The subnets that use it.
    pub subnets: Vec<Output<SubnetId>>,
}

/// A route to an Internet gateway.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Route {
    /// Where to.
    pub destination: Ipv4Net,
    /// Through what.
    pub target: Output<InternetGatewayId>,
}

impl Handle<RouteTable> {
    /// Its id.
    pub fn id(&self) -> Output<RouteTableId> {
        self.output("id")
    }
}

/// The route tables that filters find.
///
/// # Errors
/// The call's own.
pub(super) async fn describe(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<types::RouteTable>, Failure> {
    let call = aws.ec2.describe_route_tables().set_filters(Some(filters));
    call.into_paginator().items().send().collect::<Result<_, _>>().await.of("ec2:DescribeRouteTables")
}

/// The environment's tables, as their tags tell: one answer for the looks at the tables and at the routes in them.
///
/// # Errors
/// The call's own.
pub(super) async fn ours(aws: &Aws, scope: &Scope<'_>) -> Result<Arc<Vec<types::RouteTable>>, Failure> {
    let ask = || describe(aws, shared::ours(scope.suffix).into());
    scope.answers.once("ec2:DescribeRouteTables of the environment", ask).await
}

/// Where a route leads to: an IPv4 or IPv6 range or a prefix list.
pub(super) fn destination(route: &types::Route) -> Option<&str> {
    let ranges = route.destination_cidr_block().or(route.destination_ipv6_cidr_block());
    ranges.or(route.destination_prefix_list_id())
}

/// The id of what a route goes through.
pub(super) fn target(route: &types::Route) -> Option<&str> {
    route
        .nat_gateway_id()
        .or(route.gateway_id())
        .or(route.egress_only_internet_gateway_id())
        .or(route.transit_gateway_id())
        .or(route.vpc_peering_connection_id())
        // A route to an instance shows both; the interface is what it goes through.
        .or(route.network_interface_id())
        .or(route.instance_id())
        .or(route.local_gateway_id())
        .or(route.carrier_gateway_id())
        .or(route.core_network_arn())
}

/// The routes that the table itself is responsible for, by destination. The local route comes with the table, propagated ones
/// from a virtual private gateway (EC2 API reference, Route: `Origin`).
fn own_routes(table: &types::RouteTable) -> BTreeMap<&str, &str> {
    let own = |route: &&types::Route| {
        let made = matches!(route.origin(), Some(RouteOrigin::CreateRoute));
        let endpoint = route.gateway_id().is_some_and(|id| id.starts_with("vpce-"));
        made && !endpoint && route.nat_gateway_id().is_none()
    };
    table.routes().iter().filter(own).filter_map(|route| Some((destination(route)?, target(route)?))).collect()
}

/// Association ids by subnet, of what is or is about to be associated.
fn associations(table: &types::RouteTable) -> BTreeMap<&str, &str> {
    let lost =
        |state: Option<&State>| matches!(state, Some(State::Disassociated | State::Disassociating | State::Failed));
    let current =
        table.associations().iter().filter(|one| !lost(one.association_state().and_then(|state| state.state())));
    current.filter_map(|one| Some((one.subnet_id()?, one.route_table_association_id()?))).collect()
}

impl RouteTable {
    async fn set_routes(&self, aws: &Aws, id: &str, current: &BTreeMap<&str, &str>) -> Result<(), Failure> {
        let mut wanted = BTreeMap::new();
        for route in &self.routes {
            wanted.insert(route.destination.to_string(), route.target.get()?);
        }
        for (destination, target) in &wanted {
            match current.get(destination.as_str()) {
                Some(there) if there == target => {}
                Some(_) => replace_route(aws, id, destination, target).await?,
                None => match create_route(aws, id, destination, target).await {
                    // An earlier attempt made it, or another target has the destination, and neither was visible.
                    Err(failure) if failure.class == Class::Exists => {
                        replace_route(aws, id, destination, target).await?;
                    }
                    other => other?,
                },
            }
        }
        for destination in current.keys().filter(|there| !wanted.contains_key(**there)) {
            shared::if_there(delete_route(aws, id, destination).await)?;
        }
        Ok(())
    }

    async fn set_subnets(&self, aws: &Aws, id: &str, current: &BTreeMap<&str, &str>) -> Result<(), Failure> {
        let wanted: BTreeSet<&str> = self.subnets.iter().map(Output::get).collect::<Result<_, _>>()?;
        for (_, association) in current.iter().filter(|(subnet, _)| !wanted.contains(**subnet)) {
            disassociate(aws, association).await?;
        }
        for subnet in wanted.into_iter().filter(|subnet| !current.contains_key(subnet)) {
            associate(aws, id, subnet).await?;
        }
        Ok(())
    }
}

async fn create_route(aws: &Aws, table: &str, destination: &str, gateway: &str) -> Result<(), Failure> {
    let call = aws.ec2.create_route().route_table_id(table).destination_cidr_block(destination).gateway_id(gateway);
    call.send().await.of("ec2:CreateRoute").map(drop)
}

async fn replace_route(aws: &Aws, table: &str, destination: &str, gateway: &str) -> Result<(), Failure> {
    let call = aws.ec2.replace_route().route_table_id(table).destination_cidr_block(destination).gateway_id(gateway);
    shared::settling(call.send().await.of("ec2:ReplaceRoute")).map(drop)
}

async fn delete_route(aws: &Aws, table: &str, destination: &str) -> Result<(), Failure> {
    let call = aws.ec2.delete_route().route_table_id(table);
    let call = match destination {
        list if list.starts_with("pl-") => call.destination_prefix_list_id(list),
        wide if wide.contains(':') => call.destination_ipv6_cidr_block(wide),
        range => call.destination_cidr_block(range),
    };
    call.send().await.of("ec2:DeleteRoute").map(drop)
}

async fn disassociate(aws: &Aws, association: &str) -> Result<(), Failure> {
    let call = aws.ec2.disassociate_route_table().association_id(association);
    shared::if_there(call.send().await.of("ec2:DisassociateRouteTable"))?;
    Ok(())
}

/// Associates a subnet, taking it over where somebody gave it another table: a subnet has one table.
async fn associate(aws: &Aws, table: &str, subnet: &str) -> Result<(), Failure> {
    let attempt = async |aws: &Aws| {
        let call = aws.ec2.associate_route_table().route_table_id(table).subnet_id(subnet);
        call.send().await.of("ec2:AssociateRouteTable").map(drop)
    };
    match attempt(aws).await {
        Err(failure) if failure.class == Class::Exists => {
            let tables = describe(aws, vec![shared::filter("association.subnet-id", [subnet])]).await?;
            let found =
                tables.iter().find_map(|other| Some((other.route_table_id()?, *associations(other).get(subnet)?)));
            let Some((owner, association)) = found else {
                // It exists, says one half of EC2, and the other doesn't show it yet.
                return Err(Failure { class: Class::Settling, ..failure });
            };
            if owner == table {
                return Ok(());
            }
            disassociate(aws, association).await?;
            attempt(aws).await
        }
        other => other,
    }
}

#[async_trait]
impl Resource for RouteTable {
    type Clients = Aws;
    const KIND: &'static str = "route-table";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Free,
            repeat: Repeat::Safe,
            usable: When::Created,
            create: Wait::INSTANT,
            delete: Wait::INSTANT,
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "routes" | "subnets" => Field::UPDATE.later().unordered(),
            _ => Field::REPLACE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        if scope.targets.is_empty() && !scope.sweep {
            return Ok(Vec::new());
        }
        let (id, look) = (types::RouteTable::route_table_id, |filters| describe(aws, filters));
        let found = ours(aws, scope).await?.to_vec();
        let tables = shared::complete(scope, found, "route-table-id", id, look).await?;
        let sighting = |table: &types::RouteTable| {
            let routes = own_routes(table);
            let routes: Vec<Value> =
                routes.iter().map(|(to, via)| json!({ "destination": to, "target": via })).collect();
            Seen {
                id: table.route_table_id(),
                tags: table.tags(),
                outputs: Outputs::new(),
                observed: shared::observed([
                    ("vpc", json!(table.vpc_id())),
                    ("routes", json!(routes)),
                    ("subnets", json!(associations(table).keys().collect::<Vec<_>>())),
                ]),
                life: Life::Live,
            }
            .sighting(scope, Self::KIND)
        };
        Ok(tables.iter().filter_map(sighting).collect())
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let answer = aws
            .ec2
            .create_route_table()
            .vpc_id(self.vpc.get()?)
            .client_token(&identity.token)
            .tag_specifications(shared::specification(ResourceType::RouteTable, &identity.tags))
            .send()
            .await
            .of("ec2:CreateRouteTable")?;
        let id = answer.route_table().and_then(types::RouteTable::route_table_id).unwrap_or_default();
        Ok(Created { id: id.to_owned(), outputs: shared::outputs(id) })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        // A table that isn't visible was made a moment ago and has nothing yet.
        let tables = describe(aws, vec![shared::filter("route-table-id", [it.id.as_str()])]).await?;
        let table = tables.into_iter().next().unwrap_or_else(|| types::RouteTable::builder().build());
        if changes.touches("routes") {
            self.set_routes(aws, &it.id, &own_routes(&table)).await?;
        }
        if changes.touches("subnets") {
            self.set_subnets(aws, &it.id, &associations(&table)).await?;
        }
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, &it.id, tags).await
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        // CreateRouteTable, CreateRoute and AssociateRouteTable are synchronous.
        Ok(Readiness::Ready(shared::outputs(&it.id)))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        let tables = describe(aws, vec![shared::filter("route-table-id", [it.id.as_str()])]).await?;
        for association in tables.iter().flat_map(|table| associations(table).into_values()) {
            disassociate(aws, association).await?;
        }
        aws.ec2.delete_route_table().route_table_id(&it.id).send().await.of("ec2:DeleteRouteTable")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // DeleteRouteTable is synchronous.
        Ok(Gone::Yes)
    }

    async fn blockers(aws: &Aws, it: &Physical) -> Result<Vec<String>, Failure> {
        let tables = describe(aws, vec![shared::filter("route-table-id", [it.id.as_str()])]).await?;
        Ok(tables.iter().flat_map(|table| associations(table).into_keys()).map(|id| format!("subnet {id}")).collect())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "ec2:AssociateRouteTable",
            "ec2:CreateRoute",
            "ec2:CreateRouteTable",
            "ec2:CreateTags",
            "ec2:DeleteRoute",
            "ec2:DeleteRouteTable",
            "ec2:DescribeRouteTables",
            "ec2:DisassociateRouteTable",
            "ec2:ReplaceRoute",
        ]
    }
}
