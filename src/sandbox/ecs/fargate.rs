//! How many vCPUs an account runs on Fargate at once.
//!
//! AWS General Reference, "Amazon ECS endpoints and quotas": `L-3032A538` for tasks on demand, `L-36FBB829` for those on Spot, both 6 in a
//! new account. A blue/green deployment runs both colours for a while and needs the double. Whether the circuit breaker counts tasks that
//! could not be placed is told both ways; here it doesn't, so that a deployment without room stays where it is: the worse case for whoever
//! waits for it.

use super::task::Task;
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::quotas;

/// CPU units of one vCPU.
const UNITS: u32 = 1024;

/// The quota that a provider's tasks count against.
fn quota(provider: &str) -> &'static str {
    if provider == "FARGATE_SPOT" { quotas::FARGATE_SPOT_VCPU } else { quotas::FARGATE_ON_DEMAND_VCPU }
}

/// CPU units of a task definition.
fn units(call: &Call<'_>, definition: &str) -> u32 {
    call.world.ecs.task_definitions.get(definition).map_or(0, |definition| definition.cpu)
}

/// Whether a task of this definition has room beside those that have not stopped by then.
///
/// # Errors
/// The reason that ECS gives in the service's events. ECS Developer Guide, "Service event messages": "was unable to place a task".
pub fn has_room(call: &Call<'_>, provider: &str, definition: &str, at: Moment) -> Result<(), ApiError> {
    let counts = |task: &&Task| quota(&task.provider) == quota(provider) && !task.has_stopped(at);
    let used: u32 = call.world.ecs.tasks.values().filter(counts).map(|task| units(call, &task.task_definition)).sum();
    let wanted = f64::from(used + units(call, definition)) / f64::from(UNITS);
    if wanted <= call.quota(quota(provider)) {
        return Ok(());
    }
    let message = "You've reached the limit on the number of vCPUs you can run concurrently. For more information, see the \
                   Troubleshooting section of the Amazon ECS Developer Guide";
    Err(ApiError::new("LimitExceededException", message))
}
