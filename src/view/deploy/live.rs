//! Deployments in place: a few rows for each service.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::words;
use crate::{
    operation::{
        deploy::{DeployEvent, Progress, Verdict, progress::Half},
        doctor,
    },
    view::{
        Paint, Printer,
        text::{clean, pad, shorten},
    },
};

/// That many of the latest news are shown for each service.
const NEWS: usize = 3;

/// Redraws how deployments go.
pub struct Live<'a> {
    printer: &'a Printer,
    model: Mutex<Model>,
}

/// What is known of all deployments.
pub struct Model(Vec<Row>);

struct Row {
    service: String,
    head: String,
    progress: Option<Progress>,
    news: Vec<(String, bool)>,
    verdict: Option<Verdict>,
}

impl<'a> Live<'a> {
    /// For these services.
    pub fn new(printer: &'a Printer, services: &[String]) -> Self {
        Live { printer, model: Mutex::new(Model::new(services)) }
    }

    /// Takes in an event.
    pub fn tell(&self, event: &DeployEvent) {
        self.model().take(event);
    }

    /// What is drawn.
    pub fn rows(&self) -> Vec<String> {
        self.model().draw(self.printer.paint_err(), self.printer.size())
    }

    /// Draws.
    pub fn draw(&self) {
        self.printer.draw(self.rows());
    }

    fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Model {
    /// Before the first event.
    pub fn new(services: &[String]) -> Self {
        let row = |service: &String| Row {
            service: service.clone(),
            head: "checking".to_owned(),
            progress: None,
            news: Vec::new(),
            verdict: None,
        };
        Model(services.iter().map(row).collect())
    }

    /// Takes in what happened.
    pub fn take(&mut self, event: &DeployEvent) {
        let (DeployEvent::Checked { service, .. }
        | DeployEvent::Begun { service, .. }
        | DeployEvent::Looked { service, .. }
        | DeployEvent::News { service, .. }
        | DeployEvent::Acted { service, .. }
        | DeployEvent::Ended { service, .. }) = event;
        let Some(row) = self.0.iter_mut().find(|row| row.service == *service) else { return };
        match event {
            DeployEvent::Checked { checks, .. } => {
                let odd = checks.iter().filter(|check| check.verdict != doctor::Verdict::Ok);
                row.news.extend(odd.map(|check| (format!("{}: {}", check.name, check.detail), true)));
                row.head = format!("{} checks done", checks.len());
            }
            DeployEvent::Begun { deployment, revision, image, .. } => {
                row.head = format!("{revision}  {image}  (deployment {deployment})");
            }
            DeployEvent::Looked { progress, .. } => row.progress = Some(progress.clone()),
            DeployEvent::News { text, bad, .. } => row.news.push((text.clone(), *bad)),
            DeployEvent::Acted { text, .. } => row.news.push((text.clone(), true)),
            DeployEvent::Ended { verdict, .. } => row.verdict = Some(verdict.clone()),
        }
    }

    /// Draws into a terminal of `rows` and `columns`.
    pub fn draw(&self, paint: Paint, (rows, columns): (usize, usize)) -> Vec<String> {
        let (width, room) = (columns.saturating_sub(1).max(20), rows.saturating_sub(2).max(3));
        let whole: Vec<String> = self.0.iter().flat_map(|row| row.draw(paint, true)).collect();
        // Where there is not enough room, a line for each.
        let mut lines =
            if whole.len() <= room { whole } else { self.0.iter().flat_map(|row| row.draw(paint, false)).collect() };
        lines.truncate(room);
        lines.iter().map(|line| shorten(line, width)).collect()
    }
}

impl Row {
    fn draw(&self, paint: Paint, whole: bool) -> Vec<String> {
        let name = paint.bold(&self.service);
        let (state, elapsed) = match (&self.verdict, &self.progress) {
            (Some(verdict), _) => {
                let word = verdict.outcome.word();
                let word = if verdict.outcome.is_good() { paint.green(word) } else { paint.alarm(word) };
                (format!("{word}: {}", clean(&verdict.reason)), words::seconds(verdict.seconds))
            }
            (None, Some(progress)) => (clean(&words::phase(progress)), words::seconds(progress.seconds)),
            (None, None) => (clean(&self.head), String::new()),
        };
        let mut lines = vec![format!("{name}  {state}  {}", paint.dim(&elapsed)).trim_end().to_owned()];
        if !whole {
            return lines;
        }
        if let Some(progress) = &self.progress {
            lines.push(format!("  {}", paint.dim(&clean(&self.head))));
            lines.push(half(&progress.new, "new"));
            lines.extend(progress.old.as_ref().map(|old| half(old, "old")));
            let detail = words::detail(progress);
            if !detail.is_empty() {
                lines.push(format!("  {}", clean(&detail.join("; "))));
            }
            if progress.waits_for_you.is_some() && self.verdict.is_none() {
                let service = &self.service;
                let how = format!("platformctl continue {service} goes on, platformctl abort {service} goes back");
                lines.push(format!("  {}", paint.yellow(&how)));
            }
        }
        let latest = self.news.len().saturating_sub(NEWS);
        for (text, bad) in &self.news[latest..] {
            let text = clean(text);
            lines.push(format!("  {}", if *bad { paint.yellow(&text) } else { paint.dim(&text) }));
        }
        lines
    }
}

/// `green  2 of 2 tasks run, 2 healthy  100 %  ██████████`.
fn half(it: &Half, otherwise: &'static str) -> String {
    const BAR: usize = 10;
    let full = ((it.weight / 100.0 * BAR as f64).round() as usize).min(BAR);
    let bar = format!("{}{}", "█".repeat(full), "░".repeat(BAR - full));
    format!(
        "  {}  {}  {bar} {} of the traffic",
        pad(words::color(it, otherwise), 5),
        pad(&words::tasks(it), 28),
        words::percent(it.weight)
    )
}
