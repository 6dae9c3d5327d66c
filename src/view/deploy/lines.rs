//! Deployments where there is no terminal: a line per change, none that only says that time passes.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use super::words;
use crate::{
    operation::{
        deploy::{DeployEvent, Outcome},
        doctor::Verdict,
    },
    view::{
        Printer,
        text::{clean, pad},
    },
};

/// Width of the longest verb.
const VERB: usize = 11;

/// Writes plain lines: `verb  service  detail  elapsed`.
pub struct Lines<'a> {
    printer: &'a Printer,
    width: usize,
    /// What was said last of each service.
    said: Mutex<BTreeMap<String, String>>,
}

impl<'a> Lines<'a> {
    /// For these services.
    pub fn new(printer: &'a Printer, services: &[String]) -> Self {
        let width = services.iter().map(String::len).max().unwrap_or_default();
        Lines { printer, width, said: Mutex::default() }
    }

    /// Takes in an event.
    pub fn tell(&self, event: &DeployEvent) {
        for line in self.text(event) {
            self.printer.talk(&line);
        }
    }

    fn line(&self, verb: &str, service: &str, detail: &str) -> String {
        let paint = self.printer.paint_err();
        let shown = pad(verb, VERB);
        let shown = match verb {
            "failed" | "rolled back" => paint.alarm(&shown),
            "look" | "trouble" | "acted" | "superseded" | "unfinished" => paint.yellow(&shown),
            _ => paint.green(&shown),
        };
        format!("{shown}  {}  {}", pad(service, self.width), clean(detail)).trim_end().to_owned()
    }

    /// True where this was said last already.
    fn is_old(&self, service: &str, what: &str) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.insert(service.to_owned(), what.to_owned()).as_deref() == Some(what)
    }

    fn text(&self, event: &DeployEvent) -> Vec<String> {
        match event {
            DeployEvent::Checked { service, checks } => {
                let line = |check: &crate::operation::Check| {
                    let verb = match check.verdict {
                        Verdict::Ok => "checked",
                        Verdict::Warning => "look",
                        Verdict::Failed => "failed",
                    };
                    self.line(verb, service, &format!("{}: {}", check.name, check.detail))
                };
                checks.iter().map(line).collect()
            }
            DeployEvent::Begun { service, deployment, revision, image, resumed } => {
                let verb = if *resumed { "following" } else { "begun" };
                vec![self.line(verb, service, &format!("deployment {deployment}: {revision}, {image}"))]
            }
            DeployEvent::Looked { service, progress } => {
                // How it ended is the verdict's to tell.
                if words::is_over(progress) {
                    return Vec::new();
                }
                let phase = words::phase(progress);
                let key = format!("{phase} {:?}", progress.ringing);
                if self.is_old(service, &key) {
                    return Vec::new();
                }
                let detail = std::iter::once(phase).chain(words::detail(progress)).collect::<Vec<_>>().join("; ");
                let mut lines =
                    vec![self.line("going on", service, &format!("{detail} ({})", words::seconds(progress.seconds)))];
                if progress.waits_for_you.is_some() {
                    let how = format!("platformctl continue {service} goes on, platformctl abort {service} goes back");
                    lines.push(self.line("look", service, &how));
                }
                lines
            }
            DeployEvent::News { service, text, bad, .. } => {
                if !bad && !self.printer.look().verbose {
                    return Vec::new();
                }
                vec![self.line(if *bad { "trouble" } else { "event" }, service, text)]
            }
            DeployEvent::Acted { service, text } => vec![self.line("acted", service, text)],
            DeployEvent::Ended { service, verdict } => {
                let verb = if verdict.outcome == Outcome::Failed { "failed" } else { verdict.outcome.word() };
                vec![self.line(verb, service, &format!("{} ({})", verdict.reason, words::seconds(verdict.seconds)))]
            }
        }
    }
}
