//! Progress where there is no terminal: a line for what was done, and one for each wait that lasts; none that only says that time passes.

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

/// How long a wait, or trouble that passes by itself, goes untold: most are over by then.
const PATIENCE: Duration = Duration::from_secs(5);

/// A step that is under way.
struct Running {
    since: Instant,
    /// What it waits for, while that is too young to be told: since when, verb, reason.
    untold: Option<(Instant, &'static str, String)>,
    /// The reason that was told last, without its numbers: a countdown is told once.
    told: String,
}

/// A reason without what merely counts.
fn words(reason: &str) -> String {
    reason.chars().filter(|c| !c.is_ascii_digit()).collect()
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

    /// Notes why a step doesn't go on; verbose output tells it at once.
    fn wait(&self, key: &Key, verb: &'static str, reason: String) -> Option<String> {
        let mut running = self.running();
        let step = running.get_mut(key)?;
        if self.printer.look().verbose {
            return Some(self.line(verb, key, &reason, Some(step.since.elapsed())));
        }
        let is_old = step.told == words(&reason);
        let since =
            step.untold.take().filter(|(_, _, before)| words(before) == words(&reason)).map(|(since, ..)| since);
        step.untold = (!is_old).then(|| (since.unwrap_or_else(Instant::now), verb, reason));
        None
    }

    /// Tells of the waits that have lasted.
    pub fn catch_up(&self) {
        let mut lines = Vec::new();
        for (key, step) in self.running().iter_mut() {
            if let Some((_, verb, reason)) = step.untold.take_if(|(since, ..)| since.elapsed() >= PATIENCE) {
                step.told = words(&reason);
                lines.push(self.line(verb, key, &reason, Some(step.since.elapsed())));
            }
        }
        lines.sort();
        lines.iter().for_each(|line| self.printer.talk(line));
    }

    fn text(&self, event: &Event) -> Option<String> {
        let line = match event {
            Event::Begun { .. } | Event::Created { .. } | Event::Released { .. } => return None,
            Event::Started { key, name, action, .. } => {
                let step = Running { since: Instant::now(), untold: None, told: String::new() };
                self.running().insert(key.clone(), step);
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
            Event::Waiting { key, reason } => return self.wait(key, "waiting", reason.clone()),
            Event::Repeating { key, attempt, pause_ms, reason } => {
                let verbose = self.printer.look().verbose;
                let reason = if verbose { reason } else { without_request(reason) };
                let pause = duration(Duration::from_millis(*pause_ms));
                return self.wait(key, "retrying", format!("{reason} (attempt {attempt}, again in {pause})"));
            }
            Event::Done { key, action, id, ms, .. } => {
                self.running().remove(key);
                self.line(done(*action), key, id, Some(Duration::from_millis(*ms)))
            }
            Event::Failed { key, reason, .. } => {
                let elapsed = self.since(key);
                self.running().remove(key);
                self.line("failed", key, reason, elapsed)
            }
            Event::Skipped { key, because } => self.line("skipped", key, because, None),
        };
        Some(line)
    }
}

impl Observer for Lines<'_> {
    fn tell(&self, event: &Event) {
        self.catch_up();
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
