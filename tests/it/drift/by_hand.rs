//! What somebody might change by hand, of every kind and field.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    time::Duration,
};

use platformctl::{
    aws::Aws,
    engine::{Change, Changes, Failure, Key, Outputs, Physical},
    operation::{Prepared, Workspace},
};
use serde_json::{Value, json};

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
pub struct Tampered {
    pub fields: BTreeMap<(Key, String), Value>,
    pub untried: BTreeSet<String>,
    /// Whose tags were changed: one of each kind that has tags.
    pub tagged: BTreeSet<Key>,
    /// What AWS did not take: a mistake of the test.
    pub refused: Vec<String>,
}

/// Changes, of every kind, every field that can be changed, each once: through the kind itself, so that AWS takes it and the state
/// knows nothing of it.
pub async fn tamper(workspace: &Workspace, prepared: &Prepared) -> Tampered {
    let policy = &prepared.book.records[&Key::new("kms-key", "main")].spec["policy"];
    let another = another_key(&workspace.aws, policy).await;
    let mut done =
        Tampered { fields: BTreeMap::new(), untried: BTreeSet::new(), tagged: BTreeSet::new(), refused: Vec::new() };
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
        let outputs = record.outputs.clone();
        let it = Physical { key: node.key.clone(), name: seen.name.clone(), id: seen.id.clone(), outputs };
        let is_first = !done.tagged.iter().any(|key| key.kind() == node.key.kind());
        if let Some(tags) = seen.tags.as_ref().filter(|_| is_first) {
            let mut tags = tags.clone();
            tags.insert("Team".to_owned(), "by hand".to_owned());
            if let Err(failure) = patiently(|| async { kind.tag(&it, &tags).await.map(|()| Outputs::new()) }).await {
                done.refused.push(format!("{} can't be given another tag: {failure}", node.key));
            }
            done.tagged.insert(node.key.clone());
        }
        if !changes.fields.is_empty()
            && let Err(failure) = patiently(|| kind.update(&spec, &it, &changes)).await
        {
            done.refused.push(format!("{} can't be given {:?}: {failure}", node.key, changes.fields));
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
