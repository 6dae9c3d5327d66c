//! vCPUs of Fargate: what the services need at their least, and twice that while they are deployed, since blue and green run side by
//! side then (ECS Developer Guide, "Amazon ECS blue/green deployments").

use super::{Check, account::unknown, quota::raise};
use crate::{
    aws::look::{
        quotas::{self, Quota},
        usage::{self, Fargate},
    },
    config::Service,
    engine::{Book, Failure, Key, survey::persist},
    operation::Workspace,
};

/// What is needed beyond what is in use.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Need {
    /// For all tasks to start.
    start: f64,
    /// While all services are deployed at once.
    deploy: f64,
}

/// Checks both quotas. Without `deep` what is in use is not known, and the needs are held against the whole quota.
pub async fn check(workspace: &Workspace, book: &Book, deep: bool) -> Vec<Check> {
    let mut on_demand = Need::default();
    let mut spot = Need::default();
    for (name, service) in &workspace.config.services {
        let runs = deep && book.records.contains_key(&Key::new("ecs-service", name));
        let least = least(service);
        on_demand.add(least.on_demand, runs);
        spot.add(least.spot, runs);
    }
    let used = match deep {
        true => Some(persist(&workspace.jitter, || usage::fargate(&workspace.aws)).await),
        false => None,
    };
    let of = |part: fn(&Fargate) -> f64| used.as_ref().map(|used| used.as_ref().map(part).map_err(Clone::clone));
    let (on_demand, spot) = futures::join!(
        one(workspace, quotas::FARGATE_ON_DEMAND, on_demand, of(|used| used.on_demand)),
        one(workspace, quotas::FARGATE_SPOT, spot, of(|used| used.spot)),
    );
    vec![on_demand, spot]
}

impl Need {
    /// Adds a service; one that runs has its first half already.
    fn add(&mut self, vcpus: f64, runs: bool) {
        self.start += if runs { 0.0 } else { vcpus };
        self.deploy += if runs { vcpus } else { 2.0 * vcpus };
    }
}

/// What a service's fewest tasks take.
fn least(service: &Service) -> Fargate {
    let each = f64::from(service.cpu) / 1024.0;
    let on_demand = service.on_demand_base.min(service.min_tasks);
    Fargate { on_demand: f64::from(on_demand) * each, spot: f64::from(service.min_tasks - on_demand) * each }
}

async fn one(workspace: &Workspace, quota: Quota, need: Need, used: Option<Result<f64, Failure>>) -> Check {
    let value = persist(&workspace.jitter, || quotas::value(&workspace.aws, quota)).await;
    match (value, used.transpose()) {
        (Ok(value), Ok(used)) => judge(quota, need, used, value),
        (Err(failure), _) | (_, Err(failure)) => unknown(quota.name, &failure),
    }
}

fn judge(quota: Quota, need: Need, used: Option<f64>, value: f64) -> Check {
    let free = (value - used.unwrap_or(0.0)).max(0.0);
    let room = match used {
        Some(_) => format!("{free} of {value} free"),
        None => format!("{value} in all, whether free was not counted"),
    };
    let detail = format!("{} vCPU needed to start, {} while everything is deployed; {room}", need.start, need.deploy);
    if need.start > free {
        Check::failed(quota.name, detail, raise(quota))
    } else if need.deploy > free {
        let remedy = format!("deploy one service after the other, or ask for more: {}", raise(quota));
        Check::warning(quota.name, detail, remedy)
    } else {
        Check::ok(quota.name, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Verdict;

    #[test]
    fn tasks_are_doubled_and_the_base_is_on_demand() {
        let service = Service { cpu: 512, min_tasks: 3, on_demand_base: 1, ..Service::named("a") };
        assert_eq!(least(&service), Fargate { on_demand: 0.5, spot: 1.0 });
        let mut need = Need::default();
        need.add(1.0, false);
        need.add(1.0, true);
        assert_eq!(need, Need { start: 1.0, deploy: 3.0 });
    }

    #[test]
    fn too_little_to_start_fails_and_too_little_to_deploy_warns() {
        let need = Need { start: 6.0, deploy: 12.0 };
        let verdict = |used, value| judge(quotas::FARGATE_SPOT, need, used, value).verdict;
        assert_eq!(verdict(None, 6.0), Verdict::Warning);
        assert_eq!(verdict(Some(1.0), 6.0), Verdict::Failed);
        assert_eq!(verdict(Some(1.0), 13.0), Verdict::Ok);
    }
}
