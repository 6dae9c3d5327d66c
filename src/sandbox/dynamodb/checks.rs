//! What DynamoDB refuses by form alone.

use aws_sdk_dynamodb::operation::create_table::CreateTableInput;
use aws_sdk_dynamodb::types::{BillingMode, KeyType, SseSpecification, SseType};

use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::kms;

pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message)
}

/// DynamoDB Developer Guide, "Naming rules".
pub(super) fn name(value: Option<&str>) -> Result<&str, ApiError> {
    let name = value.unwrap_or_default();
    let formed = name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    if (3..=255).contains(&name.len()) && formed {
        return Ok(name);
    }
    Err(invalid(
        "TableName must be at least 3 characters long and at most 255 characters long, and may contain only a-z, A-Z, 0-9, '_', '-', and \
         '.'",
    ))
}

/// A key attribute and its type.
pub(super) type KeyAttribute = (String, String);

/// Partition and sort key. DynamoDB API reference, CreateTable: the key attributes, and no others, are defined.
pub(super) fn keys(input: &CreateTableInput) -> Result<(KeyAttribute, Option<KeyAttribute>), ApiError> {
    let schema = input.key_schema();
    let kinds: Vec<&KeyType> = schema.iter().map(|element| element.key_type()).collect();
    if !matches!(kinds.as_slice(), [KeyType::Hash] | [KeyType::Hash, KeyType::Range]) {
        return Err(invalid(
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type, or the second not a RANGE",
        ));
    }
    let names: Vec<&str> = schema.iter().map(|element| element.attribute_name()).collect();
    if names.len() == 2 && names[0] == names[1] {
        return Err(invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name"));
    }
    let defined = input.attribute_definitions();
    if defined.len() != names.len() {
        return Err(invalid(
            "One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of attributes \
             defined in AttributeDefinitions",
        ));
    }
    let typed = |name: &&str| {
        let definition = defined.iter().find(|definition| definition.attribute_name() == *name);
        let kind = definition.map(|definition| definition.attribute_type().as_str());
        kind.filter(|kind| matches!(*kind, "S" | "N" | "B"))
            .map(|kind| ((*name).to_owned(), kind.to_owned()))
            .filter(|_| (1..=255).contains(&name.len()))
            .ok_or_else(|| {
                invalid("One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions")
            })
    };
    Ok((typed(&names[0])?, names.get(1).map(typed).transpose()?))
}

/// What the sandbox would have to leave out.
pub(super) fn unsupported(input: &CreateTableInput) -> Result<(), ApiError> {
    if input.billing_mode() == Some(&BillingMode::PayPerRequest) && input.provisioned_throughput().is_some() {
        return Err(invalid(
            "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode \
             is PAY_PER_REQUEST",
        ));
    }
    let known = input.billing_mode() == Some(&BillingMode::PayPerRequest)
        && input.local_secondary_indexes().is_empty()
        && input.global_secondary_indexes().is_empty()
        && input.stream_specification().is_none();
    if known { Ok(()) } else { Err(invalid("The sandbox simulates tables by request, without indexes and streams.")) }
}

/// The ARN of the key that is asked for. DynamoDB API reference, SSESpecification.
pub(super) fn key(call: &Call<'_>, wanted: Option<&SseSpecification>) -> Result<Option<String>, ApiError> {
    let Some(wanted) = wanted.filter(|wanted| wanted.enabled() == Some(true)) else { return Ok(None) };
    if wanted.sse_type().is_some_and(|kind| *kind != SseType::Kms) {
        return Err(invalid("One or more parameter values were invalid: SSEType must be KMS"));
    }
    let refused = |error: ApiError| invalid(format!("KMS validation error: {}", error.message));
    let key = wanted.kms_master_key_id().map(|reference| kms::usable(call, reference)).transpose().map_err(refused)?;
    Ok(key.map(|key| key.arn.clone()))
}
