//! The suffix that names an environment.

use std::fmt;
use std::sync::Arc;

use miette::{LabeledSpan, NamedSource};

use super::error::{ConfigError, Problem};
use super::origin::Text;
use super::rules::name::{flaw, tidy};

/// The name of an environment (`dev`, `pr-123`), which ends the name of everything in it: 1 to 20 lowercase letters, digits
/// and single inner hyphens, first a letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvSuffix(String);

impl EnvSuffix {
    /// Most characters of a suffix.
    pub const LONGEST: usize = 20;

    /// Reads a suffix.
    ///
    /// # Errors
    /// If it is not one; the error shows the character at fault and offers the nearest suffix that is one.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let (at, what) = match flaw(text) {
            Some(flaw) => (flaw.at, flaw.what),
            None if text.len() > Self::LONGEST => {
                (Self::LONGEST, format!("{} characters, {} too many", text.len(), text.len() - Self::LONGEST))
            }
            None => return Ok(Self(text.into())),
        };
        let example = tidy(text, Self::LONGEST).unwrap_or_else(|| "dev".into());
        let help = format!(
            "use lowercase letters, digits and single hyphens, first a letter, at most {} characters, such as `{example}`",
            Self::LONGEST
        );
        Err(argument_error("--env-suffix", text, at, what, "is not a name for an environment", help))
    }

    /// The suffix as it stands in names.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EnvSuffix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The value `text` of the command-line option `option` is wrong from byte `at` on.
pub(super) fn argument_error(
    option: &str,
    text: &str,
    at: usize,
    label: String,
    what: &str,
    help: String,
) -> ConfigError {
    let message = format!("`{}` of {option} {what}", super::report::quotable(text));
    let length = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let source: Text = Arc::new(NamedSource::new(option, text.to_string()));
    let label = LabeledSpan::at(at..at + length, label);
    ConfigError::new(option, Some(Arc::clone(&source)), vec![Problem::at(message, help, vec![label], &source)])
}
