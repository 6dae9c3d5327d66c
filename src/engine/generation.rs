//! Which generations of a key were used, so that no client token is ever sent for a second resource.
//!
//! AWS remembers a token for longer than what was made with it lives: a create that sends the token of a deleted resource is refused
//! (`IdempotentParameterMismatch`, "Creation of service was not idempotent") or answered with the deleted one. A token is derived from
//! environment, key and generation, so the generation has to outlive the resource.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Key;

/// How many keys are remembered one by one. An environment has some hundred at a time; only one whose services came and went under many
/// names gets here.
const MOST: usize = 1000;

/// The last generation of each key whose resource is gone, or was never made though it was tried.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spent {
    /// The last generation by key.
    last: BTreeMap<Key, u32>,
    /// The last generation of every key that is not in `last`.
    #[serde(skip_serializing_if = "Option::is_none")]
    floor: Option<u32>,
}

impl Spent {
    /// Of keys that nothing is known about any more, all generations up to this one may have been used.
    pub fn up_to(floor: u32) -> Self {
        Spent { last: BTreeMap::new(), floor: Some(floor) }
    }

    /// The last generation that was used, if any was.
    pub fn last(&self, key: &Key) -> Option<u32> {
        self.last.get(key).copied().max(self.floor)
    }

    /// Remembers a generation. Beyond `MOST` keys, the highest of all is taken for every key: that skips generations, which costs nothing.
    pub fn note(&mut self, key: Key, generation: u32) {
        if self.last.len() >= MOST && !self.last.contains_key(&key) {
            self.floor = self.last.values().copied().max().max(self.floor);
            self.last.clear();
        }
        let last = self.last.entry(key).or_default();
        *last = generation.max(*last);
    }

    /// True where nothing was used.
    pub fn is_empty(&self) -> bool {
        *self == Spent::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_is_never_forgotten_and_the_memory_is_bounded() {
        let mut spent = Spent::default();
        let key = Key::new("ecs-service", "payments");
        assert_eq!(spent.last(&key), None);
        spent.note(key.clone(), 2);
        spent.note(key.clone(), 1);
        assert_eq!(spent.last(&key), Some(2));
        for index in 0..5 * MOST {
            spent.note(Key::new("ecs-service", &format!("s{index}")), 0);
        }
        assert!(spent.last.len() <= MOST);
        assert!(spent.last(&key) >= Some(2));
        assert_eq!(spent.last(&Key::new("ecs-service", "another")), Some(2), "what was let go is taken to be used");
    }
}
