//! A plan, for people and as JSON.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::{
    Paint,
    inner::{Difference, differences},
    json::line,
    paint::sign,
    text::{clean, pad, shorten, squeeze, wrap},
    values::{LATER, legible, show},
};
use crate::engine::{
    Action, Blueprint, Book, Change, Chapter, Kinds, Plan, Step, diff::FieldChange, output, yielded::Yielded,
};

/// Widest column of keys.
const WIDEST: usize = 44;
/// Longest value that is shown whole.
const VALUE: usize = 72;
/// Longest path that is shown whole.
const PATH: usize = 80;
/// Differences of one field that are shown.
const INNER: usize = 12;

/// A plan and what it is shown with.
pub struct PlanView<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The state, which tells drift from changes of the configuration.
    pub book: &'a Book,
    /// True for everything: the settings of what is made, long values.
    pub verbose: bool,
}

/// How many steps of each kind.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, serde::Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Totals {
    pub create: usize,
    pub change: usize,
    pub replace: usize,
    pub delete: usize,
    pub adopt: usize,
    pub unchanged: usize,
    /// Steps that undo what somebody changed behind our back.
    pub drifted: usize,
}

impl PlanView<'_> {
    /// Counts the steps.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals { unchanged: self.plan.unchanged, ..Totals::default() };
        for step in &self.plan.steps {
            match step.action {
                Action::Create => totals.create += 1,
                Action::Adopt => totals.adopt += 1,
                Action::Update => totals.change += 1,
                Action::Replace => totals.replace += 1,
                Action::Delete => totals.delete += 1,
            }
            totals.drifted += usize::from(self.has_drifted(step));
        }
        totals
    }

    /// `Plan: 3 to create, …`.
    pub fn headline(&self) -> String {
        let totals = self.totals();
        let mut text = format!(
            "Plan: {} to create, {} to change, {} to replace, {} to delete, {} unchanged",
            totals.create, totals.change, totals.replace, totals.delete, totals.unchanged
        );
        if totals.adopt > 0 {
            let _ = write!(text, ", {} to adopt", totals.adopt);
        }
        if totals.drifted > 0 {
            let _ = write!(text, " ({} changed outside platformctl)", totals.drifted);
        }
        text
    }

    /// All steps by chapter, and the headline.
    pub fn text(&self, paint: Paint) -> String {
        let width = self.plan.steps.iter().map(|step| step.key.as_str().len()).max().unwrap_or(0).min(WIDEST);
        let mut text = String::new();
        let mut chapter: Option<Chapter> = None;
        for step in &self.plan.steps {
            if chapter.replace(step.chapter) != Some(step.chapter) {
                let _ = writeln!(text, "{}", paint.bold(step.chapter.title()));
            }
            self.step(&mut text, paint, width, step);
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text + &paint.bold(&self.headline())
    }

    fn step(&self, text: &mut String, paint: Paint, width: usize, step: &Step) {
        let sign = paint.action(step.action, &format!("{:>3}", sign(step.action)));
        let existing = step.existing.as_ref().map_or("", |existing| existing.id.as_str());
        let what = if step.action == Action::Delete { clean(existing) } else { clean(&step.name) };
        let _ = writeln!(text, "  {sign} {}  {what}", pad(step.key.as_str(), width));
        for note in self.notes(step) {
            let _ = writeln!(text, "        {}", paint.dim(&note));
        }
        for change in &step.changes {
            self.change(text, paint, step, change);
        }
        for (tag, value) in &step.tags {
            let _ = writeln!(text, "        tag {tag}: → {}", show(&json!(value), VALUE));
        }
        if self.verbose && matches!(step.action, Action::Create) {
            for (field, value) in step.spec.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
                let _ = writeln!(text, "        {field}: {}", clean(&legible(value).to_string()));
            }
        }
    }

    /// Why, and in which order, where the changes don't say it.
    fn notes(&self, step: &Step) -> Vec<String> {
        let mut notes: Vec<String> = step.reason.iter().map(|reason| clean(reason)).collect();
        if step.action == Action::Replace {
            let order = if step.delete_first {
                "the old one goes first: AWS takes its name only once"
            } else {
                "the new one comes first"
            };
            notes.push(order.to_owned());
        }
        let strays: Vec<&str> = step.strays.iter().map(|stray| stray.id.as_str()).collect();
        if !strays.is_empty() {
            notes.push(format!("predecessors that go: {}", clean(&strays.join(", "))));
        }
        notes
    }

    fn change(&self, text: &mut String, paint: Paint, step: &Step, change: &FieldChange) {
        let mut marks = String::new();
        if change.replaces {
            marks.push_str("  (needs a new one)");
        }
        if self.is_drift(step, change) {
            marks.push_str("  (changed outside platformctl)");
        }
        let found = self.inside(step, change);
        let most = if self.verbose { usize::MAX } else { INNER };
        for one in found.iter().take(most) {
            let path = match one.path.as_str() {
                "" => change.field.clone(),
                inner if inner.starts_with('[') => format!("{}{inner}", change.field),
                inner => format!("{}.{inner}", change.field),
            };
            let path = if self.verbose { path } else { squeeze(&path, PATH) };
            let _ = writeln!(text, "        {}: {}{}", clean(&path), self.arrow(one), paint.yellow(&marks));
        }
        if found.len() > most {
            let _ = writeln!(text, "        {}: … {} more differences", change.field, found.len() - most);
        }
    }

    fn arrow(&self, one: &Difference) -> String {
        let width = if self.verbose { usize::MAX } else { VALUE };
        match (&one.from, &one.to) {
            (None, Some(to)) => format!("→ {}", show(to, width)),
            (Some(from), None) => format!("{} →", show(from, width)),
            (from, to) => {
                let side = |value: &Option<Value>| show(value.as_ref().unwrap_or(&Value::Null), width);
                format!("{} → {}", side(from), side(to))
            }
        }
    }

    /// Where inside a field the difference is.
    fn inside(&self, step: &Step, change: &FieldChange) -> Vec<Difference> {
        let wanted = match &change.to {
            Some(to) => to.clone(),
            None => self.known(&step.spec[change.field.as_str()]),
        };
        let whole = |to: Value| Difference { path: String::new(), from: change.from.clone(), to: Some(to) };
        match &change.from {
            None => vec![whole(wanted)],
            Some(from) => {
                let found = differences(from, &wanted);
                // Equal but for what the comparison of the plan knows better: shown whole rather than not at all.
                if found.is_empty() { vec![whole(wanted)] } else { found }
            }
        }
    }

    /// With the references resolved that don't point at something which is about to be made, or to be another one.
    fn known(&self, spec: &Value) -> Value {
        output::resolve(spec, &|reference| match self.plan.step(&reference.key) {
            Some(step) if step.renews(&reference.output) => None,
            _ => self.book.output(&reference.key, &reference.output).cloned(),
        })
    }

    fn has_drifted(&self, step: &Step) -> bool {
        step.changes.iter().any(|change| self.is_drift(step, change))
    }

    /// True where the configuration still wants what was last applied: then somebody else changed it.
    fn is_drift(&self, step: &Step, change: &FieldChange) -> bool {
        let applied = self.book.records.get(&step.key).and_then(|record| record.spec.get(&change.field));
        change.from.is_some() && change.to.is_some() && applied.is_some() && applied == change.to.as_ref()
    }

    /// The whole plan as one line.
    pub fn json(&self) -> Value {
        let steps: Vec<Value> = self.plan.steps.iter().map(|step| self.step_json(step)).collect();
        line("plan", Map::from_iter([("totals".to_owned(), json!(self.totals())), ("steps".to_owned(), steps.into())]))
    }

    fn step_json(&self, step: &Step) -> Value {
        let change = |change: &FieldChange| {
            json!({
                "field": change.field,
                "from": change.from,
                "to": change.to.clone().unwrap_or_else(|| LATER.into()),
                "replaces": change.replaces,
                "drift": self.is_drift(step, change),
            })
        };
        json!({
            "key": step.key,
            "chapter": step.chapter,
            "name": step.name,
            "action": step.action,
            "id": step.existing.as_ref().map(|existing| &existing.id),
            "reason": step.reason,
            "delete_first": step.delete_first,
            "changes": step.changes.iter().map(change).collect::<Vec<_>>(),
            "tags": step.tags,
        })
    }
}

