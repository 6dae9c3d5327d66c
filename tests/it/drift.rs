//! Drift: what somebody changes behind our back shows in the plan, with what is there and what is wanted, and goes with the next `up`.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    time::Duration,
};

use platformctl::{
    aws::Aws,
    engine::{Action, Change, Changes, Failure, Key, Outputs, Physical, diff::FieldChange},
    operation::{self, Intention, Prepared, Workspace},
    sandbox::SandboxOptions,
};
use serde_json::{Value, json};

use crate::lab::{EXAMPLE, Lab, assert_done, carry_out, up};

/// Fields that no look shows, so that nobody's change of them is seen, and why.
const UNSEEN: [(&str, &str); 12] = [
    ("kms-key.deletion_window_days", "KMS is told only when the key is to go"),
    ("mesh-authority.namespace", "inside the secret's value, which a plan must not read"),
    ("mesh-authority.trust_domain", "inside the secret's value, which a plan must not read"),
    ("namespace.vpc", "Cloud Map doesn't tell; a namespace can't be moved"),
    ("task-definition.application", IMMUTABLE),
    ("task-definition.cpu", IMMUTABLE),
    ("task-definition.execution_role", IMMUTABLE),
    ("task-definition.memory", IMMUTABLE),
    ("task-definition.proxy", IMMUTABLE),
    ("task-definition.sidecars", IMMUTABLE),
    ("task-definition.task_role", IMMUTABLE),
    ("task-definition.volumes", IMMUTABLE),
];
const IMMUTABLE: &str = "a revision never changes; which one runs is seen at the service";

/// Fields that are seen and not tried below, and why.
const UNTRIED: [(&str, &str); 41] = [
    ("db-cluster.engine_version", "AWS goes to newer minor versions by itself, which is left, and to older ones never"),
    ("db-cluster.log_exports", BELOW),
    ("db-cluster.pause_after_seconds", BELOW),
    ("db-cluster.security_groups", BELOW),
    ("db-instance.class", BELOW),
    ("db-subnet-group.subnets", BELOW),
    ("ecs-service.balancer_role", WIRING),
    ("ecs-service.container", WIRING),
    ("ecs-service.container_port", WIRING),
    ("ecs-service.pauses", "a deployment's, tried with the deployments"),
    ("ecs-service.production_rule", WIRING),
    ("ecs-service.registry", WIRING),
    ("ecs-service.step", WIRING),
    ("ecs-service.strategy", WIRING),
    ("ecs-service.target_groups", WIRING),
    ("ecs-service.task_definition", "a deployment's, tried with the deployments"),
    ("ecs-service.test_rule", WIRING),
    ("internet-gateway.attached", "EC2 refuses to detach it while addresses are mapped"),
    ("lambda-function.architecture", BELOW),
    ("lambda-function.code", BELOW),
    ("lambda-function.invokers", BELOW),
    ("lambda-function.role", BELOW),
    ("lambda-function.runtime", BELOW),
    ("listener.certificate", HTTPS),
    ("listener.protocol", HTTPS),
    ("listener.ssl_policy", HTTPS),
    ("load-balancer.security_groups", "the environment has no second group for it"),
    ("mesh-authority.to", ISSUED),
    ("mesh-certificate.days", ISSUED),
    ("mesh-certificate.dns_name", ISSUED),
    ("mesh-certificate.issued_after", ISSUED),
    ("mesh-certificate.issuer", ISSUED),
    ("mesh-certificate.renew_before_days", ISSUED),
    ("mesh-certificate.service", ISSUED),
    ("mesh-certificate.trust", ISSUED),
    ("mesh-certificate.trust_domain", ISSUED),
    ("secret-rotation.function", BELOW),
    ("secret-rotation.days", BELOW),
    ("security-group.unmanaged_rules", BELOW),
    ("virtual-service.spec", "another provider would have to exist"),
    ("vpc.default_group_rules", BELOW),
];
const BELOW: &str = "tried below, by changing the account itself";
const WIRING: &str = "ECS takes only what fits the task definition, the listener and the roles together";
const HTTPS: &str = "the example has no certificate";
const ISSUED: &str = "another certificate or authority, which is the rotation's";

async fn plan(workspace: &Workspace) -> Prepared {
    operation::prepare(workspace, Intention::Up).await.expect("a plan")
}

