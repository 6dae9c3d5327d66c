//! One fault at every changing call, and then a second one.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use crate::{
    check::{self, Shape},
    commands::{self, Command},
    configs,
    faults::{Choice, DEATHS, DEPLOYS, KINDS, Kind, LOSSES, Sweep, THEN},
    fork::{self, Pool, Verdict},
    lab::{EXAMPLE, End, Lab, in_virtual_time},
    report::Report,
    scenario::{self, Change, Marks, Way},
};

/// `up` from nothing.
pub fn up() -> Report {
    sweep("up", None, Some(&configs::small()))
}

/// `up` of the example: deaths alone, since it is large.
pub fn example() -> Report {
    let share = match level() {
        Level::Quick => 0.005,
        Level::Ci => 0.05,
        Level::Whole => 1.0,
    };
    run(
        &Change { name: "example", from: None, to: Some(EXAMPLE), by: Command::Up },
        Choice::sample(DEATHS, share),
        None,
    )
}

/// `destroy`.
pub fn destroy() -> Report {
    sweep("destroy", Some(&configs::small()), None)
}

/// Another revision: a blue/green deployment.
pub fn rollout() -> Report {
    sweep("rollout", Some(&configs::small()), Some(&configs::rollout()))
}

/// Other scaling.
pub fn scaling() -> Report {
    sweep("scaling", Some(&configs::small()), Some(&configs::scaling()))
}

/// A service more.
pub fn added() -> Report {
    sweep("added", Some(&configs::small()), Some(&configs::more()))
}

/// A service less.
pub fn removed() -> Report {
    sweep("removed", Some(&configs::more()), Some(&configs::small()))
}

/// A replacement.
pub fn replaced() -> Report {
    sweep("replaced", Some(&configs::small()), Some(&configs::replaced()))
}

/// New certificates: `rotate certificates`.
pub fn certificates() -> Report {
    stay("certificates", &configs::small(), Command::Certificates, KINDS)
}

/// A new authority: `rotate certificates --authority`.
pub fn authority() -> Report {
    stay("authority", &configs::small(), Command::Authority, KINDS)
}

/// New database credentials: `rotate credentials`.
pub fn credentials() -> Report {
    // One call, so that every kind is tried.
    let config = configs::database();
    let change = Change { name: "credentials", from: Some(&config), to: Some(&config), by: Command::Credentials };
    let choice = if level() == Level::Quick { Choice::of(KINDS) } else { Choice::sample(KINDS, 1.0) };
    run(&change, choice, None)
}

/// `deploy` of two services; killed, it is run again, or followed with `--resume`.
pub fn deploy() -> Report {
    stay("deploy", &configs::small(), Command::Deploy, DEPLOYS)
}

/// A command that leaves the configuration as it is.
fn stay(name: &str, config: &str, by: Command, kinds: &'static [Kind]) -> Report {
    run(&Change { name, from: Some(config), to: Some(config), by }, Choice::of(kinds), None)
}

/// How much is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// A seeded sample that takes a minute, for everyday use.
    Quick,
    /// Deaths at every call, and of all else a seeded sample: what has to hold before a change lands.
    Ci,
    /// Everything.
    Whole,
}

/// `PROOF` in the environment.
pub fn level() -> Level {
    match std::env::var("PROOF").as_deref() {
        Ok("ci") => Level::Ci,
        Ok("whole") => Level::Whole,
        _ => Level::Quick,
    }
}

/// A number from the environment, or that of the level: quick, ci, whole.
pub fn amount(name: &str, [quick, ci, whole]: [u64; 3]) -> u64 {
    number(
        name,
        match level() {
            Level::Quick => quick,
            Level::Ci => ci,
            Level::Whole => whole,
        },
    )
}

/// A number from the environment.
pub fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// The seed of everything.
pub fn seed() -> u64 {
    number("PROOF_SEED", 1)
}

/// How many copies run at once.
pub fn jobs() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    number("PROOF_JOBS", cores as u64) as usize
}

/// How many pairs of faults a sample has at least.
const PAIRS: usize = 1000;

fn sweep(name: &str, from: Option<&str>, to: Option<&str>) -> Report {
    run(&Change { name, from, to, by: Command::Up }, Choice::of(KINDS), None)
}

/// Two faults, the second in the recovery from the first: a seeded sample.
pub fn pairs() -> Report {
    let (tiny, seed) = (configs::tiny(), seed());
    let change = Change { name: "pairs", from: None, to: Some(&tiny), by: Command::Up };
    let (first, wanted) = match level() {
        Level::Quick => (0.001, 0),
        Level::Ci => (0.06, PAIRS),
        Level::Whole => (0.4, PAIRS),
    };
    // A recovery has fewer calls the later the first fault comes: about eight second faults for each first one.
    let mut first = Choice { seed, ..Choice::sample(KINDS, first) };
    let mut second = Choice { seed: seed ^ 0x5eed, ..Choice::sample(KINDS, 0.011) };
    // A pair by its label, or all of a first fault that the sample has.
    if let Some((only, _)) = first.only.clone().split_once(THEN) {
        first = Choice { only: only.to_owned(), ..first.all() };
        second = second.all();
    }
    let mut report = run(&change, first, Some(second));
    if report.scenarios < wanted && std::env::var_os("PROOF_ONLY").is_none() {
        report.failures.push(("pairs".to_owned(), format!("{} pairs are fewer than {wanted}", report.scenarios)));
    }
    report
}

