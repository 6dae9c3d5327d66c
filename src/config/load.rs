//! From a file to a configuration.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use miette::LabeledSpan;
use toml::de::DeTable;

use super::check;
use super::error::{ConfigError, Problem};
use super::origin::{Origin, Text};
use super::reader::Section;
use super::report::Report;
use super::sections;
use super::types::Config;

/// Most bytes of a configuration file. Forty-five services with every key commented fill a tenth of it.
pub const MAX_BYTES: u64 = 1024 * 1024;

const START: &str = "start from the commented example, config/platform.toml of this project";

/// Reads the configuration file at `path` and checks everything that needs no environment suffix.
///
/// # Errors
/// If the file cannot be read, is larger than [`MAX_BYTES`] (no more than that is read), or [`parse`] refuses it.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let name = path.display().to_string();
    let bytes = read(path).map_err(|failure| refused(&name, &failure))?;
    let text = String::from_utf8(bytes)
        .map_err(|error| not_text(&name, error.as_bytes(), error.utf8_error().valid_up_to()))?;
    parse(&name, &text)
}

/// Reads a configuration from `text`; errors call it `name`.
///
/// # Errors
/// Every problem with its place: of TOML's grammar or, if that is right, unknown keys, wrong values, and values that
/// contradict each other.
pub fn parse(name: &str, text: &str) -> Result<Config, ConfigError> {
    let origin = Origin::new(name, text);
    let (table, errors) = DeTable::parse_recoverable(text);
    if let Some(source) = origin.text().filter(|_| !errors.is_empty()) {
        return Err(not_toml(name, source, errors));
    }
    if table.get_ref().is_empty() {
        return Err(ConfigError::whole(name, "the file is empty", START));
    }
    let mut report = Report::new(origin);
    let config = Section::root(table.get_ref(), &mut report, sections::config);
    check::all(&config, &mut report);
    report.finish().map(|origin| Config { origin, ..config })
}

/// Why a file was not read.
enum Failure {
    Io(io::Error),
    Directory,
    TooLarge,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(Failure::Directory);
    }
    // One byte more than the limit tells that there is more, of a pipe too, which has no length.
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES { Err(Failure::TooLarge) } else { Ok(bytes) }
}

fn refused(name: &str, failure: &Failure) -> ConfigError {
    let (message, help) = match failure {
        Failure::Directory => {
            ("this is a directory, not a file".into(), format!("name the file in it: {name}/platform.toml"))
        }
        Failure::TooLarge => {
            ("the file is larger than 1 MiB".into(), "no configuration is; is this the right file?".into())
        }
        Failure::Io(error) => match error.kind() {
            ErrorKind::NotFound => ("there is no such file".into(), format!("name it with --config, or {START}")),
            ErrorKind::PermissionDenied => {
                ("the file may not be read".into(), format!("give yourself the right to read it: chmod u+r {name}"))
            }
            _ => (format!("the file cannot be read: {error}"), "name a readable file with --config".into()),
        },
    };
    ConfigError::whole(name, message, help)
}

fn not_text(name: &str, bytes: &[u8], valid: usize) -> ConfigError {
    let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    if utf16 {
        let help = "save it as UTF-8; PowerShell: Set-Content -Encoding utf8";
        return ConfigError::whole(name, "the file is UTF-16, not UTF-8", help);
    }
    let line = bytes[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
    let message = format!("the file is not UTF-8 text: byte {} (0x{:02x}) on line {line}", valid + 1, bytes[valid]);
    ConfigError::whole(name, message, "save it as UTF-8; if it is not a text at all, name another with --config")
}

fn not_toml(name: &str, source: &Text, mut errors: Vec<toml::de::Error>) -> ConfigError {
    let at = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
    errors.sort_by_key(at);
    // One mistake often breaks the rest of its line: one error per line is enough.
    errors.dedup_by(|later, first| source.inner().get(at(first)..at(later)).is_some_and(|text| !text.contains('\n')));
    let problem = |error: &toml::de::Error| {
        let labels = error.span().map(|span| LabeledSpan::at(span, error.message()));
        Problem::at("the file is not TOML", syntax_help(error.message()), labels.into_iter().collect())
    };
    ConfigError::new(name, Some(source.clone()), errors.iter().map(problem).collect())
}

/// The remedy for one of the messages of the TOML parser.
fn syntax_help(message: &str) -> &'static str {
    let says = |part: &str| message.contains(part);
    if says("duplicate key") || says("cannot extend") {
        "each key stands once in its section, and each [section] once in the file: remove or merge one of the two"
    } else if says("must be quoted") {
        "texts stand in quotes: team = \"payments\""
    } else if says("unclosed") {
        "close what was opened: a [section], a [\"list\"], a { table = \"…\" }"
    } else if says("comma") {
        "the elements of a list or table stand between commas: [\"accounts\", \"notifications\"]"
    } else if says("recurse") || says("recursion") {
        "nothing in this file is nested that deeply"
    } else {
        "a line is `key = value`, `[section]` or `# comment`; values are \"text\", 10, true, false or [\"a\", \"b\"]"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_the_right_to_read_it_is_named_with_the_remedy() {
        let error = refused("p.toml", &Failure::Io(ErrorKind::PermissionDenied.into()));
        assert_eq!(error.to_string(), "p.toml: the file may not be read");
        assert!(error.problems()[0].remedy().contains("chmod u+r p.toml"));
    }
}
