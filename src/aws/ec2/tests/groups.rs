//! Security groups and their rules.

use aws_sdk_ec2::types::{IpPermission, IpRange, UserIdGroupPair};

use super::{
    bench::{Bench, Made, json},
    vpc::vpc,
};
use crate::{
    aws::ec2::{Direction, Peer, Ports, Protocol, SecurityGroup, SecurityGroupRule, Vpc},
    engine::{Class, Identity, Output, Resource},
};

async fn group(bench: &Bench, vpc: &Made<Vpc>, name: &str) -> Made<SecurityGroup> {
    let description = format!("Tasks of the service {name}");
    bench.make(name, SecurityGroup { vpc: Output::known(&vpc.it.id), description, unmanaged_rules: Vec::new() }).await
}

fn tcp(group: &Made<SecurityGroup>, direction: Direction, port: u16, peer: Peer) -> SecurityGroupRule {
    SecurityGroupRule {
        group: Output::known(&group.it.id),
        direction,
        protocol: Protocol::Tcp,
        ports: Some(Ports::one(port)),
        peer,
        description: "Calls".to_owned(),
    }
}

fn peer(group: &Made<SecurityGroup>) -> Peer {
    Peer::Group(Output::known(&group.it.id))
}

fn from_everywhere() -> IpPermission {
    let everywhere = IpRange::builder().cidr_ip("0.0.0.0/0").build();
    IpPermission::builder().ip_protocol("tcp").from_port(22).to_port(22).ip_ranges(everywhere).build()
}

#[tokio::test(start_paused = true)]
async fn a_group_has_no_rules_but_ours() {
    let bench = Bench::new();
    let vpc = vpc(&bench).await;
    let payments = group(&bench, &vpc, "payments").await;
    let rule = bench.make("payments.https", tcp(&payments, Direction::Egress, 443, Peer::Cidr(anywhere()))).await;

    let open = bench.hand.authorize_security_group_ingress().group_id(&payments.it.id);
    open.ip_permissions(from_everywhere()).send().await.expect("by hand");
    let seen = bench.look(&payments).await.expect("it shows");
    assert_eq!(seen.observed["unmanaged_rules"], serde_json::json!(["ingress tcp 22 from 0.0.0.0/0"]));
    bench.update(&payments.spec, &payments.it, &["unmanaged_rules"]).await.expect("it is revoked");
    bench.assert_in_line(&payments).await;
    bench.assert_in_line(&rule).await;

    bench.remove(rule).await;
    bench.remove(payments).await;
    bench.assert_calls_within(&[Vpc::actions(), SecurityGroup::actions(), SecurityGroupRule::actions()]);
}

fn anywhere() -> ipnet::Ipv4Net {
    ipnet::Ipv4Net::default()
}

#[tokio::test(start_paused = true)]
async fn rules_refer_to_groups_ranges_and_prefix_lists() {
    let bench = Bench::new();
    let vpc = vpc(&bench).await;
    let (payments, accounts) = (group(&bench, &vpc, "payments").await, group(&bench, &vpc, "accounts").await);
    let out = bench.make("payments.to.accounts", tcp(&payments, Direction::Egress, 15006, peer(&accounts))).await;
    let back = bench.make("accounts.from.payments", tcp(&accounts, Direction::Ingress, 15006, peer(&payments))).await;
    let lists = bench.hand.describe_prefix_lists().send().await.expect("it answers");
    let list = lists.prefix_lists()[0].prefix_list_id().expect("it has an id");
    let list = Peer::PrefixList(Output::known(list));
    let listed = bench.make("payments.s3", tcp(&payments, Direction::Egress, 443, list)).await;
    let all = SecurityGroupRule {
        protocol: Protocol::All,
        ports: None,
        ..tcp(&payments, Direction::Ingress, 0, Peer::Cidr("10.20.0.0/16".parse().expect("a range")))
    };
    let mut all = bench.make("payments.all", all).await;

    // In place: protocol, ports, description. The id stays.
    all.spec.protocol = Protocol::Udp;
    all.spec.ports = Some(Ports { from: 53, to: 54 });
    all.spec.description = "Name resolution".to_owned();
    assert_eq!(bench.differences(&all).await, ["protocol", "ports", "description"]);
    bench.update(&all.spec, &all.it, &["protocol", "ports", "description"]).await.expect("it is changed");
    bench.assert_in_line(&all).await;

    for rule in [out, listed, all] {
        bench.remove(rule).await;
    }
    bench.remove(back).await;
    bench.remove(accounts).await;
    bench.remove(payments).await;
    bench.assert_calls_within(&[Vpc::actions(), SecurityGroup::actions(), SecurityGroupRule::actions()]);
}

