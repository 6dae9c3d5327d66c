//! Since when a version of a secret is the current one, as the secret's description tells.
//!
//! The version itself tells only when it was made. Between that and the moment in which it became current, hours can pass (a rotation that is
//! repeated), and tasks that were started meanwhile hold the one before.

use std::fmt;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const VERSION: &str = "; version ";
const SINCE: &str = " in use since ";

/// A version, and since when it is the current one at the latest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InUse {
    /// The id of the version.
    pub version: String,
    /// No task that was ordered from this moment on got another version.
    pub since: OffsetDateTime,
}

impl InUse {
    /// What a secret's description tells, if it does.
    pub fn read(description: &str) -> Option<Self> {
        let (_, note) = split(description)?;
        let (version, since) = note.split_once(SINCE)?;
        Some(InUse { version: version.to_owned(), since: OffsetDateTime::parse(since, &Rfc3339).ok()? })
    }

    /// The description without it.
    pub fn stripped(description: &str) -> &str {
        match InUse::read(description) {
            Some(_) => split(description).map_or(description, |(text, _)| text),
            None => description,
        }
    }

    /// The moment in milliseconds since the Unix epoch, as AWS tells when a deployment was ordered.
    pub fn millis(&self) -> i64 {
        i64::try_from(self.since.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
    }

    /// The description of a secret that tells it.
    pub fn noted(&self, description: &str) -> String {
        format!("{}{self}", InUse::stripped(description))
    }
}

fn split(description: &str) -> Option<(&str, &str)> {
    description.rsplit_once(VERSION)
}

impl fmt::Display for InUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whole milliseconds: AWS does not tell more of a deployment, and a finer moment would be later than one ordered right after it.
        let nanos = self.since.nanosecond() / 1_000_000 * 1_000_000;
        let since = self.since.replace_nanosecond(nanos).unwrap_or(self.since);
        let since = since.format(&Rfc3339).map_err(|_| fmt::Error)?;
        write!(f, "{VERSION}{}{SINCE}{since}", self.version)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn what_is_noted_is_read_and_taken_away_again() {
        let first = InUse { version: "1-a".to_owned(), since: datetime!(2026-11-23 07:00:00.123_456_789 UTC) };
        let text = first.noted("Database credentials of payments; version control");
        let whole = datetime!(2026-11-23 07:00:00.123 UTC);
        assert_eq!(InUse::read(&text), Some(InUse { since: whole, ..first.clone() }));
        assert_eq!(InUse::stripped(&text), "Database credentials of payments; version control");
        let second = InUse { version: "2-b".to_owned(), since: datetime!(2026-12-23 07:00 UTC) };
        let later = second.noted(&text);
        assert_eq!(
            later,
            "Database credentials of payments; version control; version 2-b in use since 2026-12-23T07:00:00Z"
        );
        assert_eq!((InUse::read(&later), second.millis()), (Some(second), 1_798_009_200_000));
    }

    #[test]
    fn what_a_person_wrote_is_left_as_it_is() {
        for text in ["", "Database credentials of payments", "x; version 1", "x; version 1 in use since yesterday"] {
            assert_eq!((InUse::read(text), InUse::stripped(text)), (None, text));
        }
    }
}