/// The environment after an `up`, when everything that was made is visible everywhere.
async fn environment(lab: &Lab, text: &str) -> Workspace {
    let workspace = lab.workspace(text, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    settle().await;
    workspace
}

async fn settle() {
    tokio::time::sleep(Duration::from_secs(120)).await;
}

/// Applies a plan; nothing may be left to do after it.
async fn mend(workspace: &Workspace, prepared: Prepared) {
    assert_done(&carry_out(workspace, &prepared).await.expect("a run"));
    drop(prepared);
    settle().await;
    let again = plan(workspace).await;
    let steps: Vec<_> = again.plan.steps.iter().map(|step| (&step.key, &step.changes)).collect();
    assert!(steps.is_empty(), "after an up there is nothing to do: {steps:#?}");
}

/// What a plan says about a field: what is there, and what is wanted.
fn change<'a>(prepared: &'a Prepared, key: &str, field: &str) -> Option<&'a FieldChange> {
    let step = prepared.plan.step(&key.parse().expect("a key"))?;
    step.changes.iter().find(|change| change.field == field)
}

#[track_caller]
fn assert_drift(prepared: &Prepared, key: &str, field: &str, from: Value, to: Value) {
    let found = change(prepared, key, field).unwrap_or_else(|| panic!("{key}.{field} is not in the plan"));
    assert_eq!((found.from.as_ref(), found.to.as_ref()), (Some(&from), Some(&to)), "{key}.{field}");
}

fn app_mesh() -> (Lab, String) {
    let lab = Lab::with(SandboxOptions { app_mesh: true, ..SandboxOptions::in_memory() });
    (lab, EXAMPLE.replace("provider = \"auto\"", "provider = \"app-mesh\""))
}

#[tokio::test(start_paused = true)]
async fn every_field_is_seen_but_for_those_that_are_known_not_to_be() {
    let mut unseen = BTreeSet::new();
    let (with_mesh, text) = app_mesh();
    for (lab, text) in [(Lab::new(), EXAMPLE.to_owned()), (with_mesh, text)] {
        let workspace = environment(&lab, &text).await;
        let prepared = plan(&workspace).await;
        assert!(prepared.plan.steps.is_empty());
        for node in prepared.blueprint.nodes() {
            let kind = workspace.kinds.get(node.key.kind()).expect("a known kind");
            let seen = &prepared.survey.sightings[&node.key];
            let compared = |name: &str| matches!(kind.field(name).change, Change::Update | Change::Replace);
            let fields = node.spec.as_object().expect("an object").keys();
            let missing = fields.filter(|name| compared(name) && !seen.observed.contains_key(*name));
            unseen.extend(missing.map(|name| format!("{}.{name}", node.key.kind())));
        }
    }
    assert_eq!(unseen, UNSEEN.iter().map(|(field, _)| (*field).to_owned()).collect());
}

/// Another key, with the policy of the environment's.
async fn another_key(aws: &Aws, policy: &Value) -> String {
    let made = aws.kms.create_key().policy(policy.to_string()).send().await.expect("a key");
    made.key_metadata.expect("it is described").arn.expect("it has an ARN")
}

