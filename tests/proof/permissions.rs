//! The generated policies: enough for every call of every run, and nothing that no run needs.

use std::{collections::BTreeSet, time::Instant};

use platformctl::{
    aws::policy::{self, Owner, Purpose},
    engine::Key,
    operation::{self, Intention},
    sandbox::{
        SandboxOptions,
        iam::policy::{Caller, Decision, Grammar, Policy, Request},
        permissions::actions_of,
        world::Item,
    },
};

use crate::{
    configs,
    fork::Pool,
    lab::{End, Lab, SUFFIX, in_virtual_time},
    report::Report,
    sweep::seed,
};

/// Declared, and needed only where somebody changed things by hand, a delete is blocked, or AWS asks for it behind our call.
const RARE: &[&str] = &[
    // Cloud Map works on its hosted zone with the caller's rights.
    "route53:",
    // What blocks a delete is looked for while it does.
    "ec2:DescribeNetworkInterfaces",
];

pub fn permissions() -> Report {
    let start = Instant::now();
    let _pool = Pool::new(1);
    let mut report = Report::default();
    let mut used = BTreeSet::new();
    let mut granted = BTreeSet::new();
    for app_mesh in [false, true] {
        let lives = in_virtual_time(live(app_mesh));
        match lives {
            Ok((calls, actions, unscoped)) => {
                report.scenarios += calls.len();
                used.extend(calls);
                granted.extend(actions);
                report.figures.insert("unscoped actions that change".to_owned(), unscoped.to_string());
            }
            Err(failure) => report.failures.push((format!("app mesh {app_mesh}"), failure)),
        }
    }
    let rare = |action: &&String| !RARE.iter().any(|rare| action.starts_with(rare));
    let unused: Vec<&String> = granted.difference(&used).filter(rare).collect();
    report.figures.insert("granted, and needed by none of these runs".to_owned(), format!("{unused:?}"));
    report.figures.insert("actions granted".to_owned(), granted.len().to_string());
    report.figures.insert("actions used".to_owned(), used.len().to_string());
    report.wall = start.elapsed();
    report
}

/// Lives under the policies: every change that an environment knows. Returns the actions used, those granted, and how many change something
/// unscoped.
async fn live(app_mesh: bool) -> Result<(BTreeSet<String>, BTreeSet<String>, usize), String> {
    let quotas = [("L-3032A538".to_owned(), 1000.0), ("L-36FBB829".to_owned(), 1000.0)].into();
    let lab = Lab::with(SandboxOptions { app_mesh, quotas, seed: seed(), ..SandboxOptions::in_memory() });
    let small = configs::small();
    let workspace = lab.workspace(&small).await.map_err(|error| error.to_string())?;
    let region = workspace.aws.region.clone();
    let owner = Owner { partition: "aws", account: &workspace.aws.account, region: &region, suffix: SUFFIX };
    let of = |purpose| policy::document(&policy::actions(&workspace.kinds, purpose), &owner);
    let (up, status, destroy) = (of(Purpose::Up), of(Purpose::Status), of(Purpose::Destroy));

    lab.sandbox.enforce(Some(&up.to_string()))?;
    for config in configs::all().into_iter().chain([configs::database()]) {
        done(lab.run(&config, Intention::Up).await)?;
    }
    scoped(&lab, &up, &workspace.kinds)?;
    lab.sandbox.enforce(Some(&status.to_string()))?;
    let prepared = operation::status(&workspace).await.map_err(|error| format!("status: {error}"))?;
    drop(prepared);
    // A missing permission is told as one.
    match lab.run(&configs::more(), Intention::Up).await {
        End::Ran(ran) if !ran.outcome.is_complete() => {
            let denied =
                ran.outcome.failed.iter().all(|(_, failure)| failure.class == platformctl::engine::Class::Denied);
            if !denied {
                return Err(format!("under the policy of status, up fails otherwise: {:?}", ran.outcome.failed));
            }
        }
        end => return Err(format!("under the policy of status, up should fail: {}", end.text())),
    }
    lab.sandbox.enforce(Some(&destroy.to_string()))?;
    done(lab.run(&small, Intention::Destroy).await)?;

    let used = lab.sandbox.calls().iter().flat_map(|call| actions_of(call.service, call.operation)).collect();
    let mut granted: BTreeSet<String> = BTreeSet::new();
    for purpose in [Purpose::Up, Purpose::Status, Purpose::Destroy] {
        granted.extend(policy::actions(&workspace.kinds, purpose).into_iter().map(str::to_owned));
    }
    if !app_mesh {
        granted.retain(|action| !action.starts_with("appmesh:"));
    }
    let statements = up["Statement"].as_array().cloned().unwrap_or_default();
    let reading = ["Describe", "List", "Get", "Head", "BatchGet", "Simulate", "Lookup"];
    let unscoped = statements
        .iter()
        .filter(|statement| statement["Resource"] == "*" && statement.get("Condition").is_none())
        .flat_map(|statement| statement["Action"].as_array().cloned().unwrap_or_default())
        .filter(|action| {
            let verb = action.as_str().and_then(|action| action.split_once(':')).map_or("", |(_, verb)| verb);
            !reading.iter().any(|read| verb.starts_with(read))
        })
        .count();
    Ok((used, granted, unscoped))
}

