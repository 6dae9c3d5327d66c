//! Roles that were made or changed a moment ago.
//!
//! Most of AWS refuses a role that it doesn't know yet, and is asked again. ECS takes it, and then can't start the tasks of its first deployment, which
//! the circuit breaker ends after three of them.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::engine::{Class, Failure};

/// How long it takes until all of AWS knows of a change of a role. Not published ("IAM User Guide", "Changes that I make are not always immediately
/// visible"); 1.5 to 8 s were seen.
const KNOWN: Duration = Duration::from_secs(10);

/// When a role was last made or changed by this process.
#[derive(Debug, Default)]
pub struct Fresh(Mutex<Option<Instant>>);

impl Fresh {
    /// A role was made, or something of it changed.
    pub fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether tasks can be started with whatever roles there are.
    ///
    /// # Errors
    /// [`Class::Settling`] where a role is so new that ECS may not know it.
    pub fn all_are_known(&self) -> Result<(), Failure> {
        let changed = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match changed {
            Some(changed) if changed.elapsed() < KNOWN => Err(Failure::new(
                Class::Settling,
                "a role was made or changed a moment ago, and ECS may not know it yet",
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_role_is_known_after_some_seconds() {
        let fresh = Fresh::default();
        assert!(fresh.all_are_known().is_ok());
        fresh.note();
        tokio::time::sleep(Duration::from_secs(9)).await;
        assert_eq!(fresh.all_are_known().expect_err("too new").class, Class::Settling);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(fresh.all_are_known().is_ok());
    }
}
