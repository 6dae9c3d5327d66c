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
    faults::{Choice, KINDS, LOSSES, Sweep},
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

/// Where a bug is, and how a lab comes to have it.
type Mutant = (&'static str, fn(&mut Lab));

const MUTANTS: &[Mutant] = &[
    ("journal: intents are not written", |lab| lab.disk = Some(Arc::new(Forgetful(b"\"entry\":\"intent\"")))),
    ("journal: outcomes are not written", |lab| lab.disk = Some(Arc::new(Forgetful(b"\"entry\":\"applied\"")))),
    ("adoption: only what is recorded is found", |lab| lab.wrap = Some(twisted(NeverAdopts))),
    ("retry: a lost answer is taken for a refusal", |lab| lab.wrap = Some(twisted(RepeatsBlindly))),
    ("order: nothing is waited for", |lab| lab.wrap = Some(twisted(NeverWaits))),
];

pub fn mutants() -> Report {
    let start = Instant::now();
    let mut report = Report { scenarios: MUTANTS.len(), ..Report::default() };
    for (name, put_in) in MUTANTS {
        let (scenarios, caught) = hunt(*put_in);
        if caught == 0 {
            report.failures.push(((*name).to_owned(), format!("not caught by any of {scenarios} scenarios")));
        }
        report.figures.insert((*name).to_owned(), format!("caught by {caught} of {scenarios}"));
    }
    report.wall = start.elapsed();
    report
}

/// Runs a sample of the proof of `up` with the bug in. Returns how many scenarios ran, and how many of them failed.
fn hunt(put_in: fn(&mut Lab)) -> (usize, usize) {
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
        put_in(&mut lab);
        let marks = Marks { shape, before: lab.inventory(), ..Marks::default() };
        let kinds = [KINDS, LOSSES].concat().leak();
        sweep.arm("mutant", Choice::sample(kinds, if level() == Level::Quick { 0.004 } else { 0.012 }), None);
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
