//! The suffix that names an environment.

use std::fmt;
use std::ops::Range;

use miette::LabeledSpan;

use super::error::{ConfigError, Problem};
use super::origin::named;
use super::report::{Fault, quotable};
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
        let example = tidy(text, Self::LONGEST).unwrap_or_else(|| "dev".into());
        let help = format!(
            "use lowercase letters, digits and single hyphens, first a letter, at most {} characters, such as `{example}`",
            Self::LONGEST
        );
        let (at, what) = match flaw(text) {
            Some(_) if text.is_empty() => return Err(ConfigError::whole("--env-suffix", "the suffix is empty", help)),
            Some(flaw) => (flaw.at, flaw.what),
            None if text.len() > Self::LONGEST => {
                (Self::LONGEST, format!("{} characters, {} too many", text.len(), text.len() - Self::LONGEST))
            }
            None => return Ok(Self(text.into())),
        };
        let end = text[at..].chars().next().map_or(at, |wrong| at + wrong.len_utf8());
        let fault = Fault::new("is not a name for an environment", what, help);
        Err(argument_error("--env-suffix", text, at..end, fault))
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

/// The part `wrong` of the command-line option's value `text` is wrong.
pub(super) fn argument_error(option: &str, text: &str, wrong: Range<usize>, fault: Fault) -> ConfigError {
    let message = format!("{option} `{}` {}", quotable(text), fault.what);
    let label = LabeledSpan::at(wrong, fault.label);
    ConfigError::new(option, Some(named(option, text)), vec![Problem::at(message, fault.help, vec![label])])
}
