//! What a run tells while it goes. Views turn it into rows, lines or JSON.

use serde::Serialize;

use super::{Chapter, Key, plan::Action};

/// Something that happened to one step, or to the run.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Event {
    /// The run begins with so many steps.
    Begun { steps: usize },
    /// A step starts its first call.
    Started { key: Key, chapter: Chapter, name: String, action: Action },
    /// The step goes on, doing this.
    Doing { key: Key, what: String },
    /// The step waits, for this reason.
    Waiting { key: Key, reason: String },
    /// A call failed and will be repeated after a pause.
    Repeating { key: Key, attempt: u32, pause_ms: u64, reason: String },
    /// Others may refer to the resource now, though it may not be ready yet.
    Created { key: Key },
    /// The resource isn't gone yet, but some of what it refers to may go now.
    Released { key: Key },
    /// The step is done.
    Done { key: Key, chapter: Chapter, name: String, action: Action, id: String, ms: u64 },
    /// The step failed.
    Failed { key: Key, chapter: Chapter, name: String, action: Action, reason: String, remedy: Option<String> },
    /// The step was not tried, because another one failed or the run was interrupted.
    Skipped { key: Key, because: String },
}

/// Who is told.
pub trait Observer: Send + Sync {
    /// Takes one event. Must not block.
    fn tell(&self, event: &Event);
}

/// Tells nobody.
pub struct Silent;

impl Observer for Silent {
    fn tell(&self, _event: &Event) {}
}
