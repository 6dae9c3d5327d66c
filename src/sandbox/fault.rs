//! Faults on demand: what can go wrong between a client and AWS.

/// What is known of a call when its fate is decided.
#[derive(Clone, Copy, Debug)]
pub struct CallInfo {
    /// How many calls came before this one.
    pub index: usize,
    /// How many changing calls came before this one, if it is one.
    pub mutating_index: Option<usize>,
    /// `ec2`, `ecs`, …
    pub service: &'static str,
    /// `CreateVpc`, …
    pub operation: &'static str,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The connection breaks.
    ConnectionLost,
    /// The connection times out.
    TimedOut,
    /// The service's throttling error.
    Throttled,
    /// HTTP 500.
    ServerError,
    /// No answer, ever: the client's own deadline decides. Also the place to kill a process under test.
    Hang,
}

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing; it is answered.
    None,
    /// It fails before AWS acts on it.
    BeforeAct(Failure),
    /// AWS acts on it, and the answer is lost.
    AfterAct(Failure),
}

/// Decides the fate of each call, in the order in which they are sent.
pub trait FaultPlan: Send + Sync {
    /// The fate of this call.
    fn decide(&self, call: &CallInfo) -> Fault;
}

impl<F: Fn(&CallInfo) -> Fault + Send + Sync> FaultPlan for F {
    fn decide(&self, call: &CallInfo) -> Fault {
        self(call)
    }
}
