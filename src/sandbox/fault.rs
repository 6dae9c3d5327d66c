//! Faults on demand: what can go wrong between a client and AWS.
//!
//! A [`FaultPlan`] decides the fate of each call in the order in which they are sent; [`plans`] holds ready-made ones. Slow regions and
//! wrong clocks are options of the sandbox (`latency`, `clock_skew`); faults of the disk under the journal are `state::disk`'s.

pub mod plans;

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
    /// The answer begins and breaks off.
    Truncated,
    /// The answer is HTTP 200 and random bytes.
    Garbled,
    /// The connection times out.
    TimedOut,
    /// The service's throttling error.
    Throttled,
    /// HTTP 500.
    ServerError,
    /// HTTP 503.
    Unavailable,
    /// The caller lacks the permission, as the service says it.
    AccessDenied,
    /// The caller's session has ended, as the service says it.
    ExpiredToken,
    /// The account may not have more of these, as the service says it.
    QuotaExceeded,
    /// No answer, ever: the client's own deadline decides.
    Hang,
    /// The process under test dies here: [`Sandbox::killed`](super::Sandbox::killed) tells whoever runs it, and nothing is answered any more until
    /// [`Sandbox::restart`](super::Sandbox::restart).
    Dies,
}

impl Failure {
    /// All of them.
    pub const ALL: [Failure; 12] = [
        Failure::ConnectionLost,
        Failure::Truncated,
        Failure::Garbled,
        Failure::TimedOut,
        Failure::Throttled,
        Failure::ServerError,
        Failure::Unavailable,
        Failure::AccessDenied,
        Failure::ExpiredToken,
        Failure::QuotaExceeded,
        Failure::Hang,
        Failure::Dies,
    ];
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
    /// AWS acts on it and answers, but the service's next `reads` reading calls don't see it yet, nor anything later.
    Vanishes {
        /// How many.
        reads: u32,
    },
}

/// True where an operation makes something that a quota of the account counts.
pub fn counts_against_a_quota(service: &str, operation: &str) -> bool {
    super::refusal::quota_code(service, operation).is_some()
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
