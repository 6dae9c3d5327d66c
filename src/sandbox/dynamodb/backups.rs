//! Point-in-time recovery.

use std::time::Duration;

use aws_sdk_dynamodb::operation::describe_continuous_backups::{
    DescribeContinuousBackupsInput, DescribeContinuousBackupsOutput,
};
use aws_sdk_dynamodb::operation::update_continuous_backups::{
    UpdateContinuousBackupsInput, UpdateContinuousBackupsOutput,
};
use aws_sdk_dynamodb::types::{
    ContinuousBackupsDescription, ContinuousBackupsStatus, PointInTimeRecoveryDescription, PointInTimeRecoveryStatus,
};

use super::state::{Table, table, table_mut};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// How long after it is active a table has its continuous backups. Seconds by experience.
const ENABLING: Duration = Duration::from_secs(2);

/// A table by name; these two calls have an error code of their own.
fn named(call: &Call<'_>, name: Option<&str>) -> Result<Table, ApiError> {
    let missing = |_| ApiError::new("TableNotFoundException", format!("Table not found: {}", name.unwrap_or_default()));
    table(call, name).cloned().map_err(missing)
}

/// DynamoDB API reference, UpdateContinuousBackups: `ContinuousBackupsUnavailableException` while backups are "not yet enabled".
pub(super) fn update_continuous_backups(
    call: &mut Call<'_>,
    input: &UpdateContinuousBackupsInput,
) -> Result<UpdateContinuousBackupsOutput, ApiError> {
    let found = named(call, input.table_name())?;
    let enabled_at = if found.active_at == found.created_at { found.active_at } else { found.active_at + ENABLING };
    if call.now < enabled_at {
        let message = format!("Backups are being enabled for the table: {}. Please retry later", found.name);
        return Err(ApiError::new("ContinuousBackupsUnavailableException", message));
    }
    let wanted = input.point_in_time_recovery_specification();
    let wanted =
        wanted.ok_or_else(|| ApiError::new("ValidationException", "PointInTimeRecoverySpecification is required"))?;
    let table = table_mut(call, input.table_name())?;
    table.point_in_time_recovery = wanted.point_in_time_recovery_enabled();
    let description = description(table)?;
    Ok(UpdateContinuousBackupsOutput::builder().continuous_backups_description(description).build())
}

pub(super) fn describe_continuous_backups(
    call: &mut Call<'_>,
    input: &DescribeContinuousBackupsInput,
) -> Result<DescribeContinuousBackupsOutput, ApiError> {
    let description = description(&named(call, input.table_name())?)?;
    Ok(DescribeContinuousBackupsOutput::builder().continuous_backups_description(description).build())
}

fn description(table: &Table) -> Result<ContinuousBackupsDescription, ApiError> {
    let status = match table.point_in_time_recovery {
        true => PointInTimeRecoveryStatus::Enabled,
        false => PointInTimeRecoveryStatus::Disabled,
    };
    let recovery = PointInTimeRecoveryDescription::builder().point_in_time_recovery_status(status);
    Ok(ContinuousBackupsDescription::builder()
        .continuous_backups_status(ContinuousBackupsStatus::Enabled)
        .point_in_time_recovery_description(recovery.build())
        .build()?)
}
