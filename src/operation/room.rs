//! vCPUs of Fargate for services that roll: a blue/green deployment runs both colours at once (ECS Developer Guide, "Amazon ECS blue/green
//! deployments"), so that not all services can roll at once where the quota is small.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Prepared, Workspace};
use crate::{
    aws::look::{
        quotas::{self, Quota},
        usage,
    },
    engine::{Action, Failure, Key, Room, Step, survey::persist},
};

/// Changes that reach running tasks by a deployment.
const DEPLOYED: [&str; 3] = ["task_definition", "capacity", "execute_command"];

/// The room for the services of a plan that roll. Looked for only where two of them do: that takes some calls.
///
/// # Errors
/// Where the quotas or what is in use of them can't be read.
pub async fn for_services(workspace: &Workspace, prepared: &Prepared) -> Result<Room, Failure> {
    let steps = &prepared.plan.steps;
    let services: Vec<&Step> = steps.iter().filter(|step| step.key.kind() == "ecs-service").collect();
    let rolling: Vec<&&Step> = services.iter().filter(|step| rolls(step)).collect();
    if rolling.len() < 2 {
        return Ok(Room::default());
    }
    let (aws, jitter) = (&workspace.aws, &workspace.jitter);
    let (used, on_demand, spot) = futures::join!(
        persist(jitter, || usage::fargate(aws)),
        persist(jitter, || quotas::value(aws, quotas::FARGATE_ON_DEMAND)),
        persist(jitter, || quotas::value(aws, quotas::FARGATE_SPOT)),
    );
    let used = used?;
    let mut free = BTreeMap::from([
        (name(quotas::FARGATE_ON_DEMAND), on_demand? - used.on_demand),
        (name(quotas::FARGATE_SPOT), spot? - used.spot),
    ]);
    // What comes new stays.
    for step in services.iter().filter(|step| step.action == Action::Create) {
        for (what, amount) in needs(prepared, step) {
            free.entry(what).and_modify(|free| *free -= amount);
        }
    }
    let takes = rolling.iter().map(|step| (step.key.clone(), needs(prepared, step))).collect();
    Ok(Room { free, takes })
}

fn name(quota: Quota) -> String {
    let kind = if quota == quotas::FARGATE_SPOT { "Fargate Spot" } else { "Fargate on demand" };
    format!("vCPU of {kind}")
}

fn rolls(step: &Step) -> bool {
    step.action == Action::Update && step.changes.iter().any(|change| DEPLOYED.contains(&change.field.as_str()))
}

/// What the second colour of a service takes: as many tasks as are wanted now.
fn needs(prepared: &Prepared, step: &Step) -> BTreeMap<String, f64> {
    let definition = prepared.blueprint.get(&Key::new("task-definition", step.key.name()));
    let cpu = definition.and_then(|node| node.spec["cpu"].as_f64()).unwrap_or_default() / 1024.0;
    let tasks = step.spec["desired_count"].as_u64().unwrap_or_default();
    let base = |provider: &str| {
        let shares = step.spec["capacity"].as_array().into_iter().flatten();
        shares.filter(|share| share["provider"] == provider).filter_map(|share| share["base"].as_u64()).sum::<u64>()
    };
    let on_demand = if on_spot(&step.spec) { base("FARGATE").min(tasks) } else { tasks };
    #[expect(clippy::cast_precision_loss, reason = "nobody runs that many tasks")]
    let amount = |tasks: u64| tasks as f64 * cpu;
    [(quotas::FARGATE_ON_DEMAND, on_demand), (quotas::FARGATE_SPOT, tasks - on_demand)]
        .into_iter()
        .map(|(quota, tasks)| (name(quota), amount(tasks)))
        .collect()
}

fn on_spot(spec: &Value) -> bool {
    let mut shares = spec["capacity"].as_array().into_iter().flatten();
    shares.any(|share| share["provider"] == "FARGATE_SPOT" && share["weight"] != 0)
}
