//! Scaling: how many tasks each service has, by the load of its processors and by the requests that each task gets.

use std::collections::BTreeMap;

use super::{Draft, Ingress, observability::metrics};
use crate::{
    aws::{
        autoscaling::{ScalableTarget, ScalingPolicy, Tracked},
        cloudwatch::Query,
        ecs::Service,
    },
    config,
    engine::{Chapter, Handle},
};

/// Seconds until more tasks are added after some were added: about what a task takes to start and to be healthy.
const SCALE_OUT_SECONDS: u32 = 60;
/// Seconds until more tasks are taken away after some were taken away.
const SCALE_IN_SECONDS: u32 = 300;

/// Adds the range and the policies of each service. The policy that asks for the most tasks wins (Application Auto Scaling user guide,
/// "Target tracking scaling policies").
pub fn add(draft: &mut Draft<'_>, ingress: &Ingress, services: &BTreeMap<String, Handle<Service>>) {
    let configured = &draft.config.services;
    for (name, service) in configured {
        let target = add_target(draft, name, service, &services[name]);
        let cpu = Tracked::Predefined("ECSServiceAverageCPUUtilization".to_owned());
        add_policy(draft, name, "cpu", &target, cpu, service.cpu_target_percent);
        let requests = Tracked::Customized(requests_per_task(ingress, name));
        add_policy(draft, name, "requests", &target, requests, service.requests_per_task);
    }
}

fn add_target(
    draft: &mut Draft<'_>,
    name: &str,
    service: &config::Service,
    running: &Handle<Service>,
) -> Handle<ScalableTarget> {
    // The name of the cluster is known; that of the service is referred to, since it must be there first.
    let cluster = draft.name(&["cluster"]);
    let target = ScalableTarget {
        resource: running.name().wrap(&format!("service/{cluster}/"), ""),
        min: service.min_tasks,
        max: service.max_tasks,
    };
    draft.add(Chapter::Scaling, name, &["scalable-target", name], target)
}

fn add_policy(
    draft: &mut Draft<'_>,
    name: &str,
    what: &str,
    target: &Handle<ScalableTarget>,
    metric: Tracked,
    value: u32,
) {
    let policy = ScalingPolicy {
        resource: target.resource(),
        metric,
        target_value: f64::from(value),
        scale_out_cooldown_seconds: SCALE_OUT_SECONDS,
        scale_in_cooldown_seconds: SCALE_IN_SECONDS,
    };
    draft.add(Chapter::Scaling, &format!("{name}-{what}"), &["scaling", name, what], policy);
}

/// Requests per task and minute, whichever of the two target groups serves. The predefined metric knows only one group, and is not for
/// blue/green deployments (ECS Developer Guide, "Target tracking").
///
/// Without any request there is no value, and a policy without values never takes tasks away (Application Auto Scaling User Guide, "Target
/// tracking scaling policies"). The count of healthy tasks, which there always is, comes with the others by the minute; taken times zero it
/// makes "no requests" a zero.
fn requests_per_task(ingress: &Ingress, service: &str) -> Vec<Query> {
    let mut queries = metrics::of_both(ingress, service, "requests", "RequestCountPerTarget", "Sum");
    queries.extend(metrics::of_both(ingress, service, "tasks", "HealthyHostCount", "Maximum"));
    let per_task = format!("{}+0*({})", metrics::sum("requests"), metrics::sum("tasks"));
    queries.push(Query::expression("per_task", "Requests per task", per_task));
    queries
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{blueprint::observability::bench::Bench, engine::Key};

    #[test]
    fn each_service_scales_by_processor_and_by_requests_to_both_groups() {
        let bench = Bench::new("");
        let mut draft = bench.draft();
        let before = bench.before(&mut draft);
        add(&mut draft, &before.ingress, &before.services);
        draft.blueprint.check().expect("references point backwards and keys are unique");
        let spec = |key: Key| draft.blueprint.get(&key).expect("in the blueprint").spec.clone();
        let target = spec(Key::new("scalable-target", "payments"));
        let resource = json!({ "$ref": "ecs-service/payments#name", "$prefix": "service/cluster-dev/" });
        assert_eq!(target, json!({ "resource": resource, "min": 2, "max": 10 }));
        let cpu = spec(Key::new("scaling-policy", "payments-cpu"));
        assert_eq!(cpu["metric"], json!({ "predefined": "ECSServiceAverageCPUUtilization" }));
        assert_eq!(cpu["target_value"], json!(70.0));
        let requests = spec(Key::new("scaling-policy", "payments-requests"));
        let queries = requests["metric"]["customized"].as_array().expect("queries");
        let group =
            |position: usize| queries[position]["source"]["metric"]["dimensions"]["TargetGroup"]["$ref"].clone();
        assert_eq!(group(0), json!("target-group/payments-blue#full_name"));
        assert_eq!(group(1), json!("target-group/payments-green#full_name"));
        let expression = queries.last().map(|last| last["source"]["expression"].clone());
        assert_eq!(expression, Some(json!("requests_blue+requests_green+0*(tasks_blue+tasks_green)")));
        assert_eq!(queries.iter().filter(|query| query["returned"] == json!(true)).count(), 1);
    }
}
