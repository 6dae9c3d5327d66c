//! What a proof came to.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

/// Failures that are shown in full; of more only the number.
const SHOWN: usize = 12;

/// What a proof came to.
#[derive(Debug, Default)]
pub struct Report {
    /// Scenarios that ran.
    pub scenarios: usize,
    /// What went wrong, with the scenario's label.
    pub failures: Vec<(String, String)>,
    /// Other figures.
    pub figures: BTreeMap<String, String>,
    /// How long it took by the wall's clock.
    pub wall: Duration,
    /// How long processors worked on it, in this process and its copies.
    pub work: Duration,
}

impl Report {
    /// For people.
    pub fn text(&self, name: &str) -> String {
        let mut text = format!(
            "proof {name}: {} scenarios, {} failed, {:.1} s, {:.1} s of work",
            self.scenarios,
            self.failures.len(),
            self.wall.as_secs_f64(),
            self.work.as_secs_f64()
        );
        for (figure, value) in &self.figures {
            let _ = write!(text, ", {figure} {value}");
        }
        text.push('\n');
        for (label, failure) in self.failures.iter().take(SHOWN) {
            let _ = writeln!(text, "  FAILED {label}\n    {}", failure.replace('\n', "\n    "));
        }
        for (label, _) in self.failures.iter().skip(SHOWN) {
            let _ = writeln!(text, "  FAILED {label}");
        }
        text
    }
}
