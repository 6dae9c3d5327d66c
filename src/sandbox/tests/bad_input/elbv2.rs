//! Elastic Load Balancing.

use aws_sdk_ec2::types::VpcEndpointType;
use aws_sdk_elasticloadbalancingv2::types::{
    Certificate, LoadBalancerAttribute, Matcher, ProtocolEnum, RulePriorityPair, TargetGroupAttribute, TargetTypeEnum,
};

use super::trial::{Trial, refused};
use crate::sandbox::tests::bench::Bench;
use crate::sandbox::tests::estate::{self, Network, forward, not_found, on_path};
use crate::sandbox::tests::support;

const GHOST: &str = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/ghost/0123456789abcdef";
const CERTIFICATE: &str = "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd";

/// Elastic Load Balancing API reference, each operation, "Errors" and the constraints of its parameters.
pub async fn load_balancing(trial: &mut Trial) {
    let bench = Bench::open().await;
    let elb = &bench.aws.elb;
    let net = Network::make(&bench.aws).await;
    let same_zone = support::subnet(&bench.aws.ec2, &net.vpc, "10.0.2.0/24", "us-east-1a").await;
    let tiny = support::subnet(&bench.aws.ec2, &net.vpc, "10.0.3.0/28", "us-east-1c").await;
    // Eleven addresses, of which four are taken.
    for service in ["ecs", "kms", "logs", "sts"] {
        let call = bench.aws.ec2.create_vpc_endpoint().vpc_id(&net.vpc).subnet_ids(&tiny).private_dns_enabled(false);
        let call = call.service_name(format!("com.amazonaws.us-east-1.{service}"));
        call.vpc_endpoint_type(VpcEndpointType::Interface).send().await.expect("an endpoint");
    }
    let other_vpc = support::vpc(&bench.aws.ec2).await;
    let elsewhere = support::group(&bench.aws.ec2, &other_vpc, "elsewhere").await;
    let balancer = net.load_balancer(&bench.aws, "main").await;
    let group = net.target_group(&bench.aws, "blue").await;
    let foreign = Network { vpc: other_vpc, ..Network::make(&bench.aws).await };
    let foreign = foreign.target_group(&bench.aws, "foreign").await;
    let listener = estate::listener(&bench.aws, &balancer, 80).await;
    let rule = estate::rule(&bench.aws, &listener, 10, "/a/*", forward(&[(&group, 100)])).await;
    estate::rule(&bench.aws, &listener, 20, "/b/*", forward(&[(&group, 100)])).await;

    let new = |name: &str| {
        let call = elb.create_load_balancer().name(name).set_subnets(Some(net.subnets.to_vec()));
        call.security_groups(&net.group)
    };
    let tune = |key: &str, value: &str| {
        let attribute = LoadBalancerAttribute::builder().key(key).value(value).build();
        elb.modify_load_balancer_attributes().load_balancer_arn(&balancer).attributes(attribute)
    };
    let logs = LoadBalancerAttribute::builder().key("access_logs.s3.bucket").value("bucket-ghost").build();
    refused!(trial, bench, "elbv2",
        "a load balancer's name of 33 characters", "ValidationError" => new(&"x".repeat(33));
        "a load balancer's name with an underscore", "ValidationError" => new("a_b");
        "a load balancer's name that ends with a hyphen", "ValidationError" => new("a-");
        "a load balancer called internal-", "ValidationError" => new("internal-a");
        "a load balancer with one subnet", "ValidationError" => new("new").set_subnets(Some(vec![net.subnets[0].clone()]));
        "a load balancer with two subnets of one zone", "InvalidConfigurationRequest" => new("new").set_subnets(Some(vec![net.subnets[0].clone(), same_zone.clone()]));
        "a load balancer in a subnet that is not there", "SubnetNotFound" => new("new").subnets("subnet-0123456789abcdef0");
        "a load balancer in a subnet that is full", "InvalidSubnet" => new("new").subnets(&tiny);
        "a load balancer with a group of another VPC", "InvalidSecurityGroup" => new("new").security_groups(&elsewhere);
        "the name of a load balancer with other settings", "DuplicateLoadBalancerName" => new("main").set_security_groups(None);
        "a tag that is reserved", "ValidationError" => new("new").tags(aws_sdk_elasticloadbalancingv2::types::Tag::builder().key("aws:x").value("y").build());
        "an attribute that is not there", "InvalidConfigurationRequest" => tune("colour", "red");
        "an idle time-out of 4001 seconds", "ValidationError" => tune("idle_timeout.timeout_seconds", "4001");
        "a switch that is neither on nor off", "ValidationError" => tune("routing.http.drop_invalid_header_fields.enabled", "yes");
        "logs to a bucket that is not there", "InvalidConfigurationRequest" => tune("access_logs.s3.enabled", "true").attributes(logs.clone());
        "a load balancer that is not there", "LoadBalancerNotFound" => elb.describe_load_balancers().names("ghost");
        "a page of 401", "ValidationError" => elb.describe_load_balancers().page_size(401);
        "a page of none", "ValidationError" => elb.describe_rules().listener_arn(&listener).page_size(0);
    );

    let new = |name: &str| {
        let call = elb.create_target_group().name(name).protocol(ProtocolEnum::Http).port(8080).vpc_id(&net.vpc);
        call.target_type(TargetTypeEnum::Ip)
    };
    let tune = |key: &str, value: &str| {
        let attribute = TargetGroupAttribute::builder().key(key).value(value).build();
        elb.modify_target_group_attributes().target_group_arn(&group).attributes(attribute)
    };
    let codes = |text: &str| Matcher::builder().http_code(text).build();
    refused!(trial, bench, "elbv2",
        "a target group's name of 33 characters", "ValidationError" => new(&"x".repeat(33));
        "a check every 4 seconds", "ValidationError" => new("new").health_check_interval_seconds(4);
        "a check that takes longer than its interval", "ValidationError" => new("new").health_check_interval_seconds(10).health_check_timeout_seconds(10);
        "a threshold of 1", "ValidationError" => new("new").healthy_threshold_count(1);
        "a threshold of 11", "ValidationError" => new("new").unhealthy_threshold_count(11);
        "a path without a slash", "ValidationError" => new("new").health_check_path("healthz");
        "a code of 500", "ValidationError" => new("new").matcher(codes("500"));
        "codes backwards", "ValidationError" => new("new").matcher(codes("299-200"));
        "a port to check that is none", "ValidationError" => new("new").health_check_port("http");
        "port 0", "ValidationError" => new("new").port(0);
        "a protocol of other load balancers", "ValidationError" => new("new").protocol(ProtocolEnum::Tcp);
        "a VPC that is not there", "ValidationError" => new("new").vpc_id("vpc-0123456789abcdef0");
        "the name of a target group with other settings", "DuplicateTargetGroupName" => new("blue").port(8081);
        "a group's attribute that is not there", "ValidationError" => tune("colour", "red");
        "a deregistration delay of 3601 seconds", "ValidationError" => tune("deregistration_delay.timeout_seconds", "3601");
        "a slow start of 29 seconds", "ValidationError" => tune("slow_start.duration_seconds", "29");
        "a target group that is not there", "TargetGroupNotFound" => elb.describe_target_health().target_group_arn(GHOST);
    );

    let new = |port: i32| {
        let call = elb.create_listener().load_balancer_arn(&balancer).port(port).protocol(ProtocolEnum::Http);
        call.default_actions(not_found())
    };
    let secure = || new(443).protocol(ProtocolEnum::Https);
    let certificate = |arn: &str| Certificate::builder().certificate_arn(arn).build();
    refused!(trial, bench, "elbv2",
        "a listener on port 70000", "ValidationError" => new(70_000);
        "a listener without actions", "ValidationError" => new(81).set_default_actions(None);
        "two listeners on a port", "DuplicateListener" => new(80).set_default_actions(Some(vec![forward(&[(&group, 1)])]));
        "HTTPS without a certificate", "ValidationError" => secure();
        "HTTPS without a policy", "ValidationError" => secure().certificates(certificate(CERTIFICATE));
        "a policy that is not there", "SSLPolicyNotFound" => secure().certificates(certificate(CERTIFICATE)).ssl_policy("Ghost");
        "a certificate that is none", "CertificateNotFound" => secure().certificates(certificate("arn:aws:s3:::a")).ssl_policy("ELBSecurityPolicy-TLS13-1-2-2021-06");
        "HTTP with a certificate", "ValidationError" => new(81).certificates(certificate(CERTIFICATE));
        "a protocol of other listeners", "UnsupportedProtocol" => new(81).protocol(ProtocolEnum::Tcp);
        "a listener of no load balancer", "LoadBalancerNotFound" => new(81).load_balancer_arn(balancer.replace("main", "ghost"));
        "a target group of another VPC", "InvalidConfigurationRequest" => new(81).set_default_actions(Some(vec![forward(&[(&foreign, 1)])]));
        "a listener that is not there", "ListenerNotFound" => elb.delete_listener().listener_arn(listener.replace("main", "ghost"));
    );

    let new = |priority: i32| {
        let call = elb.create_rule().listener_arn(&listener).priority(priority).conditions(on_path(&["/c/*"]));
        call.actions(forward(&[(&group, 100)]))
    };
    let act = |action| new(30).set_actions(Some(vec![action]));
    let test = |paths: &[&str]| new(30).set_conditions(Some(vec![on_path(paths)]));
    let place = |priority: i32| {
        let pair = RulePriorityPair::builder().rule_arn(&rule).priority(priority).build();
        elb.set_rule_priorities().rule_priorities(pair)
    };
    refused!(trial, bench, "elbv2",
        "priority 0", "ValidationError" => new(0);
        "priority 50001", "ValidationError" => new(50_001);
        "a priority twice", "PriorityInUse" => new(10);
        "a rule moved onto another", "PriorityInUse" => place(20);
        "a rule moved out of range", "ValidationError" => place(0);
        "a weight of 1000", "ValidationError" => act(forward(&[(&group, 1000)]));
        "a negative weight", "ValidationError" => act(forward(&[(&group, -1)]));
        "six target groups", "ValidationError" => act(forward(&[(group.as_str(), 1); 6]));
        "a forward to nothing", "ValidationError" => act(forward(&[]));
        "a forward to a group that is not there", "TargetGroupNotFound" => act(forward(&[(GHOST, 1)]));
        "two actions that end a request", "ValidationError" => new(30).actions(not_found());
        "a rule without conditions", "ValidationError" => new(30).set_conditions(None);
        "a path of 129 characters", "ValidationError" => test(&[&"x".repeat(129)]);
        "six paths", "ValidationError" => test(&["/1", "/2", "/3", "/4", "/5", "/6"]);
        "a rule of no listener", "ListenerNotFound" => new(30).listener_arn(listener.replace("main", "ghost"));
        "a rule that is not there", "RuleNotFound" => elb.delete_rule().rule_arn(rule.replace("main", "ghost"));
    );
}
