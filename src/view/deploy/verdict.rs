//! What came of deployments, for people.

use std::fmt::Write;

use super::words;
use crate::{
    operation::deploy::{Outcome, Verdict},
    view::{
        Paint,
        text::{clean, wrap},
    },
};

/// The verdict about one service's deployment, with everything that led to it.
pub fn text(paint: Paint, width: usize, service: &str, it: &Verdict) -> String {
    let word = it.outcome.word();
    let word = match it.outcome {
        outcome if outcome.is_good() => paint.green(word),
        Outcome::Unfinished | Outcome::Superseded => paint.yellow(word),
        _ => paint.alarm(word),
    };
    let took = if it.seconds > 0 { format!(" in {}", words::seconds(it.seconds)) } else { String::new() };
    let mut text = format!("{} {word}{took}: {}", paint.bold(service), clean(&it.reason));
    let mut line = |title: &str, what: &str| {
        let _ = write!(text, "\n{}", wrap(&format!("{title} {}", clean(what)), 2, width));
    };
    if !it.revision.is_empty() {
        line("revision:", &format!("{}, {}", it.revision, it.image));
    }
    for cause in &it.causes {
        line("cause:", cause);
    }
    for said in &it.log {
        line("log:", said);
    }
    if let Some(remedy) = &it.remedy {
        line("next:", remedy);
    }
    text
}
