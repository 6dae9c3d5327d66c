//! What the live view knows of a run.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
};

use tokio::time::Instant;

use super::super::{
    Printer,
    progress::Pace,
    text::{clean, without_request},
};
use crate::engine::{Action, Chapter, Event, Key, Plan};

/// The live view of a run.
pub struct Live<'a> {
    printer: &'a Printer,
    model: Mutex<Model>,
}

impl<'a> Live<'a> {
    /// For a run of this plan that begins now.
    pub fn new(printer: &'a Printer, plan: &Plan, pace: Pace) -> Self {
        Live { printer, model: Mutex::new(Model::new(plan, pace, Instant::now())) }
    }

    /// Takes an event in. Drawn at the next frame.
    pub fn tell(&self, event: &Event) {
        self.model.lock().unwrap_or_else(PoisonError::into_inner).take(event, Instant::now());
    }

    /// Draws what is known now.
    pub fn draw(&self) {
        let lines = {
            let model = self.model.lock().unwrap_or_else(PoisonError::into_inner);
            model.draw(self.printer.paint_err(), self.printer.size(), Instant::now())
        };
        self.printer.draw(lines);
    }

    /// Draws the end: what is left are the counts.
    pub fn finish(&self) {
        self.draw();
        // Keeps the last drawing on the screen: what is drawn next begins below it.
        self.printer.keep();
    }
}

/// A resource that is changing.
pub(super) struct Row {
    pub key: Key,
    pub action: Action,
    pub message: String,
    pub since: Instant,
}

/// The count of one chapter.
#[derive(Default)]
pub(super) struct Count {
    pub total: usize,
    pub done: BTreeSet<usize>,
    pub failed: usize,
    pub skipped: usize,
}

/// What is known of a run: rows by their place in the plan, counts by chapter.
pub struct Model {
    places: HashMap<Key, (usize, Chapter)>,
    /// Chapters in the order in which the plan comes to them.
    pub(super) chapters: Vec<Chapter>,
    pub(super) counts: BTreeMap<Chapter, Count>,
    pub(super) rows: BTreeMap<usize, (Chapter, Row)>,
    /// Steps that failed, with the reason.
    pub(super) failures: BTreeMap<usize, (Chapter, Key, String)>,
    pub(super) pace: Pace,
    pub(super) begun: Instant,
}

impl Model {
    /// Before the first event.
    pub fn new(plan: &Plan, pace: Pace, now: Instant) -> Self {
        let (mut chapters, mut counts) = (Vec::new(), BTreeMap::<Chapter, Count>::new());
        for step in &plan.steps {
            if !chapters.contains(&step.chapter) {
                chapters.push(step.chapter);
            }
            counts.entry(step.chapter).or_default().total += 1;
        }
        let places =
            plan.steps.iter().enumerate().map(|(place, step)| (step.key.clone(), (place, step.chapter))).collect();
        Model { places, chapters, counts, rows: BTreeMap::new(), failures: BTreeMap::new(), pace, begun: now }
    }

    /// Takes in what happened at `now`.
    pub fn take(&mut self, event: &Event, now: Instant) {
        match event {
            Event::Begun { .. } => self.begun = now,
            Event::Created { .. } | Event::Released { .. } => {}
            Event::Started { key, action, .. } => self.start(key, *action, now),
            Event::Doing { key, what } => self.say(key, what.clone()),
            Event::Waiting { key, reason } => self.say(key, reason.clone()),
            Event::Repeating { key, attempt, reason, .. } => {
                self.say(key, format!("attempt {attempt}: {}", without_request(reason)));
            }
            Event::Done { key, .. } => self.end(key, |count, place| {
                count.done.insert(place);
            }),
            Event::Failed { key, reason, .. } => {
                self.end(key, |count, _| count.failed += 1);
                if let Some(&(place, chapter)) = self.places.get(key) {
                    self.failures.insert(place, (chapter, key.clone(), clean(reason)));
                }
            }
            Event::Skipped { key, .. } => self.end(key, |count, _| count.skipped += 1),
        }
    }

    /// A replacement starts twice, once for each half: it isn't done before both are.
    fn start(&mut self, key: &Key, action: Action, now: Instant) {
        let Some(&(place, chapter)) = self.places.get(key) else { return };
        self.counts.entry(chapter).or_default().done.remove(&place);
        let row = Row { key: key.clone(), action, message: String::new(), since: now };
        self.rows.insert(place, (chapter, row));
    }

    fn say(&mut self, key: &Key, message: String) {
        let place = self.places.get(key).map(|(place, _)| *place);
        if let Some((_, row)) = place.and_then(|place| self.rows.get_mut(&place)) {
            row.message = clean(&message);
        }
    }

    fn end(&mut self, key: &Key, note: impl FnOnce(&mut Count, usize)) {
        let Some(&(place, chapter)) = self.places.get(key) else { return };
        self.rows.remove(&place);
        note(self.counts.entry(chapter).or_default(), place);
    }

    /// Steps done, and all steps.
    pub(super) fn progress(&self) -> (usize, usize) {
        self.counts.values().fold((0, 0), |(done, total), count| (done + count.done.len(), total + count.total))
    }
}
