//! Staging labels: which version of a secret is what.
//!
//! Besides Secrets Manager's own, a rotation leaves two of ours on the version that it makes, so that anybody who may describe the secret sees
//! how far it is, and a rotation that stays where it is shows in which step.

use std::collections::BTreeMap;

use super::Step;

/// The version that is in use.
pub const CURRENT: &str = "AWSCURRENT";
/// The version that a rotation is making.
pub const PENDING: &str = "AWSPENDING";
/// The version that was in use before.
pub const PREVIOUS: &str = "AWSPREVIOUS";
/// Ours: the version whose password the database knows.
pub const SET: &str = "PLATFORMCTL_SET";
/// Ours: the version that logged in.
pub const TESTED: &str = "PLATFORMCTL_TESTED";

/// The versions of a secret by label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stages(BTreeMap<String, String>);

/// How far a rotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// None is under way.
    Idle,
    /// One is, in this step.
    Under(Step),
}

impl Stages {
    /// From what DescribeSecret gives: the labels of each version.
    pub fn of<'a>(versions: impl IntoIterator<Item = (&'a String, &'a Vec<String>)>) -> Self {
        let pairs = versions.into_iter().flat_map(|(id, labels)| labels.iter().map(move |label| (label, id)));
        Stages(pairs.map(|(label, id)| (label.clone(), id.clone())).collect())
    }

    /// The version that bears a label.
    pub fn version(&self, label: &str) -> Option<&str> {
        self.0.get(label).map(String::as_str)
    }

    /// Whether a version bears a label.
    pub fn bears(&self, version: &str, label: &str) -> bool {
        self.version(label) == Some(version)
    }

    /// How far a rotation is. A pending version that is the current one is what a finished rotation may leave behind (Secrets Manager user
    /// guide, "Lambda rotation functions").
    pub fn progress(&self) -> Progress {
        let Some(pending) = self.version(PENDING).filter(|version| !self.bears(version, CURRENT)) else {
            return Progress::Idle;
        };
        Progress::Under(if self.bears(pending, TESTED) {
            Step::FinishSecret
        } else if self.bears(pending, SET) {
            Step::TestSecret
        } else {
            // Whether its value is there already can't be told without reading it.
            Step::SetSecret
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages(versions: &[(&str, &[&str])]) -> Stages {
        let versions: BTreeMap<String, Vec<String>> = versions
            .iter()
            .map(|(id, labels)| ((*id).to_owned(), labels.iter().map(|label| (*label).to_owned()).collect()))
            .collect();
        Stages::of(&versions)
    }

    #[test]
    fn labels_tell_the_step() {
        assert_eq!(stages(&[("1", &[CURRENT])]).progress(), Progress::Idle);
        let under = |labels: &[&str]| stages(&[("1", &[CURRENT, SET, TESTED]), ("2", labels)]).progress();
        assert_eq!(under(&[PENDING]), Progress::Under(Step::SetSecret));
        let under = |labels: &[&str]| stages(&[("1", &[CURRENT]), ("2", labels)]).progress();
        assert_eq!(under(&[PENDING, SET]), Progress::Under(Step::TestSecret));
        assert_eq!(under(&[PENDING, SET, TESTED]), Progress::Under(Step::FinishSecret));
        assert_eq!(stages(&[("2", &[CURRENT, PENDING, SET, TESTED]), ("1", &[PREVIOUS])]).progress(), Progress::Idle);
    }
}