/// The state lost at every call of `up`: it adopts, and `destroy` finds all.
pub fn lost() -> Report {
    let small = configs::small();
    // Whoever goes on with `up` is proved at every call, whoever gives up at some of them.
    let choice = Choice::of(LOSSES).in_ci(1.0, 0.2);
    run(&Change { name: "lost", from: None, to: Some(&small), by: Command::Up }, choice, None)
}

/// The state lost at every call of `destroy`.
pub fn lost_in_destroy() -> Report {
    let small = configs::small();
    let change = Change { name: "lost-in-destroy", from: Some(&small), to: None, by: Command::Destroy };
    run(&change, Choice::of(&LOSSES[..1]).in_ci(0.5, 0.0), None)
}

fn run(change: &Change<'_>, choice: Choice, second: Option<Choice>) -> Report {
    let (start, seed) = (Instant::now(), seed());
    let pool = Arc::new(Mutex::new(Pool::new(jobs())));
    let sweep = Sweep::new(pool.clone());
    let nests = second.is_some();
    let result = in_virtual_time(async {
        let shape = undisturbed(change, seed).await?;
        let lab = Lab::new(seed, Some(sweep.clone()));
        let before = lab.inventory();
        begin(&lab, change).await?;
        let marks = Marks { shape, before, memory: commands::memory(&lab) };
        sweep.arm(change.name, choice, second);
        let end = commands::run(&lab, change.config(), change.command()).await;
        match sweep.suffered().len() {
            0 => {
                sweep.disarm();
                expect_done("the original", &end)
            }
            // The copies of this copy are what counts; it only has to reach its end.
            1 if nests => {
                let result = scenario::recover(&lab, &sweep, &mut { *change }, end, 0).await;
                sweep.disarm();
                let inner = pool.lock().expect("one thread").finish();
                let failures =
                    inner.iter().filter_map(|(label, verdict)| Some((label.clone(), verdict.failure.clone()?)));
                let (inner, inner_failures) = (inner.len(), failures.collect());
                fork::end(&Verdict { failure: result.err(), inner, inner_failures, ..Verdict::default() })
            }
            _ => {
                let result = scenario::to_the_end(&lab, &sweep, change, end, &marks).await;
                fork::end(&match result {
                    Ok(Way { runs, is_like }) => Verdict { runs, is_like, ..Verdict::default() },
                    Err(failure) => Verdict { failure: Some(failure), ..Verdict::default() },
                })
            }
        }
    });
    let mut report = Report::default();
    report.failures.extend(result.err().map(|failure| (change.name.to_owned(), failure)));
    if sweep.calls() == 0 {
        report.failures.push((change.name.to_owned(), "nothing was changed, so nothing is proved".to_owned()));
    }
    let (mut runs, mut alike) = (0, 0);
    for (label, verdict) in pool.lock().expect("one thread").finish() {
        report.scenarios += if nests { verdict.inner } else { 1 };
        runs += verdict.runs;
        alike += usize::from(verdict.is_like);
        report.failures.extend(verdict.failure.map(|failure| (label, failure)));
        report.failures.extend(verdict.inner_failures);
    }
    let figures = [
        ("calls", sweep.calls().to_string()),
        ("runs", runs.to_string()),
        ("alike", alike.to_string()),
        ("seed", seed.to_string()),
    ];
    report.figures.extend(figures.map(|(name, value)| (name.to_owned(), value)));
    report.wall = start.elapsed();
    report
}

/// What the change leads to when nothing happens.
async fn undisturbed(change: &Change<'_>, seed: u64) -> Result<Shape, String> {
    let Some(config) = change.to else { return Ok(Shape::default()) };
    let lab = Lab::new(seed, None);
    let before = lab.inventory();
    begin(&lab, change).await?;
    let memory = commands::memory(&lab);
    expect_done("an undisturbed run", &commands::run(&lab, config, change.by).await)?;
    let shape = Shape::of(&lab);
    check::settled(&lab, config, &shape).await?;
    commands::fulfilled(&lab, change.by, &memory)?;
    expect_done("an undisturbed destroy", &commands::run(&lab, config, Command::Destroy).await)?;
    check::nothing_left(&lab, &before)?;
    check::proved(&shape.fingerprint);
    Ok(shape)
}

/// Brings up what is there before the change.
async fn begin(lab: &Lab, change: &Change<'_>) -> Result<(), String> {
    let Some(config) = change.from else { return Ok(()) };
    expect_done("what was there before", &commands::run(lab, config, Command::Up).await)?;
    commands::before(lab, config, change.by).await
}

fn expect_done(what: &str, end: &End) -> Result<(), String> {
    match end {
        End::Ran(ran) if ran.outcome.is_complete() => Ok(()),
        end => Err(format!("{what}: {}", end.text())),
    }
}
