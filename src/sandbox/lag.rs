//! Reading from a replica that lags behind: eventual consistency at its worst, on demand.

use super::call::Call;
use super::error::SandboxError;
use super::registry::Operation;
use super::world::World;

/// A service's state as it was, and how many reading calls still get to see that.
pub(super) struct Lag {
    part: &'static str,
    state: Vec<u8>,
    reads: u32,
}

impl Lag {
    /// The state of an operation's service by now, for that many reading calls. `None` where the service keeps none.
    pub(super) fn from_now(world: &mut World, operation: &Operation, reads: u32) -> Result<Option<Lag>, SandboxError> {
        let name = part_of(operation);
        let Some((part, state)) = world.parts().into_iter().find(|(part, _)| *part == name) else { return Ok(None) };
        let state = state.to_json().map_err(|source| damaged(part, source))?;
        Ok(Some(Lag { part, state, reads }))
    }

    /// True where this call gets the old state; counts it.
    pub(super) fn covers(&mut self, operation: &Operation) -> bool {
        let covered = !operation.mutating && self.reads > 0 && part_of(operation) == self.part;
        self.reads -= u32::from(covered);
        covered
    }

    /// Runs `look` on the old state; what it changes there is forgotten.
    pub(super) fn through<R>(
        &self,
        call: &mut Call<'_>,
        look: impl FnOnce(&mut Call<'_>) -> R,
    ) -> Result<R, SandboxError> {
        let (present, touched) = self.swap(call.world, &self.state)?;
        let result = look(call);
        self.swap(call.world, &present)?;
        if touched && let Some((_, state)) = call.world.parts().into_iter().find(|(part, _)| *part == self.part) {
            state.touch();
        }
        Ok(result)
    }

    fn swap(&self, world: &mut World, with: &[u8]) -> Result<(Vec<u8>, bool), SandboxError> {
        let mut parts = world.parts();
        let (_, state) =
            parts.iter_mut().find(|(part, _)| *part == self.part).expect("the part was there a moment ago");
        let (present, touched) = (state.to_json().map_err(|source| damaged(self.part, source))?, state.touched());
        state.replace(Some(with)).map_err(|source| damaged(self.part, source))?;
        Ok((present, touched))
    }
}

/// The world's name for the state of an operation's service.
fn part_of(operation: &Operation) -> &'static str {
    match operation.service.name {
        "elasticloadbalancing" => "elbv2",
        "application-autoscaling" => "autoscaling",
        name => name,
    }
}

fn damaged(part: &str, source: serde_json::Error) -> SandboxError {
    SandboxError::Damaged { path: part.into(), source }
}