#[tokio::test(start_paused = true)]
async fn a_rule_is_made_only_once() {
    let bench = Bench::new();
    let vpc = vpc(&bench).await;
    let payments = group(&bench, &vpc, "payments").await;
    let rule = bench.make("payments.https", tcp(&payments, Direction::Egress, 443, Peer::Cidr(anywhere()))).await;
    let identity = Identity {
        key: rule.it.key.clone(),
        name: rule.it.name.clone(),
        tags: Default::default(),
        token: "again".to_owned(),
        environment: bench.environment.clone(),
    };
    let failure = rule.spec.create(&bench.aws, &identity).await.expect_err("it is there");
    assert_eq!(failure.class, Class::Exists);
    // Its group is gone, and the rule with it.
    let it = rule.it.clone();
    bench.remove(payments).await;
    let failure = SecurityGroupRule::delete(&bench.aws, &it).await.expect_err("there is no such group");
    assert_eq!(failure.class, Class::Absent);
}

#[tokio::test(start_paused = true)]
async fn groups_that_refer_to_each_other_can_go() {
    let bench = Bench::new();
    let vpc = vpc(&bench).await;
    let (a, b) = (group(&bench, &vpc, "a").await, group(&bench, &vpc, "b").await);
    for (one, other) in [(&a, &b), (&b, &a)] {
        let pair = UserIdGroupPair::builder().group_id(&other.it.id).build();
        let permission = IpPermission::builder().ip_protocol("tcp").from_port(1).to_port(2).user_id_group_pairs(pair);
        let open = bench.hand.authorize_security_group_ingress().group_id(&one.it.id);
        open.ip_permissions(permission.build()).send().await.expect("by hand");
    }
    bench.look(&a).await.expect("it shows, and so do the rules by now");
    let (failure, blockers) = bench.refusal(&a).await;
    assert_eq!(failure.class, Class::Blocked);
    assert_eq!(blockers, [format!("a rule of security group {} ({})", b.it.id, b.it.name)]);
    bench.remove(b).await;
    bench.remove(a).await;
}

#[tokio::test(start_paused = true)]
async fn a_strangers_group_of_our_name_is_seen() {
    let bench = Bench::new();
    let vpc = vpc(&bench).await;
    let name = "security-group-payments-dev";
    let theirs = bench.hand.create_security_group().vpc_id(&vpc.it.id).group_name(name).description("theirs");
    let theirs = theirs.send().await.expect("by hand").group_id.expect("it has an id");
    let spec =
        SecurityGroup { vpc: Output::known(&vpc.it.id), description: "Tasks".to_owned(), unmanaged_rules: Vec::new() };
    assert_eq!(json(&spec)["vpc"], vpc.it.id);
    let it = crate::engine::Physical {
        key: crate::engine::Key::new("security-group", "payments"),
        name: name.to_owned(),
        id: String::new(),
        outputs: Default::default(),
    };
    let seen = bench.look(&Made { spec, it }).await.expect("it bears our name");
    assert_eq!((seen.id, seen.tags), (theirs, Some(Default::default())));
}
