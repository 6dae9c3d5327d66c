//! How a run is shown while it goes: one observer in four manners.

use std::{convert::Infallible, time::Duration};

use super::{Printer, json::Events, lines::Lines, live::Live, printer::Manner};
use crate::engine::{Event, Observer, Plan};

/// How fast time passes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Pace {
    /// As on the wall.
    Real,
    /// Simulated, so many times as fast as on the wall.
    Simulated(f64),
}

impl Pace {
    /// A length of the wall's time, in that of the run.
    pub fn of_wall(self, length: Duration) -> Duration {
        match self {
            Pace::Real => length,
            Pace::Simulated(speed) => length.mul_f64(speed),
        }
    }

    /// ` of simulated time`, or nothing.
    pub fn note(self) -> &'static str {
        match self {
            Pace::Real => "",
            Pace::Simulated(_) => " of simulated time",
        }
    }
}

/// Between two drawings, by the wall.
const FRAME: Duration = Duration::from_millis(100);

/// Shows a run's events as the printer's manner asks.
pub struct Progress<'a> {
    pace: Pace,
    shown: Shown<'a>,
}

enum Shown<'a> {
    Live(Live<'a>),
    Lines(Lines<'a>),
    Json(Events<'a>),
    Silent,
}

impl<'a> Progress<'a> {
    /// For a run of this plan that begins now.
    pub fn new(printer: &'a Printer, plan: &Plan, pace: Pace) -> Self {
        let shown = match printer.manner() {
            Manner::Live => Shown::Live(Live::new(printer, plan, pace)),
            Manner::Lines => Shown::Lines(Lines::new(printer, plan)),
            Manner::Json => Shown::Json(Events::new(printer)),
            Manner::Silent => Shown::Silent,
        };
        Progress { pace, shown }
    }

    /// Shows that time passes until it is dropped.
    pub async fn draw(&self) -> Infallible {
        loop {
            match &self.shown {
                Shown::Live(live) => live.draw(),
                Shown::Lines(lines) => lines.catch_up(),
                Shown::Json(_) | Shown::Silent => {}
            }
            tokio::time::sleep(self.pace.of_wall(FRAME)).await;
        }
    }

    /// Takes away what is only for the time of the run.
    pub fn finish(&self) {
        if let Shown::Live(live) = &self.shown {
            live.finish();
        }
    }
}

impl Observer for Progress<'_> {
    fn tell(&self, event: &Event) {
        match &self.shown {
            Shown::Live(live) => live.tell(event),
            Shown::Lines(lines) => lines.tell(event),
            Shown::Json(events) => events.tell(event),
            Shown::Silent => {}
        }
    }
}
