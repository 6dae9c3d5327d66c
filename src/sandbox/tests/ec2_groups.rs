//! Security groups, their rules, and the network interfaces that use them.

use std::time::Duration;

use aws_sdk_ec2::types::{
    IpPermission, IpRange, ResourceType, SecurityGroupRuleRequest, SecurityGroupRuleUpdate, UserIdGroupPair,
};

use super::support::*;
use crate::sandbox::ec2::network_interface::{self, NewInterface, PublicAddress};
use crate::sandbox::world::Tags;
use crate::sandbox::{SandboxOptions, quotas};

fn from_range(port: i32, range: &str) -> IpPermission {
    let range = IpRange::builder().cidr_ip(range).description("a range").build();
    IpPermission::builder().ip_protocol("tcp").from_port(port).to_port(port).ip_ranges(range).build()
}

fn from_group(port: i32, group: &str) -> IpPermission {
    let pair = UserIdGroupPair::builder().group_id(group).build();
    IpPermission::builder().ip_protocol("tcp").from_port(port).to_port(port).user_id_group_pairs(pair).build()
}

#[tokio::test(start_paused = true)]
async fn names_are_checked() {
    let (_sandbox, ec2) = in_memory();
    let id = vpc(&ec2).await;
    let create = |name: &str, description: &str| {
        ec2.create_security_group().vpc_id(&id).group_name(name).description(description).send()
    };
    assert_eq!(code(create("sg-alb-dev", "d").await), "InvalidParameterValue");
    assert_eq!(code(create("alb", "naïve").await), "InvalidParameterValue");
    assert_eq!(code(create(&"a".repeat(256), "d").await), "InvalidParameterValue");
    assert_eq!(code(create("default", "d").await), "InvalidGroup.Reserved");
    create("alb", "d").await.unwrap();
    assert_eq!(code(create("alb", "d").await), "InvalidGroup.Duplicate");
    let nowhere = ec2.create_security_group().group_name("alb").description("d").send().await;
    assert_eq!(code(nowhere), "VPCIdNotSpecified");
}

#[tokio::test(start_paused = true)]
async fn rules_are_authorized_once_modified_and_revoked() {
    let (_sandbox, ec2) = in_memory();
    let id = vpc(&ec2).await;
    let (alb, app) = (group(&ec2, &id, "alb").await, group(&ec2, &id, "app").await);
    let authorize =
        |permission: IpPermission| ec2.authorize_security_group_ingress().group_id(&app).ip_permissions(permission);
    let specification = tags(ResourceType::SecurityGroupRule, &[("Name", "from-alb")]);
    let output = authorize(from_group(8080, &alb)).tag_specifications(specification).send().await.unwrap();
    let rule = output.security_group_rules()[0].clone();
    assert_eq!(rule.tags()[0].value(), Some("from-alb"));
    assert_eq!(code(authorize(from_group(8080, &alb)).send().await), "InvalidPermission.Duplicate");
    assert_eq!(code(authorize(from_range(80, "10.0.0.1/16")).send().await), "InvalidParameterValue");
    assert_eq!(code(authorize(from_range(70000, "10.0.0.0/16")).send().await), "InvalidParameterValue");
    assert_eq!(code(authorize(from_group(1, "sg-00000000")).send().await), "InvalidGroup.NotFound");
    settle().await;
    let found = ec2.describe_security_groups().group_ids(&app).send().await.unwrap();
    assert_eq!(found.security_groups()[0].ip_permissions()[0].from_port(), Some(8080));
    let users = ec2.describe_security_groups().filters(filter("ip-permission.group-id", &alb)).send().await.unwrap();
    assert_eq!(users.security_groups()[0].group_id(), Some(&*app));

    let request = SecurityGroupRuleRequest::builder().ip_protocol("tcp").from_port(9000).to_port(9000);
    let update = SecurityGroupRuleUpdate::builder()
        .security_group_rule_id(rule.security_group_rule_id().unwrap())
        .security_group_rule(request.referenced_group_id(&alb).build())
        .build();
    ec2.modify_security_group_rules().group_id(&app).security_group_rules(update).send().await.unwrap();
    let rules = ec2.describe_security_group_rules().filters(filter("group-id", &app)).send().await.unwrap();
    assert!(rules.security_group_rules().iter().any(|rule| rule.from_port() == Some(9000)));

    let revoke = |port| ec2.revoke_security_group_ingress().group_id(&app).ip_permissions(from_group(port, &alb));
    assert_eq!(code(revoke(8080).send().await), "InvalidPermission.NotFound");
    assert_eq!(code(ec2.delete_security_group().group_id(&alb).send().await), "DependencyViolation");
    revoke(9000).send().await.unwrap();
    ec2.delete_security_group().group_id(&alb).send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_changes_nothing_and_rules_have_a_quota() {
    let mut options = SandboxOptions::in_memory();
    options.quotas.insert(quotas::RULES_PER_GROUP.to_owned(), 2.0);
    let ec2 = ec2(&sandbox(options));
    let id = vpc(&ec2).await;
    let app = group(&ec2, &id, "app").await;
    let authorize = |ports: &[i32]| {
        let permissions = ports.iter().map(|port| from_range(*port, "10.0.0.0/16")).collect();
        ec2.authorize_security_group_ingress().group_id(&app).set_ip_permissions(Some(permissions)).send()
    };
    assert_eq!(code(authorize(&[1, 2, 3]).await), "RulesPerSecurityGroupLimitExceeded");
    assert_eq!(code(authorize(&[1, 1]).await), "InvalidPermission.Duplicate");
    authorize(&[1, 2]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn interfaces_of_other_services_linger_and_block() {
    let (sandbox, ec2) = in_memory();
    let id = vpc(&ec2).await;
    let subnet = subnet(&ec2, &id, "10.0.0.0/24", "us-east-1a").await;
    internet_gateway(&ec2, &id).await;
    let alb = group(&ec2, &id, "alb").await;
    let before = sandbox.inventory().unwrap();
    let description = "ELB app/alb-dev/0123456789abcdef";
    let groups = [alb.clone()];
    let interface = NewInterface {
        subnet_id: &subnet,
        description: description.to_owned(),
        interface_type: "interface",
        requester: "amazon-elb",
        groups: &groups,
        public: PublicAddress::Amazon,
        tags: Tags::new(),
    };
    sandbox.look(|call| network_interface::create(call, interface)).unwrap().unwrap();
    sandbox
        .look(|call| {
            let at = call.now + Duration::from_secs(40);
            network_interface::expire(call, at, |interface| interface.description == description);
        })
        .unwrap();
    settle().await;
    let find = || ec2.describe_network_interfaces().filters(filter("description", "ELB app/alb-dev/*")).send();
    let found = find().await.unwrap();
    let interface = &found.network_interfaces()[0];
    assert_eq!((interface.private_ip_address(), interface.groups()[0].group_name()), (Some("10.0.0.4"), Some("alb")));
    assert_eq!(interface.attachment().unwrap().instance_owner_id(), Some("amazon-elb"));
    assert_eq!(code(ec2.delete_security_group().group_id(&alb).send().await), "DependencyViolation");
    assert_eq!(code(ec2.delete_subnet().subnet_id(&subnet).send().await), "DependencyViolation");
    assert_eq!(sandbox.inventory().unwrap(), before, "what merely lingers is not part of the inventory");
    tokio::time::sleep(Duration::from_secs(40)).await;
    assert!(find().await.unwrap().network_interfaces().is_empty());
    ec2.delete_security_group().group_id(&alb).send().await.unwrap();
    ec2.delete_subnet().subnet_id(&subnet).send().await.unwrap();
}
