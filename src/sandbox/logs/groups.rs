//! Log groups.

use aws_sdk_cloudwatchlogs::operation::associate_kms_key::{AssociateKmsKeyInput, AssociateKmsKeyOutput};
use aws_sdk_cloudwatchlogs::operation::create_log_group::{CreateLogGroupInput, CreateLogGroupOutput};
use aws_sdk_cloudwatchlogs::operation::delete_log_group::{DeleteLogGroupInput, DeleteLogGroupOutput};
use aws_sdk_cloudwatchlogs::operation::describe_log_groups::{DescribeLogGroupsInput, DescribeLogGroupsOutput};
use aws_sdk_cloudwatchlogs::operation::put_retention_policy::{PutRetentionPolicyInput, PutRetentionPolicyOutput};
use aws_sdk_cloudwatchlogs::types::{self, LogGroupClass};

use super::state::LogGroup;
use super::tags;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;
use crate::sandbox::{kms, paging};

/// CloudWatch Logs API reference, PutRetentionPolicy.
const RETENTIONS: [i32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// CloudWatch Logs User Guide, "Encrypt log data in CloudWatch Logs using AWS KMS": what the key's policy must allow.
const KEY_ACTIONS: [&str; 6] =
    ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:DescribeKey"];

pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

/// CloudWatch Logs API reference, CreateLogGroup.
fn name(value: Option<&str>) -> Result<&str, ApiError> {
    let value = value.unwrap_or_default();
    let formed = value.chars().all(|c| c.is_ascii_alphanumeric() || "._-/#".contains(c));
    if value.is_empty() || value.len() > 512 || !formed {
        return Err(invalid(format!(
            "1 validation error detected: Value '{value}' at 'logGroupName' failed to satisfy constraint: Member must \
             satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+ and have length between 1 and 512"
        )));
    }
    if value.starts_with("aws/") {
        return Err(invalid("Log groups starting with AWS/ are reserved for AWS."));
    }
    Ok(value)
}

pub(super) fn missing() -> ApiError {
    ApiError::new("ResourceNotFoundException", "The specified log group does not exist.")
}

/// The ARN of a key that Logs can use for a group. It asks in its own name, with the group's ARN as encryption context.
fn key(call: &Call<'_>, reference: &str, group: &str) -> Result<String, ApiError> {
    let refused = || {
        let message = format!("The specified KMS key does not exist or is not allowed to be used with Arn '{group}'");
        invalid(message)
    };
    if !reference.starts_with("arn:") {
        return Err(invalid("The KMS key must be given by its ARN."));
    }
    let key = kms::usable(call, reference).map_err(|_| refused())?;
    let service = format!("logs.{}.amazonaws.com", call.region());
    let context = [("kms:EncryptionContext:aws:logs:arn", group)];
    if !kms::service_may(call, key, &service, &KEY_ACTIONS, &context) {
        return Err(refused());
    }
    Ok(key.arn.clone())
}

/// CloudWatch Logs API reference, CreateLogGroup.
pub(super) fn create_log_group(
    call: &mut Call<'_>,
    input: &CreateLogGroupInput,
) -> Result<CreateLogGroupOutput, ApiError> {
    let name = name(input.log_group_name())?.to_owned();
    if input.log_group_class().is_some_and(|class| *class != LogGroupClass::Standard) {
        return Err(ApiError::new("UnsupportedOperation", "The sandbox simulates log groups of the class STANDARD."));
    }
    let tags = tags::merged(&Tags::new(), input.tags())?;
    if call.world.logs.groups.contains_key(&name) {
        let message = "The specified log group already exists";
        return Err(ApiError::new("ResourceAlreadyExistsException", message));
    }
    // CloudWatch Logs API reference, CreateLogGroup, "Errors": "Multiple concurrent requests to update the same resource were in conflict".
    if call.world.logs.deleted.get(&name).is_some_and(|at| !call.visible(*at)) {
        return Err(ApiError::new(
            "OperationAbortedException",
            "A conflicting operation is currently in progress against this resource. Please try again.",
        ));
    }
    let arn = call.arn("logs", &format!("log-group:{name}"));
    let kms_key = input.kms_key_id().map(|reference| key(call, reference, &arn)).transpose()?;
    let group = LogGroup { name: name.clone(), arn, created_at: call.now, retention_days: None, kms_key, tags };
    call.world.logs.deleted.remove(&name);
    call.world.logs.groups.insert(name, group);
    Ok(CreateLogGroupOutput::builder().build())
}

/// CloudWatch Logs API reference, DescribeLogGroups: Limit 1 to 50, 50 by default.
pub(super) fn describe_log_groups(
    call: &mut Call<'_>,
    input: &DescribeLogGroupsInput,
) -> Result<DescribeLogGroupsOutput, ApiError> {
    let others = input.log_group_name_pattern().is_some() || !input.log_group_identifiers().is_empty();
    if others || !input.account_identifiers().is_empty() {
        return Err(ApiError::new("UnsupportedOperation", "The sandbox finds log groups by prefix only."));
    }
    let prefix = input.log_group_name_prefix().unwrap_or_default();
    let size = input.limit().unwrap_or(50);
    if !(1..=50).contains(&size) {
        return Err(invalid(format!("Value '{size}' at 'limit' must be between 1 and 50")));
    }
    let wanted = |group: &&LogGroup| group.name.starts_with(prefix) && call.visible(group.created_at);
    let groups = call.world.logs.groups.values().filter(wanted).map(described).collect();
    let (groups, token) = paging::page(groups, size as usize, input.next_token())
        .ok_or_else(|| invalid("The specified nextToken is invalid."))?;
    Ok(DescribeLogGroupsOutput::builder().set_log_groups(Some(groups)).set_next_token(token).build())
}

fn described(group: &LogGroup) -> types::LogGroup {
    types::LogGroup::builder()
        .log_group_name(&group.name)
        .creation_time(group.created_at.as_millis() as i64)
        .set_retention_in_days(group.retention_days)
        .arn(format!("{}:*", group.arn))
        .log_group_arn(&group.arn)
        .set_kms_key_id(group.kms_key.clone())
        .log_group_class(LogGroupClass::Standard)
        .stored_bytes(0)
        .build()
}

/// CloudWatch Logs API reference, PutRetentionPolicy.
pub(super) fn put_retention_policy(
    call: &mut Call<'_>,
    input: &PutRetentionPolicyInput,
) -> Result<PutRetentionPolicyOutput, ApiError> {
    let days = input.retention_in_days().unwrap_or_default();
    let group = call.world.logs.groups.get_mut(input.log_group_name().unwrap_or_default()).ok_or_else(missing)?;
    if !RETENTIONS.contains(&days) {
        return Err(invalid(format!(
            "Value '{days}' at 'retentionInDays' failed to satisfy constraint: {RETENTIONS:?}"
        )));
    }
    group.retention_days = Some(days);
    Ok(PutRetentionPolicyOutput::builder().build())
}

/// CloudWatch Logs API reference, AssociateKmsKey.
pub(super) fn associate_kms_key(
    call: &mut Call<'_>,
    input: &AssociateKmsKeyInput,
) -> Result<AssociateKmsKeyOutput, ApiError> {
    let name = name(input.log_group_name())?;
    let arn = call.world.logs.groups.get(name).ok_or_else(missing)?.arn.clone();
    let kms_key = key(call, input.kms_key_id().unwrap_or_default(), &arn)?;
    if let Some(group) = call.world.logs.groups.get_mut(name) {
        group.kms_key = Some(kms_key);
    }
    Ok(AssociateKmsKeyOutput::builder().build())
}

/// CloudWatch Logs API reference, DeleteLogGroup.
pub(super) fn delete_log_group(
    call: &mut Call<'_>,
    input: &DeleteLogGroupInput,
) -> Result<DeleteLogGroupOutput, ApiError> {
    let (name, now) = (name(input.log_group_name())?, call.now);
    call.world.logs.groups.remove(name).ok_or_else(missing)?;
    call.world.logs.events.remove(name);
    call.world.logs.deleted.insert(name.to_owned(), now);
    Ok(DeleteLogGroupOutput::builder().build())
}
