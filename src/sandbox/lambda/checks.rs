//! What Lambda refuses.

use std::collections::{BTreeMap, HashMap};
use std::io::Cursor;

use aws_sdk_lambda::types::{Architecture, Environment, Runtime};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::iam;
use crate::sandbox::tag_rules::{self, Refusals};
use crate::sandbox::world::Tags;

/// Lambda quotas: 50 MB zipped, when uploaded directly; 4 KB of variables.
const LARGEST: usize = 50 * 1024 * 1024;
const MOST_VARIABLES: usize = 4096;

pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterValueException", message)
}

/// Lambda API reference, CreateFunction, FunctionName.
pub(super) fn name(value: Option<&str>) -> Result<&str, ApiError> {
    let name = value.unwrap_or_default();
    let formed = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if formed && (1..=64).contains(&name.len()) {
        return Ok(name);
    }
    Err(ApiError::new("ValidationException", format!("'{name}' at 'functionName' does not name a function")))
}

/// Digest and size of a package, which is a ZIP archive with a program in it that Lambda may run (Lambda developer guide, "Building a custom
/// runtime": `bootstrap`).
pub(super) fn package(bytes: Option<&[u8]>) -> Result<(String, i64), ApiError> {
    let bytes = bytes.ok_or_else(|| invalid("Please provide a source for function code."))?;
    if bytes.len() > LARGEST {
        let message = "Request must be smaller than 70167211 bytes for the CreateFunction operation";
        return Err(ApiError::new("RequestEntityTooLargeException", message).with_status(413));
    }
    let unzipped = || invalid("Could not unzip uploaded file. Please check your file, then try to upload again.");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| unzipped())?;
    let bootstrap =
        archive.by_name("bootstrap").map_err(|_| invalid("The sandbox expects a program named bootstrap."))?;
    if bootstrap.unix_mode().is_none_or(|mode| mode & 0o111 == 0) {
        return Err(invalid(
            "The sandbox expects bootstrap to be executable: Lambda would fail with exec format error or permission denied.",
        ));
    }
    Ok((STANDARD.encode(Sha256::digest(bytes)), i64::try_from(bytes.len()).unwrap_or(i64::MAX)))
}

/// The role can be assumed, by now. Lambda's words, as in the Terraform provider's `function.go`.
pub(super) fn role(call: &Call<'_>, arn: &str, function_arn: &str) -> Result<(), ApiError> {
    let refused = || invalid("The role defined for the function cannot be assumed by Lambda.");
    iam::assumable(call, arn, "lambda.amazonaws.com", function_arn).map_err(|_| refused())
}

pub(super) fn runtime(value: Option<&Runtime>) -> Result<String, ApiError> {
    match value.map(Runtime::as_str) {
        Some(runtime @ "provided.al2023") => Ok(runtime.to_owned()),
        other => Err(invalid(format!("The sandbox simulates the runtime provided.al2023, not {other:?}."))),
    }
}

pub(super) fn architecture(values: &[Architecture]) -> Result<String, ApiError> {
    match values.iter().map(Architecture::as_str).collect::<Vec<_>>().as_slice() {
        [] => Ok("x86_64".to_owned()),
        [one @ ("x86_64" | "arm64")] => Ok((*one).to_owned()),
        _ => Err(invalid("Architectures must be x86_64 or arm64.")),
    }
}

/// Lambda API reference, CreateFunction: 128 to 10240 MiB, 1 to 900 s.
pub(super) fn limits(memory: i32, timeout: i32) -> Result<(), ApiError> {
    if (128..=10_240).contains(&memory) && (1..=900).contains(&timeout) {
        return Ok(());
    }
    Err(ApiError::new("ValidationException", "MemorySize must be 128 to 10240, and Timeout 1 to 900."))
}

/// Lambda developer guide, "Using Lambda environment variables".
pub(super) fn variables(environment: Option<&Environment>) -> Result<BTreeMap<String, String>, ApiError> {
    const RESERVED: [&str; 4] = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "_HANDLER"];
    let variables: BTreeMap<String, String> =
        environment.and_then(Environment::variables).cloned().unwrap_or_default().into_iter().collect();
    if let Some(name) = variables.keys().find(|name| RESERVED.contains(&name.as_str())) {
        return Err(invalid(format!(
            "Lambda was unable to configure your environment variables because {name} is reserved"
        )));
    }
    let size: usize = variables.iter().map(|(name, value)| name.len() + value.len()).sum();
    match size <= MOST_VARIABLES {
        true => Ok(variables),
        false => Err(invalid(
            "Lambda was unable to configure your environment variables because they exceeded the 4KB limit.",
        )),
    }
}

/// The log group is there: the function's role may make streams and no groups.
pub(super) fn log_group(call: &Call<'_>, wanted: Option<&str>) -> Result<String, ApiError> {
    let name = wanted.ok_or_else(|| invalid("The sandbox expects a log group to be named."))?;
    match call.world.logs.groups.contains_key(name) {
        true => Ok(name.to_owned()),
        false => Err(invalid(format!("The sandbox expects the log group {name} to be there."))),
    }
}

const TAGS: Refusals =
    Refusals { invalid: "InvalidParameterValueException", too_many: "InvalidParameterValueException" };

pub(super) fn tags(given: Option<&HashMap<String, String>>) -> Result<Tags, ApiError> {
    let pairs = given.into_iter().flatten().map(|(key, value)| (Some(key.as_str()), Some(value.as_str())));
    tag_rules::merged(&Tags::new(), pairs, &TAGS)
}
