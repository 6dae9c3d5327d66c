//! Route tables, routes to NAT gateways, endpoints, flow logs.

use super::{
    bench::{Bench, Made, specimen},
    gateways::nat,
    vpc::{internet_gateway, subnet, vpc},
};
use crate::{
    aws::ec2::{
        ElasticIp, FlowLog, InternetGateway, NatGateway, NatRoute, Route, RouteTable, Subnet, Vpc, VpcEndpoint,
    },
    engine::{Life, Output, Resource},
    sandbox::tests::estate,
};

async fn table(
    bench: &Bench,
    vpc: &Made<Vpc>,
    name: &str,
    routes: Vec<Route>,
    on: &[&Made<Subnet>],
) -> Made<RouteTable> {
    let subnets = on.iter().map(|subnet| Output::known(subnet.id())).collect();
    bench.make(name, RouteTable { vpc: Output::known(vpc.id()), routes, subnets }).await
}

fn to(gateway: &Made<InternetGateway>) -> Route {
    Route { destination: "0.0.0.0/0".parse().expect("a range"), target: Output::known(gateway.id()) }
}

/// By hand, a subnet moves to another table.
async fn move_subnet(bench: &Bench, subnet: &Made<Subnet>, from: &Made<RouteTable>, to: &Made<RouteTable>) {
    let tables = bench.hand.describe_route_tables().route_table_ids(from.id()).send().await.expect("it answers");
    let associations = tables.route_tables()[0].associations();
    let moved = associations.iter().find(|one| one.subnet_id() == Some(subnet.id())).expect("it is associated");
    let id = moved.route_table_association_id().expect("it has an id");
    bench.hand.disassociate_route_table().association_id(id).send().await.expect("by hand");
    let associate = bench.hand.associate_route_table().route_table_id(to.id()).subnet_id(subnet.id());
    associate.send().await.expect("by hand");
}

#[tokio::test(start_paused = true)]
async fn a_route_table_is_brought_back_in_line() {
    let bench = Bench::open().await;
    let vpc = vpc(&bench).await;
    let gateway = internet_gateway(&bench, &vpc).await;
    let a = subnet(&bench, &vpc, "a", "10.20.0.0/20").await;
    let b = subnet(&bench, &vpc, "b", "10.20.16.0/20").await;
    let mut public = table(&bench, &vpc, "public", vec![to(&gateway)], &[&a, &b]).await;
    let other = table(&bench, &vpc, "other", vec![], &[]).await;

    let route = bench.hand.create_route().route_table_id(public.id()).gateway_id(gateway.id());
    route.destination_cidr_block("192.0.2.0/24").send().await.expect("by hand");
    move_subnet(&bench, &a, &public, &other).await;
    bench.mend(&mut public, &["routes", "subnets"]).await;
    assert_eq!(bench.differences(&other).await, Vec::<String>::new());

    // Wanted otherwise: without the second subnet and without a way out.
    public.wanted.spec.subnets.pop();
    public.wanted.spec.routes.clear();
    bench.mend(&mut public, &["routes", "subnets"]).await;

    bench.remove(public).await;
    bench.remove(other).await;
    bench.assert_declared(&[Vpc::actions(), InternetGateway::actions(), Subnet::actions(), RouteTable::actions()]);
}

