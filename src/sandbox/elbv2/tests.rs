//! Tests of the simulated Elastic Load Balancing, through the real client, in virtual time. What it refuses is in `tests/bad_input`.

use aws_sdk_elasticloadbalancingv2::types::{
    LoadBalancerAttribute, ProtocolEnum, RulePriorityPair, Tag, TargetGroupAttribute, TargetTypeEnum,
};

use super::health;
use crate::sandbox::tests::bench::Bench;
use crate::sandbox::tests::estate::{self, Network, forward, not_found, on_path, wait};
use crate::sandbox::tests::support::{code, filter};

/// A network with a load balancer that is active, its listener on port 80, and two target groups.
struct World {
    bench: Bench,
    net: Network,
    balancer: String,
    listener: String,
    blue: String,
    green: String,
}

async fn world() -> World {
    let bench = Bench::open().await;
    let net = Network::make(&bench.aws).await;
    let balancer = net.load_balancer(&bench.aws, "main").await;
    let listener = estate::listener(&bench.aws, &balancer, 80).await;
    let (blue, green) = (net.target_group(&bench.aws, "blue").await, net.target_group(&bench.aws, "green").await);
    World { bench, net, balancer, listener, blue, green }
}

impl World {
    /// The paths and priorities of the listener's rules, as they are listed; the default one has neither.
    async fn rules(&self) -> Vec<(String, String)> {
        let listed = self.bench.aws.elb.describe_rules().listener_arn(&self.listener).send().await.expect("rules");
        let of = |rule: &aws_sdk_elasticloadbalancingv2::types::Rule| {
            let path = rule.conditions().first().map(|it| it.values()[0].clone()).unwrap_or_default();
            (rule.priority().expect("a priority").to_owned(), path)
        };
        listed.rules().iter().map(of).collect()
    }

    async fn target_states(&self, group: &str) -> Vec<String> {
        let call = self.bench.aws.elb.describe_target_health().target_group_arn(group);
        let found = call.send().await.expect("targets");
        let state = |it: &aws_sdk_elasticloadbalancingv2::types::TargetHealthDescription| {
            it.target_health().and_then(|health| health.state()).expect("a state").as_str().to_owned()
        };
        found.target_health_descriptions().iter().map(state).collect()
    }

