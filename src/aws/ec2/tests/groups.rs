//! Security groups and their rules.

use aws_sdk_ec2::types::{IpPermission, IpRange, UserIdGroupPair};
use ipnet::Ipv4Net;
use serde_json::json;

use super::{
    bench::{Bench, Made},
    vpc::vpc,
};
use crate::{
    aws::ec2::{Direction, Peer, Ports, Protocol, SecurityGroup, SecurityGroupRule, Vpc},
    engine::{Class, Output, Resource, Tags},
    sandbox::tests::bench::Specimen,
};

fn tasks(vpc: &Made<Vpc>) -> SecurityGroup {
    SecurityGroup {
        vpc: Output::known(vpc.id()),
        description: "Tasks of a service".to_owned(),
        unmanaged_rules: Vec::new(),
    }
}

async fn group(bench: &Bench, vpc: &Made<Vpc>, name: &str) -> Made<SecurityGroup> {
    bench.make(name, tasks(vpc)).await
}

fn tcp(group: &Made<SecurityGroup>, direction: Direction, port: u16, peer: Peer) -> SecurityGroupRule {
    SecurityGroupRule {
        group: Output::known(group.id()),
        direction,
        protocol: Protocol::Tcp,
        ports: Some(Ports::one(port)),
        peer,
        description: "Calls".to_owned(),
    }
}

fn members(group: &Made<SecurityGroup>) -> Peer {
    Peer::Group(Output::known(group.id()))
}

fn everywhere() -> Peer {
    Peer::Cidr(Ipv4Net::default())
}

#[tokio::test(start_paused = true)]
async fn a_group_has_no_rules_but_ours() {
    let bench = Bench::open().await;
    let vpc = vpc(&bench).await;
    let mut payments = group(&bench, &vpc, "payments").await;
    let rule = bench.make("payments.https", tcp(&payments, Direction::Egress, 443, everywhere())).await;

    let range = IpRange::builder().cidr_ip("0.0.0.0/0").build();
    let ssh = IpPermission::builder().ip_protocol("tcp").from_port(22).to_port(22).ip_ranges(range).build();
    let open = bench.hand.authorize_security_group_ingress().group_id(payments.id());
    open.ip_permissions(ssh).send().await.expect("by hand");
    let seen = bench.look(&payments).await.expect("it shows");
    assert_eq!(seen.observed["unmanaged_rules"], json!(["ingress tcp 22 from 0.0.0.0/0"]));
    bench.mend(&mut payments, &["unmanaged_rules"]).await;
    assert_eq!(bench.differences(&rule).await, Vec::<String>::new());

    bench.remove(rule).await;
    bench.remove(payments).await;
    bench.assert_declared(&[Vpc::actions(), SecurityGroup::actions(), SecurityGroupRule::actions()]);
}

#[tokio::test(start_paused = true)]
async fn rules_refer_to_groups_ranges_and_prefix_lists() {
    let bench = Bench::open().await;
    let vpc = vpc(&bench).await;
    let (payments, accounts) = (group(&bench, &vpc, "payments").await, group(&bench, &vpc, "accounts").await);
    let out = tcp(&payments, Direction::Egress, 15006, members(&accounts));
    let out = bench.make("payments.to.accounts", out).await;
    let back = tcp(&accounts, Direction::Ingress, 15006, members(&payments));
    let back = bench.make("accounts.from.payments", back).await;
    let lists = bench.hand.describe_prefix_lists().send().await.expect("it answers");
    let list = lists.prefix_lists()[0].prefix_list_id().expect("it has an id");
    let listed = tcp(&payments, Direction::Egress, 443, Peer::PrefixList(Output::known(list)));
    let listed = bench.make("payments.s3", listed).await;
    let range = Peer::Cidr("10.20.0.0/16".parse().expect("a range"));
    let all =
        SecurityGroupRule { protocol: Protocol::All, ports: None, ..tcp(&payments, Direction::Ingress, 0, range) };
    let mut all = bench.make("payments.all", all).await;

    let id = all.id().to_owned();
    all.wanted.spec.protocol = Protocol::Udp;
    all.wanted.spec.ports = Some(Ports { from: 53, to: 54 });
    all.wanted.spec.description = "Name resolution".to_owned();
    bench.mend(&mut all, &["protocol", "ports", "description"]).await;
    assert_eq!(bench.look(&all).await.expect("it shows").id, id, "it was changed in place");

    for rule in [out, back, listed, all] {
        bench.remove(rule).await;
    }
    bench.remove(accounts).await;
    bench.remove(payments).await;
    bench.assert_declared(&[Vpc::actions(), SecurityGroup::actions(), SecurityGroupRule::actions()]);
}

#[tokio::test(start_paused = true)]
async fn a_rule_is_made_only_once_and_goes_with_its_group() {
    let bench = Bench::open().await;
    let vpc = vpc(&bench).await;
    let payments = group(&bench, &vpc, "payments").await;
    let rule = bench.make("payments.https", tcp(&payments, Direction::Egress, 443, everywhere())).await;
    assert_eq!(bench.create(&rule.wanted).await.expect_err("it is there").class, Class::Exists);
    bench.remove(payments).await;
    let failure = SecurityGroupRule::delete(bench.aws(), &rule.it).await.expect_err("there is no such group");
    assert_eq!(failure.class, Class::Absent);
}

#[tokio::test(start_paused = true)]
async fn groups_that_refer_to_each_other_can_go() {
    let bench = Bench::open().await;
    let vpc = vpc(&bench).await;
    let (a, b) = (group(&bench, &vpc, "a").await, group(&bench, &vpc, "b").await);
    for (one, other) in [(&a, &b), (&b, &a)] {
        let pair = UserIdGroupPair::builder().group_id(other.id()).build();
        let permission = IpPermission::builder().ip_protocol("tcp").from_port(1).to_port(2).user_id_group_pairs(pair);
        let open = bench.hand.authorize_security_group_ingress().group_id(one.id());
        open.ip_permissions(permission.build()).send().await.expect("by hand");
    }
    bench.look(&a).await.expect("it shows, and so do the rules by now");
    let blockers = bench.blockers(&a).await;
    assert_eq!(blockers, [format!("a rule of security group {} ({})", b.id(), b.it.name)]);
    bench.remove(b).await;
    bench.remove(a).await;
}

#[tokio::test(start_paused = true)]
async fn a_strangers_group_of_our_name_is_seen() {
    let bench = Bench::open().await;
    let vpc = vpc(&bench).await;
    let name = "security-group-payments-dev";
    let theirs = bench.hand.create_security_group().vpc_id(vpc.id()).group_name(name).description("theirs");
    let theirs = theirs.send().await.expect("by hand").group_id.expect("it has an id");
    let wanted = Specimen::new("payments", name, tasks(&vpc));
    crate::sandbox::tests::bench::settle().await;
    let seen = bench.common.see(&wanted, None, false).await.pop().expect("it bears our name");
    assert_eq!((seen.id, seen.tags), (theirs, Some(Tags::new())));
}
