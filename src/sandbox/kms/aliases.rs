//! Aliases.

use aws_sdk_kms::operation::create_alias::{CreateAliasInput, CreateAliasOutput};
use aws_sdk_kms::operation::delete_alias::{DeleteAliasInput, DeleteAliasOutput};
use aws_sdk_kms::operation::list_aliases::{ListAliasesInput, ListAliasesOutput};
use aws_sdk_kms::operation::update_alias::{UpdateAliasInput, UpdateAliasOutput};
use aws_sdk_kms::types::AliasListEntry;

use super::checks;
use super::state::Alias;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// Aliases that every account has, whether or not their keys were made yet. KMS Developer Guide, "AWS managed keys".
const OF_AWS: [&str; 4] = ["alias/aws/dynamodb", "alias/aws/ebs", "alias/aws/s3", "alias/aws/secretsmanager"];

/// KMS API reference, CreateAlias.
fn name(value: Option<&str>) -> Result<&str, ApiError> {
    let value = value.unwrap_or_default();
    let rest = value.strip_prefix("alias/").unwrap_or_default();
    let formed = !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric() || "/_-".contains(c));
    if value.len() > 256 {
        return Err(checks::validation("aliasName", value, "have length less than or equal to 256"));
    }
    if !formed {
        return Err(ApiError::new("InvalidAliasNameException", "Alias must start with the prefix \"alias/\"."));
    }
    if rest.starts_with("aws/") {
        return Err(ApiError::new("NotAuthorizedException", "The prefix \"alias/aws/\" is reserved."));
    }
    Ok(value)
}

/// A key by id or ARN, as CreateAlias and UpdateAlias want it, that can still be named.
fn target(call: &Call<'_>, reference: Option<&str>) -> Result<String, ApiError> {
    if reference.is_some_and(|reference| reference.contains("alias/")) {
        return Err(ApiError::new("ValidationException", "Aliases must refer to keys. Not aliases"));
    }
    Ok(checks::key(call, reference)?.live()?.id.clone())
}

/// KMS API reference, CreateAlias.
pub(super) fn create_alias(call: &mut Call<'_>, input: &CreateAliasInput) -> Result<CreateAliasOutput, ApiError> {
    let name = name(input.alias_name())?.to_owned();
    let key_id = target(call, input.target_key_id())?;
    let arn = call.arn("kms", &name);
    if call.world.kms.aliases.contains_key(&name) {
        let message = format!("An alias with the name {arn} already exists");
        return Err(ApiError::new("AlreadyExistsException", message));
    }
    let alias = Alias { name: name.clone(), arn, key_id, created_at: call.now, updated_at: call.now };
    call.world.kms.aliases.insert(name, alias);
    Ok(CreateAliasOutput::builder().build())
}

fn missing(call: &Call<'_>, name: &str) -> ApiError {
    ApiError::new("NotFoundException", format!("Alias {} is not found.", call.arn("kms", name)))
}

/// KMS API reference, UpdateAlias.
pub(super) fn update_alias(call: &mut Call<'_>, input: &UpdateAliasInput) -> Result<UpdateAliasOutput, ApiError> {
    let name = name(input.alias_name())?;
    let key_id = target(call, input.target_key_id())?;
    let (now, absent) = (call.now, missing(call, name));
    let alias = call.world.kms.aliases.get_mut(name).ok_or(absent)?;
    (alias.key_id, alias.updated_at) = (key_id, now);
    Ok(UpdateAliasOutput::builder().build())
}

/// KMS API reference, DeleteAlias.
pub(super) fn delete_alias(call: &mut Call<'_>, input: &DeleteAliasInput) -> Result<DeleteAliasOutput, ApiError> {
    let name = name(input.alias_name())?;
    let absent = missing(call, name);
    call.world.kms.aliases.remove(name).ok_or(absent)?;
    Ok(DeleteAliasOutput::builder().build())
}

/// KMS API reference, ListAliases: Limit 1 to 100, 50 by default. AWS's own come with and without keys.
pub(super) fn list_aliases(call: &mut Call<'_>, input: &ListAliasesInput) -> Result<ListAliasesOutput, ApiError> {
    let of_key = input.key_id().map(|reference| checks::visible_key(call, Some(reference))).transpose()?;
    let of_aws = OF_AWS.iter().filter(|_| of_key.is_none());
    let of_aws =
        of_aws.map(|name| AliasListEntry::builder().alias_name(*name).alias_arn(call.arn("kms", name)).build());
    let wanted = |alias: &&Alias| call.visible(alias.created_at) && of_key.is_none_or(|key| key.id == alias.key_id);
    let ours = call.world.kms.aliases.values().filter(wanted).map(|alias| {
        AliasListEntry::builder()
            .alias_name(&alias.name)
            .alias_arn(&alias.arn)
            .target_key_id(&alias.key_id)
            .creation_date(alias.created_at.datetime())
            .last_updated_date(alias.updated_at.datetime())
            .build()
    });
    let entries = of_aws.chain(ours).collect();
    let (entries, marker) = checks::page(entries, input.limit(), input.marker(), 100, 50)?;
    Ok(ListAliasesOutput::builder()
        .set_aliases(Some(entries))
        .truncated(marker.is_some())
        .set_next_marker(marker)
        .build())
}
