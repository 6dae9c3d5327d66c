//! What a kind can't be told to make: changed in the account itself.

use platformctl::engine::Key;
use serde_json::{Value, json};

use super::common::{assert_drift, change, environment, mend, plan, settle};
use crate::lab::{EXAMPLE, Lab};

/// What [`super::by_hand`] can't do, since the platform itself never makes such settings.
#[tokio::test(start_paused = true)]
async fn settings_that_are_never_ours_are_seen_as_they_are() {
    let lab = Lab::new();
    let workspace = environment(&lab, EXAMPLE).await;
    lab.sandbox
        .look(|call| {
            let s3 = &mut call.world.s3.buckets;
            let payments = s3.get_mut("bucket-payments-dev-123456789012").expect("a bucket");
            payments.public_access_block = [true, true, false, false];
            payments.bucket_key = false;
            payments.policy = None;
            let mut more = payments.lifecycle[0].clone();
            (more.id, more.expire_days) = ("by-hand".to_owned(), Some(1));
            payments.lifecycle.push(more);
            let logs = s3.get_mut("bucket-alb-logs-dev-123456789012").expect("a bucket");
            logs.encryption = "aws:kms".to_owned();
            logs.lifecycle.clear();
            call.world.ecr.repositories.get_mut("ecr-payments-dev").expect("a repository").lifecycle = None;
            let roles = &mut call.world.iam.roles;
            roles.get_mut("role-task-payments-dev").expect("a role").policies.clear();
        })
        .expect("a readable account");
    let prepared = plan(&workspace).await;
    let from = |key: &str, field: &str| change(&prepared, key, field).and_then(|change| change.from.clone());
    assert_eq!(
        from("bucket/payments", "public_access_blocked"),
        Some(json!({
            "block_public_acls": true, "ignore_public_acls": true,
            "block_public_policy": false, "restrict_public_buckets": false,
        }))
    );
    assert_eq!(from("bucket/payments", "key").expect("seen")["bucket_key"], false);
    assert_eq!(from("bucket/payments", "policy"), Some(Value::Null));
    assert_eq!(from("bucket/payments", "lifecycle").expect("seen")[1]["rule"], "by-hand");
    assert_eq!(
        from("bucket/alb-logs", "key"),
        Some(json!({ "algorithm": "aws:kms", "key": null, "bucket_key": false }))
    );
    assert_eq!(from("bucket/alb-logs", "lifecycle"), Some(Value::Null));
    assert_eq!(from("ecr-repository/payments", "lifecycle"), Some(Value::Null));
    assert_eq!(from("iam-role/task-payments", "policies"), Some(json!({})));
    assert_eq!(prepared.plan.steps.len(), 4, "{:?}", prepared.plan.steps);
    mend(&lab, &workspace, prepared, "settings").await;
}

/// The network's: rules that nobody here made, in a group of ours and in the VPC's default group.
#[tokio::test(start_paused = true)]
async fn rules_by_hand_are_seen_and_revoked() {
    use aws_sdk_ec2::types::{IpPermission, IpRange};
    let lab = Lab::new();
    let workspace = environment(&lab, EXAMPLE).await;
    let prepared = plan(&workspace).await;
    let id = |key: &str| prepared.survey.sightings[&key.parse::<Key>().expect("a key")].id.clone();
    let (vpc, group) = (id("vpc/main"), id("security-group/payments"));
    let (balancer, own) = (id("load-balancer/main"), id("security-group/alb"));
    drop(prepared);
    let ec2 = &workspace.aws.ec2;
    let groups = ec2.describe_security_groups().send().await.expect("groups");
    let default =
        groups.security_groups().iter().find(|one| one.group_name() == Some("default") && one.vpc_id() == Some(&vpc));
    let default = default.and_then(|one| one.group_id()).expect("every VPC has one").to_owned();
    for group in [&default, &group] {
        let range = IpRange::builder().cidr_ip("203.0.113.0/24").build();
        let ssh = IpPermission::builder().ip_protocol("tcp").from_port(22).to_port(22).ip_ranges(range).build();
        ec2.authorize_security_group_ingress().group_id(group).ip_permissions(ssh).send().await.expect("a rule");
    }
    let elb = &workspace.aws.elb;
    elb.set_security_groups().load_balancer_arn(balancer).security_groups(&group).send().await.expect("another group");
    settle().await;
    let prepared = plan(&workspace).await;
    assert_drift(&prepared, "load-balancer/main", "security_groups", json!([group]), json!([own]));
    let rule = json!(["ingress tcp 22 from 203.0.113.0/24"]);
    assert_drift(&prepared, "vpc/main", "default_group_rules", rule.clone(), json!([]));
    assert_drift(&prepared, "security-group/payments", "unmanaged_rules", rule, json!([]));
    mend(&lab, &workspace, prepared, "rules").await;
}

