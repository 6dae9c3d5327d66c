//! Routes to NAT gateways.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_ec2::types;
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    route_table,
    shared::{self, NatGatewayId, RouteTableId},
};
use crate::{
    aws::{Answer, Aws},
    engine::{
        Changes, Class, Created, Failure, Field, Gone, Handle, Identity, Life, Manner, Naming, Output, Outputs,
        Physical, Readiness, Repeat, Resource, Scope, Sighting, Tags, Target, Wait, When,
    },
    markers,
};

markers! {
    /// What stands for the id of a route, which EC2 gives none.
    NatRouteId,
}

/// A route from a private subnet's table through a NAT gateway. Apart from its [`RouteTable`](super::RouteTable), which is wanted at once
/// while the gateway takes minutes. Takes no tags.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NatRoute {
    /// The table that it is in.
    pub table: Output<RouteTableId>,
    /// Where to.
    pub destination: Ipv4Net,
    /// Through what.
    pub gateway: Output<NatGatewayId>,
    /// The tables that the gateway itself depends on to reach anything: once this route is there, so are those.
    pub after: Vec<Output<RouteTableId>>,
}

impl Handle<NatRoute> {
    /// Its id, made of its table's and its destination, for what must not start before there is a way to the Internet.
    pub fn id(&self) -> Output<NatRouteId> {
        self.output("id")
    }
}

/// Table and destination: what EC2 knows a route by.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Place {
    table: String,
    destination: String,
}

impl Place {
    fn id(&self) -> String {
        format!("{}|{}", self.table, self.destination)
    }

    fn read(id: &str) -> Result<Self, Failure> {
        let (table, destination) =
            id.split_once('|').ok_or_else(|| Failure::internal(format!("'{id}' is not the id of a route")))?;
        Ok(Place { table: table.to_owned(), destination: destination.to_owned() })
    }

    /// Where a target is: as recorded, else as the specification says, once its table is known.
    fn of(target: &Target) -> Option<Self> {
        let recorded = target.id.as_deref().and_then(|id| Place::read(id).ok());
        recorded.or_else(|| {
            let (table, destination) = (target.text("table")?, target.text("destination")?);
            Some(Place { table: table.to_owned(), destination: destination.to_owned() })
        })
    }

    fn outputs(&self) -> Outputs {
        shared::outputs(&self.id())
    }

    fn in_tables<'a>(&self, tables: &'a [types::RouteTable]) -> Option<&'a types::Route> {
        let table = tables.iter().find(|table| table.route_table_id() == Some(&self.table))?;
        table.routes().iter().find(|route| route_table::destination(route) == Some(&self.destination))
    }
}

async fn create(aws: &Aws, place: &Place, gateway: &str) -> Result<(), Failure> {
    let call = aws.ec2.create_route().route_table_id(&place.table).destination_cidr_block(&place.destination);
    call.nat_gateway_id(gateway).send().await.of("ec2:CreateRoute").map(drop)
}

#[async_trait]
impl Resource for NatRoute {
    type Clients = Aws;
    const KIND: &'static str = "nat-route";

    fn manner() -> Manner {
        Manner {
            // A table has one route to a destination.
            naming: Naming::Unique,
            repeat: Repeat::Safe,
            usable: When::Created,
            create: Wait::INSTANT,
            delete: Wait::INSTANT,
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "gateway" => Field::UPDATE,
            "after" => Field::SILENT,
            _ => Field::REPLACE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        // A route that nobody knows goes with its table, so there is nothing to sweep.
        let places: Vec<(&Target, Place)> =
            scope.targets.iter().filter_map(|target| Some((target, Place::of(target)?))).collect();
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let mut tables = route_table::ours(aws, scope).await?.to_vec();
        let known: BTreeSet<&str> = tables.iter().filter_map(types::RouteTable::route_table_id).collect();
        let ids: BTreeSet<&str> = places.iter().map(|(_, place)| place.table.as_str()).collect();
        let missing: Vec<String> = ids.difference(&known).map(|id| (*id).to_owned()).collect();
        for some in missing.chunks(shared::FILTER_VALUES) {
            let filters = vec![shared::filter("route-table-id", some.iter().map(String::as_str))];
            tables.extend(route_table::describe(aws, filters).await?);
        }
        let sighting = |(target, place): &(&Target, Place)| {
            let route = place.in_tables(&tables)?;
            Some(Sighting {
                key: target.key.clone(),
                name: target.name.clone(),
                id: place.id(),
                outputs: place.outputs(),
                observed: shared::observed([
                    ("table", json!(place.table)),
                    ("destination", json!(place.destination)),
                    ("gateway", json!(route_table::target(route))),
                ]),
                tags: None,
                life: Life::Live,
            })
        };
        Ok(places.iter().filter_map(sighting).collect())
    }

    async fn create(&self, aws: &Aws, _identity: &Identity) -> Result<Created, Failure> {
        let place = Place { table: self.table.get()?.to_owned(), destination: self.destination.to_string() };
        create(aws, &place, self.gateway.get()?).await?;
        Ok(Created { id: place.id(), outputs: place.outputs() })
    }

    async fn update(&self, aws: &Aws, it: &Physical, _changes: &Changes) -> Result<Outputs, Failure> {
        let (place, gateway) = (Place::read(&it.id)?, self.gateway.get()?);
        let call = aws.ec2.replace_route().route_table_id(&place.table).destination_cidr_block(&place.destination);
        match call.nat_gateway_id(gateway).send().await.of("ec2:ReplaceRoute") {
            // It led somewhere else by hand, and the table's own update has taken it out.
            Err(failure) if failure.class == Class::Absent => create(aws, &place, gateway).await?,
            other => other.map(drop)?,
        }
        Ok(place.outputs())
    }

    async fn tag(_aws: &Aws, _it: &Physical, _tags: &Tags) -> Result<(), Failure> {
        Ok(())
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        // CreateRoute is synchronous.
        Ok(Readiness::Ready(Place::read(&it.id)?.outputs()))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        let place = Place::read(&it.id)?;
        let call = aws.ec2.delete_route().route_table_id(place.table).destination_cidr_block(place.destination);
        call.send().await.of("ec2:DeleteRoute").map(drop)
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // DeleteRoute is synchronous.
        Ok(Gone::Yes)
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        &["ec2:CreateRoute", "ec2:DeleteRoute", "ec2:DescribeRouteTables", "ec2:ReplaceRoute"]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::engine::Key;

    #[test]
    fn a_route_is_where_it_was_recorded_or_else_where_it_is_wanted() {
        let target = |id: Option<&str>, spec: Value| Target {
            key: Key::new("nat-route", "private-a"),
            name: "nat-route-private-a-dev".to_owned(),
            id: id.map(str::to_owned),
            recorded: Outputs::new(),
            spec,
        };
        let wanted = json!({ "table": "rtb-2", "destination": "0.0.0.0/0" });
        let id = |target: &Target| Place::of(target).map(|place| place.id());
        assert_eq!(id(&target(Some("rtb-1|0.0.0.0/0"), wanted.clone())).as_deref(), Some("rtb-1|0.0.0.0/0"));
        assert_eq!(id(&target(None, wanted)).as_deref(), Some("rtb-2|0.0.0.0/0"));
        let open = json!({ "table": { "$ref": "route-table/private-a#id" }, "destination": "0.0.0.0/0" });
        assert_eq!(id(&target(None, open)), None);
        assert!(Place::read("rtb-1").is_err());
    }
}
