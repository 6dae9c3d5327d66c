//! Operations: what takes time, and how it went.

use std::time::Duration;

use aws_sdk_servicediscovery::operation::get_operation::{GetOperationInput, GetOperationOutput};
use aws_sdk_servicediscovery::operation::list_operations::{ListOperationsInput, ListOperationsOutput};
use aws_sdk_servicediscovery::types::{
    self, OperationFilterName, OperationStatus, OperationSummary, OperationTargetType, OperationType,
};

use super::checks::{holds, invalid, page};
use super::state::Operation;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// Begins one. Returns its id.
pub(super) fn begin(
    call: &mut Call<'_>,
    kind: &OperationType,
    target: (&OperationTargetType, &str),
    takes: Duration,
    failure: Option<(&str, String)>,
) -> String {
    let id = format!("{}-{}", call.hex(32), call.hex(8));
    let operation = Operation {
        kind: kind.as_str().to_owned(),
        target: (target.0.as_str().to_owned(), target.1.to_owned()),
        created_at: call.now,
        done_at: call.now + takes,
        failure: failure.map(|(code, message)| (code.to_owned(), message)),
    };
    call.world.servicediscovery.operations.insert(id.clone(), operation);
    id
}

/// Whether one is under way on a target.
pub(super) fn is_busy(call: &Call<'_>, kind: &OperationTargetType, id: &str) -> bool {
    call.world.servicediscovery.operations.values().any(|operation| {
        call.now < operation.done_at && operation.target.0 == kind.as_str() && operation.target.1 == id
    })
}

pub(super) fn in_progress() -> ApiError {
    ApiError::new("DuplicateRequest", "The operation is already in progress.")
}

/// Cloud Map API reference, GetOperation. Whether targets are told before the operation is done is not documented; here they are not.
pub(super) fn get_operation(call: &mut Call<'_>, input: &GetOperationInput) -> Result<GetOperationOutput, ApiError> {
    let id = input.operation_id().unwrap_or_default();
    let found = call.world.servicediscovery.operations.get(id);
    let found = found.ok_or_else(|| ApiError::new("OperationNotFound", format!("Operation {id} does not exist")))?;
    let status = OperationStatus::from(found.status(call.now));
    let failure = found.failure.as_ref().filter(|_| status == OperationStatus::Fail);
    let mut operation = types::Operation::builder()
        .id(id)
        .r#type(OperationType::from(found.kind.as_str()))
        .create_date(found.created_at.datetime())
        .update_date(found.done_at.min(call.now).datetime())
        .set_error_code(failure.map(|(code, _)| code.clone()))
        .set_error_message(failure.map(|(_, message)| message.clone()));
    if status == OperationStatus::Success {
        operation = operation.targets(OperationTargetType::from(found.target.0.as_str()), &found.target.1);
    }
    Ok(GetOperationOutput::builder().operation(operation.status(status).build()).build())
}

/// Cloud Map API reference, ListOperations: newest first.
pub(super) fn list_operations(
    call: &mut Call<'_>,
    input: &ListOperationsInput,
) -> Result<ListOperationsOutput, ApiError> {
    let mut found: Vec<(&String, &Operation)> = Vec::new();
    for (id, operation) in &call.world.servicediscovery.operations {
        let mut passes = true;
        for filter in input.filters() {
            let target = |kind: &str| if operation.target.0 == kind { operation.target.1.as_str() } else { "" };
            let value = match filter.name() {
                OperationFilterName::NamespaceId => target("NAMESPACE"),
                OperationFilterName::ServiceId => target("SERVICE"),
                OperationFilterName::Status => operation.status(call.now),
                OperationFilterName::Type => &operation.kind,
                _ => return Err(invalid("The sandbox does not simulate this filter")),
            };
            passes &= holds(filter.condition(), filter.values(), value)?;
        }
        if passes {
            found.push((id, operation));
        }
    }
    found.sort_by_key(|(_, operation)| std::cmp::Reverse(operation.created_at));
    let summary = |(id, operation): &(&String, &Operation)| {
        OperationSummary::builder().id(*id).status(OperationStatus::from(operation.status(call.now))).build()
    };
    let (page, next) = page(found.iter().map(summary).collect(), input.max_results(), input.next_token())?;
    Ok(ListOperationsOutput::builder().set_operations(Some(page)).set_next_token(next).build())
}
