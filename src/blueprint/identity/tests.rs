//! What the roles allow, asked of the policy language itself.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    blueprint::{
        Facts, build,
        examples::{config, facts, suffix},
    },
    engine::{Blueprint, Key, Reference, output},
    mesh::DataPlane,
    sandbox::iam::policy::{Caller, Decision, Grammar, Policy, Request},
};

/// What a reference becomes: an ARN that tells what is referred to.
fn arn(kind: &str, name: &str) -> String {
    format!("arn:aws:test:us-east-1:123456789012:{kind}/{name}")
}

fn resolved(spec: &Value) -> Value {
    output::resolve(spec, &|reference: &Reference| Some(arn(reference.key.kind(), reference.key.name())))
}

fn blueprint(more: &str, facts: &Facts) -> Blueprint {
    let blueprint = build(&config(more), &suffix(), facts);
    assert_eq!(blueprint.check(), Ok(()));
    blueprint
}

/// A role of the blueprint.
fn role(blueprint: &Blueprint, name: &str) -> Value {
    resolved(&blueprint.get(&Key::new("iam-role", name)).expect("the role").spec)
}

fn policies(role: &Value) -> Vec<&Value> {
    role["policies"].as_object().into_iter().flat_map(|policies| policies.values()).collect()
}

fn may(role: &Value, action: &str, resource: &str, context: &[(&str, &str)]) -> bool {
    let caller = Caller::Arn("arn:aws:iam::123456789012:role/r");
    policies(role).into_iter().any(|document| {
        let policy = Policy::parse(&document.to_string(), Grammar::Identity).expect("a policy");
        policy.decide(&Request { caller, action, resource, context }) == Decision::Allow
    })
}

fn trusts(role: &Value, service: &str, account: &str, source: &str) -> bool {
    let policy = Policy::parse(&role["trust"].to_string(), Grammar::Trust).expect("a trust policy");
    let context = [("aws:SourceAccount", account), ("aws:SourceArn", source)];
    let request =
        Request { caller: Caller::Service(service), action: "sts:AssumeRole", resource: "*", context: &context };
    policy.decide(&request) == Decision::Allow
}

#[test]
fn every_document_is_one_and_within_its_quota() {
    let facts = Facts { mesh: DataPlane::AppMesh, ..facts() };
    let blueprint = blueprint("", &facts);
    let roles: Vec<_> = blueprint.nodes().iter().filter(|node| node.key.kind() == "iam-role").collect();
    assert_eq!(roles.len(), 7);
    for node in roles {
        let role = resolved(&node.spec);
        Policy::parse(&role["trust"].to_string(), Grammar::Trust).expect("a trust policy");
        assert!(role["trust"].to_string().len() <= 2048, "{}", node.key);
        for document in policies(&role) {
            Policy::parse(&document.to_string(), Grammar::Identity).expect("a policy");
            assert!(document.to_string().len() <= 10_240, "{}", node.key);
        }
    }
}

#[test]
fn only_actions_that_know_no_resources_are_allowed_on_all() {
    let blueprint = blueprint("", &Facts { mesh: DataPlane::AppMesh, ..facts() });
    let mut found = BTreeSet::new();
    for node in blueprint.nodes().iter().filter(|node| node.key.kind() == "iam-role") {
        for document in policies(&node.spec) {
            let statements = document["Statement"].as_array().expect("statements");
            for statement in statements.iter().filter(|statement| statement["Resource"] == "*") {
                let actions = statement["Action"].as_array().expect("actions");
                found.extend(actions.iter().filter_map(Value::as_str).map(str::to_owned));
            }
        }
    }
    let expected = [
        "cloudwatch:PutMetricData",
        "ecr:GetAuthorizationToken",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    ];
    assert_eq!(found, BTreeSet::from(expected.map(str::to_owned)));
}

