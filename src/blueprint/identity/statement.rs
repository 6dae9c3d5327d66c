//! Statements of policies.

use serde_json::{Value, json};

/// Allows actions on a resource, or on each of a list.
pub fn statement(sid: &str, actions: &[&str], resource: Value, condition: Option<Value>) -> Value {
    let mut statement = json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource });
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    statement
}

/// A policy of these statements.
pub fn document(statements: impl IntoIterator<Item = Value>) -> Value {
    let statements: Vec<Value> = statements.into_iter().collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}
