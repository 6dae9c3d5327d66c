//! The first line of a journal.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::StateError;

/// The newest schema that this version writes and reads. 1 knew no spent generations; a journal of it is read as one in which none are, and
/// written anew in the newest at the next run. A tool that knows only 1 must not write to a journal of 2, since it would forget them.
pub const SCHEMA: u32 = 2;

/// Whose state it is, and who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The schema of the lines that follow.
    pub schema: u32,
    /// The version of platformctl that wrote it.
    pub tool: String,
    /// The environment's random id.
    pub environment_id: String,
    /// The environment's suffix.
    pub suffix: String,
    /// The account it lives in.
    pub account: String,
    /// The region it lives in.
    pub region: String,
    /// Grows by one with each compaction: of two copies of a state, the higher one is the younger.
    pub serial: u64,
}

impl Header {
    /// The header of a new state.
    pub fn new(environment_id: &str, suffix: &str, account: &str, region: &str) -> Self {
        Header {
            schema: SCHEMA,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            environment_id: environment_id.to_owned(),
            suffix: suffix.to_owned(),
            account: account.to_owned(),
            region: region.to_owned(),
            serial: 0,
        }
    }

    /// Refuses the state of a newer tool, or of another account, region or environment.
    ///
    /// # Errors
    /// Which of these it is.
    pub fn check(&self, path: &Path, suffix: &str, account: &str, region: &str) -> Result<(), StateError> {
        if self.schema > SCHEMA {
            return Err(StateError::Newer {
                path: path.to_owned(),
                tool: self.tool.clone(),
                found: self.schema,
                known: SCHEMA,
            });
        }
        let pairs = [
            ("environment", &self.suffix, suffix),
            ("account", &self.account, account),
            ("region", &self.region, region),
        ];
        match pairs.into_iter().find(|(_, found, wanted)| found.as_str() != *wanted) {
            None => Ok(()),
            Some((what, found, wanted)) => Err(StateError::Mismatch {
                path: path.to_owned(),
                what,
                found: found.clone(),
                wanted: wanted.to_owned(),
            }),
        }
    }
}
