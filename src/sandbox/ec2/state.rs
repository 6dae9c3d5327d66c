//! All that EC2 holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::record::{Kind, Meta, Record};
use super::tokens::ClientTokens;
use crate::sandbox::clock::Moment;
use crate::sandbox::world::{Item, Place, Simulated, Tags};

macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident: $record:ty,)*) => {
        /// All that EC2 holds, each kind by id.
        #[derive(Clone, Debug, Default, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Ec2State {
            $($(#[$doc])* pub $table: BTreeMap<String, $record>,)*
            /// Client tokens that were used.
            pub tokens: ClientTokens,
        }

        impl Ec2State {
            /// Each thing, with its kind.
            pub(super) fn things(&self) -> impl Iterator<Item = (Kind, &Meta)> {
                std::iter::empty()
                    $(.chain(self.$table.values().map(|record| (<$record as Record>::KIND, record.meta()))))*
            }

            /// The tags of a thing, to change them.
            pub(super) fn tags_mut(&mut self, id: &str) -> Option<&mut Tags> {
                $(if let Some(record) = self.$table.get_mut(id) {
                    return Some(&mut record.meta_mut().tags);
                })*
                None
            }
        }

        /// The kind that an id belongs to by its form.
        pub(super) fn kind_of(id: &str) -> Option<Kind> {
            let prefix = id.rsplit_once('-').map_or(id, |(prefix, _)| prefix);
            $(if <$record as Record>::KIND.prefix == prefix {
                return Some(<$record as Record>::KIND);
            })*
            None
        }
    };
}

tables! {}

impl Ec2State {
    /// The tags of a thing.
    pub(super) fn tags(&self, id: &str) -> Option<&Tags> {
        self.things().find(|(_, meta)| meta.id == id).map(|(_, meta)| &meta.tags)
    }
}

impl Simulated for Ec2State {
    fn inventory(&self, _now: Moment, _place: &Place) -> Vec<Item> {
        Vec::new()
    }
}