/// What somebody might make of a field by hand, where AWS takes it; `None` where it is not tried.
fn by_hand(kind: &str, field: &str, value: &Value, key: &str, others: &[Value]) -> Option<Value> {
    let statement = |document: &Value| {
        let mut document = document.clone();
        let statements = document["Statement"].as_array_mut()?;
        let mut another = statements.first()?.clone();
        another["Sid"] = json!("ByHand");
        statements.push(another);
        Some(document)
    };
    let with = |path: &str, new: Value| {
        let mut value = value.clone();
        *value.pointer_mut(path)? = new;
        Some(value)
    };
    let other = || others.iter().find(|other| *other != value).cloned();
    let shorter = || value.as_array().filter(|list| list.len() > 1).map(|list| json!(list[1..]));
    match (kind, field) {
        ("kms-alias", "key") => Some(json!(key.rsplit('/').next())),
        (_, "key" | "session_key") => Some(json!(key)),
        ("internet-gateway", "attached") | ("ecs-service", "container_port") | ("mesh-certificate", _) => None,
        ("secret-rotation", "days") => None,
        ("nat-route", "gateway") => other(),
        ("vpc-endpoint", "route_tables") | ("route-table" | "load-balancer" | "ecs-service", "subnets") => shorter(),
        ("route-table", "routes") => {
            let mut routes = value.as_array()?.clone();
            let mut route = routes.first()?.clone();
            route["destination"] = json!("192.0.2.0/24");
            routes.push(route);
            Some(routes.into())
        }
        ("security-group-rule", "ports") => Some(json!({ "from": 81, "to": 83 })),
        ("bucket", "ownership") => Some(json!("ObjectWriter")),
        ("bucket", "lifecycle") => with("/abort_uploads_days", json!(3)),
        ("ecr-repository", "lifecycle") => with("/rules/0/selection/countNumber", json!(99)),
        ("iam-role", "policies") => {
            let (name, document) = value.as_object()?.iter().next()?;
            let mut policies = value.clone();
            policies[name] = statement(document)?;
            Some(policies)
        }
        ("iam-role", "managed") => Some(json!(["arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"])),
        (_, "policy" | "trust") => statement(value),
        ("log-group", "retention_days") => Some(json!(3653)),
        ("load-balancer", "attributes") => with("/idle_timeout.timeout_seconds", json!("61")),
        ("target-group", "attributes") => with("/deregistration_delay.timeout_seconds", json!("31")),
        ("target-group", "health_check") => with("/interval_seconds", json!(11)),
        ("listener", "default_action") => with("/body", json!("by hand")),
        ("listener-rule", "conditions") => with("/paths", json!(["/by-hand"])),
        ("cluster", "container_insights") => Some(json!("disabled")),
        ("cluster" | "ecs-service", "default_strategy" | "capacity") => with("/0/weight", json!(2)),
        ("scaling-policy", "metric") => Some(json!({ "predefined": "ECSServiceAverageMemoryUtilization" })),
        ("alarm", "queries") => with("/0/label", json!("by hand")),
        ("alarm", "comparison") => Some(json!("GreaterThanOrEqualToThreshold")),
        ("alarm", "missing_data") => Some(json!("breaching")),
        ("alarm", "alarm_actions" | "ok_actions") | ("ecs-service", "alarms") => Some(json!([])),
        ("dashboard", "body") => with("/widgets/0/properties/markdown", json!("by hand")),
        ("mesh", "spec") => with("/egressFilter/type", json!("ALLOW_ALL")),
        ("virtual-node", "spec") => with("/listeners/0/healthCheck/path", json!("/by-hand")),
        ("virtual-router", "spec") => with("/listeners/0/portMapping/port", json!(8081)),
        ("mesh-route", "spec") => with("/httpRoute/retryPolicy/maxRetries", json!(9)),
        ("cluster", "session_log") => Some(json!("/platformctl/dev/flow-logs")),
        ("cluster", "capacity_providers") => shorter(),
        ("ecs-service", "security_groups") => other(),
        ("security-group-rule", "protocol") => Some(json!("udp")),
        ("lambda-function", "environment") => {
            let mut variables = value.clone();
            variables["BY_HAND"] = json!("1");
            Some(variables)
        }
        ("lambda-function", "log_group") => Some(json!("/platformctl/dev/flow-logs")),
        (_, "description") => Some(json!("By hand")),
        _ => match value {
            Value::Bool(on) => Some(json!(!on)),
            Value::Number(number) if number.is_f64() => Some(json!(number.as_f64()? + 1.0)),
            Value::Number(number) => Some(json!(number.as_u64()? + 1)),
            _ => None,
        },
    }
}

/// The fields that were changed behind our back, with what was made of them.
struct Tampered {
    fields: BTreeMap<(Key, String), Value>,
    untried: BTreeSet<String>,
    /// What AWS did not take: a mistake of the test.
    refused: Vec<String>,
}

/// Changes, of every kind, every field that can be changed, each once: through the kind itself, so that AWS takes it and the state
/// knows nothing of it.
async fn tamper(workspace: &Workspace, prepared: &Prepared) -> Tampered {
    let policy = &prepared.book.records[&Key::new("kms-key", "main")].spec["policy"];
    let another = another_key(&workspace.aws, policy).await;
    let mut done = Tampered { fields: BTreeMap::new(), untried: BTreeSet::new(), refused: Vec::new() };
    let mut names: BTreeMap<String, bool> = BTreeMap::new();
    for node in prepared.blueprint.nodes() {
        let kind = workspace.kinds.get(node.key.kind()).expect("a known kind");
        let record = &prepared.book.records[&node.key];
        let seen = &prepared.survey.sightings[&node.key];
        let updatable = |name: &str| kind.field(name).change == Change::Update && seen.observed.contains_key(name);
        let mut spec = record.spec.clone();
        let mut changes = Changes::default();
        for (field, value) in record.spec.as_object().expect("an object").iter().filter(|(name, _)| updatable(name)) {
            let name = format!("{}.{field}", node.key.kind());
            if names.get(&name) == Some(&true) {
                continue;
            }
            let alike = prepared.book.records.values().filter(|other| other.key.kind() == node.key.kind());
            let others: Vec<Value> = alike.map(|other| other.spec[field.as_str()].clone()).collect();
            let made = by_hand(node.key.kind(), field, value, &another, &others);
            names.insert(name, made.is_some());
            let Some(made) = made else { continue };
            spec[field.as_str()] = made.clone();
            changes.fields.push(field.clone());
            done.fields.insert((node.key.clone(), field.clone()), made);
        }
        if !changes.fields.is_empty() {
            let outputs = record.outputs.clone();
            let it = Physical { key: node.key.clone(), name: seen.name.clone(), id: seen.id.clone(), outputs };
            if let Err(failure) = patiently(|| kind.update(&spec, &it, &changes)).await {
                done.refused.push(format!("{} can't be given {:?}: {failure}", node.key, changes.fields));
            }
        }
    }
    done.untried.extend(names.into_iter().filter(|(_, tried)| !tried).map(|(name, _)| name));
    done
}

