//! The kinds of fault, and the plan that forks at every call.

use std::sync::{Arc, Mutex};

use platformctl::sandbox::{CallInfo, Failure, Fault, FaultPlan, fault::counts_against_a_quota};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{
    fork::{Pool, Side},
    sweep::{Level, level, seed},
};

/// A kind of fault, and what comes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// For people.
    pub name: &'static str,
    /// What happens to the call.
    pub fault: Fault,
    /// At a death: what else was under way arrives all the same.
    pub delivers: bool,
    /// At a death: the state goes with the process.
    pub loses_state: bool,
    /// The change is not finished; the environment is destroyed instead.
    pub abandons: bool,
    /// A deployment is followed with `--resume` before it is run again.
    pub resumes: bool,
}

const fn kind(name: &'static str, fault: Fault) -> Kind {
    Kind { name, fault, delivers: false, loses_state: false, abandons: false, resumes: false }
}

/// All kinds of a single fault.
pub const KINDS: &[Kind] = &[
    kind("dies before sending", Fault::BeforeAct(Failure::Dies)),
    Kind { delivers: true, ..kind("dies before the answer", Fault::AfterAct(Failure::Dies)) },
    kind("connection refused", Fault::BeforeAct(Failure::ConnectionLost)),
    kind("answer lost", Fault::AfterAct(Failure::ConnectionLost)),
    kind("answer truncated", Fault::AfterAct(Failure::Truncated)),
    kind("throttled", Fault::BeforeAct(Failure::Throttled)),
    kind("500", Fault::AfterAct(Failure::ServerError)),
    kind("503", Fault::BeforeAct(Failure::Unavailable)),
    kind("time-out", Fault::AfterAct(Failure::TimedOut)),
    kind("access denied", Fault::BeforeAct(Failure::AccessDenied)),
    kind("expired token", Fault::BeforeAct(Failure::ExpiredToken)),
    kind("quota exceeded", Fault::BeforeAct(Failure::QuotaExceeded)),
    kind("vanishes", Fault::Vanishes { reads: 3 }),
    kind("hangs", Fault::AfterAct(Failure::Hang)),
];

/// The deaths among them.
pub const DEATHS: &[Kind] = &[KINDS[0], KINDS[1]];

/// Calls that AWS carried out and whose answer nobody got to read.
pub const UNANSWERED: [Kind; 3] = [KINDS[3], KINDS[6], KINDS[8]];

/// Deaths that are worse than death.
pub const LOSSES: &[Kind] = &[
    Kind { loses_state: true, delivers: true, ..kind("dies, state lost", Fault::AfterAct(Failure::Dies)) },
    Kind { abandons: true, delivers: true, ..kind("dies, then destroy", Fault::AfterAct(Failure::Dies)) },
    Kind {
        abandons: true,
        loses_state: true,
        delivers: true,
        ..kind("dies, state lost, then destroy", Fault::AfterAct(Failure::Dies))
    },
];

/// Deaths of a deployment that is followed before it is run again.
pub const DEPLOYS: &[Kind] = &[
    KINDS[0],
    KINDS[1],
    Kind { resumes: true, ..kind("dies before sending, resumed", Fault::BeforeAct(Failure::Dies)) },
    Kind { resumes: true, delivers: true, ..kind("dies before the answer, resumed", Fault::AfterAct(Failure::Dies)) },
    KINDS[2],
    KINDS[3],
    KINDS[4],
    KINDS[5],
    KINDS[6],
    KINDS[7],
    KINDS[8],
    KINDS[9],
    KINDS[10],
    KINDS[12],
    KINDS[13],
];

impl Kind {
    /// True where the process dies of it.
    fn kills(&self) -> bool {
        matches!(self.fault, Fault::BeforeAct(Failure::Dies) | Fault::AfterAct(Failure::Dies))
    }

    fn applies_to(&self, call: &CallInfo) -> bool {
        self.fault != Fault::BeforeAct(Failure::QuotaExceeded) || counts_against_a_quota(call.service, call.operation)
    }
}

/// What stands between the two faults of a label.
pub const THEN: &str = ", then";

/// Which scenarios run.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The kinds.
    pub kinds: &'static [Kind],
    /// The probability of each death after which the command is run again.
    pub deaths: f64,
    /// The probability of each other fault.
    pub others: f64,
    /// Part of the label.
    pub only: String,
    /// Decides what belongs to the sample.
    pub seed: u64,
}

