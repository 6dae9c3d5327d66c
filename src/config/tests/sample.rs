//! The example of the project, `config/platform.toml`: it is right, complete and tells the truth about the defaults.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Cluster, Config, Encryption, EnvSuffix, Ingress, Mesh, Network, Observability, Platform, Service};
use super::{LEAST, read, refuse};

const SAMPLE: &str = include_str!("../../../config/platform.toml");

/// The example with every key that is switched off switched on.
fn all_on() -> String {
    let switch = |line: &str| match line.strip_prefix('#') {
        Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => key.to_string(),
        _ => line.to_string(),
    };
    SAMPLE.lines().map(|line| switch(line) + "\n").collect()
}

#[test]
fn the_example_has_three_services_that_call_each_other() {
    let config = read(SAMPLE);
    assert_eq!(config.services.keys().collect::<Vec<_>>(), ["accounts", "notifications", "payments"]);
    assert_eq!(config.services["payments"].calls, ["accounts", "notifications"]);
    assert_eq!(config.services["accounts"].calls, ["notifications"]);
    assert!(config.services["notifications"].calls.is_empty());
    assert!(config.services["payments"].bucket && config.services["payments"].table.is_some());
    assert!(!config.services["accounts"].bucket && config.services["accounts"].table.is_some());
    assert_eq!(config.check_names(&EnvSuffix::parse("pr-12345").unwrap()).map_err(|error| error.to_string()), Ok(()));
}

#[test]
fn what_the_example_calls_a_default_is_one() {
    let Config { platform, network, ingress, mesh, cluster, observability, encryption, services, .. } = read(SAMPLE);
    assert_eq!(platform.region, Platform::DEFAULT_REGION);
    assert_eq!((platform.zones, platform.expires_after), (None, None));
    assert_eq!((network, ingress, mesh), (Network::default(), Ingress::default(), Mesh::default()));
    assert_eq!((cluster, encryption), (Cluster::default(), Encryption::default()));
    assert_eq!(observability, Observability::default());
    assert_eq!(services["notifications"], Service::named("notifications"));
    let payments = services["payments"].clone();
    let own = Service {
        calls: payments.calls.clone(),
        bucket: true,
        credentials: true,
        table: payments.table.clone(),
        environment: payments.environment.clone(),
        ..Service::named("payments")
    };
    assert_eq!(payments, own);
}

#[test]
fn every_key_that_is_switched_off_can_be_switched_on() {
    let config = read(&all_on());
    assert!(config.platform.zones.is_some() && config.platform.expires_after.is_some());
    assert!(config.ingress.certificate_arn.is_some());
    assert_eq!((config.network.avoid.len(), config.observability.alarm_emails.len()), (1, 1));
    let payments = &config.services["payments"];
    assert!(payments.image.is_some() && payments.path_priority.is_some());
    assert_eq!(payments.edges["accounts"].outlier_ejection_seconds, 30);
    assert!(payments.table.as_ref().is_some_and(|table| table.sort_key.is_some()));
}

/// The keys of each section, as the remedy of an unknown key lists them.
fn known_keys(section: &str) -> BTreeSet<String> {
    let least = if section.is_empty() { format!("zzzzzzzz = 1\n{LEAST}") } else { append(section) };
    let error = refuse(&least);
    let remedy =
        error.problems().iter().find(|problem| problem.message().contains("zzzzzzzz")).expect("an unknown key");
    remedy.remedy().split('`').skip(1).step_by(2).map(str::to_string).collect()
}

fn append(section: &str) -> String {
    let header = format!("[{section}]\n");
    if LEAST.contains(&header) {
        LEAST.replace(&header, &format!("{header}zzzzzzzz = 1\n"))
    } else {
        format!("{LEAST}{header}zzzzzzzz = 1\n")
    }
}

#[test]
fn the_example_shows_every_key_that_there_is() {
    let mut shown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut section = String::new();
    for line in all_on().lines() {
        if let Some(header) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = header.to_string();
            let mut rest = header;
            while !rest.is_empty() {
                let (parent, key) = rest.rsplit_once('.').unwrap_or(("", rest));
                shown.entry(parent.to_string()).or_default().insert(key.to_string());
                rest = parent;
            }
        } else if let Some((key, _)) = line.split_once(" = ").filter(|(key, _)| !key.starts_with('#')) {
            shown.entry(section.clone()).or_default().insert(key.to_string());
        }
    }
    let mut sections = vec!["".to_string(), "ingress.health_check".into(), "services.payments".into()];
    sections.extend(["services.payments.table".into(), "services.payments.edges.accounts".into()]);
    sections.extend(known_keys("").into_iter().filter(|section| section != "services"));
    for section in sections {
        let known = known_keys(&section);
        assert!(!known.is_empty(), "[{section}]");
        let missing: Vec<_> = known
            .iter()
            .filter(|key| !shown.get(&section).is_some_and(|s| s.contains(*key)) && *key != "services")
            .collect();
        assert!(missing.is_empty(), "[{section}] of the example does not show {missing:?}");
    }
}