/// Repeats what may have to wait for an earlier change.
async fn patiently<F: Future<Output = Result<Outputs, Failure>>>(call: impl Fn() -> F) -> Result<Outputs, Failure> {
    for _ in 0..20 {
        match call().await {
            Err(failure) if failure.class.is_transient() => tokio::time::sleep(Duration::from_secs(3)).await,
            other => return other,
        }
    }
    call().await
}

async fn every_change_is_seen_and_mended(lab: &Lab, text: &str) -> BTreeSet<String> {
    let workspace = environment(lab, text).await;
    let prepared = plan(&workspace).await;
    let tampered = tamper(&workspace, &prepared).await;
    let wanted: BTreeMap<Key, Value> =
        prepared.book.records.values().map(|record| (record.key.clone(), record.spec.clone())).collect();
    drop(prepared);
    settle().await;
    let prepared = plan(&workspace).await;
    let mut flaws = tampered.refused;
    for ((key, field), made) in &tampered.fields {
        match change(&prepared, key.as_str(), field) {
            None => flaws.push(format!("{key}.{field}, now {made}, is not in the plan")),
            Some(found) if found.to.as_ref() != wanted[key].get(field) => {
                flaws.push(format!("{key}.{field}: wanted {found:?}"))
            }
            Some(found) if found.from.is_none() => flaws.push(format!("{key}.{field} shows nothing of {made}")),
            Some(found) if !made.is_array() && !made.is_object() && found.from.as_ref() != Some(made) => {
                flaws.push(format!("{key}.{field}: now {made}, shown as {found:?}"));
            }
            Some(_) => {}
        }
    }
    let steps = &prepared.plan.steps;
    let others = steps
        .iter()
        .filter(|step| step.action != Action::Update)
        .map(|step| format!("{}: {:?}", step.key, step.action));
    flaws.extend(others);
    let all = steps.iter().flat_map(|step| step.changes.iter().map(|change| (step.key.clone(), change.field.clone())));
    flaws.extend(
        all.filter(|one| !tampered.fields.contains_key(one))
            .map(|(key, field)| format!("{key}.{field} is in the plan too")),
    );
    assert!(flaws.is_empty(), "{flaws:#?}");
    mend(&workspace, prepared).await;
    tampered.untried
}

#[tokio::test(start_paused = true)]
async fn what_somebody_changes_behind_our_back_is_seen_and_mended() {
    let mut untried = every_change_is_seen_and_mended(&Lab::new(), EXAMPLE).await;
    let (lab, text) = app_mesh();
    untried.extend(every_change_is_seen_and_mended(&lab, &text).await);
    assert_eq!(untried, UNTRIED.iter().map(|(field, _)| (*field).to_owned()).collect());
}

/// What [`tamper`] can't do, since the platform itself never makes such settings.
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
    mend(&workspace, prepared).await;
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
    settle().await;
    let prepared = plan(&workspace).await;
    let rule = json!(["ingress tcp 22 from 203.0.113.0/24"]);
    assert_drift(&prepared, "vpc/main", "default_group_rules", rule.clone(), json!([]));
    assert_drift(&prepared, "security-group/payments", "unmanaged_rules", rule, json!([]));
    mend(&workspace, prepared).await;
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
            function.permissions.clear();
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
    assert_eq!(from(function, "invokers"), json!({}));
    for (rotation, days) in [("secret-rotation/payments", 30), ("secret-rotation/payments.certificate", 12)] {
        assert_drift(&prepared, rotation, "days", json!(99), json!(days));
        assert!(from(rotation, "function").as_str().is_some_and(|arn| arn.ends_with("-by-hand")));
    }
    assert_eq!(prepared.plan.steps.len(), 6, "{:#?}", prepared.plan.steps);
    mend(&workspace, prepared).await;
}
