//! Secrets, described and listed.

use std::collections::HashMap;

use aws_sdk_secretsmanager::operation::describe_secret::{DescribeSecretInput, DescribeSecretOutput};
use aws_sdk_secretsmanager::operation::list_secrets::{ListSecretsInput, ListSecretsOutput};
use aws_sdk_secretsmanager::types::{SecretListEntry, Tag};

use super::checks::invalid;
use super::filters;
use super::state::{LIST_LAG, Secret, secret};
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::paging;

fn tags(secret: &Secret) -> Vec<Tag> {
    secret.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

fn stages(secret: &Secret) -> HashMap<String, Vec<String>> {
    let stages = secret.stages().into_iter();
    stages.map(|(version, stage)| (version.to_owned(), vec![stage.to_owned()])).collect()
}

/// Secrets Manager API reference, DescribeSecret: also those that are to be deleted.
pub(super) fn describe_secret(
    call: &mut Call<'_>,
    input: &DescribeSecretInput,
) -> Result<DescribeSecretOutput, ApiError> {
    let secret = secret(call, input.secret_id())?;
    Ok(DescribeSecretOutput::builder()
        .arn(&secret.arn)
        .name(&secret.name)
        .description(&secret.description)
        .set_kms_key_id(secret.key.clone())
        .created_date(secret.created_at.datetime())
        .last_changed_date(secret.changed_at.datetime())
        .set_deleted_date(secret.deleted_at.map(|at| at.datetime()))
        .set_tags(Some(tags(secret)))
        .set_version_ids_to_stages(Some(stages(secret)))
        .build())
}

/// Secrets Manager API reference, ListSecrets.
pub(super) fn list_secrets(call: &mut Call<'_>, input: &ListSecretsInput) -> Result<ListSecretsOutput, ApiError> {
    filters::check(input.filters())?;
    let size = input.max_results().unwrap_or(100);
    if !(1..=100).contains(&size) {
        return Err(invalid("MaxResults must be between 1 and 100."));
    }
    let state = &call.world.secretsmanager;
    let lags = !call.durations().read_after_create.is_zero();
    let is_listed = |secret: &&Secret| !lags || call.now >= secret.created_at + LIST_LAG;
    let present = state.secrets.values().filter(is_listed);
    let deleting = input.include_planned_deletion() == Some(true);
    let found: Vec<SecretListEntry> = present
        .chain(state.ghosts.iter().map(|(_, secret)| secret))
        .filter(|secret| deleting || secret.deleted_at.is_none())
        .filter(|secret| filters::accept(input.filters(), secret))
        .map(|secret| entry(secret, call.now))
        .collect();
    let (page, next) = paging::page(found, usize::try_from(size).unwrap_or(1), input.next_token())
        .ok_or_else(|| ApiError::new("InvalidNextTokenException", "The NextToken value is invalid."))?;
    Ok(ListSecretsOutput::builder().set_secret_list(Some(page)).set_next_token(next).build())
}

fn entry(secret: &Secret, now: Moment) -> SecretListEntry {
    let former = secret.listed.as_ref().filter(|(_, until)| now < *until).map(|(former, _)| former);
    SecretListEntry::builder()
        .arn(&secret.arn)
        .name(&secret.name)
        .description(former.unwrap_or(&secret.description))
        .set_kms_key_id(secret.key.clone())
        .created_date(secret.created_at.datetime())
        .last_changed_date(secret.changed_at.datetime())
        .set_deleted_date(secret.deleted_at.map(|at| at.datetime()))
        .set_tags(Some(tags(secret)))
        .set_secret_versions_to_stages(Some(stages(secret)))
        .build()
}