impl Choice {
    /// As many as the level asks for.
    pub fn of(kinds: &'static [Kind]) -> Self {
        let (deaths, others) = match level() {
            Level::Quick => (0.04, 0.002),
            Level::Ci => (1.0, 0.03),
            Level::Whole => (1.0, 1.0),
        };
        let only = std::env::var("PROOF_ONLY").unwrap_or_default();
        let (deaths, others) = if only.is_empty() { (deaths, others) } else { (1.0, 1.0) };
        let share = |name: &str, otherwise| {
            let given = std::env::var(name).ok().and_then(|text| text.parse().ok());
            given.filter(|share| (0.0..=1.0).contains(share)).unwrap_or(otherwise)
        };
        let (deaths, others) = (share("PROOF_DEATHS", deaths), share("PROOF_OTHERS", others));
        Choice { kinds, deaths, others, only, seed: seed() }
    }

    /// With these probabilities where it is `PROOF=ci` that decides.
    pub fn in_ci(self, deaths: f64, others: f64) -> Self {
        if level() == Level::Ci && self.only.is_empty() { Choice { deaths, others, ..self } } else { self }
    }

    /// Every one that the label allows.
    pub fn all(self) -> Self {
        Choice { deaths: 1.0, others: 1.0, ..self }
    }

    /// Each with this probability.
    pub fn sample(kinds: &'static [Kind], share: f64) -> Self {
        Choice { deaths: share, others: share, ..Self::of(kinds) }
    }
}

/// Forks at changing calls while it is armed, once for each kind.
pub struct Sweep(Mutex<Inner>);

struct Inner {
    pool: Arc<Mutex<Pool>>,
    prefix: String,
    choice: Option<(Choice, ChaCha8Rng)>,
    second: Option<Choice>,
    call: usize,
    suffered: Vec<(String, Kind)>,
}

impl Sweep {
    /// Not armed yet.
    pub fn new(pool: Arc<Mutex<Pool>>) -> Arc<Self> {
        let (prefix, suffered) = (String::new(), Vec::new());
        Arc::new(Sweep(Mutex::new(Inner { pool, prefix, choice: None, second: None, call: 0, suffered })))
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().expect("one thread")
    }

    /// From now on, changing calls are numbered from 0 and forked at; copies are forked again for the second choice.
    pub fn arm(&self, prefix: &str, choice: Choice, second: Option<Choice>) {
        let mut inner = self.inner();
        inner.arm(prefix.to_owned(), choice);
        inner.second = second;
    }

    /// No more forks.
    pub fn disarm(&self) {
        self.inner().choice = None;
    }

    /// What this copy suffered, in order; nothing in the original.
    pub fn suffered(&self) -> Vec<(String, Kind)> {
        self.inner().suffered.clone()
    }

    /// How many changing calls there were since it was armed.
    pub fn calls(&self) -> usize {
        self.inner().call
    }
}

impl Inner {
    fn arm(&mut self, prefix: String, choice: Choice) {
        let random = ChaCha8Rng::seed_from_u64(choice.seed ^ self.call as u64);
        (self.prefix, self.call, self.choice) = (prefix, 0, Some((choice, random)));
    }
}

impl FaultPlan for Sweep {
    fn decide(&self, call: &CallInfo) -> Fault {
        let mut inner = self.inner();
        if call.mutating_index.is_none() || inner.choice.is_none() {
            return Fault::None;
        }
        let at = inner.call;
        inner.call += 1;
        let kinds = inner.choice.as_ref().map_or(&[][..], |(choice, _)| choice.kinds);
        for kind in kinds.iter().filter(|kind| kind.applies_to(call)) {
            let label = format!("{} at call {at}, {}:{}, {}", inner.prefix, call.service, call.operation, kind.name);
            let Some((choice, random)) = &mut inner.choice else { break };
            let share = if kind.kills() && !kind.abandons { choice.deaths } else { choice.others };
            if !random.random_bool(share) || !label.contains(&choice.only) {
                continue;
            }
            let side = inner.pool.lock().expect("one thread").fork(&label);
            if side == Side::Copy {
                inner.suffered.push((label.clone(), *kind));
                inner.choice = None;
                if let Some(second) = inner.second.take() {
                    inner.arm(format!("{label}{THEN}"), second);
                }
                return kind.fault;
            }
        }
        Fault::None
    }
}