/// The database's, the rotator's and the rotations': the example has no second value for them that the kind itself could set.
#[tokio::test(start_paused = true)]
async fn settings_of_the_database_and_the_rotator_are_seen_and_mended() {
    let lab = Lab::new();
    let text = EXAMPLE.replace("min_capacity = 0.5", "min_capacity = 0");
    let workspace = environment(&lab, &text).await;
    let prepared = plan(&workspace).await;
    let id = |key: &str| prepared.survey.sightings[&key.parse::<Key>().expect("a key")].id.clone();
    let (group, role) = (
        id("security-group/alb"),
        prepared.book.records[&Key::new("iam-role", "execution-payments")].outputs["arn"].clone(),
    );
    drop(prepared);
    let permission = workspace.aws.lambda.add_permission().function_name("rotator-dev").statement_id("by-hand");
    let permission = permission.action("lambda:InvokeFunction").principal("events.amazonaws.com");
    permission.source_account("123456789012").send().await.expect("somebody else may call it");
    lab.sandbox
        .look(|call| {
            let rds = &mut call.world.rds;
            let cluster = rds.clusters.get_mut("db-cluster-dev").expect("the cluster");
            cluster.pause = Some(600);
            cluster.groups = vec![group.clone()];
            cluster.logs = vec!["instance".to_owned()];
            rds.instances.get_mut("db-instance-dev").expect("the writer").class = "db.t4g.medium".to_owned();
            rds.subnet_groups.get_mut("db-subnet-group-dev").expect("the group").subnets.pop();
            let function = call.world.lambda.functions.get_mut("rotator-dev").expect("the function");
            (function.digest, function.architecture) = ("by hand".to_owned(), "arm64".to_owned());
            (function.role, function.runtime) = (role.clone(), "provided.al2".to_owned());
            function.log_group = "/aws/lambda/rotator-dev".to_owned();
            function.environment.insert("BY_HAND".to_owned(), "yes".to_owned());
            let secrets = &mut call.world.secretsmanager.secrets;
            for name in ["mesh-certificate-payments-dev", "db-credentials-payments-dev"] {
                let rotation =
                    secrets.get_mut(name).and_then(|secret| secret.rotation.as_mut()).expect("it is rotated");
                (rotation.days, rotation.function) = (99, format!("{}-by-hand", rotation.function));
            }
        })
        .expect("a readable account");
    settle().await;
    let prepared = plan(&workspace).await;
    let from = |key: &str, field: &str| {
        let found = change(&prepared, key, field).unwrap_or_else(|| panic!("{key}.{field} is not in the plan"));
        found.from.clone().unwrap_or_else(|| panic!("{key}.{field} shows nothing"))
    };
    assert_drift(&prepared, "db-cluster/main", "pause_after_seconds", json!(600), json!(300));
    assert_eq!(from("db-cluster/main", "security_groups"), json!([group]));
    assert_drift(&prepared, "db-cluster/main", "log_exports", json!(["instance"]), json!(["postgresql"]));
    assert_drift(&prepared, "db-instance/writer", "class", json!("db.t4g.medium"), json!("db.serverless"));
    assert_eq!(from("db-subnet-group/main", "subnets").as_array().map(Vec::len), Some(2));
    let function = "lambda-function/rotator";
    assert_eq!(from(function, "code"), json!("by hand"));
    assert_drift(&prepared, function, "architecture", json!("arm64"), json!("x86_64"));
    assert_eq!(from(function, "role"), json!(role));
    assert_drift(&prepared, function, "runtime", json!("provided.al2"), json!("provided.al2023"));
    assert_drift(&prepared, function, "log_group", json!("/aws/lambda/rotator-dev"), json!("/platformctl/dev/rotator"));
    assert_eq!(from(function, "environment")["BY_HAND"], json!("yes"));
    let invokers = from(function, "invokers");
    assert!(invokers["by-hand"].is_object() && invokers["secrets-manager"].is_object(), "{invokers}");
    for (rotation, days) in [("secret-rotation/payments", 30), ("secret-rotation/payments.certificate", 12)] {
        assert_drift(&prepared, rotation, "days", json!(99), json!(days));
        assert!(from(rotation, "function").as_str().is_some_and(|arn| arn.ends_with("-by-hand")));
    }
    assert_eq!(prepared.plan.steps.len(), 6, "{:#?}", prepared.plan.steps);
    mend(&lab, &workspace, prepared, "database").await;
}
