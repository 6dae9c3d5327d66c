//! Functions, made, changed and deleted.

use std::collections::BTreeMap;

use aws_sdk_lambda::operation::create_function::{CreateFunctionInput, CreateFunctionOutput};
use aws_sdk_lambda::operation::delete_function::{DeleteFunctionInput, DeleteFunctionOutput};
use aws_sdk_lambda::operation::update_function_code::{UpdateFunctionCodeInput, UpdateFunctionCodeOutput};
use aws_sdk_lambda::operation::update_function_configuration::{
    UpdateFunctionConfigurationInput, UpdateFunctionConfigurationOutput,
};
use aws_sdk_lambda::types::LoggingConfig;

use super::checks::{self, invalid};
use super::state::{Function, function};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// Lambda API reference, CreateFunction.
pub(super) fn create(call: &mut Call<'_>, input: &CreateFunctionInput) -> Result<CreateFunctionOutput, ApiError> {
    let name = checks::name(input.function_name())?.to_owned();
    if call.world.lambda.functions.contains_key(&name) {
        let message = format!("Function already exist: {name}");
        return Err(ApiError::new("ResourceConflictException", message).with_status(409));
    }
    if input.vpc_config().is_some() || input.package_type().is_some() {
        return Err(invalid("The sandbox simulates functions outside of VPCs, in ZIP archives."));
    }
    let arn = call.arn("lambda", &format!("function:{name}"));
    let code = input.code().and_then(|code| code.zip_file()).map(AsRef::as_ref);
    let (digest, size) = checks::package(code)?;
    let role = input.role().unwrap_or_default();
    checks::role(call, role, &arn)?;
    let (memory, timeout) = (input.memory_size().unwrap_or(128), input.timeout().unwrap_or(3));
    checks::limits(memory, timeout)?;
    if input.handler().is_none() {
        return Err(invalid("Handler is required for ZIP archives."));
    }
    let made = Function {
        arn: arn.clone(),
        description: input.description().unwrap_or_default().to_owned(),
        created_at: call.now,
        active_at: call.now + call.durations().lambda_active,
        updated_at: call.now,
        digest,
        size,
        architecture: checks::architecture(input.architectures())?,
        runtime: checks::runtime(input.runtime())?,
        role: role.to_owned(),
        memory,
        timeout,
        environment: checks::variables(input.environment())?,
        log_group: checks::log_group(call, input.logging_config().and_then(LoggingConfig::log_group))?,
        permissions: BTreeMap::new(),
        tags: checks::tags(input.tags())?,
        invocations: 0,
        errors: Vec::new(),
        name: name.clone(),
    };
    call.world.lambda.functions.insert(name.clone(), made);
    Ok(CreateFunctionOutput::builder().function_name(name).function_arn(arn).build())
}

fn put(call: &mut Call<'_>, mut changed: Function) {
    changed.updated_at = call.now + call.durations().lambda_active;
    call.world.lambda.functions.insert(changed.name.clone(), changed);
}

/// Lambda API reference, UpdateFunctionCode.
pub(super) fn update_code(
    call: &mut Call<'_>,
    input: &UpdateFunctionCodeInput,
) -> Result<UpdateFunctionCodeOutput, ApiError> {
    let mut it = function(call, input.function_name())?.at_rest(call.now)?.clone();
    (it.digest, it.size) = checks::package(input.zip_file().map(AsRef::as_ref))?;
    if !input.architectures().is_empty() {
        it.architecture = checks::architecture(input.architectures())?;
    }
    let output = UpdateFunctionCodeOutput::builder().function_name(&it.name).code_sha256(&it.digest);
    put(call, it);
    Ok(output.build())
}

/// Lambda API reference, UpdateFunctionConfiguration: what is not given stays.
pub(super) fn update_configuration(
    call: &mut Call<'_>,
    input: &UpdateFunctionConfigurationInput,
) -> Result<UpdateFunctionConfigurationOutput, ApiError> {
    let mut it = function(call, input.function_name())?.at_rest(call.now)?.clone();
    if let Some(role) = input.role() {
        checks::role(call, role, &it.arn)?;
        role.clone_into(&mut it.role);
    }
    it.memory = input.memory_size().unwrap_or(it.memory);
    it.timeout = input.timeout().unwrap_or(it.timeout);
    checks::limits(it.memory, it.timeout)?;
    if let Some(description) = input.description() {
        description.clone_into(&mut it.description);
    }
    if input.environment().is_some() {
        it.environment = checks::variables(input.environment())?;
    }
    if input.logging_config().is_some() {
        it.log_group = checks::log_group(call, input.logging_config().and_then(LoggingConfig::log_group))?;
    }
    if input.runtime().is_some() {
        it.runtime = checks::runtime(input.runtime())?;
    }
    let output = UpdateFunctionConfigurationOutput::builder().function_name(&it.name);
    put(call, it);
    Ok(output.build())
}

/// Lambda API reference, DeleteFunction.
pub(super) fn delete(call: &mut Call<'_>, input: &DeleteFunctionInput) -> Result<DeleteFunctionOutput, ApiError> {
    let name = function(call, input.function_name())?.name.clone();
    call.world.lambda.functions.remove(&name);
    Ok(DeleteFunctionOutput::builder().build())
}
