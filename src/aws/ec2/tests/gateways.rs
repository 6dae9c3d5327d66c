//! Internet gateways, addresses, NAT gateways.

use std::net::Ipv4Addr;

use tokio::time::Instant;

use super::{
    bench::{Bench, Made, specimen},
    vpc::{internet_gateway, subnet, vpc},
};
use crate::{
    aws::ec2::{ElasticIp, InternetGateway, NatGateway, Subnet, Vpc},
    engine::{Changes, Class, Life, Output, Resource, Tags},
};

pub fn nat(subnet: &Made<Subnet>, address: &Made<ElasticIp>) -> NatGateway {
    NatGateway {
        subnet: Output::known(subnet.id()),
        address: Output::known(address.id()),
        after: Output::known("igw-known"),
    }
}

fn attached() -> Changes {
    Changes { fields: vec!["attached".to_owned()], tags: Tags::new() }
}

#[tokio::test(start_paused = true)]
async fn an_internet_gateway_is_attached_again_where_it_came_loose() {
    let bench = Bench::open().await;
    let vpc = vpc(&bench).await;
    let mut gateway = internet_gateway(&bench, &vpc).await;
    let again = gateway.wanted.spec.update(bench.aws(), &gateway.it, &attached()).await;
    again.expect("attaching again is harmless");

    let detach = bench.hand.detach_internet_gateway().internet_gateway_id(gateway.id()).vpc_id(vpc.id());
    detach.send().await.expect("by hand");
    // Coming loose is no reason for a new one, so the VPC must not count as changed.
    bench.mend(&mut gateway, &["attached"]).await;

    bench.remove(gateway).await;
    bench.remove(vpc).await;
    bench.assert_declared(&[Vpc::actions(), InternetGateway::actions()]);
}

#[tokio::test(start_paused = true)]
async fn a_vpc_takes_one_internet_gateway() {
    let bench = Bench::open().await;
    let vpc = vpc(&bench).await;
    internet_gateway(&bench, &vpc).await;
    let second = specimen("second", InternetGateway::of(Output::known(vpc.id())));
    let it = bench.create(&second).await.expect("it can be made");
    let failure = second.spec.update(bench.aws(), &it, &attached()).await.expect_err("the VPC has one");
    assert_eq!(failure.class, Class::Invalid);
    assert!(failure.message.contains("already has an internet gateway"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn a_nat_gateway_takes_its_time_and_holds_its_address() {
    let bench = Bench::open().await;
    let vpc = vpc(&bench).await;
    let gateway = internet_gateway(&bench, &vpc).await;
    let subnet = subnet(&bench, &vpc, "public-a", "10.20.0.0/20").await;
    let address = bench.make("a", ElasticIp {}).await;
    assert!(address.it.outputs["address"].parse::<Ipv4Addr>().is_ok());

    let wanted = specimen("a", nat(&subnet, &address));
    let start = Instant::now();
    let it = bench.common.make(&wanted).await;
    let took = start.elapsed().as_secs();
    assert!((105..115).contains(&took), "ready after {took} s");
    let nat = Made { wanted, it };
    assert_eq!(bench.create(&nat.wanted).await.expect("the same token").id, nat.id(), "it makes no second one");

    let blockers = bench.blockers(&gateway).await;
    let mapped = format!("public address {} on network interface", address.it.outputs["address"]);
    assert!(blockers.iter().any(|text| text.starts_with(&mapped)), "{blockers:?}");
    let blockers = bench.blockers(&address).await;
    assert!(blockers.iter().any(|text| text.contains(nat.id())), "{blockers:?}");

    NatGateway::delete(bench.aws(), &nat.it).await.expect("it can be deleted");
    let start = Instant::now();
    let seen = bench.look(&nat).await.expect("it shows while it goes");
    assert_eq!(seen.life, Life::Ending("deleting".to_owned()));
    bench.remove(nat).await;
    let took = start.elapsed().as_secs();
    assert!((50..65).contains(&took), "gone after {took} s");
    bench.remove(address).await;
    bench.remove(gateway).await;
}

#[tokio::test(start_paused = true)]
async fn a_nat_gateway_that_failed_is_broken_and_can_go() {
    let bench = Bench::open().await;
    let vpc = vpc(&bench).await;
    let subnet = subnet(&bench, &vpc, "public-a", "10.20.0.0/20").await;
    let address = bench.make("a", ElasticIp {}).await;
    let wanted = specimen("a", nat(&subnet, &address));
    let it = bench.create(&wanted).await.expect("it can be made");
    let nat = Made { wanted, it };
    let failure = bench.failure(&nat).await;
    assert!(failure.message.contains("Gateway.NotAttached"), "{failure}");
    let seen = bench.look(&nat).await.expect("it shows");
    assert!(matches!(&seen.life, Life::Broken(why) if why.contains("Gateway.NotAttached")), "{:?}", seen.life);
    bench.remove(nat).await;
    bench.remove(address).await;
}
