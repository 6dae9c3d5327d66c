//! ECS Exec: who may be let into which container. Nothing listens at the session's address.

use aws_sdk_ecs::operation::execute_command::{ExecuteCommandInput, ExecuteCommandOutput};
use aws_sdk_ecs::types::Session;

use super::problem::{invalid, required};
use super::{cluster, names};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// ECS API reference, ExecuteCommand.
pub(super) fn execute(call: &mut Call<'_>, input: &ExecuteCommandInput) -> Result<ExecuteCommandOutput, ApiError> {
    let cluster = cluster::find(call, input.cluster())?.name.clone();
    let id = names::short(required(input.task(), "task cannot be empty.")?).to_owned();
    required(input.command().filter(|command| !command.is_empty()), "command cannot be empty.")?;
    if input.interactive() != Some(true) {
        return Err(invalid("Interactive is the only mode supported currently."));
    }
    let found = call.world.ecs.tasks.values().find(|task| task.cluster == cluster && task.id() == id).cloned();
    let task = found.ok_or_else(|| invalid("The referenced task was not found."))?;
    let enabled = call.world.ecs.revisions.get(&task.revision).is_some_and(|it| it.settings.execute_command);
    if task.last_status(call.now) != "RUNNING" || !enabled {
        return Err(ApiError::new(
            "InvalidParameterException",
            "The execute command failed because execute command was not enabled when the task was run or the execute command \
             agent isn't running. Wait and try again or run a new task with execute command enabled and try again.",
        ));
    }
    let container = required(input.container(), "container cannot be empty.")?.to_owned();
    let definition = call.world.ecs.task_definitions.get(&task.task_definition);
    if definition.is_none_or(|it| it.container(&container).is_none()) {
        return Err(invalid(format!("The container {container} does not exist in the task.")));
    }
    let session = format!("ecs-execute-command-{}", call.hex(17));
    let url = format!("wss://ssmmessages.{}.amazonaws.com/v1/data-channel/{session}", call.region());
    let token = call.hex(64);
    let session = Session::builder().session_id(session).stream_url(url).token_value(token).build();
    Ok(ExecuteCommandOutput::builder()
        .cluster_arn(call.arn("ecs", &format!("cluster/{cluster}")))
        .task_arn(&task.arn)
        .container_name(container)
        .interactive(true)
        .session(session)
        .build())
}
