//! Where each value of a configuration was written.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::NamedSource;

/// A file's text under the file's name.
pub(super) type Text = Arc<NamedSource<String>>;

/// The text that a configuration was read from, and the place of each value in it. Says nothing about what the
/// configuration means: two origins always compare equal.
#[derive(Clone, Default)]
pub struct Origin {
    text: Option<Text>,
    places: BTreeMap<String, Place>,
}

/// The bytes of a key and of its value; of a section, its header.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub key: Range<usize>,
    pub value: Range<usize>,
}

/// `text` under a name, fit for a terminal: what would steer it is replaced, byte for byte, so that places stay right.
pub(super) fn named(name: &str, text: &str) -> Text {
    let printable = |c: char| match c {
        '\n' | '\r' | '\t' => c,
        // Control characters take one byte or two.
        _ if c.is_control() => {
            if c.is_ascii() {
                '?'
            } else {
                '·'
            }
        }
        _ => c,
    };
    Arc::new(NamedSource::new(name, text.chars().map(printable).collect()))
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({})", self.text.as_ref().map_or("none", |text| text.name()))
    }
}

impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Origin {}

impl Origin {
    /// The origin of what is read from `text` under the name `name`; no places yet.
    pub(super) fn new(name: &str, text: &str) -> Self {
        Self { text: Some(named(name, text)), places: BTreeMap::new() }
    }

    pub(super) fn text(&self) -> Option<&Text> {
        self.text.as_ref()
    }

    pub(super) fn record(&mut self, path: &str, place: Place) {
        self.places.insert(path.into(), place);
    }

    /// Whether `path` itself was written, so that its value is not a default.
    pub(super) fn is_written(&self, path: &str) -> bool {
        self.places.contains_key(path)
    }

    /// The place of `path` (`services.payments.port`, `services.payments.calls[0]`) or, where that was not written, of
    /// the nearest section around it.
    pub(super) fn place(&self, path: &str) -> Option<&Place> {
        self.places.get(path).or_else(|| self.place(&path[..path.rfind(['.', '['])?]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_shown_without_control_characters_and_keeps_its_length() {
        let text = "a\u{1b}[2J\u{85}ü\tb\r\n";
        let shown = named("x", text);
        assert_eq!(shown.inner(), "a?[2J·ü\tb\r\n");
        assert_eq!(shown.inner().len(), text.len());
    }

    #[test]
    fn what_was_not_written_is_placed_at_the_section_around_it() {
        let mut origin = Origin::new("platform.toml", "[network]\ncidr = 1");
        origin.record("network", Place { key: 1..8, value: 0..9 });
        origin.record("network.cidr", Place { key: 10..14, value: 17..18 });
        assert_eq!(origin.place("network.cidr").map(|place| place.value.clone()), Some(17..18));
        assert_eq!(origin.place("network.nat").map(|place| place.value.clone()), Some(0..9));
        assert_eq!(origin.place("network.avoid[3]").map(|place| place.value.clone()), Some(0..9));
        assert!(origin.place("mesh.provider").is_none());
    }
}