/// What is there may be deleted under the policy; the same of another environment may not, where the action is held to names or tags.
fn scoped(lab: &Lab, document: &serde_json::Value, kinds: &platformctl::engine::Kinds) -> Result<(), String> {
    let policy = Policy::parse(&document.to_string(), Grammar::Identity)?;
    let items: Vec<Item> =
        lab.sandbox.look(|call| call.world.inventory(call.now, call.place())).map_err(|error| error.to_string())?;
    for item in &items {
        let Some((key, _)) = item.tags.get("platformctl:key").and_then(|tag| Key::from_tag(tag)) else { continue };
        let kind = kinds.get(key.kind()).map_err(|failure| failure.to_string())?;
        let prefix = item.kind.split(':').next().unwrap_or_default();
        let deletes = kind.actions().iter().filter(|action| {
            let own = item.arn.split(':').nth(2).is_some_and(|service| action.starts_with(&format!("{service}:")));
            own && action
                .split_once(':')
                .is_some_and(|(_, verb)| verb.starts_with("Delete") || verb.starts_with("Release"))
        });
        for action in deletes {
            // A kind may delete what hangs on its resource, which has ARNs of its own.
            if !fits_kind(action, item.kind) {
                continue;
            }
            let decide = |arn: &str, suffix: &str| {
                let caller = Caller::Arn("arn:aws:iam::123456789012:user/platformctl");
                let context = [("aws:ResourceTag/Environment", suffix)];
                policy.decide(&Request { caller, action, resource: arn, context: &context })
            };
            if decide(&item.arn, SUFFIX) != Decision::Allow {
                return Err(format!("{prefix}: {action} on {} is not allowed", item.arn));
            }
            let others = item.arn.replace(&format!("-{SUFFIX}"), "-prod").replace(&format!("/{SUFFIX}/"), "/prod/");
            if decide(&others, "prod") == Decision::Allow && !UNSCOPED_DELETES.contains(action) {
                return Err(format!("{prefix}: {action} on {others} of another environment is allowed"));
            }
        }
    }
    Ok(())
}

/// Deletes that IAM can hold to nothing that we know: a rule of the default group bears no tags yet, a policy of scaling none ever.
const UNSCOPED_DELETES: &[&str] = &["application-autoscaling:DeleteScalingPolicy"];

/// `ec2:DeleteVpc` is for `ec2:vpc`.
fn fits_kind(action: &str, kind: &str) -> bool {
    let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let verb = action.split_once(':').map_or("", |(_, verb)| verb);
    let object = plain(verb.trim_start_matches("Delete").trim_start_matches("Release").trim_end_matches('s'));
    let resource = plain(kind.split_once(':').map_or(kind, |(_, resource)| resource));
    !object.is_empty() && resource.contains(&object)
}

fn done(end: End) -> Result<(), String> {
    match end {
        End::Ran(ran) if ran.outcome.is_complete() && ran.left.is_empty() => Ok(()),
        end => Err(end.text()),
    }
}
