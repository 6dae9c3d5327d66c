//! The proof: killed anywhere, faulted anywhere, nothing lost, nothing twice, nothing left.
//!
//! Each proof runs a change of an environment in virtual time and forks this process at every changing call, once for each kind of fault: the
//! copy suffers the fault and goes on to the end, the original goes on without it. So every scenario is real from its first call, and costs no
//! more than what comes after its fault. `main` is our own because a fork takes along no threads.
//!
//! `cargo test --test proof -- up` runs the proof of that name. Environment: `PROOF=sample` for a small sample of every proof, `PROOF=ci` for
//! deaths at every call and a sample of all else, `PROOF=whole` for everything; without it a small sample of some. `PROOF_SEED`,
//! `PROOF_JOBS`, `PROOF_ONLY` (part of a scenario's label), `PROOF_DEATHS` and `PROOF_OTHERS` (which share of deaths and of other faults).

mod check;
mod commands;
mod configs;
mod faults;
mod foreign;
mod fork;
mod killed;
mod lab;
mod late;
mod mutants;
mod parallel;
mod permissions;
mod random;
mod report;
mod scenario;
mod storms;
mod sweep;
mod truncated;
mod twice;
mod wrap;

use std::process::{Child, Command, ExitCode, Stdio};

use report::Report;
use sweep::Level;

/// A proof's name and what it runs.
type Proof = (&'static str, fn() -> Report);

/// What is proved every day, and with `PROOF`.
const EVERYDAY: &[Proof] = &[
    ("up", sweep::up),
    ("destroy", sweep::destroy),
    ("added", sweep::added),
    ("removed", sweep::removed),
    ("replaced", sweep::replaced),
];

/// What is proved with `PROOF` alone, or by its name.
const MORE: &[Proof] = &[
    ("killed", killed::killed),
    ("rollout", sweep::rollout),
    ("scaling", sweep::scaling),
    ("certificates", sweep::certificates),
    ("authority", sweep::authority),
    ("credentials", sweep::credentials),
    ("deploy", sweep::deploy),
    ("pairs", sweep::pairs),
    ("lost", sweep::lost),
    ("lost-in-destroy", sweep::lost_in_destroy),
    ("truncated", truncated::truncated),
    ("twice", twice::twice),
    ("foreign", foreign::foreign),
    ("parallel", parallel::parallel),
    ("storms", storms::storms),
    ("random-configurations", random::configurations),
    ("random-bytes", random::bytes),
    ("late", late::late),
    ("permissions", permissions::permissions),
    ("mutants", mutants::mutants),
    ("example", sweep::example),
];

fn main() -> ExitCode {
    fork::guard_panics();
    // Options are those of the standard harness, and none of them means anything here.
    let filters: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_listing = std::env::args().any(|word| word == "--list");
    let is_named = |name: &str| filters.iter().any(|part| name == part);
    let is_sample = std::env::var("PROOF").is_ok_and(|level| level == "sample");
    let all = filters.is_empty() && (is_sample || sweep::level() != Level::Quick);
    let everyday = EVERYDAY.iter().filter(|(name, _)| filters.is_empty() || is_named(name));
    let chosen = everyday.chain(MORE.iter().filter(|(name, _)| all || is_named(name)));
    let mut failed = false;
    let aside = (all && !is_listing).then(|| Aside::begin(&SINGLE));
    for (name, run) in chosen.filter(|(name, _)| aside.is_none() || !SINGLE.contains(name)) {
        if is_listing {
            println!("{name}: test");
            continue;
        }
        let before = fork::work();
        let mut report = run();
        report.work = fork::work() - before;
        print!("{}", report.text(name));
        failed |= !report.failures.is_empty();
    }
    failed |= aside.is_some_and(|aside| !aside.end());
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Proofs that keep one processor busy and no more, so that they run beside the others.
const SINGLE: [&str; 3] = ["permissions", "parallel", "killed"];

/// This program once more, with proofs of its own.
struct Aside(Child);

impl Aside {
    fn begin(names: &[&str]) -> Self {
        let program = std::env::current_exe().expect("this program");
        Aside(Command::new(program).args(names).stdout(Stdio::piped()).spawn().expect("this program once more"))
    }

    /// Waits for them and prints what they came to. True where none failed.
    fn end(self) -> bool {
        let output = self.0.wait_with_output().expect("it ends");
        print!("{}", String::from_utf8_lossy(&output.stdout));
        output.status.success()
    }
}
