//! Deployments as they are shown: redrawn in place, a line per change, or JSON lines.

mod history;
mod lines;
mod live;
mod verdict;
mod words;

use std::{convert::Infallible, time::Duration};

use serde_json::{Map, Value, json};

pub use history::text as history;
pub use verdict::text as verdict;

use self::{lines::Lines, live::Live};
use super::{Printer, json, printer::Manner, progress::Pace};
use crate::operation::deploy::{DeployEvent, DeployObserver};

/// Between two drawings, by the wall.
const FRAME: Duration = Duration::from_millis(200);

/// Shows deployments as the printer's manner asks.
pub struct Deployments<'a> {
    pace: Pace,
    printer: &'a Printer,
    shown: Shown<'a>,
}

enum Shown<'a> {
    Live(Live<'a>),
    Lines(Lines<'a>),
    Json,
    Silent,
}

impl<'a> Deployments<'a> {
    /// For deployments of these services.
    pub fn new(printer: &'a Printer, services: &[String], pace: Pace) -> Self {
        let shown = match printer.manner() {
            Manner::Live => Shown::Live(Live::new(printer, services)),
            Manner::Lines => Shown::Lines(Lines::new(printer, services)),
            Manner::Json => Shown::Json,
            Manner::Silent => Shown::Silent,
        };
        Deployments { pace, printer, shown }
    }

    /// Redraws until it is dropped.
    pub async fn draw(&self) -> Infallible {
        loop {
            if let Shown::Live(live) = &self.shown {
                live.draw();
            }
            tokio::time::sleep(self.pace.of_wall(FRAME)).await;
        }
    }

    /// The rows as they would be drawn now; none where nothing is redrawn.
    pub fn rows(&self) -> Vec<String> {
        match &self.shown {
            Shown::Live(live) => live.rows(),
            _ => Vec::new(),
        }
    }

    /// Leaves the last picture.
    pub fn finish(&self) {
        if let Shown::Live(live) = &self.shown {
            live.draw();
            self.printer.keep();
        }
    }
}

impl DeployObserver for Deployments<'_> {
    fn tell(&self, event: &DeployEvent) {
        match &self.shown {
            Shown::Live(live) => live.tell(event),
            Shown::Lines(lines) => lines.tell(event),
            Shown::Json => self.printer.json(&line(event)),
            Shown::Silent => {}
        }
    }
}

/// An event as a JSON line of the type `deployment`.
fn line(event: &DeployEvent) -> Value {
    let fields = match serde_json::to_value(event) {
        Ok(Value::Object(fields)) => fields,
        // Events are plain data.
        _ => Map::from_iter([("event".to_owned(), json!("unknown"))]),
    };
    json::line("deployment", fields)
}
