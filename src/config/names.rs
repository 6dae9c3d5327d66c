//! What depends on the command line: the names of an environment, and a region other than the file's.

use super::check;
use super::error::ConfigError;
use super::report::{Fault, Report};
use super::rules::aws;
use super::service::Service;
use super::suffix::{EnvSuffix, argument_error};
use super::types::Config;

/// A kind of resource whose names are short.
struct Kind {
    name: &'static str,
    /// Its names per service, longest first, without the service and the suffix. S3 names also end with the account.
    pattern: &'static str,
    limit: usize,
    exists: fn(&Service) -> bool,
}

/// Where each limit comes from: Elastic Load Balancing API reference, CreateTargetGroup; IAM API reference, CreateRole; S3
/// User Guide, bucket naming rules. All other kinds have room for 255 characters and more, which no service can fill.
const KINDS: [Kind; 3] = [
    Kind { name: "target group", pattern: "tg-{service}-green-{suffix}", limit: 32, exists: |_| true },
    Kind { name: "IAM role", pattern: "role-execution-{service}-{suffix}", limit: 64, exists: |_| true },
    Kind {
        name: "bucket",
        pattern: "bucket-{service}-{suffix}-123456789012",
        limit: 63,
        exists: |service| service.bucket,
    },
];

impl Kind {
    fn name_of(&self, service: &str, suffix: &str) -> String {
        self.pattern.replace("{service}", service).replace("{suffix}", suffix)
    }

    /// Characters that are left for the service and the suffix together.
    fn room(&self) -> usize {
        self.limit - self.name_of("", "").len()
    }
}

impl Config {
    /// Whether every name of the environment `suffix` is within its kind's limit.
    ///
    /// # Errors
    /// Names each service whose name is too long, by how much, and what would fit.
    pub fn check_names(&self, suffix: &EnvSuffix) -> Result<(), ConfigError> {
        let mut report = Report::new(self.origin.clone());
        for (name, service) in &self.services {
            let kinds = KINDS.iter().filter(|kind| (kind.exists)(service));
            // Who fits the tightest kind fits them all.
            if let Some(tightest) = kinds.min_by_key(|kind| kind.room())
                && let Some(fault) = excess(tightest, name, suffix.as_str())
            {
                report.blame_key(&format!("services.{name}"), fault);
            }
        }
        report.finish().map(|_| ())
    }

    /// Moves the configuration to another region, as `--region` asks.
    ///
    /// # Errors
    /// If it is not a region, or the zones or the certificate of the configuration are of another one.
    pub fn in_region(self, region: &str) -> Result<Self, ConfigError> {
        aws::region(region).map_err(|fault| argument_error("--region", region, 0..region.len(), fault))?;
        let mut moved = self;
        moved.platform.region = region.into();
        let mut report = Report::new(moved.origin.clone());
        check::region(&moved, &mut report);
        report.finish().map(|_| moved)
    }
}

fn excess(kind: &Kind, service: &str, suffix: &str) -> Option<Fault> {
    let name = kind.name_of(service, suffix);
    let over = name.len().checked_sub(kind.limit).filter(|over| *over > 0)?;
    let room = kind.room();
    let characters = if over == 1 { "character" } else { "characters" };
    let what = format!("is {over} {characters} too long for the suffix `{suffix}`");
    let label = format!("the {} `{name}` has {} characters, AWS allows {}", kind.name, name.len(), kind.limit);
    let shorter_service = room.checked_sub(suffix.len()).filter(|room| *room > 0);
    let shorter_suffix = room.checked_sub(service.len()).filter(|room| *room > 0);
    let help = match (shorter_service, shorter_suffix) {
        (Some(service_room), Some(suffix_room)) => {
            format!("shorten the service's name to {service_room} characters, or the suffix to {suffix_room}")
        }
        (Some(service_room), None) => format!("shorten the service's name to {service_room} characters"),
        (None, _) => format!("service and suffix have {room} characters together; shorten both"),
    };
    Some(Fault::new(what, label, help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_says_by_how_much_a_name_exceeds_its_limit() {
        for kind in &KINDS {
            let suffix = "dev";
            let fits = "a".repeat(kind.room() - suffix.len());
            assert!(excess(kind, &fits, suffix).is_none(), "{}", kind.name);
            let fault = excess(kind, &format!("{fits}bc"), suffix).expect("two characters too many");
            assert_eq!(fault.what, "is 2 characters too long for the suffix `dev`");
            assert!(fault.label.ends_with(&format!("{} characters, AWS allows {}", kind.limit + 2, kind.limit)));
            assert_eq!(kind.name_of(&fits, suffix).len(), kind.limit);
        }
    }

    #[test]
    fn service_and_suffix_share_the_room_of_a_target_group() {
        assert_eq!(KINDS.iter().map(Kind::room).collect::<Vec<_>>(), [22, 48, 42]);
        let fault = excess(&KINDS[0], "notifications", "feature-12").expect("one too many");
        assert_eq!(fault.help, "shorten the service's name to 12 characters, or the suffix to 9");
        assert_eq!(
            fault.label,
            "the target group `tg-notifications-green-feature-12` has 33 characters, AWS allows 32"
        );
    }
}
