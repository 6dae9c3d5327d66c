//! What AWS is slow to let go: network interfaces of a load balancer that outlive it by minutes, or by more than anybody waits.

use std::time::{Duration, Instant};

use platformctl::{
    engine::Class,
    operation::Intention,
    sandbox::{Durations, SandboxOptions},
};

use crate::{
    check, configs,
    fork::Pool,
    lab::{End, Lab, in_virtual_time},
    report::Report,
    sweep::seed,
};

pub fn late() -> Report {
    let start = Instant::now();
    let mut report = Report { scenarios: 2, ..Report::default() };
    for (minutes, in_time) in [(15, true), (90, false)] {
        let _pool = Pool::new(1);
        if let Err(failure) = in_virtual_time(outlive(Duration::from_secs(minutes * 60), in_time)) {
            report
                .failures
                .push((format!("interfaces that outlive their load balancer by {minutes} minutes"), failure));
        }
    }
    report.wall = start.elapsed();
    report
}

async fn outlive(late: Duration, in_time: bool) -> Result<(), String> {
    let durations = Durations { alb_interfaces: late, ..Durations::real() };
    let lab = Lab::with(SandboxOptions { durations, seed: seed(), ..SandboxOptions::in_memory() });
    let (small, before) = (configs::small(), lab.inventory());
    match lab.run(&small, Intention::Up).await {
        End::Ran(ran) if ran.outcome.is_complete() => {}
        end => return Err(end.text()),
    }
    let end = lab.run(&small, Intention::Destroy).await;
    let told = lab.told.0.lock().expect("one thread").join("\n");
    if !told.contains("blocked by network interface eni-") {
        return Err("nobody was told what is in the way while it waits".to_owned());
    }
    match end {
        End::Ran(ran) if in_time && ran.outcome.is_complete() && ran.left.is_empty() => {
            return check::nothing_left(&lab, &before);
        }
        End::Ran(ran) if !in_time && !ran.outcome.is_complete() => {
            for (key, failure) in &ran.outcome.failed {
                if !matches!(failure.class, Class::Blocked | Class::Deadline) {
                    return Err(format!("{key} fails otherwise: {failure}"));
                }
            }
            if !ran.outcome.failed.iter().any(|(_, failure)| failure.message.contains("eni-")) {
                return Err(format!("no failure names the interfaces: {:?}", ran.outcome.failed));
            }
        }
        end => return Err(end.text()),
    }
    tokio::time::sleep(late).await;
    match lab.run(&small, Intention::Destroy).await {
        End::Ran(ran) if ran.outcome.is_complete() && ran.left.is_empty() => check::nothing_left(&lab, &before),
        end => Err(format!("a later destroy: {}", end.text())),
    }
}
