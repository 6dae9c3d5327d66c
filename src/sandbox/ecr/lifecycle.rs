//! Lifecycle policies. ECR User Guide, "Lifecycle policy properties in Amazon ECR".

use std::collections::BTreeSet;

use aws_sdk_ecr::operation::get_lifecycle_policy::{GetLifecyclePolicyInput, GetLifecyclePolicyOutput};
use aws_sdk_ecr::operation::put_lifecycle_policy::{PutLifecyclePolicyInput, PutLifecyclePolicyOutput};
use serde_json::Value;

use super::repositories::{find, invalid};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// ECR API reference, PutLifecyclePolicy.
pub(super) fn put_lifecycle_policy(
    call: &mut Call<'_>,
    input: &PutLifecyclePolicyInput,
) -> Result<PutLifecyclePolicyOutput, ApiError> {
    let repository = find(call, input.repository_name())?;
    let text = input.lifecycle_policy_text().unwrap_or_default();
    check(text).map_err(|flaw| {
        invalid(format!(
            "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation \
             failure: {flaw}'"
        ))
    })?;
    repository.lifecycle = Some(text.to_owned());
    Ok(PutLifecyclePolicyOutput::builder().lifecycle_policy_text(text).build())
}

/// ECR API reference, GetLifecyclePolicy: a repository without a policy is an error.
pub(super) fn get_lifecycle_policy(
    call: &mut Call<'_>,
    input: &GetLifecyclePolicyInput,
) -> Result<GetLifecyclePolicyOutput, ApiError> {
    let account = call.account().to_owned();
    let repository = find(call, input.repository_name())?;
    let text = repository.lifecycle.clone().ok_or_else(|| {
        let name = &repository.name;
        let message = format!(
            "Lifecycle policy does not exist for the repository with name '{name}' in the registry with id '{account}'"
        );
        ApiError::new("LifecyclePolicyNotFoundException", message)
    })?;
    let output = GetLifecyclePolicyOutput::builder().repository_name(&repository.name);
    Ok(output.lifecycle_policy_text(text).build())
}

fn check(text: &str) -> Result<(), String> {
    let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    only(&document, &["rules"])?;
    let rules = document.get("rules").and_then(Value::as_array).filter(|rules| !rules.is_empty());
    let rules = rules.ok_or("object has missing required properties ([\"rules\"])")?;
    let mut priorities = BTreeSet::new();
    let mut any = None;
    for rule in rules {
        let priority = check_rule(rule)?;
        if !priorities.insert(priority) {
            return Err(format!("more than one rule has the priority {priority}"));
        }
        if rule["selection"]["tagStatus"] == "any" && any.replace(priority).is_some() {
            return Err("only one rule may have the tag status any".to_owned());
        }
    }
    if any.is_some() && any.as_ref() != priorities.last() {
        return Err("the rule with the tag status any must have the highest priority number".to_owned());
    }
    Ok(())
}

/// The priority of a rule that is as rules must be.
fn check_rule(rule: &Value) -> Result<u64, String> {
    only(rule, &["rulePriority", "description", "selection", "action"])?;
    only(
        &rule["selection"],
        &["tagStatus", "tagPrefixList", "tagPatternList", "countType", "countUnit", "countNumber"],
    )?;
    let selection = |name: &str| rule["selection"][name].as_str();
    let listed = |name: &str| rule["selection"][name].as_array().is_some_and(|list| !list.is_empty());
    let tags = listed("tagPrefixList") || listed("tagPatternList");
    match selection("tagStatus") {
        Some("tagged") if tags => {}
        Some("tagged") => return Err("tagStatus tagged needs tagPrefixList or tagPatternList".to_owned()),
        Some("untagged" | "any") if !tags => {}
        _ => return Err("tagStatus must be tagged, untagged or any, and only tagged takes tags".to_owned()),
    }
    match (selection("countType"), selection("countUnit")) {
        (Some("imageCountMoreThan"), None) | (Some("sinceImagePushed"), Some("days")) => {}
        _ => return Err("countType must be imageCountMoreThan, or sinceImagePushed with countUnit days".to_owned()),
    }
    if rule["selection"]["countNumber"].as_u64().is_none_or(|number| number == 0) {
        return Err("countNumber must be at least 1".to_owned());
    }
    if rule["action"] != serde_json::json!({ "type": "expire" }) {
        return Err("action must be of the type expire".to_owned());
    }
    rule["rulePriority"]
        .as_u64()
        .filter(|priority| *priority > 0)
        .ok_or_else(|| "rulePriority must be at least 1".to_owned())
}

fn only(value: &Value, known: &[&str]) -> Result<(), String> {
    let object = value.as_object().ok_or("instance type does not match, object expected")?;
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(format!("object instance has properties which are not allowed by the schema: [\"{key}\"]")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_are_checked() {
        let rule = json!({
            "rulePriority": 1, "description": "keep ten", "action": { "type": "expire" },
            "selection": { "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 10 },
        });
        let refused = |pointer: &str, value: Value| {
            let mut bad = json!({ "rules": [rule.clone()] });
            *bad.pointer_mut(pointer).expect("a part of the rule") = value;
            check(&bad.to_string()).is_err()
        };
        assert!(!refused("/rules/0/rulePriority", json!(2)));
        for (pointer, value) in [
            ("/rules", json!([])),
            ("/rules", json!([rule, rule])),
            ("/rules/0/rulePriority", json!(0)),
            ("/rules/0/action", json!({ "type": "delete" })),
            ("/rules/0/selection/tagStatus", json!("tagged")),
            ("/rules/0/selection/countType", json!("sinceImagePushed")),
            ("/rules/0/selection/countNumber", json!(0)),
            ("/rules/0/selection/countNumber", json!("10")),
        ] {
            assert!(refused(pointer, value.clone()), "{pointer} {value}");
        }
        assert!(check("{").is_err() && check("{\"rule\":[]}").is_err());
    }
}
