//! Tables, made and changed.

use std::time::Duration;

use aws_sdk_dynamodb::operation::create_table::{CreateTableInput, CreateTableOutput};
use aws_sdk_dynamodb::operation::delete_table::{DeleteTableInput, DeleteTableOutput};
use aws_sdk_dynamodb::operation::update_table::{UpdateTableInput, UpdateTableOutput};

use super::checks::{self, invalid};
use super::describe::description;
use super::state::{Table, table, table_mut};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::tag_rules::{self, Refusals};
use crate::sandbox::world::Tags;

/// How long a change of the key takes. Estimate.
const UPDATE: Duration = Duration::from_secs(5);

const TAGS: Refusals = Refusals { invalid: "ValidationException", too_many: "ValidationException" };

/// DynamoDB API reference, CreateTable.
pub(super) fn create_table(call: &mut Call<'_>, input: &CreateTableInput) -> Result<CreateTableOutput, ApiError> {
    let name = checks::name(input.table_name())?;
    checks::unsupported(input)?;
    let (partition_key, sort_key) = checks::keys(input)?;
    let tags = input.tags().iter().map(|tag| (Some(tag.key()), Some(tag.value())));
    let tags = tag_rules::merged(&Tags::new(), tags, &TAGS)?;
    if let Some(present) = call.world.dynamodb.tables.get(name) {
        let message = match present.gone_at {
            None => format!("Table already exists: {name}"),
            Some(_) => {
                format!("Attempt to change a resource which is still in use: Table is being deleted: {name}")
            }
        };
        return Err(ApiError::new("ResourceInUseException", message));
    }
    let made = Table {
        name: name.to_owned(),
        arn: call.arn("dynamodb", &format!("table/{name}")),
        id: call.uuid(),
        created_at: call.now,
        active_at: call.now + call.durations().table_active,
        updated_at: call.now,
        gone_at: None,
        partition_key,
        sort_key,
        key: checks::key(call, input.sse_specification())?,
        deletion_protection: input.deletion_protection_enabled().unwrap_or_default(),
        point_in_time_recovery: false,
        tags,
    };
    let output = CreateTableOutput::builder().table_description(description(&made, call.now)?);
    call.world.dynamodb.tables.insert(name.to_owned(), made);
    Ok(output.build())
}

/// DynamoDB API reference, UpdateTable: "You can only perform one of the following operations at once".
pub(super) fn update_table(call: &mut Call<'_>, input: &UpdateTableInput) -> Result<UpdateTableOutput, ApiError> {
    let (now, found) = (call.now, table(call, input.table_name())?);
    found.at_rest(now)?;
    let key = checks::key(call, input.sse_specification())?;
    match (input.sse_specification().is_some(), input.deletion_protection_enabled()) {
        (true, None) => {
            if key == found.key {
                // The words of the service, as by experience.
                return Err(invalid(
                    "One or more parameter values were invalid: Table is already encrypted by given KMSMasterKeyId",
                ));
            }
            let takes = if call.durations().table_active.is_zero() { Duration::ZERO } else { UPDATE };
            let table = table_mut(call, input.table_name())?;
            (table.key, table.updated_at) = (key, now + takes);
        }
        (false, Some(protection)) => table_mut(call, input.table_name())?.deletion_protection = protection,
        (true, Some(_)) => return Err(invalid("Only one kind of change is allowed in a call.")),
        (false, None) => return Err(invalid("The sandbox simulates changes of encryption and deletion protection.")),
    }
    let description = description(table(call, input.table_name())?, now)?;
    Ok(UpdateTableOutput::builder().table_description(description).build())
}

/// DynamoDB API reference, DeleteTable: refused while it is made or changed; no error where it is being deleted already.
pub(super) fn delete_table(call: &mut Call<'_>, input: &DeleteTableInput) -> Result<DeleteTableOutput, ApiError> {
    let (now, gone_at) = (call.now, call.now + call.durations().table_deleted);
    let found = table(call, input.table_name())?;
    if found.gone_at.is_none() {
        found.at_rest(now)?;
        if found.deletion_protection {
            return Err(invalid(
                "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
            ));
        }
        table_mut(call, input.table_name())?.gone_at = Some(gone_at);
    }
    let description = description(table(call, input.table_name())?, now)?;
    Ok(DeleteTableOutput::builder().table_description(description).build())
}
