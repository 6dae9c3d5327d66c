//! Collects the problems of one configuration.

use std::collections::BTreeSet;

use miette::LabeledSpan;

use super::error::{ConfigError, Problem};
use super::origin::{Origin, Place};

/// What is wrong with one value. `what` follows the value's name: "`network.cidr`" "is not private".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub what: String,
    /// Shown under the value.
    pub label: String,
    /// The remedy.
    pub help: String,
}

impl Fault {
    pub(super) fn new(what: impl Into<String>, label: impl Into<String>, help: impl Into<String>) -> Self {
        Self { what: what.into(), label: label.into(), help: help.into() }
    }
}

/// The problems found so far and the places found so far.
pub(super) struct Report {
    pub(super) origin: Origin,
    problems: Vec<Problem>,
    blamed: BTreeSet<String>,
}

impl Report {
    pub(super) fn new(origin: Origin) -> Self {
        Self { origin, problems: Vec::new(), blamed: BTreeSet::new() }
    }

    /// The value at `path` is wrong.
    pub(super) fn blame(&mut self, path: &str, fault: Fault) {
        self.blame_with(path, fault, &[]);
    }

    /// The value at `path` is wrong, because of other values, which are labelled too.
    pub(super) fn blame_with(&mut self, path: &str, fault: Fault, others: &[(&str, String)]) {
        let mut labels: Vec<LabeledSpan> =
            self.label(path, fault.label, |place| place.value.clone()).into_iter().collect();
        for (other, label) in others {
            labels.extend(self.label(other, label.clone(), |place| place.value.clone()));
        }
        self.push(path, fault.what, fault.help, labels);
    }

    /// The key at `path`, not its value, is wrong.
    pub(super) fn blame_key(&mut self, path: &str, fault: Fault) {
        let labels = self.label(path, fault.label, |place| place.key.clone()).into_iter().collect();
        self.push(path, fault.what, fault.help, labels);
    }

    /// Whether none of these values was blamed yet, so that a rule about them together makes sense. (Lists and values without
    /// a default need no such question: where they are wrong, they read as not given.)
    pub(super) fn clean(&self, paths: &[&str]) -> bool {
        !paths.iter().any(|path| self.blamed.contains(*path))
    }

    /// The origin, if nothing was wrong.
    pub(super) fn finish(self) -> Result<Origin, ConfigError> {
        if self.problems.is_empty() {
            return Ok(self.origin);
        }
        let text = self.origin.text().cloned();
        let name = text.as_ref().map_or("configuration", |text| text.name()).to_string();
        Err(ConfigError::new(&name, text, self.problems))
    }

    fn label(&self, path: &str, label: String, span: impl Fn(&Place) -> std::ops::Range<usize>) -> Option<LabeledSpan> {
        self.origin.place(path).map(|place| LabeledSpan::at(span(place), label))
    }

    fn push(&mut self, path: &str, what: String, help: String, labels: Vec<LabeledSpan>) {
        self.blamed.insert(path.into());
        let name = path.split_once('[').map_or(path, |(list, _)| list);
        let message = format!("`{}` {what}", quotable(name));
        self.problems.push(Problem::at(message, help, labels));
    }
}

/// `text` fit for a message: cut where it is long, control characters made visible.
pub(super) fn quotable(text: &str) -> String {
    const LONGEST: usize = 80;
    let shown: String = text.chars().take(LONGEST).flat_map(visible).collect();
    if text.chars().nth(LONGEST).is_some() { shown + "…" } else { shown }
}

fn visible(character: char) -> Vec<char> {
    if character.is_control() { character.escape_default().collect() } else { vec![character] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_text_is_short_and_printable() {
        assert_eq!(quotable("größe"), "größe");
        assert_eq!(quotable("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\n");
        assert_eq!(quotable(&"x".repeat(81)).chars().count(), 81);
        assert!(quotable(&"x".repeat(81)).ends_with('…'));
    }
}