#[test]
fn a_service_uses_its_own_data_and_nobody_elses() {
    let blueprint = blueprint("", &facts());
    let (payments, accounts) = (role(&blueprint, "task-payments"), role(&blueprint, "task-accounts"));
    let (bucket, table, key) = (arn("bucket", "payments"), arn("table", "payments"), arn("kms-key", "main"));
    let kinds: BTreeSet<&str> = blueprint.nodes().iter().map(|node| node.key.kind()).collect();
    assert!(kinds.contains("bucket") && kinds.contains("table"), "{kinds:?}");
    for (action, resource) in [
        ("s3:GetObject", format!("{bucket}/invoices/1")),
        ("s3:PutObject", format!("{bucket}/invoices/1")),
        ("s3:ListBucket", bucket.clone()),
        ("dynamodb:Query", table.clone()),
        ("dynamodb:Query", format!("{table}/index/by-date")),
    ] {
        assert!(may(&payments, action, &resource, &[]), "{action} {resource}");
        assert!(!may(&accounts, action, &resource, &[]), "{action} {resource}");
    }
    assert!(!may(&payments, "s3:GetObject", &format!("{}/x", arn("bucket", "alb-logs")), &[]));
    assert!(!may(&payments, "s3:DeleteBucket", &bucket, &[]));
    assert!(!may(&payments, "dynamodb:DeleteTable", &table, &[]));
    let through = |service: &str| may(&payments, "kms:Decrypt", &key, &[("kms:ViaService", service)]);
    assert!(through("s3.us-east-1.amazonaws.com") && through("dynamodb.us-east-1.amazonaws.com"));
    assert!(!through("secretsmanager.us-east-1.amazonaws.com"));
    assert!(!may(&payments, "kms:Decrypt", &key, &[]));
}

#[test]
fn metrics_go_to_the_services_own_namespace() {
    let payments = role(&blueprint("", &facts()), "task-payments");
    let send = |namespace| may(&payments, "cloudwatch:PutMetricData", "*", &[("cloudwatch:namespace", namespace)]);
    assert!(send("platformctl/dev/payments"));
    assert!(!send("platformctl/dev/accounts") && !send("AWS/ECS"));
}

#[test]
fn ecs_starts_a_service_with_its_own_secrets_images_and_logs() {
    let image = "image = \"210987654321.dkr.ecr.us-west-2.amazonaws.com/shared/app:v1\"";
    let blueprint = blueprint(&format!("[services.billing]\n{image}"), &facts());
    let (payments, billing) = (role(&blueprint, "execution-payments"), role(&blueprint, "execution-billing"));
    let read = |role: &Value, secret: &str| may(role, "secretsmanager:GetSecretValue", secret, &[]);
    let names: Vec<&Key> = blueprint.nodes().iter().map(|node| &node.key).collect();
    for (kind, name, allowed) in [
        ("credentials-secret", "payments", true),
        ("mesh-certificate", "payments", true),
        ("mesh-certificate", "accounts", false),
        ("mesh-authority", "services", false),
    ] {
        assert!(names.contains(&&Key::new(kind, name)), "{names:?}");
        assert_eq!(read(&payments, &arn(kind, name)), allowed, "{kind}/{name}");
    }
    let key = arn("kms-key", "main");
    let decrypt = |secret: &str| {
        let via = ("kms:ViaService", "secretsmanager.us-east-1.amazonaws.com");
        may(&payments, "kms:Decrypt", &key, &[via, ("kms:EncryptionContext:SecretARN", secret)])
    };
    assert!(decrypt(&arn("credentials-secret", "payments")) && !decrypt(&arn("mesh-authority", "services")));

    let pull = |role: &Value, repository: &str| may(role, "ecr:BatchGetImage", repository, &[]);
    assert!(pull(&payments, &arn("ecr-repository", "payments")));
    assert!(!pull(&payments, &arn("ecr-repository", "accounts")));
    let shared = "arn:aws:ecr:us-west-2:210987654321:repository/shared/app";
    assert!(pull(&billing, shared) && !pull(&payments, shared));

    let stream = |group: &str| {
        let arn = facts().arn("logs", &format!("log-group:{group}:log-stream:app/1"));
        may(&payments, "logs:PutLogEvents", &arn, &[])
    };
    assert!(stream("/platformctl/dev/service/payments"));
    assert!(!stream("/platformctl/dev/service/payments-2") && !stream("/platformctl/dev/sessions"));
}

