//! VPCs and subnets.

use aws_sdk_ec2::types::{IpPermission, IpRange};
use ipnet::Ipv4Net;

use super::bench::{Bench, Made};
use crate::{
    aws::ec2::{ElasticIp, InternetGateway, NatGateway, SecurityGroup, Subnet, Vpc},
    engine::{Class, Output, Resource},
};

pub async fn vpc(bench: &Bench) -> Made<Vpc> {
    let cidr = "10.20.0.0/16".parse().expect("a range");
    let spec = Vpc { cidr, dns_support: true, dns_hostnames: true, default_group_rules: Vec::new() };
    bench.make("main", spec).await
}

pub async fn subnet(bench: &Bench, vpc: &Made<Vpc>, name: &str, range: &str) -> Made<Subnet> {
    let cidr: Ipv4Net = range.parse().expect("a range");
    let spec = Subnet { vpc: Output::known(&vpc.it.id), cidr, zone: "us-east-1a".to_owned() };
    bench.make(name, spec).await
}

pub async fn internet_gateway(bench: &Bench, vpc: &Made<Vpc>) -> Made<InternetGateway> {
    bench.make("main", InternetGateway::of(Output::known(&vpc.it.id))).await
}

#[tokio::test(start_paused = true)]
async fn a_vpc_lives_with_an_empty_default_group_and_goes() {
    let bench = Bench::new();
    let vpc = vpc(&bench).await;

    let groups = bench.hand.describe_security_groups().send().await.expect("it answers");
    let group = groups.security_groups()[0].group_id().expect("it has an id");
    let everywhere = IpRange::builder().cidr_ip("0.0.0.0/0").build();
    let all = IpPermission::builder().ip_protocol("-1").ip_ranges(everywhere).build();
    bench.hand.authorize_security_group_ingress().group_id(group).ip_permissions(all).send().await.expect("by hand");
    let seen = bench.look(&vpc).await.expect("it shows");
    assert_eq!(seen.observed["default_group_rules"], serde_json::json!(["ingress all from 0.0.0.0/0"]));
    assert_eq!(bench.differences(&vpc).await, ["default_group_rules"]);
    bench.update(&vpc.spec, &vpc.it, &["default_group_rules"]).await.expect("it is emptied again");
    bench.assert_in_line(&vpc).await;

    bench.remove(vpc).await;
    bench.assert_calls_within(&[Vpc::actions()]);
}

#[tokio::test(start_paused = true)]
async fn dns_settings_are_set_and_found_changed() {
    let bench = Bench::new();
    let mut vpc = vpc(&bench).await;
    vpc.spec.dns_hostnames = false;
    assert_eq!(bench.differences(&vpc).await, ["dns_hostnames"]);
    vpc.spec.dns_support = false;
    bench.update(&vpc.spec, &vpc.it, &["dns_hostnames"]).await.expect("host names are switched off");
    assert_eq!(bench.differences(&vpc).await, ["dns_support"]);
}

#[tokio::test(start_paused = true)]
async fn a_look_that_is_about_nothing_makes_no_call() {
    let bench = Bench::new();
    let scope = crate::engine::Scope { suffix: "dev", environment_id: None, targets: &[], tagged: &[], sweep: false };
    assert!(Vpc::find(&bench.aws, &scope).await.expect("nothing can fail").is_empty());
    assert!(SecurityGroup::find(&bench.aws, &scope).await.expect("nothing can fail").is_empty());
    assert_eq!(bench.aws.log.totals(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_lost_its_tags_is_found_by_its_recorded_id() {
    let bench = Bench::new();
    let vpc = vpc(&bench).await;
    bench.hand.delete_tags().resources(&vpc.it.id).send().await.expect("by hand");
    assert!(bench.look(&vpc).await.is_none());
    let seen = bench.look_recorded(&vpc).await.expect("the id is known");
    assert_eq!((seen.key, seen.tags), (vpc.it.key.clone(), Some(Default::default())));
}

#[tokio::test(start_paused = true)]
async fn a_subnet_names_what_keeps_it() {
    let bench = Bench::new();
    let vpc = vpc(&bench).await;
    let gateway = internet_gateway(&bench, &vpc).await;
    let subnet = subnet(&bench, &vpc, "public-a", "10.20.0.0/20").await;
    let address = bench.make("a", ElasticIp {}).await;
    let nat = NatGateway {
        subnet: Output::known(&subnet.it.id),
        address: Output::known(&address.it.id),
        after: Output::known(&gateway.it.id),
    };
    let nat = bench.make("a", nat).await;

    let (failure, blockers) = bench.refusal(&subnet).await;
    assert_eq!(failure.class, Class::Blocked);
    assert!(blockers.iter().any(|text| text.contains("Interface for NAT Gateway")), "{blockers:?}");
    let (failure, blockers) = bench.refusal(&vpc).await;
    assert_eq!(failure.class, Class::Blocked);
    assert!(blockers.iter().any(|text| *text == format!("subnet {}", subnet.it.id)), "{blockers:?}");

    bench.remove(nat).await;
    bench.remove(subnet).await;
    bench.assert_calls_within(&[
        Vpc::actions(),
        Subnet::actions(),
        InternetGateway::actions(),
        ElasticIp::actions(),
        NatGateway::actions(),
    ]);
}
