//! Functions, described.

use aws_sdk_lambda::operation::get_function::{GetFunctionInput, GetFunctionOutput};
use aws_sdk_lambda::operation::get_function_configuration::{
    GetFunctionConfigurationInput, GetFunctionConfigurationOutput,
};
use aws_sdk_lambda::types::{
    Architecture, EnvironmentResponse, FunctionConfiguration, LastUpdateStatus, LogFormat, LoggingConfig, Runtime,
    State,
};

use super::state::{Function, function};
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;

fn state(it: &Function, now: Moment) -> (State, LastUpdateStatus) {
    let state = if now < it.active_at { State::Pending } else { State::Active };
    let resting = now >= it.active_at && now >= it.updated_at;
    (state, if resting { LastUpdateStatus::Successful } else { LastUpdateStatus::InProgress })
}

/// Lambda API reference, GetFunction.
pub(super) fn get_function(call: &mut Call<'_>, input: &GetFunctionInput) -> Result<GetFunctionOutput, ApiError> {
    let it = function(call, input.function_name())?;
    let (state, update) = state(it, call.now);
    let environment = EnvironmentResponse::builder().set_variables(Some(it.environment.clone().into_iter().collect()));
    let configuration = FunctionConfiguration::builder()
        .function_name(&it.name)
        .function_arn(&it.arn)
        .description(&it.description)
        .state(state)
        .last_update_status(update)
        .code_sha256(&it.digest)
        .code_size(it.size)
        .architectures(Architecture::from(it.architecture.as_str()))
        .runtime(Runtime::from(it.runtime.as_str()))
        .role(&it.role)
        .handler("bootstrap")
        .memory_size(it.memory)
        .timeout(it.timeout)
        .environment(environment.build())
        .logging_config(LoggingConfig::builder().log_format(LogFormat::Text).log_group(&it.log_group).build())
        .build();
    let tags = it.tags.clone().into_iter().collect();
    Ok(GetFunctionOutput::builder().configuration(configuration).set_tags(Some(tags)).build())
}

/// Lambda API reference, GetFunctionConfiguration.
pub(super) fn get_function_configuration(
    call: &mut Call<'_>,
    input: &GetFunctionConfigurationInput,
) -> Result<GetFunctionConfigurationOutput, ApiError> {
    let it = function(call, input.function_name())?;
    let (state, update) = state(it, call.now);
    Ok(GetFunctionConfigurationOutput::builder()
        .function_name(&it.name)
        .function_arn(&it.arn)
        .state(state)
        .last_update_status(update)
        .code_sha256(&it.digest)
        .architectures(Architecture::from(it.architecture.as_str()))
        .build())
}
