//! The deployments of a service, for people.

use time::{OffsetDateTime, macros::format_description};

use super::words;
use crate::{
    operation::deploy::history::Entry,
    view::{
        Paint,
        table::{Field, Mood, table},
    },
};

/// A row for each deployment, the newest first.
pub fn text(paint: Paint, width: usize, entries: &[Entry]) -> String {
    let row = |entry: &Entry| {
        let number = entry.number.map_or_else(|| "?".to_owned(), |number| number.to_string());
        let mark = if entry.current { format!("{number} *") } else { number };
        vec![
            mark.into(),
            verdict(entry),
            when(entry.began).into(),
            entry.ended.map_or_else(|| "–".to_owned(), |ended| words::seconds(ended - entry.began)).into(),
            entry.asked.as_deref().or(entry.image.as_deref()).map(short).unwrap_or("–").into(),
            entry.by.as_deref().map(person).unwrap_or("–").into(),
            entry.reason.as_deref().unwrap_or_default().into(),
        ]
    };
    let heading = ["revision", "verdict", "begun (UTC)", "took", "image", "by", "reason"];
    table(paint, width, &heading, entries.iter().map(row).collect())
}

fn verdict(entry: &Entry) -> Field {
    match entry.status.as_str() {
        "SUCCESSFUL" if entry.can_return => Field::new("good", Mood::Good),
        "SUCCESSFUL" => Field::new("good, gone", Mood::Plain),
        "ROLLBACK_SUCCESSFUL" => Field::new("rolled back", Mood::Bad),
        "ROLLBACK_FAILED" => Field::new("failed", Mood::Bad),
        "STOPPED" => Field::new("stopped", Mood::Odd),
        other => Field::new(other.to_ascii_lowercase().replace('_', " "), Mood::Odd),
    }
}

fn when(seconds: i64) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]");
    OffsetDateTime::from_unix_timestamp(seconds).ok().and_then(|time| time.format(format).ok()).unwrap_or_default()
}

/// An image without its registry.
fn short(image: &str) -> &str {
    image.rsplit('/').next().unwrap_or(image)
}

/// An identity without its account: `user/ci` of `arn:aws:iam::123456789012:user/ci`.
fn person(arn: &str) -> &str {
    arn.splitn(6, ':').nth(5).unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_without_what_everybody_knows() {
        assert_eq!(person("arn:aws:sts::123456789012:assumed-role/Deployer/ci-7"), "assumed-role/Deployer/ci-7");
        assert_eq!(
            short("123456789012.dkr.ecr.us-east-1.amazonaws.com/ecr-payments-dev:1.4.2"),
            "ecr-payments-dev:1.4.2"
        );
        assert_eq!(when(1_800_000_000), "2027-01-15 08:00");
    }
}
