//! What ECS promises and the simulation has to keep: production traffic only goes where somebody answers.

use super::neighbours;
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;

/// Notes each service whose production rule sends traffic to a target group without a healthy target, once it has served at all. Called after
/// everything that happens: between two happenings targets only become healthy.
pub fn check(call: &mut Call<'_>, at: Moment) {
    let services = call.world.ecs.services.values();
    let serving =
        services.filter(|service| service.is_active() && service.desired > 0 && service.active_revision.is_some());
    let mut broken = Vec::new();
    for service in serving {
        let advanced = service.settings.balancer.as_ref().and_then(|balancer| balancer.advanced.as_ref());
        let rule = advanced.map(|advanced| advanced.production_rule.as_str());
        for (group, weight) in rule.map(|rule| neighbours::weights(call, rule)).unwrap_or_default() {
            if weight > 0 && !neighbours::has_healthy_target(call, &group, at) {
                broken.push(format!(
                    "{} ms: {} sends {weight} to {group}, where nobody answers",
                    at.as_millis(),
                    service.name
                ));
            }
        }
    }
    if !broken.is_empty() {
        call.world.ecs.unserved.extend(broken);
    }
}