#[test]
fn sessions_are_opened_only_where_they_are_allowed() {
    let with = role(&blueprint("", &facts()), "task-payments");
    let without = role(&blueprint("[cluster]\nexecute_command = false", &facts()), "task-payments");
    let key = arn("kms-key", "main");
    let decrypt = |role: &Value, target: &str| {
        may(role, "kms:Decrypt", &key, &[("kms:EncryptionContext:aws:ssm:TargetId", target)])
    };
    assert!(may(&with, "ssmmessages:OpenDataChannel", "*", &[]));
    assert!(decrypt(&with, "ecs:cluster-dev_1234_1234-5"));
    assert!(!decrypt(&with, "ecs:cluster-prod_1234_1234-5"));
    assert!(!may(&without, "ssmmessages:OpenDataChannel", "*", &[]));
    assert!(!decrypt(&without, "ecs:cluster-dev_1234_1234-5"));
}

#[test]
fn app_mesh_configures_a_service_for_its_own_node() {
    let action = "appmesh:StreamAggregatedResources";
    let payments = role(&blueprint("", &Facts { mesh: DataPlane::AppMesh, ..facts() }), "task-payments");
    assert!(may(&payments, action, &arn("virtual-node", "payments"), &[]));
    assert!(!may(&payments, action, &arn("virtual-node", "accounts"), &[]));
    let payments = role(&blueprint("", &facts()), "task-payments");
    assert!(!may(&payments, action, &arn("virtual-node", "payments"), &[]));
}

#[test]
fn roles_are_assumed_by_whom_they_are_for() {
    let blueprint = blueprint("", &facts());
    let ours = "123456789012";
    let (task, service) = (facts().arn("ecs", "task/cluster-dev/1"), "ecs-tasks.amazonaws.com");
    for name in ["task-payments", "execution-payments"] {
        let role = role(&blueprint, name);
        assert!(trusts(&role, service, ours, &task));
        assert!(!trusts(&role, "ec2.amazonaws.com", ours, &task));
    }
    let task_role = role(&blueprint, "task-payments");
    assert!(!trusts(&task_role, service, "210987654321", &task));
    assert!(!trusts(&task_role, service, ours, "arn:aws:ecs:us-east-1:210987654321:task/cluster-dev/1"));
    assert!(role(&blueprint, "execution-payments")["trust"]["Statement"][0].get("Condition").is_none());
    let balancers = role(&blueprint, "ecs-load-balancers");
    assert!(trusts(&balancers, "ecs.amazonaws.com", ours, &task));
    assert_eq!(balancers["managed"][0], "arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForLoadBalancers");
    let flow_logs = role(&blueprint, "flow-logs");
    let log = facts().arn("ec2", "vpc-flow-log/fl-1");
    assert!(trusts(&flow_logs, "vpc-flow-logs.amazonaws.com", ours, &log));
    assert!(!trusts(&flow_logs, "vpc-flow-logs.amazonaws.com", "210987654321", &log));
}

#[test]
fn flow_logs_write_to_the_group_that_the_blueprint_makes_for_them() {
    let blueprint = blueprint("", &facts());
    let flow_logs = role(&blueprint, "flow-logs");
    let group = &blueprint.get(&Key::new("log-group", "flow-logs")).expect("the group").name;
    let stream = |group: &str| facts().arn("logs", &format!("log-group:{group}:log-stream:eni-1-all"));
    assert!(may(&flow_logs, "logs:PutLogEvents", &stream(group), &[]));
    assert!(!may(&flow_logs, "logs:PutLogEvents", &stream("/platformctl/dev/sessions"), &[]));
}
