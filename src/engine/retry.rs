//! How long to wait before the next attempt or the next look.

use std::{sync::Mutex, time::Duration};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Class, resource::Wait};

/// Seeded randomness for jitter, so that a run in virtual time is the same every time.
pub struct Jitter(Mutex<ChaCha8Rng>);

impl Jitter {
    /// Jitter from a seed.
    pub fn seeded(seed: u64) -> Self {
        Jitter(Mutex::new(ChaCha8Rng::seed_from_u64(seed)))
    }

    /// The pause before attempt number `attempt` (the first repetition is 1): exponential with full jitter, never below a tenth of
    /// its ceiling. What settles does so within seconds, so that is asked for more densely.
    pub fn pause(&self, class: Class, attempt: u32) -> Duration {
        let (base, ceiling) = match class {
            Class::Settling => (0.5, 4.0),
            Class::Blocked => (1.0, 8.0),
            _ => (0.5, 20.0),
        };
        let limit = f64::min(base * f64::from(1u32 << attempt.min(10)), ceiling);
        let share = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).random_range(0.1..1.0);
        Duration::from_secs_f64(limit * share)
    }
}

/// What was made a moment ago is known everywhere within seconds, in the worst case within five minutes (KMS Developer Guide, "AWS KMS eventual
/// consistency"). What isn't by then never will be, however long the step itself may take.
pub const SETTLED: Duration = Duration::from_secs(300);

/// How long AWS may go on saying "too many calls": others use the same account, and their share of its rates comes first for a while. Twenty environments
/// that come up at once are ready within seven minutes.
pub const CROWDED: Duration = Duration::from_secs(900);

/// How long a failure of this class is put up with where anything else is for `usual`.
pub fn patience(class: Class, usual: Duration) -> Duration {
    match class {
        Class::Throttled => usual.max(CROWDED),
        Class::Settling => usual.min(SETTLED),
        _ => usual,
    }
}

/// [`Jitter::pause`] for a step that takes `wait.expected` and has been tried during `elapsed`: what is in the way of a deletion that takes
/// seconds goes within seconds. What doesn't is asked for more rarely again.
pub fn pause(jitter: &Jitter, class: Class, attempt: u32, wait: Wait, elapsed: Duration) -> Duration {
    let pause = jitter.pause(class, attempt);
    if class != Class::Blocked || elapsed >= wait.expected * 2 {
        return pause;
    }
    pause.min((wait.expected / 3).max(Duration::from_secs(1)))
}

/// The pause before the next look at something that takes `wait.expected` and has been waited for during `elapsed`: rarely at first,
/// then every 2 % of the expected time, and more rarely again once it is long overdue. Costs at most about 2 % of the time and a dozen calls.
pub fn next_look(wait: Wait, elapsed: Duration) -> Duration {
    let expected = wait.expected;
    let dense = (expected / 50).clamp(Duration::from_secs(1), Duration::from_secs(5));
    let start = expected.mul_f64(0.75);
    if elapsed < start {
        start - elapsed
    } else if elapsed > expected * 2 + Duration::from_secs(30) {
        dense * 3
    } else {
        dense
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_below_their_ceiling() {
        let jitter = Jitter::seeded(1);
        for attempt in 1..12 {
            let pause = jitter.pause(Class::Throttled, attempt);
            assert!(pause >= Duration::from_millis(50) && pause <= Duration::from_secs(20), "{pause:?}");
        }
        assert!(jitter.pause(Class::Settling, 10) <= Duration::from_secs(4));
    }

    #[test]
    fn what_settles_is_not_waited_for_as_long_as_what_takes_its_time() {
        let wait = Wait::seconds(100, 26 * 3600);
        assert_eq!(patience(Class::Settling, wait.deadline), Duration::from_secs(300));
        assert_eq!(patience(Class::Blocked, wait.deadline), wait.deadline);
        assert_eq!(patience(Class::Settling, Wait::INSTANT.deadline), Wait::INSTANT.deadline);
    }

    #[test]
    fn what_is_blocked_for_seconds_is_tried_again_within_seconds() {
        let jitter = Jitter::seeded(1);
        let wait = Wait::seconds(6, 900);
        for attempt in 1..12 {
            assert!(pause(&jitter, Class::Blocked, attempt, wait, Duration::from_secs(5)) <= Duration::from_secs(2));
        }
        let longest =
            |elapsed| (1..50).map(|_| pause(&jitter, Class::Blocked, 10, wait, Duration::from_secs(elapsed))).max();
        assert!(longest(20) > Some(Duration::from_secs(4)), "what takes longer than ever is asked for more rarely");
    }

    #[test]
    fn a_long_wait_is_looked_at_about_a_dozen_times() {
        let wait = Wait::seconds(105, 900);
        let (mut elapsed, mut looks) = (Duration::ZERO, 0);
        while elapsed < wait.expected {
            elapsed += next_look(wait, elapsed);
            looks += 1;
        }
        assert!(looks <= 16, "{looks}");
        assert!(elapsed - wait.expected <= wait.expected / 50);
    }
}
