//! Errors: what, where and why after `error:`; what to do about it after `hint:`.

use std::{error::Error, fmt};

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};

use super::{Paint, Printer, text::clean};
use crate::config::{ConfigError, Problem};

/// Shows an error with its sources and, if there is one, its remedy.
pub fn show(printer: &Printer, error: &dyn Error, hint: Option<&str>) {
    printer.tell(&text(printer.paint_err(), &chain(error), hint));
}

/// An error of the configuration: its lines, labels and remedies.
pub fn show_config(printer: &Printer, error: &ConfigError) {
    printer.tell(graphical(error, printer.paint_err(), printer.columns()).trim_end());
}

/// An error and its sources in one line; none is said twice.
pub fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let text = inner.to_string();
        if !line.contains(&text) {
            line = format!("{line}: {text}");
        }
        source = inner.source();
    }
    clean(&line)
}

fn text(paint: Paint, message: &str, hint: Option<&str>) -> String {
    let hint = hint.map(|hint| format!("\n\n{} {}", paint.cyan("hint:"), clean(hint))).unwrap_or_default();
    format!("{} {message}{hint}", paint.alarm("error:"))
}

fn graphical(error: &ConfigError, paint: Paint, columns: usize) -> String {
    let mut theme = if paint.is_on() { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    theme.characters.error = "error:".to_owned();
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_width(columns.clamp(60, 140));
    let reports = error.problems().iter().map(|problem| {
        let mut text = String::new();
        // Writing into a text can't fail.
        let _ = handler.render_report(&mut text, &One { problem, error });
        text
    });
    let reports: Vec<String> = reports.collect();
    match reports.as_slice() {
        [only] => only.clone(),
        all => format!("{}\n{} {error}; nothing was touched", all.join("\n"), paint.alarm("error:")),
    }
}

/// One problem of a file, with the file.
#[derive(Debug)]
struct One<'a> {
    problem: &'a Problem,
    error: &'a ConfigError,
}

impl fmt::Display for One<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.problem.labels().is_none() && !self.problem.message().contains(self.error.name());
        if whole { write!(f, "{}: {}", self.error.name(), self.problem) } else { self.problem.fmt(f) }
    }
}

impl Error for One<'_> {}

impl Diagnostic for One<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.problem.help()
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.error.source_code()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.problem.labels()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    #[test]
    fn an_error_says_what_and_what_to_do() {
        let shown = text(Paint::new(false), "environment is locked", Some("wait until it is done"));
        assert_eq!(shown, "error: environment is locked\n\nhint: wait until it is done");
    }

    #[test]
    fn an_error_of_the_configuration_shows_its_line() {
        let error = config::parse("platform.toml", "[platform]\nteam = 1\n").expect_err("refused");
        let shown = graphical(&error, Paint::new(false), 100);
        assert!(shown.contains("team = 1") && shown.contains("platform.toml:2:8"), "{shown}");
        assert_eq!(shown.matches("  error: ").count(), error.problems().len(), "{shown}");
        assert!(shown.ends_with("nothing was touched") && !shown.contains('\x1b'), "{shown}");
    }
}
