//! The order of the services' rules.
//!
//! A rule's number must follow from the configuration alone, must put inner paths before outer ones, and must not move when
//! another service comes or goes: a rule that moves is a change to a service that nobody touched, and for a moment two rules
//! may want one number. So a number is not a rank. Each service has a place of its own in a wide range, from a digest of its
//! name; with `path_priority`, within the places of that priority. Only where two services hit on the same place does the second
//! one take the next, so that with 45 services, which is the most that a load balancer takes, a newcomer moves a neighbour
//! about once in seven hundred times (in half of the collisions it is the newcomer that yields), and then by an update in place.
//!
//! ```text
//!      1 ..= 24999   test rules        1 ..= 10000    services with path_priority: ten places each
//!  25001 ..= 49999   production rules  10001 ..= 24900  services without: their paths overlap nobody's
//! ```
//!
//! All test rules come before all production rules, so a request with the test header never ends at the production rule of an
//! outer path.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::config::Service;

/// The numbers of a service's two rules; the lower is tried first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Priorities {
    pub(super) test: u32,
    pub(super) production: u32,
}

/// Places of one `path_priority`, which is 1 to 1000.
const PLACES: u32 = 10;
/// The first place of services without one.
const FREE: u32 = 10_001;
/// Places of services without one; those that are left up to 24999 are for the last ones to yield into.
const FREE_PLACES: u32 = 14_900;
/// From a place to the number of the production rule.
const PRODUCTION: u32 = 25_000;

/// The numbers of all services' rules.
pub(super) fn of(services: &BTreeMap<String, Service>) -> BTreeMap<String, Priorities> {
    let mut wanted: Vec<(u32, &String)> =
        services.iter().map(|(name, service)| (place(name, service.path_priority), name)).collect();
    wanted.sort_unstable();
    let mut last = 0;
    let mut priorities = BTreeMap::new();
    for (place, name) in wanted {
        last = place.max(last + 1);
        priorities.insert(name.clone(), Priorities { test: last, production: PRODUCTION + last });
    }
    priorities
}

/// The place that a service takes unless somebody else has it.
fn place(name: &str, path_priority: Option<u32>) -> u32 {
    let digest = Sha256::digest(name.as_bytes());
    let number = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    match path_priority {
        Some(priority) => (priority.max(1) - 1) * PLACES + 1 + number % PLACES,
        None => FREE + number % FREE_PLACES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn services(names: impl IntoIterator<Item = (String, Option<u32>)>) -> BTreeMap<String, Service> {
        let service = |name: String, path_priority| (name.clone(), Service { path_priority, ..Service::named(&name) });
        names.into_iter().map(|(name, priority)| service(name, priority)).collect()
    }

    #[test]
    fn most_newcomers_move_nobody() {
        let name = |number: u32| (format!("service-{number}"), None);
        let before = of(&services((0..44).map(name)));
        let moved = (44..244).filter(|number| {
            let after = of(&services((0..44).map(name).chain([name(*number)])));
            before.iter().any(|(name, priority)| after[name] != *priority)
        });
        assert!(moved.count() <= 1);
    }

    #[test]
    fn the_lower_path_priority_comes_first_however_many_share_it() {
        let inner = (0..30).map(|number| (format!("inner-{number}"), Some(7)));
        let outer = (0..10).map(|number| (format!("outer-{number}"), Some(8)));
        let priorities = of(&services(inner.chain(outer)));
        let numbers = |prefix: &'static str| {
            priorities.iter().filter(move |(name, _)| name.starts_with(prefix)).map(|(_, priority)| priority.production)
        };
        assert!(numbers("inner").max() < numbers("outer").min());
    }

    #[test]
    fn numbers_are_unique_and_elastic_load_balancing_takes_them() {
        let many = (0..45).map(|number| (format!("s{number}"), (number % 3 == 0).then_some(1000)));
        let priorities = of(&services(many));
        let mut all: Vec<u32> = priorities.values().flat_map(|both| [both.test, both.production]).collect();
        assert!(all.iter().all(|number| (1..=50_000).contains(number)));
        assert!(
            priorities.values().map(|both| both.test).max() < priorities.values().map(|both| both.production).min()
        );
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 90);
    }
}
