//! What was tried, and how AWS answered.

use std::collections::BTreeMap;

use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// The error codes by row.
#[derive(Default)]
pub struct Ledger(pub BTreeMap<&'static str, String>);

impl Ledger {
    /// Notes with which code a deletion was refused; `accepted` where it was not. Several tries of one row must end alike.
    pub fn tried<T, E: ProvideErrorMetadata>(&mut self, row: &'static str, result: Result<T, E>) {
        let answer = match result {
            Ok(_) => "accepted".to_owned(),
            Err(error) => error.code().unwrap_or("(no code)").to_owned(),
        };
        self.note(row, answer);
    }

    pub fn note(&mut self, row: &'static str, answer: String) {
        let earlier = self.0.insert(row, answer.clone());
        assert!(earlier.is_none_or(|earlier| earlier == answer), "{row}: {answer} differs from the try before");
    }
}
