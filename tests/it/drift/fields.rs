//! Every field of every kind.

use std::collections::{BTreeMap, BTreeSet};

use platformctl::engine::{Action, Change, Key};
use serde_json::Value;

use super::{
    by_hand::tamper,
    common::{app_mesh, change, environment, mend, plan, settle},
};
use crate::lab::{EXAMPLE, Lab};

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
    ("load-balancer.security_groups", BELOW),
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

async fn every_change_is_seen_and_mended(lab: &Lab, text: &str, test: &str) -> BTreeSet<String> {
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
    for key in &tampered.tagged {
        if prepared.plan.step(key).is_none_or(|step| !step.tags.contains_key("Team")) {
            flaws.push(format!("{key}: the tag that was changed is not in the plan"));
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
    mend(lab, &workspace, prepared, test).await;
    tampered.untried
}

#[tokio::test(start_paused = true)]
async fn what_somebody_changes_behind_our_back_is_seen_and_mended() {
    let mut untried = every_change_is_seen_and_mended(&Lab::new(), EXAMPLE, "fields").await;
    let (lab, text) = app_mesh();
    untried.extend(every_change_is_seen_and_mended(&lab, &text, "fields with App Mesh").await);
    assert_eq!(untried, UNTRIED.iter().map(|(field, _)| (*field).to_owned()).collect());
}