/// What others decide once it exists: `ecs-service.desired_count (application autoscaling)`, each once.
pub fn owned_by_others(kinds: &Kinds, blueprint: &Blueprint) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for node in blueprint.nodes() {
        let Ok(kind) = kinds.get(node.key.kind()) else { continue };
        for field in node.spec.as_object().into_iter().flat_map(Map::keys) {
            if let Change::Owned(owner) = kind.field(field).change {
                let text = format!("{}.{field} ({owner})", kind.name());
                if !found.contains(&text) {
                    found.push(text);
                }
            }
        }
    }
    found
}

/// What is not as the configuration says and stays so, because somebody else decides it: one line each.
pub fn left_to_others(left: &[Yielded], width: usize) -> String {
    let line = |one: &Yielded| {
        let Yielded { key, field, owner, found, configured } = one;
        let text = if found.is_object() || found.is_array() {
            format!("{key} {field}: {owner} decides it")
        } else {
            let (found, configured) = (show(found, VALUE), show(configured, VALUE));
            format!("{key} {field} {found}: {owner} decides it (configured: {configured})")
        };
        wrap(&clean(&text), 2, width)
    };
    let lines: Vec<String> = left.iter().map(line).collect();
    format!("left as it is:\n{}", lines.join("\n"))
}

/// A short list of values in one line.
pub fn listed(items: &[String], width: usize) -> String {
    shorten(&items.join(", "), width)
}
