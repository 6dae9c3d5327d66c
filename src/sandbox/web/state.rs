//! What registries have told so far.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sandbox::clock::Moment;
use crate::sandbox::world::{Item, Place, Simulated};

/// What registries have told so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct WebState {
    /// Manifests and configurations by digest: what a tag meant once is found by its digest from then on.
    pub known: BTreeMap<String, String>,
}

impl Simulated for WebState {
    fn inventory(&self, _now: Moment, _place: &Place) -> Vec<Item> {
        Vec::new()
    }
}
