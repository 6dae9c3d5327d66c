//! VPCs and subnets.

use aws_sdk_ec2::types::{IpPermission, IpRange};
use serde_json::json;

use super::{
    bench::{Bench, Made},
    gateways::nat,
};
use crate::{
    aws::ec2::{ElasticIp, InternetGateway, NatGateway, SecurityGroup, Subnet, Vpc},
    engine::{Output, Resource, Scope, Tags},
};

pub async fn vpc(bench: &Bench) -> Made<Vpc> {
    let cidr = "10.20.0.0/16".parse().expect("a range");
    let spec = Vpc { cidr, dns_support: true, dns_hostnames: true, default_group_rules: Vec::new() };
    bench.make("main", spec).await
}

pub async fn subnet(bench: &Bench, vpc: &Made<Vpc>, name: &str, range: &str) -> Made<Subnet> {
    let cidr = range.parse().expect("a range");
    bench.make(name, Subnet { vpc: Output::known(vpc.id()), cidr, zone: "us-east-1a".to_owned() }).await
}

pub async fn internet_gateway(bench: &Bench, vpc: &Made<Vpc>) -> Made<InternetGateway> {
    bench.make("main", InternetGateway::of(Output::known(vpc.id()))).await
}

#[tokio::test(start_paused = true)]
async fn a_vpc_lives_with_an_empty_default_group_and_goes() {
    let bench = Bench::open().await;
    let mut vpc = vpc(&bench).await;

    let groups = bench.hand.describe_security_groups().send().await.expect("it answers");
    let group = groups.security_groups()[0].group_id().expect("it has an id");
    let everywhere = IpRange::builder().cidr_ip("0.0.0.0/0").build();
    let all = IpPermission::builder().ip_protocol("-1").ip_ranges(everywhere).build();
    bench.hand.authorize_security_group_ingress().group_id(group).ip_permissions(all).send().await.expect("by hand");
    let seen = bench.look(&vpc).await.expect("it shows");
    assert_eq!(seen.observed["default_group_rules"], json!(["ingress all from 0.0.0.0/0"]));
    bench.mend(&mut vpc, &["default_group_rules"]).await;

    bench.remove(vpc).await;
    bench.assert_declared(&[Vpc::actions()]);
}

#[tokio::test(start_paused = true)]
async fn dns_settings_are_changed_in_place() {
    let bench = Bench::open().await;
    let mut vpc = vpc(&bench).await;
    vpc.wanted.spec.dns_hostnames = false;
    bench.mend(&mut vpc, &["dns_hostnames"]).await;
    vpc.wanted.spec.dns_support = false;
    bench.mend(&mut vpc, &["dns_support"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_look_that_is_about_nothing_makes_no_call() {
    let bench = Bench::open().await;
    let before = bench.aws().log.totals();
    let scope = Scope {
        suffix: "dev",
        environment_id: None,
        targets: &[],
        tagged: &[],
        sweep: false,
        answers: &crate::engine::Answers::default(),
    };
    assert!(Vpc::find(bench.aws(), &scope).await.expect("nothing can fail").is_empty());
    assert!(SecurityGroup::find(bench.aws(), &scope).await.expect("nothing can fail").is_empty());
    assert_eq!(bench.aws().log.totals(), before);
}

#[tokio::test(start_paused = true)]
async fn what_lost_its_tags_is_found_by_its_recorded_id() {
    let bench = Bench::open().await;
    let vpc = vpc(&bench).await;
    bench.hand.delete_tags().resources(vpc.id()).send().await.expect("by hand");
    assert!(bench.look(&vpc).await.is_none());
    let seen = bench.common.see(&vpc.wanted, Some(vpc.id()), false).await.pop().expect("the id is known");
    assert_eq!((seen.id.as_str(), seen.tags), (vpc.id(), Some(Tags::new())));
}

#[tokio::test(start_paused = true)]
async fn subnet_and_vpc_name_what_keeps_them() {
    let bench = Bench::open().await;
    let vpc = vpc(&bench).await;
    let gateway = internet_gateway(&bench, &vpc).await;
    let subnet = subnet(&bench, &vpc, "public-a", "10.20.0.0/20").await;
    let address = bench.make("a", ElasticIp {}).await;
    let nat = bench.make("a", nat(&subnet, &address)).await;

    let blockers = bench.blockers(&subnet).await;
    assert!(blockers.iter().any(|text| text.contains("Interface for NAT Gateway")), "{blockers:?}");
    let blockers = bench.blockers(&vpc).await;
    assert!(blockers.contains(&format!("subnet {}", subnet.id())), "{blockers:?}");

    bench.remove(nat).await;
    bench.remove(address).await;
    bench.remove(gateway).await;
    bench.remove(subnet).await;
    bench.remove(vpc).await;
    bench.assert_declared(&[
        Vpc::actions(),
        Subnet::actions(),
        InternetGateway::actions(),
        ElasticIp::actions(),
        NatGateway::actions(),
    ]);
}
