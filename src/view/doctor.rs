//! What was checked before an `up`, for people.

use std::fmt::Write;

use super::{
    Paint,
    table::{Field, Mood, table},
    text::{clean, wrap},
};
use crate::operation::doctor::{Check, Verdict};

/// A row for each check, and what to do about those that didn't go well.
pub fn text(checks: &[Check], paint: Paint, width: usize) -> String {
    let row = |check: &Check| {
        let (word, mood) = match check.verdict {
            Verdict::Ok => ("ok", Mood::Good),
            Verdict::Warning => ("look", Mood::Odd),
            Verdict::Failed => ("FAILED", Mood::Bad),
        };
        vec![Field::new(word, mood), check.name.as_str().into(), check.detail.as_str().into()]
    };
    let mut text = table(paint, width, &["", "check", "found"], checks.iter().map(row).collect());
    for check in checks {
        if let Some(remedy) = &check.remedy {
            let hint = format!("{}: {}", check.name, clean(remedy));
            let _ = write!(text, "\n\n{} {}", paint.cyan("hint:"), wrap(&hint, 0, width.saturating_sub(6)));
        }
    }
    text
}

/// `all is well`, or how many checks did not go well.
pub fn verdict(checks: &[Check]) -> String {
    let of = |verdict: Verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    match (of(Verdict::Failed), of(Verdict::Warning)) {
        (0, 0) => "all is well: an environment can come up here".to_owned(),
        (0, odd) => format!("an environment can come up here; {odd} of {} checks deserve a look", checks.len()),
        (failed, _) => format!("an environment can't come up here: {failed} of {} checks failed", checks.len()),
    }
}
