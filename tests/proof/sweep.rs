//! One fault at every changing call.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use platformctl::operation::Intention;

use crate::{
    check::{self, Shape},
    configs,
    faults::{Kind, Sweep},
    fork::{self, Pool, Verdict},
    lab::{EXAMPLE, End, Lab, in_virtual_time},
    report::Report,
};

/// A change of an environment: from nothing or a first configuration to a second one, or to nothing.
pub struct Change<'a> {
    pub name: &'a str,
    /// What is there before, if anything.
    pub from: Option<&'a str>,
    /// What is wanted; `None`: nothing.
    pub to: Option<&'a str>,
}

/// `up` from nothing.
pub fn up() -> Report {
    sweep("up", None, Some(&configs::small()))
}

/// `up` of the example: deaths alone, since it is large.
pub fn example() -> Report {
    sweep_kinds("example", None, Some(EXAMPLE), Kind::kills)
}

/// `destroy`.
pub fn destroy() -> Report {
    sweep("destroy", Some(&configs::small()), None)
}

/// Another image: a blue/green deployment.
pub fn image() -> Report {
    sweep("image", Some(&configs::small()), Some(&configs::image()))
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

/// A number from the environment.
pub fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// How many copies run at once.
pub fn jobs() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    number("PROOF_JOBS", cores as u64) as usize
}

fn sweep(name: &str, from: Option<&str>, to: Option<&str>) -> Report {
    sweep_kinds(name, from, to, |_| true)
}

fn sweep_kinds(name: &str, from: Option<&str>, to: Option<&str>, wanted: fn(&Kind) -> bool) -> Report {
    let change = &Change { name, from, to };
    let (start, seed) = (Instant::now(), number("PROOF_SEED", 1));
    let pool = Arc::new(Mutex::new(Pool::new(jobs())));
    let sweep = Sweep::new(pool.clone());
    let only = std::env::var("PROOF_ONLY").unwrap_or_default();
    let name = change.name.to_owned();
    let result = in_virtual_time(async {
        // What it looks like when nothing happens.
        let lab = Lab::new(seed, None);
        let shape = match change.to {
            Some(config) => {
                expect_done("a first run", lab.run(config, Intention::Up).await)?;
                let shape = Shape::of(&lab);
                check::settled(&lab, config, &shape).await?;
                check::destroy(&lab, config, &[]).await?;
                shape
            }
            None => Shape::default(),
        };
        let lab = Lab::new(seed, Some(sweep.clone()));
        let before = lab.inventory();
        if let Some(config) = change.from {
            expect_done("what was there before", lab.run(config, Intention::Up).await)?;
        }
        let choice = move |call: usize, info: &platformctl::sandbox::CallInfo, kind: &Kind| {
            format!("{name} at call {call}, {}:{}, {}", info.service, info.operation, kind.name).contains(&only)
                && wanted(kind)
        };
        sweep.arm(change.name, Box::new(choice));
        let intention = if change.to.is_some() { Intention::Up } else { Intention::Destroy };
        let config = change.to.or(change.from).expect("a configuration");
        let end = lab.run(config, intention).await;
        sweep.disarm();
        if let Some((_, kind)) = sweep.suffered().first() {
            let result = after_fault(&lab, change, *kind, end, &shape, &before).await;
            let (runs, failure) = match result {
                Ok(runs) => (runs, None),
                Err(failure) => (0, Some(failure)),
            };
            fork::end(&Verdict { failure, runs, ..Verdict::default() });
        }
        expect_done("the original", end)
    });
    let mut report = Report::default();
    if let Err(failure) = result {
        report.failures.push((change.name.to_owned(), failure));
    }
    let mut runs = 0;
    for (label, verdict) in pool.lock().expect("one thread").finish() {
        report.scenarios += 1;
        runs += verdict.runs;
        report.failures.extend(verdict.failure.map(|failure| (label, failure)));
    }
    report.figures.insert("runs".to_owned(), runs.to_string());
    report.figures.insert("seed".to_owned(), seed.to_string());
    report.wall = start.elapsed();
    report
}

fn expect_done(what: &str, end: End) -> Result<(), String> {
    match end {
        End::Ran(ran) if ran.outcome.is_complete() => Ok(()),
        end => Err(format!("{what}: {}", end.text())),
    }
}

/// In a copy: what comes after the run that suffered.
async fn after_fault(
    lab: &Lab,
    change: &Change<'_>,
    kind: Kind,
    end: End,
    shape: &Shape,
    before: &[String],
) -> Result<usize, String> {
    match &end {
        End::Died if kind.delivers => lab.sandbox.restart_and_deliver().map_err(|error| error.to_string())?,
        End::Died => lab.sandbox.restart(),
        _ if kind.kills() => return Err(format!("should have died: {}", end.text())),
        End::Refused(error) => return Err(format!("the run gave no outcome: {error}")),
        End::Ran(_) => {}
    }
    drop(end);
    let config = change.to.or(change.from).expect("a configuration");
    let mut runs = 1;
    if change.to.is_some() {
        runs += check::finish(lab, config).await?;
        check::settled(lab, config, shape).await?;
        check::no_secret(lab)?;
    }
    runs += check::destroy(lab, config, before).await?;
    check::no_secret(lab)?;
    Ok(runs)
}
