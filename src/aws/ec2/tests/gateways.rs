//! Internet gateways, addresses, NAT gateways.

use tokio::time::Instant;

use super::{
    bench::{Bench, Made},
    vpc::{internet_gateway, subnet, vpc},
};
use crate::{
    aws::ec2::{ElasticIp, InternetGateway, NatGateway, Subnet, Vpc},
    engine::{Class, Life, Output, Resource},
};

pub fn nat(subnet: &Made<Subnet>, address: &Made<ElasticIp>) -> NatGateway {
    NatGateway {
        subnet: Output::known(&subnet.it.id),
        address: Output::known(&address.it.id),
        after: Output::known("igw-known"),
    }
}

#[tokio::test(start_paused = true)]
async fn an_internet_gateway_is_attached_again_where_it_came_loose() {
    let bench = Bench::new();
    let vpc = vpc(&bench).await;
    let gateway = internet_gateway(&bench, &vpc).await;
    bench.update(&gateway.spec, &gateway.it, &["attached"]).await.expect("attaching again is harmless");

    let detach = bench.hand.detach_internet_gateway().internet_gateway_id(&gateway.it.id).vpc_id(&vpc.it.id);
    detach.send().await.expect("by hand");
    let seen = bench.look(&gateway).await.expect("it shows");
    assert_eq!(seen.observed.get("attached"), Some(&false.into()));
    assert_eq!(seen.observed.get("vpc"), None, "loose is no reason for a new one");
    bench.update(&gateway.spec, &gateway.it, &["attached"]).await.expect("it is attached again");
    bench.assert_in_line(&gateway).await;

    bench.remove(gateway).await;
    bench.remove(vpc).await;
    bench.assert_calls_within(&[Vpc::actions(), InternetGateway::actions()]);
}

#[tokio::test(start_paused = true)]
async fn a_vpc_takes_one_internet_gateway() {
    let bench = Bench::new();
    let vpc = vpc(&bench).await;
    internet_gateway(&bench, &vpc).await;
    let second = InternetGateway::of(Output::known(&vpc.it.id));
    let loose = InternetGateway { attached: false, ..second.clone() };
    let made = Made { it: bench.create("second", &loose).await, spec: second };
    let failure = bench.update(&made.spec, &made.it, &["attached"]).await.expect_err("the VPC has one");
    assert_eq!(failure.class, Class::Invalid);
    assert!(failure.message.contains("already has an internet gateway"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn a_nat_gateway_takes_its_time_and_holds_its_address() {
    let bench = Bench::new();
    let vpc = vpc(&bench).await;
    let gateway = internet_gateway(&bench, &vpc).await;
    let subnet = subnet(&bench, &vpc, "public-a", "10.20.0.0/20").await;
    let address = bench.make("a", ElasticIp {}).await;
    assert!(address.it.outputs["address"].parse::<std::net::Ipv4Addr>().is_ok());

    let start = Instant::now();
    let spec = nat(&subnet, &address);
    let nat = bench.make("a", spec.clone()).await;
    let took = start.elapsed().as_secs();
    assert!((105..115).contains(&took), "ready after {took} s");
    assert_eq!(bench.create("a", &spec).await.id, nat.it.id, "the same token makes no second one");

    let (failure, blockers) = bench.refusal(&gateway).await;
    assert_eq!(failure.class, Class::Blocked);
    let mapped = format!("public address {} on network interface", address.it.outputs["address"]);
    assert!(blockers.iter().any(|text| text.starts_with(&mapped)), "{blockers:?}");
    let (failure, blockers) = bench.refusal(&address).await;
    assert_eq!(failure.class, Class::Blocked);
    assert!(blockers.iter().any(|text| text.contains(&nat.it.id)), "{blockers:?}");

    NatGateway::delete(&bench.aws, &nat.it).await.expect("it can be deleted");
    let seen = bench.look(&nat).await.expect("it shows while it goes");
    assert_eq!(seen.life, Life::Ending("deleting".to_owned()));
    let start = Instant::now();
    bench.remove(nat).await;
    let took = start.elapsed().as_secs();
    assert!((45..60).contains(&took), "gone after {took} s");
    bench.remove(address).await;
    bench.remove(gateway).await;
}

#[tokio::test(start_paused = true)]
async fn a_nat_gateway_that_failed_is_broken_and_can_go() {
    let bench = Bench::new();
    let vpc = vpc(&bench).await;
    let subnet = subnet(&bench, &vpc, "public-a", "10.20.0.0/20").await;
    let address = bench.make("a", ElasticIp {}).await;
    let spec = nat(&subnet, &address);
    let made = Made { it: bench.create("a", &spec).await, spec };
    let failure = bench.wait(&made.spec, &made.it).await.expect_err("the VPC has no Internet gateway");
    assert!(failure.message.contains("Gateway.NotAttached"), "{failure}");
    let seen = bench.look(&made).await.expect("it shows");
    assert!(matches!(&seen.life, Life::Broken(why) if why.contains("Gateway.NotAttached")), "{:?}", seen.life);
    bench.remove(made).await;
    bench.remove(address).await;
}
