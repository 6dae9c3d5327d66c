//! Exit codes: the whole contract with scripts.

use crate::{
    engine::{Class, Failure, schedule::Outcome},
    operation::OperationError,
    state::StateError,
};

/// How a run ended, as the process tells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum ExitCode {
    /// Done; for `plan`: there is nothing to change.
    Done = 0,
    /// Failed.
    Failed = 1,
    /// `plan` found changes.
    Changes = 2,
    /// The input, the configuration or the state can't be used. Nothing was touched.
    BadInput = 3,
    /// Credentials are missing or expired, or a permission is missing.
    NoPermission = 4,
    /// Somebody else is changing the environment.
    Locked = 5,
    /// Partly done; the same command goes on.
    Partial = 6,
    /// Something is left after a destroy.
    Leftovers = 7,
    /// A deployment failed or was rolled back.
    RolloutFailed = 8,
    /// A person interrupted or declined.
    Interrupted = 130,
}

impl ExitCode {
    /// All of them, in order.
    pub const ALL: [ExitCode; 10] = [
        ExitCode::Done,
        ExitCode::Failed,
        ExitCode::Changes,
        ExitCode::BadInput,
        ExitCode::NoPermission,
        ExitCode::Locked,
        ExitCode::Partial,
        ExitCode::Leftovers,
        ExitCode::RolloutFailed,
        ExitCode::Interrupted,
    ];

    /// The number that the process ends with.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// What it means, for the help.
    pub fn meaning(self) -> &'static str {
        match self {
            ExitCode::Done => "done",
            ExitCode::Failed => "failed",
            ExitCode::Changes => "plan has changes",
            ExitCode::BadInput => "bad input, configuration or state; nothing was touched",
            ExitCode::NoPermission => "credentials or a permission are missing",
            ExitCode::Locked => "somebody else is changing the environment",
            ExitCode::Partial => "partly done; run the same command again",
            ExitCode::Leftovers => "something is left after destroy",
            ExitCode::RolloutFailed => "a deployment failed or was rolled back",
            ExitCode::Interrupted => "interrupted or declined",
        }
    }

    /// The list for the help.
    pub fn help() -> String {
        let lines = ExitCode::ALL.iter().map(|code| format!("  {:>3}  {}", code.number(), code.meaning()));
        format!("Exit codes:\n{}", lines.collect::<Vec<_>>().join("\n"))
    }

    /// Of a run whose steps were carried out, or some of them.
    pub fn of_outcome(outcome: &Outcome) -> Self {
        let denied = |failure: &Failure| matches!(failure.class, Class::Denied | Class::Credentials);
        match () {
            () if outcome.is_complete() => ExitCode::Done,
            () if outcome.interrupted => ExitCode::Interrupted,
            () if outcome.failed.iter().all(|(_, failure)| denied(failure)) => ExitCode::NoPermission,
            () if outcome.done.is_empty() => ExitCode::Failed,
            () => ExitCode::Partial,
        }
    }
}

impl From<&Failure> for ExitCode {
    fn from(failure: &Failure) -> Self {
        match failure.class {
            Class::Denied | Class::Credentials => ExitCode::NoPermission,
            Class::Interrupted => ExitCode::Interrupted,
            // Refused here, not by AWS: a region with too few zones, for example.
            Class::Invalid if failure.operation.is_empty() => ExitCode::BadInput,
            _ => ExitCode::Failed,
        }
    }
}

impl From<&OperationError> for ExitCode {
    fn from(error: &OperationError) -> Self {
        match error {
            OperationError::State(StateError::Locked { .. }) | OperationError::Busy { .. } => ExitCode::Locked,
            OperationError::Config(_) | OperationError::State(_) => ExitCode::BadInput,
            OperationError::Failure(failure) => failure.into(),
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        code.number().into()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::Key;

    fn outcome(done: usize, failed: &[Class], interrupted: bool) -> Outcome {
        let key = Key::new("vpc", "main");
        Outcome {
            done: vec![(key.clone(), Duration::ZERO); done],
            failed: failed.iter().map(|class| (key.clone(), Failure::new(*class, "no"))).collect(),
            interrupted,
            ..Outcome::default()
        }
    }

    #[test]
    fn outcomes_have_their_codes() {
        for (outcome, code) in [
            (outcome(3, &[], false), ExitCode::Done),
            (outcome(0, &[Class::Invalid], false), ExitCode::Failed),
            (outcome(3, &[Class::Invalid], false), ExitCode::Partial),
            (outcome(3, &[Class::Invalid, Class::Denied], false), ExitCode::Partial),
            (outcome(0, &[Class::Denied], false), ExitCode::NoPermission),
            (outcome(3, &[Class::Credentials], false), ExitCode::NoPermission),
            (outcome(3, &[Class::Invalid], true), ExitCode::Interrupted),
        ] {
            assert_eq!(ExitCode::of_outcome(&outcome), code, "{outcome:?}");
        }
    }

    #[test]
    fn a_refusal_of_ours_is_bad_input_and_one_of_aws_a_failure() {
        let ours = Failure::new(Class::Invalid, "two zones");
        assert_eq!(ExitCode::from(&ours), ExitCode::BadInput);
        let theirs = Failure { operation: "ec2:CreateVpc".to_owned(), ..ours };
        assert_eq!(ExitCode::from(&theirs), ExitCode::Failed);
    }

    #[test]
    fn numbers_are_those_of_the_contract() {
        assert_eq!(ExitCode::ALL.map(ExitCode::number), [0, 1, 2, 3, 4, 5, 6, 7, 8, 130]);
    }
}
