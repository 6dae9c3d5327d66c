//! Route tables, routes to NAT gateways, endpoints, flow logs.

use std::time::Duration;

use tokio::time::sleep;

use super::{
    bench::{Bench, Made},
    gateways::nat,
    vpc::{internet_gateway, subnet, vpc},
};
use crate::{
    aws::ec2::{
        ElasticIp, FlowLog, InternetGateway, NatGateway, NatRoute, Route, RouteTable, Subnet, Vpc, VpcEndpoint,
    },
    engine::{Life, Output, Resource},
};

async fn table(
    bench: &Bench,
    vpc: &Made<Vpc>,
    name: &str,
    routes: Vec<Route>,
    on: &[&Made<Subnet>],
) -> Made<RouteTable> {
    let subnets = on.iter().map(|subnet| Output::known(&subnet.it.id)).collect();
    bench.make(name, RouteTable { vpc: Output::known(&vpc.it.id), routes, subnets }).await
}

fn to(gateway: &Made<InternetGateway>) -> Route {
    let destination = "0.0.0.0/0".parse().expect("a range");
    Route { destination, target: Output::known(&gateway.it.id) }
}

#[tokio::test(start_paused = true)]
async fn a_route_table_is_brought_back_in_line() {
    let bench = Bench::new();
    let vpc = vpc(&bench).await;
    let gateway = internet_gateway(&bench, &vpc).await;
    let (a, b) = (subnet(&bench, &vpc, "a", "10.20.0.0/20").await, subnet(&bench, &vpc, "b", "10.20.16.0/20").await);
    let public = table(&bench, &vpc, "public", vec![to(&gateway)], &[&a, &b]).await;
    let other = table(&bench, &vpc, "other", vec![], &[]).await;

    // By hand: a further route, and a subnet moved to another table.
    let route = bench.hand.create_route().route_table_id(&public.it.id).gateway_id(&gateway.it.id);
    route.destination_cidr_block("192.0.2.0/24").send().await.expect("by hand");
    let tables = bench.hand.describe_route_tables().route_table_ids(&public.it.id).send().await.expect("it answers");
    let associations = tables.route_tables()[0].associations();
    let moved = associations.iter().find(|one| one.subnet_id() == Some(&a.it.id)).expect("it is associated");
    let id = moved.route_table_association_id().expect("it has an id");
    bench.hand.disassociate_route_table().association_id(id).send().await.expect("by hand");
    let move_to = bench.hand.associate_route_table().route_table_id(&other.it.id).subnet_id(&a.it.id);
    move_to.send().await.expect("by hand");

    assert_eq!(bench.differences(&public).await, ["routes", "subnets"]);
    bench.update(&public.spec, &public.it, &["routes", "subnets"]).await.expect("it is brought back");
    bench.assert_in_line(&public).await;
    bench.assert_in_line(&other).await;

    bench.remove(public).await;
    bench.remove(other).await;
    bench.assert_calls_within(&[Vpc::actions(), InternetGateway::actions(), Subnet::actions(), RouteTable::actions()]);
}

