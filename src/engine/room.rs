//! Room for steps that take something scarce while they are under way: so many of them go on at once as fit, and one always does.

use std::collections::BTreeMap;

use super::Key;

/// What is scarce, and what steps take of it. By default nothing is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Room {
    /// How much there is of each, by a name that people understand.
    pub free: BTreeMap<String, f64>,
    /// What the making or changing of a resource takes while it goes on.
    pub takes: BTreeMap<Key, BTreeMap<String, f64>>,
}

impl Room {
    /// True where a step takes any.
    pub fn is_taken_by(&self, key: &Key) -> bool {
        self.takes.contains_key(key)
    }

    /// True where a step may begin beside those that are under way. One that takes nothing always may, and so may the only one that does:
    /// whether there is place for it in the end, AWS decides.
    pub fn admits(&self, under_way: &[&Key], next: &Key) -> bool {
        let Some(wanted) = self.takes.get(next) else { return true };
        let others: Vec<_> = under_way.iter().filter_map(|key| self.takes.get(key)).collect();
        others.is_empty()
            || wanted.iter().all(|(what, amount)| {
                let taken: f64 = others.iter().filter_map(|takes| takes.get(what)).sum();
                // An amount of nothing fits even where there is less than nothing.
                *amount <= 0.0 || self.free.get(what).is_none_or(|free| taken + amount <= *free)
            })
    }

    /// What is scarce, for people: `2 of vCPU on Spot`.
    pub fn describe(&self) -> String {
        self.free.iter().map(|(what, free)| format!("{free} {what}")).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::new("ecs-service", name)
    }

    fn room(free: f64) -> Room {
        let takes = |amount: f64| BTreeMap::from([("vCPU".to_owned(), amount)]);
        Room {
            free: BTreeMap::from([("vCPU".to_owned(), free)]),
            takes: [("a", 2.0), ("b", 2.0), ("c", 0.0)].map(|(name, amount)| (key(name), takes(amount))).into(),
        }
    }

    #[test]
    fn as_many_go_on_as_fit() {
        let (a, b, c, other) = (key("a"), key("b"), key("c"), Key::new("alarm", "a"));
        assert!(room(4.0).admits(&[&a], &b));
        assert!(!room(3.0).admits(&[&a], &b));
        assert!(room(0.0).admits(&[], &a), "one always does");
        assert!(room(0.0).admits(&[&other], &a), "what takes nothing counts for nothing");
        assert!(room(-1.0).admits(&[&a], &c) && room(0.0).admits(&[&a], &other));
        assert!(Room::default().admits(&[&a], &b));
    }
}
