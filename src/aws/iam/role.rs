//! Roles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    engine::{Handle, Output},
    markers,
};

markers! {
    /// A role's ARN.
    RoleArn,
    /// A role's name.
    RoleName,
}

/// A role that an AWS service assumes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Role {
    /// What it is for.
    pub description: String,
    /// Who may assume it.
    pub trust: Value,
    /// What it allows: inline policies by name.
    pub policies: BTreeMap<String, Value>,
    /// ARNs of managed policies.
    pub managed: Vec<String>,
}

impl Handle<Role> {
    /// Its ARN.
    pub fn arn(&self) -> Output<RoleArn> {
        self.output("arn")
    }

    /// Its name.
    pub fn name(&self) -> Output<RoleName> {
        self.output("name")
    }
}
