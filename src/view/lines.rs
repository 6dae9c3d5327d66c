//! Progress where there is no terminal: a line per change of phase, none that only says that time passes.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    Printer,
    text::{clean, duration, pad, without_request},
};
use crate::engine::{Action, Event, Key, Observer, Plan};

/// Widest column of keys.
const WIDEST: usize = 44;
/// Width of the longest verb.
const VERB: usize = 9;

/// A step that is under way.
struct Running {
    since: Instant,
    /// Why its last attempt failed.
    trouble: String,
}

/// Writes plain lines: `verb  key  detail  elapsed`.
pub struct Lines<'a> {
    printer: &'a Printer,
    width: usize,
    running: Mutex<HashMap<Key, Running>>,
}

impl<'a> Lines<'a> {
    /// For a run of this plan.
    pub fn new(printer: &'a Printer, plan: &Plan) -> Self {
        let longest = plan.steps.iter().map(|step| step.key.as_str().len()).max().unwrap_or_default();
        Lines { printer, width: longest.min(WIDEST), running: Mutex::default() }
    }

    fn line(&self, verb: &str, key: &Key, detail: &str, elapsed: Option<Duration>) -> String {
        let paint = self.printer.paint_err();
        let verb = match verb {
            "failed" => paint.alarm(&pad(verb, VERB)),
            "waiting" | "retrying" | "skipped" => paint.yellow(&pad(verb, VERB)),
            _ => paint.green(&pad(verb, VERB)),
        };
        let time = elapsed.map(|elapsed| format!("  {}", duration(elapsed))).unwrap_or_default();
        format!("{verb}  {}  {}{time}", pad(key.as_str(), self.width), clean(detail)).trim_end().to_owned()
    }

    fn since(&self, key: &Key) -> Option<Duration> {
        self.running().get(key).map(|step| step.since.elapsed())
    }

    fn running(&self) -> MutexGuard<'_, HashMap<Key, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True where a step fails as it did the last time.
    fn is_old_trouble(&self, key: &Key, reason: &str) -> bool {
        match self.running().get_mut(key) {
            Some(step) if step.trouble == reason => true,
            Some(step) => {
                step.trouble = reason.to_owned();
                false
            }
            None => false,
        }
    }

    fn text(&self, event: &Event) -> Option<String> {
        let line = match event {
            Event::Begun { .. } | Event::Created { .. } | Event::Released { .. } => return None,
            Event::Started { key, name, action, .. } => {
                self.running().insert(key.clone(), Running { since: Instant::now(), trouble: String::new() });
                if !self.printer.look().verbose {
                    return None;
                }
                self.line(doing(*action), key, name, None)
            }
            Event::Doing { key, what } => {
                if !self.printer.look().verbose {
                    return None;
                }
                self.line("going on", key, what, self.since(key))
            }
            Event::Waiting { key, reason } => self.line("waiting", key, reason, self.since(key)),
            Event::Repeating { key, attempt, pause_ms, reason } => {
                let verbose = self.printer.look().verbose;
                let reason = if verbose { reason } else { without_request(reason) };
                if self.is_old_trouble(key, reason) && !verbose {
                    return None;
                }
                let pause = duration(Duration::from_millis(*pause_ms));
                let detail = format!("{reason} (attempt {attempt}, again in {pause})");
                self.line("retrying", key, &detail, self.since(key))
            }
            Event::Done { key, action, id, ms, .. } => {
                self.line(done(*action), key, id, Some(Duration::from_millis(*ms)))
            }
            Event::Failed { key, reason, .. } => self.line("failed", key, reason, self.since(key)),
            Event::Skipped { key, because } => self.line("skipped", key, because, None),
        };
        Some(line)
    }
}

impl Observer for Lines<'_> {
    fn tell(&self, event: &Event) {
        if let Some(line) = self.text(event) {
            self.printer.talk(&line);
        }
    }
}

/// What is being done.
pub fn doing(action: Action) -> &'static str {
    match action {
        Action::Create => "creating",
        Action::Adopt => "adopting",
        Action::Update => "updating",
        Action::Replace => "replacing",
        Action::Delete => "deleting",
    }
}

/// What was done.
pub fn done(action: Action) -> &'static str {
    match action {
        Action::Create => "created",
        Action::Adopt => "adopted",
        Action::Update => "updated",
        Action::Replace => "replaced",
        Action::Delete => "deleted",
    }
}