#[tokio::test(start_paused = true)]
async fn a_route_to_a_nat_gateway_lives_beside_its_table() {
    let bench = Bench::open().await;
    let vpc = vpc(&bench).await;
    let gateway = internet_gateway(&bench, &vpc).await;
    let public = subnet(&bench, &vpc, "public-a", "10.20.0.0/20").await;
    let address = bench.make("a", ElasticIp {}).await;
    let nat = bench.make("a", nat(&public, &address)).await;
    let mut private = table(&bench, &vpc, "private-a", vec![], &[]).await;
    let spec = NatRoute {
        table: Output::known(private.id()),
        destination: "0.0.0.0/0".parse().expect("a range"),
        gateway: Output::known(nat.id()),
        after: Vec::new(),
    };
    let mut route = bench.make("private-a", spec).await;
    assert_eq!(bench.differences(&private).await, Vec::<String>::new());

    // By hand it leads past the NAT gateway: both the table and the route see it, and mend it in this order.
    let replace = bench.hand.replace_route().route_table_id(private.id()).destination_cidr_block("0.0.0.0/0");
    replace.gateway_id(gateway.id()).send().await.expect("by hand");
    assert_eq!(bench.differences(&route).await, ["gateway"]);
    bench.mend(&mut private, &["routes"]).await;
    bench.common.change(&route.wanted, &mut route.it, vec!["gateway".to_owned()]).await;
    assert_eq!(bench.differences(&route).await, Vec::<String>::new());

    bench.remove(route).await;
    bench.remove(nat).await;
    bench.remove(private).await;
    bench.assert_declared(&[
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
    let bench = Bench::open().await;
    let vpc = vpc(&bench).await;
    let (a, b) = (table(&bench, &vpc, "a", vec![], &[]).await, table(&bench, &vpc, "b", vec![], &[]).await);
    let spec = VpcEndpoint {
        vpc: Output::known(vpc.id()),
        service: "com.amazonaws.us-east-1.s3".to_owned(),
        route_tables: vec![Output::known(a.id())],
    };
    let mut endpoint = bench.make("s3", spec).await;
    let again = bench.create(&endpoint.wanted).await.expect("the same token");
    assert_eq!(again.id, endpoint.id(), "it makes no second one");
    // The route that it puts into the table is none of the table's own.
    assert_eq!(bench.differences(&a).await, Vec::<String>::new());

    endpoint.wanted.spec.route_tables = vec![Output::known(b.id())];
    bench.mend(&mut endpoint, &["route_tables"]).await;

    bench.remove(endpoint).await;
    bench.remove(a).await;
    bench.remove(b).await;
    bench.assert_declared(&[Vpc::actions(), RouteTable::actions(), VpcEndpoint::actions()]);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_going_is_not_taken_for_a_live_one() {
    let bench = Bench::open().await;
    let vpc = vpc(&bench).await;
    let spec = VpcEndpoint {
        vpc: Output::known(vpc.id()),
        service: "com.amazonaws.us-east-1.dynamodb".to_owned(),
        route_tables: Vec::new(),
    };
    let endpoint = bench.make("dynamodb", spec).await;
    VpcEndpoint::delete(bench.aws(), &endpoint.it).await.expect("it can be deleted");
    let seen = bench.common.see(&endpoint.wanted, None, false).await;
    assert!(seen.iter().all(|seen| seen.life == Life::Ending("deleting".to_owned())), "{seen:?}");
}

async fn flow_log(bench: &Bench, vpc: &str) -> FlowLog {
    let role = estate::role_by_hand(&bench.common.sandbox, "role-flow-logs-dev", "vpc-flow-logs.amazonaws.com").await;
    FlowLog {
        vpc: Output::known(vpc),
        log_group: Output::known("/platformctl/dev/flow-logs"),
        role: Output::known(role),
        aggregation_seconds: 600,
    }
}

#[tokio::test(start_paused = true)]
async fn a_flow_log_is_made_once_and_goes() {
    let bench = Bench::open().await;
    let vpc = vpc(&bench).await;
    let log = bench.make("vpc", flow_log(&bench, vpc.id()).await).await;
    let again = bench.create(&log.wanted).await.expect("the same token");
    assert_eq!(again.id, log.id(), "it makes no second one");
    bench.remove(log).await;
    bench.assert_declared(&[Vpc::actions(), FlowLog::actions()]);
}

#[tokio::test(start_paused = true)]
async fn a_flow_log_that_aws_refuses_is_a_failure() {
    let bench = Bench::open().await;
    let vpc = vpc(&bench).await;
    let id = vpc.id().to_owned();
    bench.remove(vpc).await;
    let wanted = specimen("vpc", flow_log(&bench, &id).await);
    let refused = wanted.spec.create(bench.aws(), &bench.common.identity(&wanted)).await;
    let failure = refused.expect_err("there is no such VPC");
    assert!(failure.code.is_some_and(|code| code.contains("NotFound")), "{}", failure.message);
}
