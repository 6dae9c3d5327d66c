//! Everything twice: each create, update, tag and delete is sent a second time, for every kind.

use std::{sync::Arc, time::Instant};

use platformctl::operation::Intention;

use crate::{
    check::{self, Shape},
    configs,
    fork::Pool,
    lab::{End, Lab, in_virtual_time},
    report::Report,
    sweep::seed,
    wrap::{Twice, Twisted},
};

pub fn twice() -> Report {
    let start = Instant::now();
    let _pool = Pool::new(1);
    let twice = Arc::new(Twice::default());
    let (small, changed) = (configs::small(), configs::changed());
    let mut report = Report::default();
    let result = in_virtual_time(async {
        let plain = Lab::new(seed(), None);
        done(plain.run(&changed, Intention::Up).await)?;
        let shape = Shape::of(&plain);
        done(plain.run(&changed, Intention::Destroy).await)?;

        let mut lab = Lab::new(seed(), None);
        let before = lab.inventory();
        let twist = twice.clone();
        lab.wrap = Some(Box::new(move |kind| Arc::new(Twisted { kind, twist: twist.clone() })));
        done(lab.run(&small, Intention::Up).await)?;
        done(lab.run(&changed, Intention::Up).await)?;
        check::settled(&lab, &changed, &shape).await?;
        done(lab.run(&changed, Intention::Destroy).await)?;
        check::nothing_left(&lab, &before)?;
        done(lab.run(&changed, Intention::Destroy).await)
    });
    report.failures.extend(result.err().map(|failure| ("twice".to_owned(), failure)));
    let harm = twice.harm.lock().expect("one thread").drain(..).collect::<Vec<_>>();
    report.failures.extend(harm.into_iter().map(|harm| ("twice".to_owned(), harm)));
    report.scenarios = twice.tried.lock().expect("one thread").values().sum();
    for what in ["create", "find", "update", "tag", "delete"] {
        report.figures.insert(format!("kinds {what}"), twice.kinds(what).len().to_string());
    }
    report.wall = start.elapsed();
    report
}

fn done(end: End) -> Result<(), String> {
    match end {
        End::Ran(ran) if ran.outcome.is_complete() && ran.left.is_empty() => Ok(()),
        end => Err(end.text()),
    }
}
