//! What is wrong with a configuration, where, and what to do about it.

use std::fmt;

use miette::{Diagnostic, LabeledSpan, SourceCode};

use super::origin::Text;

/// Problems listed for one file; a file with more is not a configuration.
const MAX_PROBLEMS: usize = 50;

/// Bytes of a line that still fits on a screen.
const LONGEST_LINE: usize = 400;

/// A configuration or an environment suffix that is refused, with every problem that was found.
///
/// Rendered by miette, each problem shows its lines of the file, a label and the remedy.
pub struct ConfigError {
    name: String,
    text: Option<Text>,
    problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub struct Problem {
    message: String,
    help: String,
    labels: Vec<LabeledSpan>,
    position: Option<(usize, usize)>,
}

impl ConfigError {
    /// Problems of the file or argument `name`; `text` is what their labels point into.
    pub(super) fn new(name: &str, text: Option<Text>, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.labels.first().map(LabeledSpan::offset));
        let hidden = problems.len().saturating_sub(MAX_PROBLEMS);
        problems.truncate(MAX_PROBLEMS);
        for problem in problems.iter_mut() {
            if let Some(text) = &text {
                problem.locate(text);
            }
        }
        if hidden > 0 {
            problems.push(Problem::nowhere(
                format!("{hidden} more problems are not shown"),
                "mend these first; is this the right file?",
            ));
        }
        Self { name: name.into(), text, problems }
    }

    /// A problem with the file as a whole.
    pub(super) fn whole(name: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(name, None, vec![Problem::nowhere(message, help)])
    }

    /// The file or argument that the problems are in.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The problems in the order of the file; at least one.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn only(&self) -> Option<&Problem> {
        match self.problems.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }
}

impl Problem {
    /// A problem at the labelled places, the first of which is the mistake.
    pub(super) fn at(message: impl Into<String>, help: impl Into<String>, labels: Vec<LabeledSpan>) -> Self {
        Self { message: message.into(), help: help.into(), labels, position: None }
    }

    /// A problem without a place.
    pub(super) fn nowhere(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::at(message, help, Vec::new())
    }

    /// Turns the first label into a position, and shows no more than the first line of what is labelled. Where a line is too long to be shown, the position takes the labels' place.
    fn locate(&mut self, text: &Text) {
        let content = text.inner();
        let Some((line, column)) = self.labels.first().map(|label| line_and_column(content, label.offset())) else {
            return;
        };
        self.position = Some((line, column));
        for label in &mut self.labels {
            *label = within_line(content, label);
        }
        if self.labels.iter().any(|label| line_at(content, label.offset()).len() > LONGEST_LINE) {
            self.message += &format!(" (line {line}, column {column} of {})", text.name());
            self.labels.clear();
        }
    }

    /// What is wrong, in one line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    pub fn remedy(&self) -> &str {
        &self.help
    }

    /// Line and column of the mistake, both counted from 1, the column in characters.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.position
    }
}

fn line_at(text: &str, offset: usize) -> &str {
    let (before, after) = text.split_at(text.floor_char_boundary(offset));
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let end = after.find('\n').map_or(text.len(), |newline| before.len() + newline);
    &text[start..end]
}

/// The part of a label that lies in its first line.
fn within_line(text: &str, label: &LabeledSpan) -> LabeledSpan {
    let start = label.offset();
    let labelled = text.get(start..start + label.len()).unwrap_or_default();
    let length = labelled.find(['\r', '\n']).unwrap_or(labelled.len());
    LabeledSpan::new(label.label().map(str::to_string), start, length)
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset)];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.only() {
            Some(problem) if problem.labels.is_empty() => write!(f, "{}: {problem}", self.name),
            Some(problem) => write!(f, "{problem}"),
            None => write!(f, "{} has {} problems", self.name, self.problems.len()),
        }
    }
}

/// One line per problem with its place: what a failed test or a log should say.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        for problem in &self.problems {
            let (line, column) = problem.position.unwrap_or_default();
            write!(f, "\n{line}:{column}: {problem} ({})", problem.help)?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}
impl std::error::Error for Problem {}

impl Diagnostic for ConfigError {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.only()?.help()
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.text.as_ref().map(|text| text as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.only()?.labels()
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        match self.only() {
            Some(_) => None,
            None => Some(Box::new(self.problems.iter().map(|problem| problem as &dyn Diagnostic))),
        }
    }
}

impl Diagnostic for Problem {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.help))
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty())
            .then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        assert_eq!(line_and_column("a = 1", 0), (1, 1));
        assert_eq!(line_and_column("ü = 1\nß = 2", 7), (2, 1));
        assert_eq!(line_and_column("ü = 1", 5), (1, 5));
        assert_eq!(line_at("one\ntwo\nthree", 5), "two");
        assert_eq!(line_at("one\ntwo", 7), "two");
        assert_eq!(line_at("", 0), "");
    }
}
