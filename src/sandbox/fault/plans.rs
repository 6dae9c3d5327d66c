//! Ready-made plans.

use std::sync::Mutex;
use std::sync::PoisonError;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{CallInfo, Failure, Fault, FaultPlan};

/// One fault at the changing call of that number, the first being 0.
#[derive(Clone, Copy, Debug)]
pub struct AtChange {
    /// Which.
    pub index: usize,
    /// What happens to it.
    pub fault: Fault,
}

impl FaultPlan for AtChange {
    fn decide(&self, call: &CallInfo) -> Fault {
        if call.mutating_index == Some(self.index) { self.fault } else { Fault::None }
    }
}

/// One fault at the call of that number, reading or changing, the first being 0.
#[derive(Clone, Copy, Debug)]
pub struct AtCall {
    /// Which.
    pub index: usize,
    /// What happens to it.
    pub fault: Fault,
}

impl FaultPlan for AtCall {
    fn decide(&self, call: &CallInfo) -> Fault {
        if call.index == self.index { self.fault } else { Fault::None }
    }
}

/// Each call fails with the same probability, in a way drawn by lot, reading and changing calls alike. The same seed and the same calls give the
/// same faults.
#[derive(Debug)]
pub struct Storm {
    probability: f64,
    faults: Vec<Fault>,
    random: Mutex<ChaCha8Rng>,
}

impl Storm {
    /// What passes by itself: the process lives, and the same call succeeds a little later.
    pub const PASSING: [Fault; 11] = [
        Fault::BeforeAct(Failure::ConnectionLost),
        Fault::BeforeAct(Failure::TimedOut),
        Fault::BeforeAct(Failure::Throttled),
        Fault::BeforeAct(Failure::ServerError),
        Fault::BeforeAct(Failure::Unavailable),
        Fault::AfterAct(Failure::ConnectionLost),
        Fault::AfterAct(Failure::Truncated),
        Fault::AfterAct(Failure::TimedOut),
        Fault::AfterAct(Failure::ServerError),
        Fault::AfterAct(Failure::Hang),
        Fault::Vanishes { reads: 2 },
    ];

    /// Of these faults, with this probability for each call.
    pub fn new(seed: u64, probability: f64, faults: impl Into<Vec<Fault>>) -> Self {
        Storm { probability, faults: faults.into(), random: Mutex::new(ChaCha8Rng::seed_from_u64(seed)) }
    }
}

impl FaultPlan for Storm {
    fn decide(&self, _call: &CallInfo) -> Fault {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        if self.faults.is_empty() || !random.random_bool(self.probability) {
            return Fault::None;
        }
        let chosen = random.random_range(0..self.faults.len());
        self.faults[chosen]
    }
}
