//! The test of the tests: a bug put in on purpose, in each of journal, adoption, retry and order, must be caught by the proof.

use std::{
    fs::File,
    io,
    sync::{Arc, Mutex},
    time::Instant,
};

use platformctl::{
    operation::Intention,
    state::{Disk, disk::RealDisk},
};

use crate::{
    check::{self, Shape},
    commands::Command,
    configs,
    faults::{Choice, DEATHS, Kind, LOSSES, Sweep, UNANSWERED},
    fork::{self, Pool, Verdict},
    lab::{Lab, Wrap, in_virtual_time},
    report::Report,
    scenario::{self, Change, Marks},
    sweep::{Level, jobs, level, seed},
    wrap::{NeverAdopts, NeverWaits, RepeatsBlindly, Twist, Twisted},
};

/// A bug on purpose: entries of one sort never reach the disk.
#[derive(Debug)]
struct Forgetful(&'static [u8]);

impl Disk for Forgetful {
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        let is_forgotten = bytes.windows(self.0.len()).any(|part| part == self.0);
        if is_forgotten { Ok(()) } else { RealDisk.write(file, bytes) }
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        RealDisk.sync(file)
    }
}

fn twisted<T: Twist + 'static>(twist: T) -> Wrap {
    let twist = Arc::new(twist);
    Box::new(move |kind| Arc::new(Twisted { kind, twist: twist.clone() }))
}

/// A bug on purpose, and the faults in which it must show.
struct Mutant {
    /// Where it is, and what.
    name: &'static str,
    put_in: fn(&mut Lab),
    kinds: &'static [Kind],
    /// The share of these faults that is tried with `PROOF=ci`.
    share: f64,
}

const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "journal: intents are not written",
        put_in: |lab| lab.disk = Some(Arc::new(Forgetful(b"\"entry\":\"intent\""))),
        kinds: DEATHS,
        share: 0.08,
    },
    Mutant {
        name: "adoption: only what is recorded is found",
        put_in: |lab| lab.wrap = Some(twisted(NeverAdopts)),
        kinds: LOSSES,
        share: 0.03,
    },
    Mutant {
        name: "retry: a lost answer is taken for a refusal",
        put_in: |lab| lab.wrap = Some(twisted(RepeatsBlindly)),
        kinds: &UNANSWERED,
        share: 0.1,
    },
    Mutant {
        name: "order: nothing is waited for",
        put_in: |lab| lab.wrap = Some(twisted(NeverWaits)),
        kinds: DEATHS,
        share: 0.02,
    },
];

/// What must do no harm: nothing at all, and outcomes that are not recorded, which the next look finds out.
const HARMLESS: &[Mutant] = &[
    Mutant { name: "no bug", put_in: |_| (), kinds: DEATHS, share: 0.03 },
    Mutant {
        name: "journal: outcomes are not written",
        put_in: |lab| lab.disk = Some(Arc::new(Forgetful(b"\"entry\":\"applied\""))),
        kinds: DEATHS,
        share: 0.05,
    },
];

pub fn mutants() -> Report {
    let start = Instant::now();
    let mut report = Report { scenarios: MUTANTS.len() + HARMLESS.len(), ..Report::default() };
    for mutant in MUTANTS.iter().chain(HARMLESS) {
        let (name, (scenarios, caught)) = (mutant.name, hunt(mutant));
        let is_harmless = HARMLESS.iter().any(|it| it.name == name);
        if is_harmless && caught > 0 {
            report.failures.push((name.to_owned(), format!("does harm in {caught} of {scenarios} scenarios")));
        }
        if !is_harmless && caught == 0 {
            report.failures.push((name.to_owned(), format!("not caught by any of {scenarios} scenarios")));
        }
        report.figures.insert(name.to_owned(), format!("caught by {caught} of {scenarios}"));
    }
    report.wall = start.elapsed();
    report
}

/// Runs a sample of the proof of `up` with the bug in. Returns how many scenarios ran, and how many of them failed.
fn hunt(mutant: &Mutant) -> (usize, usize) {
    let pool = Arc::new(Mutex::new(Pool::new(jobs())));
    let sweep = Sweep::new(pool.clone());
    let small = configs::small();
    let change = Change { name: "mutant", from: None, to: Some(&small), by: Command::Up };
    let original = in_virtual_time(async {
        let plain = Lab::new(seed(), None);
        plain.run(&small, Intention::Up).await;
        let shape = Shape::of(&plain);
        plain.run(&small, Intention::Destroy).await;
        let mut lab = Lab::new(seed(), Some(sweep.clone()));
        (mutant.put_in)(&mut lab);
        let marks = Marks { shape, before: lab.inventory(), ..Marks::default() };
        let share = if level() == Level::Quick { mutant.share / 3.0 } else { mutant.share };
        sweep.arm("mutant", Choice::sample(mutant.kinds, share), None);
        let end = lab.run(&small, Intention::Up).await;
        if sweep.suffered().is_empty() {
            sweep.disarm();
            return check::settled(&lab, &small, &marks.shape).await.map(drop);
        }
        let result = scenario::to_the_end(&lab, &sweep, &change, end, &marks).await;
        fork::end(&Verdict { failure: result.err(), ..Verdict::default() })
    });
    let verdicts = pool.lock().expect("one thread").finish();
    let failed = verdicts.iter().filter(|(_, verdict)| verdict.failure.is_some()).count();
    (verdicts.len() + 1, failed + usize::from(original.is_err()))
}
