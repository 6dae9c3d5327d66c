//! One bad input after the other: sent, refused, and nothing is changed by it.

use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::sandbox::Sandbox;

/// A bad input, and what became of it.
pub struct Case {
    pub service: &'static str,
    /// What is wrong with it.
    pub what: &'static str,
    /// The error code that AWS documents.
    pub wanted: &'static str,
    /// The answer.
    pub answer: String,
    /// Whether the account is as it was before.
    pub untouched: bool,
}

/// Everything that was tried.
#[derive(Default)]
pub struct Trial(pub Vec<Case>);

impl Trial {
    /// Notes what became of a call. `before` is what the account held when it was sent.
    pub fn note<T: std::fmt::Debug, E: ProvideErrorMetadata>(
        &mut self,
        (service, what, wanted): (&'static str, &'static str, &'static str),
        result: Result<T, E>,
        untouched: bool,
    ) {
        let answer = match result {
            Ok(_) => "accepted".to_owned(),
            Err(error) => error.code().unwrap_or("(no code)").to_owned(),
        };
        self.0.push(Case { service, what, wanted, answer, untouched });
    }
}

/// Everything that the account holds, but for the index of the tag search, which follows by itself.
pub fn content(sandbox: &Sandbox) -> Vec<(&'static str, String)> {
    let parts = sandbox.look(|call| {
        let json = |(name, part): (&'static str, &mut dyn crate::sandbox::world::Part)| {
            (name, String::from_utf8(part.to_json().expect("plain data")).expect("text"))
        };
        call.world.parts().into_iter().filter(|(name, _)| *name != "tagging").map(json).collect()
    });
    parts.expect("a look")
}

/// Sends a call that must be refused: `refused!(trial, bench, "ec2", "a VPC of /8", "InvalidVpc.Range" => call)`.
macro_rules! refused {
    ($trial:expr, $bench:expr, $service:literal, $($what:literal, $wanted:literal => $call:expr;)*) => {
        $({
            // So that what is refused is refused for its form, not because there were too many calls.
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            let before = $crate::sandbox::tests::bad_input::trial::content(&$bench.sandbox);
            let result = $call.send().await;
            let untouched = before == $crate::sandbox::tests::bad_input::trial::content(&$bench.sandbox);
            $trial.note(($service, $what, $wanted), result, untouched);
        })*
    };
}
pub(super) use refused;
