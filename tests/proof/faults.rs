//! The kinds of fault, and the plan that forks at every call.

use std::sync::{Arc, Mutex};

use platformctl::sandbox::{
    CallInfo, Failure, Fault, FaultPlan,
    fault::counts_against_a_quota,
};

use crate::fork::{Pool, Side};

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// For people.
    pub name: &'static str,
    /// What happens to the call.
    pub fault: Fault,
    /// At a death: what else was under way arrives all the same.
    pub delivers: bool,
}

const fn kind(name: &'static str, fault: Fault) -> Kind {
    Kind { name, fault, delivers: false }
}

/// All kinds.
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

impl Kind {
    fn applies_to(&self, call: &CallInfo) -> bool {
        self.fault != Fault::BeforeAct(Failure::QuotaExceeded) || counts_against_a_quota(call.service, call.operation)
    }

    /// True where the process dies of it.
    pub fn kills(&self) -> bool {
        matches!(self.fault, Fault::BeforeAct(Failure::Dies) | Fault::AfterAct(Failure::Dies))
    }
}

/// Which scenarios run.
pub type Choice = Box<dyn FnMut(usize, &CallInfo, &Kind) -> bool + Send>;

/// Forks at every changing call while it is armed, once for each kind.
pub struct Sweep {
    inner: Mutex<Inner>,
}

struct Inner {
    pool: Arc<Mutex<Pool>>,
    prefix: String,
    choice: Option<Choice>,
    call: usize,
    suffered: Vec<(String, Kind)>,
}

impl Sweep {
    /// Not armed yet.
    pub fn new(pool: Arc<Mutex<Pool>>) -> Arc<Self> {
        let inner = Inner { pool, prefix: String::new(), choice: None, call: 0, suffered: Vec::new() };
        Arc::new(Sweep { inner: Mutex::new(inner) })
    }

    /// From now on, calls are numbered from 0 and forked at.
    pub fn arm(&self, prefix: &str, choice: Choice) {
        let mut inner = self.inner.lock().expect("one thread");
        (inner.prefix, inner.choice, inner.call) = (prefix.to_owned(), Some(choice), 0);
    }

    /// No more forks.
    pub fn disarm(&self) {
        self.inner.lock().expect("one thread").choice = None;
    }

    /// What this copy suffered, in order; nothing in the original.
    pub fn suffered(&self) -> Vec<(String, Kind)> {
        self.inner.lock().expect("one thread").suffered.clone()
    }
}

impl FaultPlan for Sweep {
    fn decide(&self, call: &CallInfo) -> Fault {
        let mut guard = self.inner.lock().expect("one thread");
        let Inner { pool, prefix, choice, call: number, suffered } = &mut *guard;
        let (Some(choose), Some(_)) = (choice.as_mut(), call.mutating_index) else { return Fault::None };
        let at = *number;
        *number += 1;
        for kind in KINDS.iter().filter(|kind| kind.applies_to(call)) {
            if !choose(at, call, kind) {
                continue;
            }
            let label = format!("{prefix} at call {at}, {}:{}, {}", call.service, call.operation, kind.name);
            if pool.lock().expect("one thread").fork(&label) == Side::Copy {
                suffered.push((label, *kind));
                *choice = None;
                return kind.fault;
            }
        }
        Fault::None
    }
}
