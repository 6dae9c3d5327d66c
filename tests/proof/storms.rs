//! Many faults at once, slow regions, wrong clocks, full disks.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use platformctl::{
    operation::Intention,
    sandbox::{FaultPlan, SandboxOptions, plans::Storm},
    state::{DiskFault, FaultyDisk},
};

use crate::{
    check::{self, Shape},
    configs,
    fork::{self, Pool, Side, Verdict},
    lab::{End, Lab, in_virtual_time},
    report::Report,
    sweep::{Level, amount, jobs, level, seed},
};

/// Storms of each strength.
const STORMS: [u64; 3] = [1, 4, 20];

pub fn storms() -> Report {
    let start = Instant::now();
    let pool = Arc::new(Mutex::new(Pool::new(jobs())));
    let mut report = Report::default();
    let shape = in_virtual_time(async {
        let lab = Lab::new(seed(), None);
        let small = configs::small();
        match lab.run(&small, Intention::Up).await {
            End::Ran(ran) if ran.outcome.is_complete() => {
                let shape = Shape::of(&lab);
                check::forget();
                Ok(shape)
            }
            end => Err(end.text()),
        }
    });
    let shape = match shape {
        Ok(shape) => shape,
        Err(failure) => {
            report.failures.push(("storms".to_owned(), failure));
            return report;
        }
    };
    let scenario = |label: String, run: &dyn Fn() -> Result<(), String>| {
        if pool.lock().expect("one thread").fork(&label) == Side::Copy {
            fork::end(&Verdict { failure: run().err(), ..Verdict::default() });
        }
    };
    for number in 0..amount("PROOF_STORMS", STORMS) {
        let seed = seed() + number;
        for (probability, latency) in [(0.02, 40), (0.1, 40), (0.05, 400)] {
            let label = format!("storm of seed {seed} with p = {probability} and {latency} ms a call");
            scenario(label, &|| storm(seed, probability, Duration::from_millis(latency), &shape));
        }
    }
    scenario("a region ten times as slow".to_owned(), &|| storm(seed(), 0.0, Duration::from_millis(400), &shape));
    for skew in [-290, 290] {
        scenario(format!("a clock {skew} s off"), &|| {
            in_virtual_time(async {
                let lab = Lab::with(SandboxOptions { clock_skew: skew, seed: seed(), ..SandboxOptions::in_memory() });
                whole_life(&lab, &shape).await.map(drop)
            })
        });
    }
    for skew in [-3600, 3600] {
        scenario(format!("a clock {skew} s off"), &|| {
            in_virtual_time(async {
                let lab = Lab::with(SandboxOptions { clock_skew: skew, seed: seed(), ..SandboxOptions::in_memory() });
                match lab.run(&configs::small(), Intention::Up).await {
                    End::Refused(error) if error.remedy().is_some_and(|remedy| remedy.contains("clock")) => {
                        check::nothing_left(&lab, &[])
                    }
                    end => Err(format!("should name the clock: {}", end.text())),
                }
            })
        });
    }
    for fault in [DiskFault::Full { after: 0 }, DiskFault::Full { after: 25 }, DiskFault::SyncFails] {
        let step = match level() {
            Level::Quick => 350,
            Level::Ci => 47,
            Level::Whole => 11,
        };
        for write in (0..600).step_by(step) {
            scenario(format!("{fault:?} at write {write}"), &|| disk(fault, write, &shape));
        }
    }
    for (label, verdict) in pool.lock().expect("one thread").finish() {
        report.scenarios += 1;
        report.failures.extend(verdict.failure.map(|failure| (label, failure)));
    }
    report.figures.insert("seed".to_owned(), seed().to_string());
    report.wall = start.elapsed();
    report
}

/// Each call fails with that probability, in any way that passes. Runs that give up are run again.
fn storm(seed: u64, probability: f64, latency: Duration, shape: &Shape) -> Result<(), String> {
    let storm: Arc<dyn FaultPlan> = Arc::new(Storm::new(seed, probability, Storm::PASSING));
    in_virtual_time(async {
        let faults = (probability > 0.0).then_some(storm);
        let lab = Lab::with(SandboxOptions { seed, latency, faults, ..SandboxOptions::in_memory() });
        whole_life(&lab, shape).await.map(drop)
    })
}

/// The disk under the journal fails from one write on, until the process ends. The next process finds it mended.
fn disk(fault: DiskFault, write: usize, shape: &Shape) -> Result<(), String> {
    in_virtual_time(async {
        let mut lab = Lab::new(seed(), None);
        let faulty = Arc::new(FaultyDisk::new(fault, write, usize::MAX));
        lab.disk = Some(faulty.clone());
        let small = configs::small();
        let end = lab.run(&small, Intention::Up).await;
        let failed = faulty.writes() > write;
        match &end {
            End::Ran(ran) if ran.outcome.is_complete() && !failed => {}
            End::Ran(ran) if ran.outcome.is_complete() && !ran.outcome.warnings.is_empty() => {}
            End::Ran(ran) if !ran.outcome.is_complete() && failed => {}
            End::Refused(_) if failed => {}
            end => return Err(format!("{} writes, {}", faulty.writes(), end.text())),
        }
        drop(end);
        lab.disk = None;
        whole_life(&lab, shape).await.map(drop)
    })
}

/// `up` until it is done, plan empty, `destroy` until it is done, nothing left. Returns how many runs it took.
async fn whole_life(lab: &Lab, shape: &Shape) -> Result<usize, String> {
    let small = configs::small();
    let mut runs = 0;
    for intention in [Intention::Up, Intention::Destroy] {
        let mut ends = Vec::new();
        loop {
            runs += 1;
            match lab.run(&small, intention).await {
                // In a storm a look may be stale, so only a look that finds nothing to do counts.
                End::Ran(ran) if ran.outcome.is_complete() && ran.left.is_empty() && ran.planned.is_empty() => break,
                End::Died => return Err("died without a fault".to_owned()),
                end => ends.push(end.text()),
            }
            if ends.len() > 12 {
                return Err(format!("{intention:?} comes to no end: {ends:#?}"));
            }
        }
        if intention == Intention::Up && lab.sandbox.options().faults.is_none() {
            check::settled(lab, &small, shape).await?;
        } else if intention == Intention::Up && Shape::of(lab) != *shape {
            return Err(format!("wanted {shape:?}, found {:?}", Shape::of(lab)));
        }
        check::no_secret(lab)?;
    }
    check::nothing_left(lab, &[])?;
    Ok(runs)
}