#[tokio::test(start_paused = true)]
async fn a_route_to_a_nat_gateway_lives_beside_its_table() {
    let bench = Bench::new();
    let vpc = vpc(&bench).await;
    let gateway = internet_gateway(&bench, &vpc).await;
    let public = subnet(&bench, &vpc, "public-a", "10.20.0.0/20").await;
    let address = bench.make("a", ElasticIp {}).await;
    let nat = bench.make("a", nat(&public, &address)).await;
    let private = table(&bench, &vpc, "private-a", vec![], &[]).await;
    let spec = NatRoute {
        table: Output::known(&private.it.id),
        destination: "0.0.0.0/0".parse().expect("a range"),
        gateway: Output::known(&nat.it.id),
        after: Vec::new(),
    };
    let route = bench.make("private-a", spec).await;
    bench.assert_in_line(&private).await;

    // By hand it leads past the NAT gateway: both the table and the route see it, and mend it in this order.
    let replace = bench.hand.replace_route().route_table_id(&private.it.id).destination_cidr_block("0.0.0.0/0");
    replace.gateway_id(&gateway.it.id).send().await.expect("by hand");
    assert_eq!(bench.differences(&private).await, ["routes"]);
    assert_eq!(bench.differences(&route).await, ["gateway"]);
    bench.update(&private.spec, &private.it, &["routes"]).await.expect("the table takes it out");
    bench.update(&route.spec, &route.it, &["gateway"]).await.expect("the route is made again");
    bench.assert_in_line(&private).await;
    bench.assert_in_line(&route).await;

    bench.remove(route).await;
    bench.remove(nat).await;
    bench.remove(private).await;
    bench.assert_calls_within(&[
        Vpc::actions(),
        InternetGateway::actions(),
        Subnet::actions(),
        ElasticIp::actions(),
        NatGateway::actions(),
        RouteTable::actions(),
        NatRoute::actions(),
    ]);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_follows_its_tables() {
    let bench = Bench::new();
    let vpc = vpc(&bench).await;
    let (a, b) = (table(&bench, &vpc, "a", vec![], &[]).await, table(&bench, &vpc, "b", vec![], &[]).await);
    let spec = VpcEndpoint {
        vpc: Output::known(&vpc.it.id),
        service: "com.amazonaws.us-east-1.s3".to_owned(),
        route_tables: vec![Output::known(&a.it.id)],
    };
    let mut endpoint = bench.make("s3", spec.clone()).await;
    assert_eq!(bench.create("s3", &spec).await.id, endpoint.it.id, "the same token makes no second one");
    // The route that it puts into the table is none of the table's own.
    bench.assert_in_line(&a).await;

    endpoint.spec.route_tables = vec![Output::known(&b.it.id)];
    assert_eq!(bench.differences(&endpoint).await, ["route_tables"]);
    bench.update(&endpoint.spec, &endpoint.it, &["route_tables"]).await.expect("it moves");
    bench.assert_in_line(&endpoint).await;

    VpcEndpoint::delete(&bench.aws, &endpoint.it).await.expect("it can be deleted");
    if let Some(seen) = bench.look(&endpoint).await {
        assert_eq!(seen.life, Life::Ending("deleting".to_owned()));
    }
    sleep(Duration::from_secs(60)).await;
    bench.remove(endpoint).await;
    bench.remove(b).await;
    bench.assert_calls_within(&[Vpc::actions(), RouteTable::actions(), VpcEndpoint::actions()]);
}

#[tokio::test(start_paused = true)]
async fn a_flow_log_is_made_once_and_goes() {
    let bench = Bench::new();
    let vpc = vpc(&bench).await;
    let spec = FlowLog {
        vpc: Output::known(&vpc.it.id),
        log_group: Output::known("/platformctl/dev/flow-logs"),
        role: Output::known("arn:aws:iam::123456789012:role/role-flow-logs-dev"),
        aggregation_seconds: 600,
    };
    let log = bench.make("vpc", spec.clone()).await;
    assert_eq!(bench.create("vpc", &spec).await.id, log.it.id, "the same token makes no second one");
    bench.remove(log).await;
    bench.assert_calls_within(&[Vpc::actions(), FlowLog::actions()]);
}

#[tokio::test(start_paused = true)]
async fn a_flow_log_that_aws_refuses_is_a_failure() {
    let bench = Bench::new();
    let vpc = vpc(&bench).await;
    let it = vpc.it.clone();
    bench.remove(vpc).await;
    let spec = FlowLog {
        vpc: Output::known(&it.id),
        log_group: Output::known("/platformctl/dev/flow-logs"),
        role: Output::known("arn:aws:iam::123456789012:role/role-flow-logs-dev"),
        aggregation_seconds: 600,
    };
    let identity = crate::engine::Identity {
        key: crate::engine::Key::new("flow-log", "vpc"),
        name: "flow-log-dev".to_owned(),
        tags: Default::default(),
        token: "once".to_owned(),
        environment: bench.environment.clone(),
    };
    let failure = spec.create(&bench.aws, &identity).await.expect_err("there is no such VPC");
    assert!(failure.code.is_some_and(|code| code.contains("NotFound")), "{}", failure.message);
}
