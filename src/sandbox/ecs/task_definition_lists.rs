//! Lists of task definitions and of their families.

use std::collections::BTreeSet;

use aws_sdk_ecs::operation::list_task_definition_families::{
    ListTaskDefinitionFamiliesInput, ListTaskDefinitionFamiliesOutput,
};
use aws_sdk_ecs::operation::list_task_definitions::{ListTaskDefinitionsInput, ListTaskDefinitionsOutput};
use aws_sdk_ecs::types::{SortOrder, TaskDefinitionFamilyStatus, TaskDefinitionStatus};

use super::problem::invalid;
use super::task_definition::Status;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::paging;

/// One page: 100 at most, which is also the default (ECS API reference, ListTaskDefinitions).
pub fn page<T>(
    items: Vec<T>,
    max_results: Option<i32>,
    token: Option<&str>,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let size = max_results.unwrap_or(100);
    if !(1..=100).contains(&size) {
        return Err(invalid("maxResults must be between 1 and 100."));
    }
    paging::page(items, size.unsigned_abs() as usize, token).ok_or_else(|| invalid("Invalid token."))
}

pub(super) fn revisions(
    call: &mut Call<'_>,
    input: &ListTaskDefinitionsInput,
) -> Result<ListTaskDefinitionsOutput, ApiError> {
    let wanted = match input.status() {
        None | Some(TaskDefinitionStatus::Active) => Status::Active,
        Some(TaskDefinitionStatus::Inactive) => Status::Inactive,
        Some(TaskDefinitionStatus::DeleteInProgress) => Status::DeleteInProgress,
        Some(other) => return Err(invalid(format!("Unknown status {other}."))),
    };
    let all = call.world.ecs.task_definitions.values();
    let mut chosen: Vec<_> = all
        .filter(|it| it.status == wanted && input.family_prefix().is_none_or(|family| it.family == family))
        .collect();
    chosen.sort_by(|one, other| (&one.family, one.revision).cmp(&(&other.family, other.revision)));
    if input.sort() == Some(&SortOrder::Desc) {
        chosen.reverse();
    }
    let arns = chosen.into_iter().map(|it| it.arn.clone()).collect();
    let (arns, token) = page(arns, input.max_results(), input.next_token())?;
    Ok(ListTaskDefinitionsOutput::builder().set_task_definition_arns(Some(arns)).set_next_token(token).build())
}

/// A family is ACTIVE while one of its revisions is (ECS API reference, ListTaskDefinitionFamilies).
pub(super) fn families(
    call: &mut Call<'_>,
    input: &ListTaskDefinitionFamiliesInput,
) -> Result<ListTaskDefinitionFamiliesOutput, ApiError> {
    let active: BTreeSet<&str> = call
        .world
        .ecs
        .task_definitions
        .values()
        .filter(|it| it.status == Status::Active)
        .map(|it| it.family.as_str())
        .collect();
    let chosen = call.world.ecs.families.keys().filter(|family| {
        let is_active = active.contains(family.as_str());
        let has_status = match input.status() {
            Some(TaskDefinitionFamilyStatus::Active) => is_active,
            Some(TaskDefinitionFamilyStatus::Inactive) => !is_active,
            _ => true,
        };
        has_status && input.family_prefix().is_none_or(|prefix| family.starts_with(prefix))
    });
    let (families, token) = page(chosen.cloned().collect(), input.max_results(), input.next_token())?;
    Ok(ListTaskDefinitionFamiliesOutput::builder().set_families(Some(families)).set_next_token(token).build())
}
