//! Walks a parsed TOML document key by key. Whatever is asked for is known; what is left over is a mistake.

use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::origin::Place;
use super::report::{Fault, Report, quotable};
use super::suggest::nearest;

/// One section (`[network]`) while it is being read. A section that is not in the file reads as an empty one.
pub(super) struct Section<'r, 't> {
    pub(super) path: String,
    table: Option<&'t DeTable<'t>>,
    known: Vec<&'static str>,
    pub(super) report: &'r mut Report,
}

impl<'r, 't> Section<'r, 't> {
    /// Reads the whole document.
    pub(super) fn root<T>(table: &'t DeTable<'t>, report: &mut Report, read: impl FnOnce(&mut Section) -> T) -> T {
        Section { path: String::new(), table: Some(table), known: Vec::new(), report }.read(read)
    }

    fn read<T>(mut self, read: impl FnOnce(&mut Section) -> T) -> T {
        let value = read(&mut self);
        self.refuse_unknown_keys();
        value
    }

    /// Whether the section is in the file.
    pub(super) fn is_given(&self) -> bool {
        self.table.is_some()
    }

    /// The full name of `key`.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.into() } else { format!("{}.{key}", self.path) }
    }

    /// Reads a section within this one.
    pub(super) fn section<T>(&mut self, key: &'static str, read: impl FnOnce(&mut Section) -> T) -> T {
        let table = self.value(key).and_then(|value| self.table_of(&self.path_of(key), value));
        Section { path: self.path_of(key), table, known: Vec::new(), report: self.report }.read(read)
    }

    /// Reads each entry of the section `key`, whose names are the user's, as a section of its own.
    pub(super) fn entries<T>(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(&str, &mut Section) -> T,
    ) -> Vec<(String, T)> {
        let mut entries = Vec::new();
        let Some(table) = self.value(key).and_then(|value| self.table_of(&self.path_of(key), value)) else {
            return entries;
        };
        for (name, value) in table {
            let path = format!("{}.{}", self.path_of(key), name.get_ref());
            self.record(&path, name.span(), value.span());
            let table = self.table_of(&path, value);
            let section = Section { path, table, known: Vec::new(), report: self.report };
            entries.push((name.get_ref().to_string(), section.read(|section| read(name.get_ref(), section))));
        }
        entries
    }

    /// Reads a section of free keys and text values.
    pub(super) fn texts(&mut self, key: &'static str) -> Vec<(String, String)> {
        let Some(table) = self.value(key).and_then(|value| self.table_of(&self.path_of(key), value)) else {
            return Vec::new();
        };
        let mut texts = Vec::new();
        for (name, value) in table {
            let path = format!("{}.{}", self.path_of(key), name.get_ref());
            self.record(&path, name.span(), value.span());
            if let Some(text) = self.text_of(&path, value) {
                texts.push((name.get_ref().to_string(), text.to_string()));
            }
        }
        texts
    }

    /// A text that `rule` makes a value of; `None` if it is not given or wrong.
    pub(super) fn text<T>(&mut self, key: &'static str, rule: impl Fn(&str) -> Result<T, Fault>) -> Option<T> {
        let value = self.value(key)?;
        let path = self.path_of(key);
        let text = self.text_of(&path, value)?;
        self.judge(&path, rule(text))
    }

    /// A text that must be given. `remedy` is the line to add.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        remedy: &str,
        rule: impl Fn(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        let path = self.path_of(key);
        if self.is_given() && !self.table.is_some_and(|table| table.contains_key(key)) {
            self.report.blame(&path, Fault::new("is missing", format!("`{key}` belongs here"), remedy));
        }
        self.text(key, rule)
    }

    /// A list of texts that `rule` makes values of; `None` if it is not given or any of them is wrong.
    pub(super) fn list<T>(&mut self, key: &'static str, rule: impl Fn(&str) -> Result<T, Fault>) -> Option<Vec<T>> {
        let value = self.value(key)?;
        let path = self.path_of(key);
        let Some(elements) = value.get_ref().as_array() else {
            let remedy = format!("put it in brackets: `{key} = [{}]`", self.raw(value));
            self.wrong_type(&path, value, "a list", &remedy);
            return None;
        };
        let mut list = Vec::new();
        for (index, element) in elements.iter().enumerate() {
            let path = format!("{path}[{index}]");
            self.record(&path, element.span(), element.span());
            let text = self.text_of(&path, element);
            list.push(text.and_then(|text| self.judge(&path, rule(text))));
        }
        list.into_iter().collect()
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &'static str, default: bool) -> bool {
        let Some(value) = self.value(key) else { return default };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong_type(
                &self.path_of(key),
                value,
                "true or false",
                &format!("write `{key} = {default}`, without quotes"),
            );
            default
        })
    }

    /// A whole number within `range`.
    pub(super) fn number(&mut self, key: &'static str, default: u32, range: RangeInclusive<u32>) -> u32 {
        self.number_by(key, default, |number| within(number, &range, default))
    }

    /// A whole number that `rule` accepts.
    pub(super) fn number_by(
        &mut self,
        key: &'static str,
        default: u32,
        rule: impl Fn(i128) -> Result<u32, Fault>,
    ) -> u32 {
        self.optional_number(key, default, rule).unwrap_or(default)
    }

    /// A whole number that `rule` accepts, or none. `example` is for the remedy.
    pub(super) fn optional_number(
        &mut self,
        key: &'static str,
        example: u32,
        rule: impl Fn(i128) -> Result<u32, Fault>,
    ) -> Option<u32> {
        let value = self.value(key)?;
        let path = self.path_of(key);
        let Some(integer) = value.get_ref().as_integer() else {
            self.wrong_type(&path, value, "a whole number", &format!("write it without quotes: `{key} = {example}`"));
            return None;
        };
        // What does not fit into 128 bits is out of every range.
        let number = i128::from_str_radix(integer.as_str(), integer.radix()).unwrap_or(i128::MAX);
        self.judge(&path, rule(number))
    }

    /// A number, with a fraction or without, that `rule` makes a value of.
    pub(super) fn decimal<T: Copy + std::fmt::Display>(
        &mut self,
        key: &'static str,
        default: T,
        rule: impl Fn(f64) -> Result<T, Fault>,
    ) -> T {
        let Some(value) = self.value(key) else { return default };
        let path = self.path_of(key);
        let number = match value.get_ref() {
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(|n| n as f64),
            DeValue::Float(float) => float.as_str().parse().ok(),
            _ => {
                self.wrong_type(&path, value, "a number", &format!("write it without quotes: `{key} = {default}`"));
                return default;
            }
        };
        self.judge(&path, rule(number.unwrap_or(f64::INFINITY))).unwrap_or(default)
    }

    /// One of some words.
    pub(super) fn choice<T: Copy>(&mut self, key: &'static str, default: T, names: &[(&'static str, T)]) -> T {
        let rule = |text: &str| match names.iter().find(|(name, _)| *name == text) {
            Some((_, value)) => Ok(*value),
            None => {
                let all = quoted(names.iter().map(|(name, _)| *name), "\"");
                let help = match nearest(text, names.iter().map(|(name, _)| *name)) {
                    Some(name) => format!("did you mean \"{name}\"? It is one of {all}"),
                    None => format!("write one of {all}"),
                };
                Err(Fault::new(format!("cannot be \"{}\"", quotable(text)), "not one of the choices", help))
            }
        };
        self.text(key, rule).unwrap_or(default)
    }

    fn value(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.known.push(key);
        let (name, value) = self.table?.get_key_value(key)?;
        self.record(&self.path_of(key), name.span(), value.span());
        Some(value)
    }

    fn table_of(&mut self, path: &str, value: &'t Spanned<DeValue<'t>>) -> Option<&'t DeTable<'t>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(path, value, "a section", &format!("write it as a section: [{}]", quotable(path)));
        }
        table
    }

    fn text_of(&mut self, path: &str, value: &'t Spanned<DeValue<'t>>) -> Option<&'t str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            let remedy = match value.get_ref() {
                DeValue::Array(_) | DeValue::Table(_) => "write one text in quotes".to_string(),
                _ => format!("put it in quotes: \"{}\"", self.raw(value)),
            };
            self.wrong_type(path, value, "a text", &remedy);
        }
        text
    }

    fn judge<T>(&mut self, path: &str, verdict: Result<T, Fault>) -> Option<T> {
        verdict.map_err(|fault| self.report.blame(path, fault)).ok()
    }

    fn wrong_type(&mut self, path: &str, value: &Spanned<DeValue>, expected: &str, remedy: &str) {
        let found = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a section",
        };
        self.report
            .blame(path, Fault::new(format!("must be {expected}, not {found}"), format!("this is {found}"), remedy));
    }

    fn record(&mut self, path: &str, key: std::ops::Range<usize>, value: std::ops::Range<usize>) {
        self.report.origin.record(path, Place { key, value });
    }

    /// The value as it was written.
    fn raw(&self, value: &Spanned<DeValue>) -> String {
        let written = self.report.origin.text().and_then(|text| text.inner().get(value.span()));
        quotable(written.unwrap_or_default())
    }

    fn refuse_unknown_keys(&mut self) {
        let Some(table) = self.table else { return };
        for (key, value) in table.iter().filter(|(key, _)| !self.known.contains(&key.get_ref().as_ref())) {
            let name = key.get_ref();
            let path = self.path_of(name);
            self.report.origin.record(&path, Place { key: key.span(), value: value.span() });
            let (label, help) = match nearest(name, self.known.iter().copied()) {
                Some(meant) => (format!("did you mean `{meant}`?"), format!("write `{meant}`, or remove the line")),
                None => {
                    let known = quoted(self.known.iter().copied(), "`");
                    let help = format!("what can stand here: {known}");
                    let service = self.path.is_empty() && value.get_ref().is_table();
                    let hint = format!("; a service is a section [services.{}]", quotable(name));
                    ("nothing here has this name".into(), if service { help + &hint } else { help })
                }
            };
            self.report.blame_key(&path, Fault::new("is not known", label, help));
        }
    }
}

/// The rule of a number that lies in `range`.
pub(super) fn within(number: i128, range: &RangeInclusive<u32>, default: u32) -> Result<u32, Fault> {
    u32::try_from(number).ok().filter(|number| range.contains(number)).ok_or_else(|| {
        let (least, most) = (range.start(), range.end());
        Fault::new(
            format!("must lie between {least} and {most}"),
            if number < i128::from(*least) { "too small" } else { "too large" },
            format!("choose {least} to {most}; without the line it is {default}"),
        )
    })
}

/// `a`, `b`, `c`, each between two `mark`s.
pub(super) fn quoted<'n>(names: impl Iterator<Item = &'n str>, mark: &str) -> String {
    names.map(|name| format!("{mark}{name}{mark}")).collect::<Vec<_>>().join(", ")
}
