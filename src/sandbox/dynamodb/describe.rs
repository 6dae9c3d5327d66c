//! Tables, described.

use aws_sdk_dynamodb::operation::describe_table::{DescribeTableInput, DescribeTableOutput};
use aws_sdk_dynamodb::operation::list_tags_of_resource::{ListTagsOfResourceInput, ListTagsOfResourceOutput};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, BillingModeSummary, KeySchemaElement, KeyType, ScalarAttributeType,
    SseDescription, SseStatus, SseType, TableDescription, TableStatus, Tag,
};

use super::state::{self, Table, table};
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::paging;

/// As the SDK's type.
pub(super) fn description(table: &Table, now: Moment) -> Result<TableDescription, ApiError> {
    let mut output = TableDescription::builder();
    let keys = [(Some(&table.partition_key), KeyType::Hash), (table.sort_key.as_ref(), KeyType::Range)];
    for ((name, kind), role) in keys.into_iter().filter_map(|(key, role)| Some((key?, role))) {
        let attribute = AttributeDefinition::builder().attribute_name(name);
        output = output
            .attribute_definitions(attribute.attribute_type(ScalarAttributeType::from(kind.as_str())).build()?)
            .key_schema(KeySchemaElement::builder().attribute_name(name).key_type(role).build()?);
    }
    let encryption = table.key.as_ref().map(|key| {
        SseDescription::builder().status(SseStatus::Enabled).sse_type(SseType::Kms).kms_master_key_arn(key).build()
    });
    Ok(output
        .table_name(&table.name)
        .table_arn(&table.arn)
        .table_id(&table.id)
        .table_status(TableStatus::from(table.status(now)))
        .creation_date_time(table.created_at.datetime())
        .billing_mode_summary(BillingModeSummary::builder().billing_mode(BillingMode::PayPerRequest).build())
        .set_sse_description(encryption)
        .deletion_protection_enabled(table.deletion_protection)
        .item_count(0)
        .table_size_bytes(0)
        .build())
}

/// DynamoDB API reference, DescribeTable: "uses an eventually consistent query".
pub(super) fn describe_table(call: &mut Call<'_>, input: &DescribeTableInput) -> Result<DescribeTableOutput, ApiError> {
    let table = table(call, input.table_name())?;
    if !call.visible(table.created_at) {
        return Err(state::missing(&table.name));
    }
    Ok(DescribeTableOutput::builder().table(description(table, call.now)?).build())
}

/// DynamoDB API reference, ListTagsOfResource.
pub(super) fn list_tags_of_resource(
    call: &mut Call<'_>,
    input: &ListTagsOfResourceInput,
) -> Result<ListTagsOfResourceOutput, ApiError> {
    let arn = input.resource_arn().unwrap_or_default();
    let table = table(call, Some(arn))?;
    if table.arn != arn {
        return Err(ApiError::new(
            "ValidationException",
            format!("Invalid TableArn: Invalid ResourceArn provided as input {arn}"),
        ));
    }
    let tags: Result<Vec<_>, _> =
        table.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    // Ten a page: DynamoDB API reference, ListTagsOfResource, NextToken.
    let (page, next) = paging::page(tags?, 10, input.next_token())
        .ok_or_else(|| ApiError::new("ValidationException", "Invalid NextToken"))?;
    Ok(ListTagsOfResourceOutput::builder().set_tags(Some(page)).set_next_token(next).build())
}
