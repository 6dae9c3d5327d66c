//! Rules of listeners.

use serde::{Deserialize, Serialize};

use super::{
    action::Share,
    shared::{ListenerArn, ListenerRuleArn},
};
use crate::engine::{Handle, Output};

/// A rule that forwards requests to target groups.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListenerRule {
    /// The listener that it belongs to.
    pub listener: Output<ListenerArn>,
    /// 1 to 50000, unique in the listener; the lower number is tried first.
    pub priority: u32,
    /// Which requests it takes.
    pub conditions: Conditions,
    /// How it spreads them over target groups.
    pub forward: Vec<Share>,
}

/// Which requests a rule takes: all conditions must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conditions {
    /// Patterns, one of which the path must match.
    pub paths: Vec<String>,
    /// A header that the request must have.
    pub header: Option<Header>,
}

/// A header with its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Handle<ListenerRule> {
    /// Its ARN.
    pub fn arn(&self) -> Output<ListenerRuleArn> {
        self.output("arn")
    }
}