    /// Enters a target, as ECS does, or takes it out.
    fn target(&self, group: &str, stays: bool) {
        let change = |call: &mut crate::sandbox::call::Call<'_>| {
            let (now, state) = (call.now, &mut call.world.elbv2);
            if stays {
                health::register(state, group, "10.0.0.4", 8080, now, true);
            } else {
                health::deregister(state, group, "10.0.0.4", 8080, now);
            }
        };
        self.bench.sandbox.look(change).expect("a look");
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_balancer_is_provisioned_before_it_is_active() {
    let bench = Bench::open().await;
    let elb = &bench.aws.elb;
    let net = Network::make(&bench.aws).await;
    let create = || {
        let call = elb.create_load_balancer().name("main").set_subnets(Some(net.subnets.to_vec()));
        call.security_groups(&net.group).send()
    };
    let made = create().await.expect("a load balancer");
    let made = &made.load_balancers()[0];
    assert_eq!(made.state().and_then(|it| it.code()).expect("a state").as_str(), "provisioning");
    assert_eq!((made.vpc_id(), made.availability_zones().len()), (Some(net.vpc.as_str()), 2));
    assert!(made.dns_name().is_some_and(|name| name.starts_with("main-") && name.ends_with(".elb.amazonaws.com")));

    let again = create().await.expect("the same load balancer");
    assert_eq!(again.load_balancers()[0].load_balancer_arn(), made.load_balancer_arn(), "the same settings");
    wait(149).await;
    let state = async || {
        let found = elb.describe_load_balancers().names("main").send().await.expect("described");
        found.load_balancers()[0].state().and_then(|it| it.code()).expect("a state").as_str().to_owned()
    };
    assert_eq!(state().await, "provisioning");
    wait(1).await;
    assert_eq!(state().await, "active");
}

#[tokio::test(start_paused = true)]
async fn its_interfaces_follow_its_subnets_and_outlive_it() {
    let world = world().await;
    let (elb, ec2, net) = (&world.bench.aws.elb, &world.bench.aws.ec2, &world.net);
    let third = crate::sandbox::tests::support::subnet(ec2, &net.vpc, "10.0.2.0/24", "us-east-1c").await;
    let owners = async || {
        let call = ec2.describe_network_interfaces().filters(filter("requester-id", "amazon-elb"));
        let found = call.send().await.expect("described");
        let mut subnets: Vec<String> =
            found.network_interfaces().iter().filter_map(|it| it.subnet_id().map(str::to_owned)).collect();
        subnets.sort();
        subnets
    };
    let sorted = |ids: &[&String]| {
        let mut ids: Vec<String> = ids.iter().map(|id| (*id).clone()).collect();
        ids.sort();
        ids
    };
    assert_eq!(owners().await, sorted(&[&net.subnets[0], &net.subnets[1]]));
    let call = elb.set_subnets().load_balancer_arn(&world.balancer).subnets(&net.subnets[0]).subnets(&third);
    call.send().await.expect("moved");
    wait(1).await;
    assert_eq!(owners().await, sorted(&[&net.subnets[0], &net.subnets[1], &third]), "the old one lingers");
    wait(40).await;
    assert_eq!(owners().await, sorted(&[&net.subnets[0], &third]));

    elb.delete_load_balancer().load_balancer_arn(&world.balancer).send().await.expect("deleted");
    elb.delete_load_balancer().load_balancer_arn(&world.balancer).send().await.expect("absence is success");
    assert_eq!(code(elb.describe_load_balancers().names("main").send().await), "LoadBalancerNotFound");
    assert_eq!(code(elb.describe_listeners().listener_arns(&world.listener).send().await), "ListenerNotFound");
    assert_eq!(owners().await.len(), 2);
    wait(40).await;
    assert!(owners().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn attributes_have_defaults_and_are_changed_together_or_not_at_all() {
    let world = world().await;
    let elb = &world.bench.aws.elb;
    let balancer = async |key: &str| {
        let call = elb.describe_load_balancer_attributes().load_balancer_arn(&world.balancer);
        let found = call.send().await.expect("attributes");
        found.attributes().iter().find(|it| it.key() == Some(key)).and_then(|it| it.value().map(str::to_owned))
    };
    let attribute = |key: &str, value: &str| LoadBalancerAttribute::builder().key(key).value(value).build();
    assert_eq!(balancer("idle_timeout.timeout_seconds").await.as_deref(), Some("60"));
    let call = elb.modify_load_balancer_attributes().load_balancer_arn(&world.balancer);
    let call = call.attributes(attribute("idle_timeout.timeout_seconds", "30"));
    assert_eq!(
        code(call.clone().attributes(attribute("idle_timeout.timeout_seconds", "0")).send().await),
        "ValidationError"
    );
    assert_eq!(balancer("idle_timeout.timeout_seconds").await.as_deref(), Some("60"), "nothing of it was done");
    call.send().await.expect("changed");
    assert_eq!(balancer("idle_timeout.timeout_seconds").await.as_deref(), Some("30"));

    let delay = "deregistration_delay.timeout_seconds";
    let group = async || {
        let call = elb.describe_target_group_attributes().target_group_arn(&world.blue);
        let found = call.send().await.expect("attributes");
        found.attributes().iter().find(|it| it.key() == Some(delay)).and_then(|it| it.value().map(str::to_owned))
    };
    assert_eq!(group().await.as_deref(), Some("300"));
    let attribute = TargetGroupAttribute::builder().key(delay).value("15").build();
    let call = elb.modify_target_group_attributes().target_group_arn(&world.blue).attributes(attribute);
    call.send().await.expect("changed");
    assert_eq!(group().await.as_deref(), Some("15"));
}

#[tokio::test(start_paused = true)]
async fn access_logs_need_a_bucket_that_lets_them_in() {
    let world = world().await;
    let (elb, s3) = (&world.bench.aws.elb, &world.bench.aws.s3);
    let on = || {
        let attribute = |key: &str, value: &str| LoadBalancerAttribute::builder().key(key).value(value).build();
        let call = elb.modify_load_balancer_attributes().load_balancer_arn(&world.balancer);
        let call = call.attributes(attribute("access_logs.s3.enabled", "true"));
        call.attributes(attribute("access_logs.s3.bucket", "bucket-alb-logs")).send()
    };
    let policy = |service: &str, account: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{service}"}},"Action":"s3:PutObject","Resource":"arn:aws:s3:::bucket-alb-logs/AWSLogs/{account}/*"}}]}}"#
        )
    };
    let put = |text: String| s3.put_bucket_policy().bucket("bucket-alb-logs").policy(text).send();
    assert_eq!(code(on().await), "InvalidConfigurationRequest", "there is no such bucket");
    s3.create_bucket().bucket("bucket-alb-logs").send().await.expect("a bucket");
    wait(2).await;
    assert_eq!(code(on().await), "InvalidConfigurationRequest", "it lets nobody in");
    put(policy("logdelivery.elasticloadbalancing.amazonaws.com", "210987654321")).await.expect("a policy");
    assert_eq!(code(on().await), "InvalidConfigurationRequest", "it lets in what comes from another account");
    put(policy("logdelivery.elasticloadbalancing.amazonaws.com", "123456789012")).await.expect("a policy");
    on().await.expect("it lets our logs in");
}

#[tokio::test(start_paused = true)]
async fn a_target_group_is_made_once_and_its_check_is_changed_in_place() {
    let world = world().await;
    let elb = &world.bench.aws.elb;
    let create = || {
        let call = elb.create_target_group().name("blue").protocol(ProtocolEnum::Http).port(8080);
        call.vpc_id(&world.net.vpc).target_type(TargetTypeEnum::Ip)
    };
    let again = create().send().await.expect("the same target group");
    assert_eq!(again.target_groups()[0].target_group_arn(), Some(world.blue.as_str()));
    assert_eq!(code(create().health_check_path("/healthz").send().await), "DuplicateTargetGroupName");

    let call = elb.modify_target_group().target_group_arn(&world.blue).health_check_path("/healthz");
    call.health_check_interval_seconds(10).send().await.expect("changed");
    let found = elb.describe_target_groups().names("blue").send().await.expect("described");
    let found = &found.target_groups()[0];
    assert_eq!((found.health_check_path(), found.health_check_interval_seconds()), (Some("/healthz"), Some(10)));
    assert_eq!(
        (found.health_check_timeout_seconds(), found.matcher().and_then(|it| it.http_code())),
        (Some(5), Some("200"))
    );
    assert!(found.load_balancer_arns().is_empty(), "no rule leads to it");
    estate::rule(&world.bench.aws, &world.listener, 1, "/a", forward(&[(&world.blue, 0), (&world.green, 1)])).await;
    let behind = elb.describe_target_groups().load_balancer_arn(&world.balancer).send().await.expect("described");
    assert_eq!(behind.target_groups().len(), 2, "a weight of 0 counts too");
}

#[tokio::test(start_paused = true)]
async fn a_target_group_belongs_to_one_load_balancer() {
    let world = world().await;
    let other = world.net.load_balancer(&world.bench.aws, "other").await;
    estate::rule(&world.bench.aws, &world.listener, 1, "/a", forward(&[(&world.blue, 1)])).await;
    let call = world.bench.aws.elb.create_listener().load_balancer_arn(&other).port(80).protocol(ProtocolEnum::Http);
    let call = call.default_actions(forward(&[(&world.blue, 1)]));
    assert_eq!(code(call.send().await), "TargetGroupAssociationLimit");
}

#[tokio::test(start_paused = true)]
async fn a_listener_has_its_port_to_itself_and_takes_its_rules_along() {
    let world = world().await;
    let elb = &world.bench.aws.elb;
    let create = |port: i32| {
        let call = elb.create_listener().load_balancer_arn(&world.balancer).port(port).protocol(ProtocolEnum::Http);
        call.default_actions(not_found())
    };
    let again = create(80).send().await.expect("the same listener");
    assert_eq!(again.listeners()[0].listener_arn(), Some(world.listener.as_str()));
    let second = create(8080).send().await.expect("another listener");
    let second = second.listeners()[0].listener_arn().expect("its ARN").to_owned();
    let modify = |port: i32| elb.modify_listener().listener_arn(&second).port(port).send();
    assert_eq!(code(modify(80).await), "DuplicateListener");
    modify(8081).await.expect("moved");
    let call = elb.modify_listener().listener_arn(&second).default_actions(forward(&[(&world.blue, 1)]));
    call.send().await.expect("changed");
    let found = elb.describe_listeners().load_balancer_arn(&world.balancer).send().await.expect("described");
    let mut ports: Vec<i32> = found.listeners().iter().filter_map(|it| it.port()).collect();
    ports.sort_unstable();
    assert_eq!(ports, [80, 8081]);

    let rule = estate::rule(&world.bench.aws, &second, 1, "/a", forward(&[(&world.green, 1)])).await;
    elb.delete_listener().listener_arn(&second).send().await.expect("deleted");
    assert_eq!(code(elb.describe_rules().rule_arns(rule).send().await), "RuleNotFound");
    elb.delete_target_group().target_group_arn(&world.blue).send().await.expect("nothing names it any more");
}

#[tokio::test(start_paused = true)]
async fn rules_come_by_priority_and_may_change_places_in_one_call() {
    let world = world().await;
    let aws = &world.bench.aws;
    let second = estate::rule(aws, &world.listener, 20, "/b", forward(&[(&world.blue, 1)])).await;
    let first = estate::rule(aws, &world.listener, 10, "/a", forward(&[(&world.blue, 1)])).await;
    let listed = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(priority, path)| ((*priority).to_owned(), (*path).to_owned())).collect()
    };
    assert_eq!(world.rules().await, listed(&[("10", "/a"), ("20", "/b"), ("default", "")]));
    let pair = |arn: &str, priority: i32| RulePriorityPair::builder().rule_arn(arn).priority(priority).build();
    let move_to = |pairs: Vec<RulePriorityPair>| aws.elb.set_rule_priorities().set_rule_priorities(Some(pairs)).send();
    assert_eq!(code(move_to(vec![pair(&first, 30), pair(&second, 30)]).await), "PriorityInUse", "one place for two");
    assert_eq!(world.rules().await, listed(&[("10", "/a"), ("20", "/b"), ("default", "")]), "none was moved");
    move_to(vec![pair(&first, 20), pair(&second, 10)]).await.expect("they change places");
    assert_eq!(world.rules().await, listed(&[("10", "/b"), ("20", "/a"), ("default", "")]));

    let call = aws.elb.modify_rule().rule_arn(&first).actions(forward(&[(&world.blue, 10), (&world.green, 90)]));
    call.conditions(on_path(&["/c"])).send().await.expect("changed");
    let found = aws.elb.describe_rules().rule_arns(&first).send().await.expect("described");
    let shares = found.rules()[0].actions()[0].forward_config().expect("it forwards").target_groups().to_vec();
    let weights: Vec<_> = shares.iter().map(|it| (it.target_group_arn(), it.weight())).collect();
    assert_eq!(weights, [(Some(world.blue.as_str()), Some(10)), (Some(world.green.as_str()), Some(90))]);
    assert_eq!(world.rules().await[1], ("20".to_owned(), "/c".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_load_balancer_takes_a_hundred_rules_and_another_one_its_own() {
    let world = world().await;
    let other = world.net.load_balancer(&world.bench.aws, "other").await;
    let beside = estate::listener(&world.bench.aws, &other, 80).await;
    for priority in 1..=100 {
        estate::rule(&world.bench.aws, &world.listener, priority, "/a", not_found()).await;
        wait(1).await;
    }
    let call = world.bench.aws.elb.create_rule().listener_arn(&world.listener).priority(101);
    let call = call.conditions(on_path(&["/a"])).actions(not_found());
    assert_eq!(code(call.send().await), "TooManyRules");
    estate::rule(&world.bench.aws, &beside, 1, "/a", not_found()).await;
}

#[tokio::test(start_paused = true)]
async fn lists_come_in_pages() {
    let world = world().await;
    let elb = &world.bench.aws.elb;
    for priority in 1..=4 {
        estate::rule(&world.bench.aws, &world.listener, priority, "/a", not_found()).await;
    }
    // Four rules and the default one: two, two, one.
    let mut sizes = Vec::new();
    let mut marker = None;
    loop {
        let call = elb.describe_rules().listener_arn(&world.listener).page_size(2).set_marker(marker);
        let page = call.send().await.expect("a page");
        sizes.push(page.rules().len());
        marker = page.next_marker().map(str::to_owned);
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [2, 2, 1]);
    let page = elb.describe_target_groups().page_size(1).send().await.expect("a page");
    let next = elb.describe_target_groups().page_size(1).marker(page.next_marker().expect("a second page"));
    let next = next.send().await.expect("a page");
    assert_ne!(page.target_groups()[0].target_group_arn(), next.target_groups()[0].target_group_arn());
    assert!(next.next_marker().is_none());
    assert_eq!(code(elb.describe_target_groups().marker("nonsense").send().await), "ValidationError");
}

#[tokio::test(start_paused = true)]
async fn targets_are_checked_once_something_leads_to_them_and_drain_when_they_leave() {
    let world = world().await;
    let (blue, aws) = (&world.blue, &world.bench.aws);
    world.target(blue, true);
    assert_eq!(world.target_states(blue).await, ["unused"]);
    estate::rule(aws, &world.listener, 1, "/a", forward(&[(blue, 1)])).await;
    assert_eq!(world.target_states(blue).await, ["initial"]);
    wait(25).await;
    assert_eq!(world.target_states(blue).await, ["healthy"]);
    let attribute = TargetGroupAttribute::builder().key("deregistration_delay.timeout_seconds").value("15").build();
    let call = aws.elb.modify_target_group_attributes().target_group_arn(blue).attributes(attribute);
    call.send().await.expect("changed");
    world.target(blue, false);
    assert_eq!(world.target_states(blue).await, ["draining"]);
    wait(15).await;
    assert!(world.target_states(blue).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn everything_carries_tags() {
    let world = world().await;
    let elb = &world.bench.aws.elb;
    let rule = estate::rule(&world.bench.aws, &world.listener, 1, "/a", not_found()).await;
    let arns = [&world.balancer, &world.blue, &world.listener, &rule];
    let tag = |value: &str| Tag::builder().key("Team").value(value).build();
    let all = || elb.add_tags().set_resource_arns(Some(arns.iter().map(|arn| (*arn).clone()).collect()));
    all().tags(tag("a")).send().await.expect("tagged");
    all().tags(tag("b")).send().await.expect("tagged again");
    let call = elb.describe_tags().set_resource_arns(Some(arns.iter().map(|arn| (*arn).clone()).collect()));
    let found = call.send().await.expect("tags");
    let values: Vec<_> = found.tag_descriptions().iter().map(|it| it.tags()[0].value()).collect();
    assert_eq!(values, [Some("b"); 4]);
    for (kind, absent) in [
        ("targetgroup/x/1", "TargetGroupNotFound"),
        ("listener/app/x/1/1", "ListenerNotFound"),
        ("listener-rule/app/x/1/1/1", "RuleNotFound"),
        ("loadbalancer/app/x/1", "LoadBalancerNotFound"),
    ] {
        let arn = world.bench.arn("elasticloadbalancing", kind);
        assert_eq!(code(elb.describe_tags().resource_arns(arn).send().await), absent);
    }
}
