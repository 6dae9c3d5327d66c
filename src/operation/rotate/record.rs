//! What the state remembers of rotations. Nothing in it is secret: names, moments, fingerprints.

use std::collections::{BTreeMap, BTreeSet};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    engine::{Book, Entry, Ledger},
    operation::{OperationError, Workspace},
};

/// Name of the choice that tells what is under way.
const ROTATION: &str = "rotation";
/// What names of choices begin with that tell since when a service's certificate is to have been issued.
const ISSUED_AFTER: &str = "certificate-issued-after/";

/// A rotation of certificates that was begun and not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnderWay {
    /// These services get new certificates by the same authority.
    Certificates(BTreeSet<String>),
    /// The authority changes.
    Authority {
        /// The fingerprint of the one that goes.
        former: String,
    },
}

impl UnderWay {
    /// What the state says is under way.
    pub fn of(book: &Book) -> Option<Self> {
        let value = &book.choices.get(ROTATION)?.value;
        let (what, rest) = value.split_once(' ')?;
        match what {
            "certificates" => Some(UnderWay::Certificates(rest.split(' ').map(str::to_owned).collect())),
            "authority" => Some(UnderWay::Authority { former: rest.to_owned() }),
            _ => None,
        }
    }

    /// The entry that says so.
    pub fn entry(&self, now: OffsetDateTime) -> Entry {
        let value = match self {
            UnderWay::Certificates(services) => {
                let services: Vec<&str> = services.iter().map(String::as_str).collect();
                format!("certificates {}", services.join(" "))
            }
            UnderWay::Authority { former } => format!("authority {former}"),
        };
        Entry::Choice { name: ROTATION.to_owned(), value, reason: format!("begun {}", text(now)) }
    }
}

/// A moment as it is recorded, in whole seconds.
pub fn text(moment: OffsetDateTime) -> String {
    moment.replace_nanosecond(0).unwrap_or(moment).format(&Rfc3339).unwrap_or_default()
}

/// Since when each service's certificate is to have been issued.
pub fn issued_after(book: &Book) -> BTreeMap<String, String> {
    let choices = book.choices.iter();
    choices.filter_map(|(name, it)| Some((name.strip_prefix(ISSUED_AFTER)?.to_owned(), it.value.clone()))).collect()
}

/// The entry that asks for a certificate that was not issued before this moment.
pub fn issue_after(service: &str, moment: &str) -> Entry {
    let name = format!("{ISSUED_AFTER}{service}");
    Entry::Choice { name, value: moment.to_owned(), reason: "rotation of certificates".to_owned() }
}

/// Records that what was under way has ended. The caller holds the environment's lock.
///
/// # Errors
/// Where the state can't be read or written.
pub fn end(workspace: &Workspace) -> Result<(), OperationError> {
    let Some(loaded) = workspace.load()? else { return Ok(()) };
    if UnderWay::of(&loaded.book).is_none() {
        return Ok(());
    }
    let reason = format!("the last one ended {}", text(workspace.aws.now()));
    let entry = Entry::Choice { name: ROTATION.to_owned(), value: "none".to_owned(), reason };
    Ok(workspace.store.open(&loaded.header, &loaded.book)?.append(&entry)?)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn what_is_under_way_is_read_as_it_was_recorded() {
        let now = datetime!(2026-11-23 07:00:00.5 UTC);
        let services = BTreeSet::from(["accounts".to_owned(), "payments".to_owned()]);
        for it in [UnderWay::Certificates(services), UnderWay::Authority { former: "ab".to_owned() }] {
            let mut book = Book::default();
            assert_eq!(UnderWay::of(&book), None);
            book.apply(&it.entry(now));
            assert_eq!(UnderWay::of(&book), Some(it));
            assert_eq!(book.choices["rotation"].reason, "begun 2026-11-23T07:00:00Z");
        }
    }

    #[test]
    fn each_service_has_a_moment_of_its_own() {
        let mut book = Book::default();
        book.apply(&issue_after("payments", "2026-11-23T07:00:00Z"));
        book.apply(&issue_after("payments", "2026-11-24T07:00:00Z"));
        let wanted = BTreeMap::from([("payments".to_owned(), "2026-11-24T07:00:00Z".to_owned())]);
        assert_eq!(issued_after(&book), wanted);
    }
}
