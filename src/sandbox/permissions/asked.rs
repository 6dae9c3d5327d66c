//! What a call names: its texts with the names of their fields, read off the input's debug form, so that no operation has to be known here.

use crate::sandbox::world::Tags;

/// The texts of an input.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Field and text, in order. Keys of a map are the fields of its values.
    texts: Vec<(String, String)>,
}

impl Asked {
    /// Reads `Input { name: Some("x"), tags: Some({"key": "value"}) }`.
    pub(super) fn read(debug: &str) -> Self {
        let (mut texts, mut field, mut word) = (Vec::new(), String::new(), String::new());
        let mut letters = debug.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '"' => {
                    let text = literal(&mut letters);
                    if letters.peek() == Some(&':') {
                        field = text;
                    } else {
                        texts.push((field.clone(), text));
                    }
                    word.clear();
                }
                ':' if !word.is_empty() => field = std::mem::take(&mut word),
                letter if letter.is_ascii_alphanumeric() || letter == '_' => word.push(letter),
                _ => word.clear(),
            }
        }
        Asked { texts }
    }

    /// All texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|(_, text)| text.as_str())
    }

    /// The texts of a field.
    pub(super) fn of<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a str> {
        self.texts.iter().filter(move |(name, _)| name == field).map(|(_, text)| text.as_str())
    }

    /// The tags that the call gives.
    pub(super) fn tags(&self) -> Tags {
        let pairs = self.texts.windows(2).filter(|pair| {
            matches!((pair[0].0.as_str(), pair[1].0.as_str()), ("key", "value") | ("tag_key", "tag_value"))
        });
        let listed = pairs.map(|pair| (pair[0].1.clone(), pair[1].1.clone()));
        // Some services take a map of them.
        listed.chain(self.texts.iter().cloned()).collect()
    }
}

/// The rest of a literal whose opening quote was read.
fn literal(letters: &mut impl Iterator<Item = char>) -> String {
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            // No name, id or ARN holds what is escaped otherwise.
            '\\' => text.extend(letters.next()),
            letter => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_with_their_fields_and_tags_in_every_form() {
        let asked = Asked::read(
            r#"In { name: Some("a \"b\": c"), arns: Some(["x", "y"]), n: Some(3), tags: Some([Tag { key: "Team", value: Some("t") }]) }"#,
        );
        assert_eq!(asked.of("name").collect::<Vec<_>>(), ["a \"b\": c"]);
        assert_eq!(asked.of("arns").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(asked.tags()["Team"], "t");
        assert_eq!(Asked::read(r#"In { tags: Some({"Team": "t"}) }"#).tags()["Team"], "t");
        assert_eq!(Asked::read(r#"In { tags: [Tag { tag_key: "Team", tag_value: "t" }] }"#).tags()["Team"], "t");
    }
}
