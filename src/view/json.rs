//! `--json`: versioned lines. `{"version":1,"type":…}` begins each; `type` is `plan`, `event`, `warning`, `status`, `doctor`, `phase`
//! (of a change of authority or of the mesh's provider), `rotation` (of credentials) or, as the last line of every run, `summary`. Fields may be added within a version; none is renamed or removed.

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::Printer;
use crate::engine::{Event, Observer};

/// Of the lines' form.
pub const VERSION: u32 = 1;

/// A line of some type with its fields.
pub fn line(kind: &str, fields: Map<String, Value>) -> Value {
    let mut line = Map::new();
    line.insert("version".to_owned(), VERSION.into());
    line.insert("type".to_owned(), kind.into());
    line.extend(fields);
    line.into()
}

/// A line of some type that carries a report.
///
/// # Errors
/// Never for plain data.
pub fn report(kind: &str, report: &impl serde::Serialize) -> serde_json::Result<Value> {
    let fields = match serde_json::to_value(report)? {
        Value::Object(fields) => fields,
        other => Map::from_iter([("report".to_owned(), other)]),
    };
    Ok(line(kind, fields))
}

/// Something odd.
pub fn warning(message: &str) -> Value {
    line("warning", Map::from_iter([("message".to_owned(), json!(message))]))
}

/// Writes each event as a line, with `at_ms` since the run began.
pub struct Events<'a> {
    printer: &'a Printer,
    begun: Instant,
}

impl<'a> Events<'a> {
    /// For a run that begins now.
    pub fn new(printer: &'a Printer) -> Self {
        Events { printer, begun: Instant::now() }
    }
}

impl Observer for Events<'_> {
    fn tell(&self, event: &Event) {
        let at = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut fields = Map::from_iter([("at_ms".to_owned(), json!(at))]);
        // Events are plain data, tagged by their name.
        if let Ok(Value::Object(event)) = serde_json::to_value(event) {
            fields.extend(event);
        }
        self.printer.json(&line("event", fields));
    }
}
