//! Who may invoke a function.

use aws_sdk_lambda::operation::add_permission::{AddPermissionInput, AddPermissionOutput};
use aws_sdk_lambda::operation::get_policy::{GetPolicyInput, GetPolicyOutput};
use aws_sdk_lambda::operation::remove_permission::{RemovePermissionInput, RemovePermissionOutput};
use serde_json::json;

use super::checks::invalid;
use super::state::{Function, function};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

fn change<R>(call: &mut Call<'_>, name: &str, change: impl FnOnce(&mut Function) -> R) -> Option<R> {
    call.world.lambda.functions.get_mut(name).map(change)
}

/// Lambda API reference, AddPermission.
pub(super) fn add(call: &mut Call<'_>, input: &AddPermissionInput) -> Result<AddPermissionOutput, ApiError> {
    let found = function(call, input.function_name())?;
    let (name, sid) = (found.name.clone(), input.statement_id().unwrap_or_default().to_owned());
    let service = input.principal().unwrap_or_default().to_owned();
    if input.action() != Some("lambda:InvokeFunction") || !service.ends_with(".amazonaws.com") {
        return Err(invalid("The sandbox simulates permissions of services to invoke functions."));
    }
    if sid.is_empty() || sid.len() > 100 || !sid.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
        return Err(ApiError::new("ValidationException", "StatementId must have 1 to 100 of A-Z, a-z, 0-9, - and _."));
    }
    if found.permissions.contains_key(&sid) {
        let message = format!(
            "The statement id ({sid}) provided already exists. Please provide a new statement id, or remove the existing statement."
        );
        return Err(ApiError::new("ResourceConflictException", message).with_status(409));
    }
    let account = input.source_account().map(str::to_owned);
    change(call, &name, |it| it.permissions.insert(sid, (service, account)));
    Ok(AddPermissionOutput::builder().build())
}

/// Lambda API reference, RemovePermission.
pub(super) fn remove(call: &mut Call<'_>, input: &RemovePermissionInput) -> Result<RemovePermissionOutput, ApiError> {
    let name = function(call, input.function_name())?.name.clone();
    let sid = input.statement_id().unwrap_or_default();
    match change(call, &name, |it| it.permissions.remove(sid)).flatten() {
        Some(_) => Ok(RemovePermissionOutput::builder().build()),
        None => {
            Err(ApiError::new("ResourceNotFoundException", format!("Statement {sid} is not found in resource policy."))
                .with_status(404))
        }
    }
}

/// Lambda API reference, GetPolicy: no policy is an error.
pub(super) fn get(call: &mut Call<'_>, input: &GetPolicyInput) -> Result<GetPolicyOutput, ApiError> {
    let it = function(call, input.function_name())?;
    if it.permissions.is_empty() {
        let message = "The resource you requested does not exist.";
        return Err(ApiError::new("ResourceNotFoundException", message).with_status(404));
    }
    let statement = |(sid, (service, account)): (&String, &(String, Option<String>))| {
        let mut statement = json!({
            "Sid": sid,
            "Effect": "Allow",
            "Principal": { "Service": service },
            "Action": "lambda:InvokeFunction",
            "Resource": it.arn,
        });
        if let Some(account) = account {
            statement["Condition"] = json!({ "StringEquals": { "AWS:SourceAccount": account } });
        }
        statement
    };
    let statements: Vec<_> = it.permissions.iter().map(statement).collect();
    let policy = json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements });
    Ok(GetPolicyOutput::builder().policy(policy.to_string()).build())
}

/// Whether a service may invoke a function for things of this account.
pub(in crate::sandbox) fn may_invoke(call: &Call<'_>, arn: &str, service: &str) -> bool {
    let permits = |(by, account): &(String, Option<String>)| {
        by == service && account.as_deref().is_none_or(|account| account == call.account())
    };
    function(call, Some(arn)).is_ok_and(|it| it.arn == arn && it.permissions.values().any(permits))
}
