//! What somebody should know of the certificates: a rotation under way, an end that nears, a setting that waits.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{UnderWay, authority};
use crate::{
    aws::secrets::{authority::DAYS, facts::NOT_AFTER},
    config::Config,
    engine::{Book, Outputs},
};

/// The command that begins a rotation of certificates, and goes on with it.
pub const COMMAND: &str = "platformctl rotate certificates";

/// One thing to know.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Notice {
    /// What is so.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl Notice {
    /// In one line.
    pub fn line(&self) -> String {
        format!("{}: {}", self.what, self.remedy)
    }
}

/// Everything to know, from what the authority gives to others, the state and the configuration.
pub fn notices(authority: &Outputs, book: &Book, config: &Config, now: OffsetDateTime) -> Vec<Notice> {
    [under_way(authority, book), nears_its_end(authority, config, now), waiting_days(authority, config)]
        .into_iter()
        .flatten()
        .collect()
}

fn under_way(outputs: &Outputs, book: &Book) -> Option<Notice> {
    let recorded = UnderWay::of(book);
    if let Some(phase) = authority::phase(outputs, recorded.as_ref()) {
        let remedy = format!("run `{}` to go on", authority::COMMAND);
        return Some(Notice { what: authority::under_way(phase), remedy });
    }
    match recorded {
        Some(UnderWay::Certificates(services)) => {
            let services = services.into_iter().collect::<Vec<_>>().join(", ");
            let what = format!("a rotation of certificates is under way ({services})");
            Some(Notice { what, remedy: format!("run `{COMMAND}` to go on") })
        }
        _ => None,
    }
}

/// An authority that has less left than a certificate lives cuts what it issues.
fn nears_its_end(outputs: &Outputs, config: &Config, now: OffsetDateTime) -> Option<Notice> {
    let not_after = outputs.get(NOT_AFTER)?;
    let end = OffsetDateTime::parse(not_after, &Rfc3339).ok()?;
    let days = (end - now).whole_seconds().div_euclid(24 * 3600);
    if days >= i64::from(config.mesh.certificate_days) {
        return None;
    }
    let day = not_after.split('T').next().unwrap_or(not_after);
    let what = match days {
        ..0 => format!("the mesh's authority ended on {day}: services refuse each other's certificates"),
        days => format!("the mesh's authority ends in {days} days, on {day}, and every certificate with it"),
    };
    Some(Notice { what, remedy: format!("run `{}`", authority::COMMAND) })
}

fn waiting_days(outputs: &Outputs, config: &Config) -> Option<Notice> {
    let made = outputs.get(DAYS)?.parse::<u32>().ok()?;
    let wanted = config.mesh.authority_days;
    (made != wanted).then(|| Notice {
        what: format!("mesh.authority_days is {wanted}, and the authority was made for {made} days"),
        remedy: format!("it takes effect with the next `{}`", authority::COMMAND),
    })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::{aws::secrets::authority::STAGE, config};

    const NOW: OffsetDateTime = datetime!(2026-11-23 07:00 UTC);

    fn configuration() -> Config {
        let text = "[platform]\nteam = \"a\"\ncost_center = \"b\"\n[services.payments]\n";
        config::parse("platform.toml", text).expect("a configuration")
    }

    fn outputs(stage: &str, not_after: &str, days: &str) -> Outputs {
        [(STAGE, stage), (NOT_AFTER, not_after), (DAYS, days)].map(|(name, it)| (name.to_owned(), it.to_owned())).into()
    }

    fn told(outputs: &Outputs) -> Vec<String> {
        notices(outputs, &Book::default(), &configuration(), NOW).iter().map(Notice::line).collect()
    }

    #[test]
    fn all_is_well_for_most_of_an_authoritys_life() {
        assert!(told(&outputs("settled", "2027-11-23T07:00:00Z", "365")).is_empty());
        assert!(told(&Outputs::new()).is_empty());
    }

    #[test]
    fn each_thing_to_know_names_its_command() {
        let lines = told(&outputs("switched", "2026-12-03T07:00:00Z", "90"));
        insta::assert_snapshot!(lines.join("\n"), @"
        a change of authority is under way, phase 2 of 3 (issue all certificates by the new authority): run `platformctl rotate certificates --authority` to go on
        the mesh's authority ends in 10 days, on 2026-12-03, and every certificate with it: run `platformctl rotate certificates --authority`
        mesh.authority_days is 365, and the authority was made for 90 days: it takes effect with the next `platformctl rotate certificates --authority`
        ");
        let ended = told(&outputs("settled", "2026-11-20T07:00:00Z", "365"));
        assert!(ended[0].starts_with("the mesh's authority ended on 2026-11-20"), "{ended:?}");
    }

    #[test]
    fn a_rotation_of_certificates_is_told_by_the_state() {
        let mut book = Book::default();
        let services = ["accounts", "payments"].map(str::to_owned).into();
        book.apply(&UnderWay::Certificates(services).entry(NOW));
        let all = notices(&outputs("settled", "2027-11-23T07:00:00Z", "365"), &book, &configuration(), NOW);
        assert_eq!(
            all.iter().map(Notice::line).collect::<Vec<_>>(),
            [
                "a rotation of certificates is under way (accounts, payments): run `platformctl rotate certificates` to go on"
            ]
        );
    }
}
