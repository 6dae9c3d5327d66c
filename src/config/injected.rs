//! The environment variables that the platform gives to an application. The configuration may not set them.

use super::service::Service;

/// The port that the application listens on.
pub const PORT: &str = "PORT";
/// The address that the application listens on: loopback, since nobody but its sidecar is to reach it.
pub const HOST: &str = "HOST";
/// The service's name.
pub const SERVICE_NAME: &str = "SERVICE_NAME";
/// The environment's suffix.
pub const ENVIRONMENT_SUFFIX: &str = "ENVIRONMENT_SUFFIX";
/// The service's bucket.
pub const BUCKET_NAME: &str = "BUCKET_NAME";
/// The service's table.
pub const TABLE_NAME: &str = "TABLE_NAME";
/// The database user, from the service's secret.
pub const DATABASE_USERNAME: &str = "DATABASE_USERNAME";
/// The database password, from the service's secret.
pub const DATABASE_PASSWORD: &str = "DATABASE_PASSWORD";

/// What ECS and Fargate set themselves (ECS Developer Guide, task metadata endpoint and task IAM roles), and static
/// credentials, which would take precedence over the task role.
const SET_BY_AWS: [&str; 10] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_EXECUTION_ENV",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "ECS_AGENT_URI",
    "ECS_CONTAINER_METADATA_URI",
    "ECS_CONTAINER_METADATA_URI_V4",
];

/// The variable that holds the address of a called service: `ACCOUNTS_URL` for `accounts`.
pub fn callee_url(callee: &str) -> String {
    format!("{}_URL", callee.to_uppercase().replace('-', "_"))
}

/// Who sets the variable `name` in the application of `service`; `None` if it is free.
pub fn owner(service: &Service, name: &str) -> Option<String> {
    if let Some(callee) = service.calls.iter().find(|callee| callee_url(callee) == name) {
        return Some(format!("the address of `{callee}`, which this service calls"));
    }
    let what = match name {
        PORT => "the service's `port`",
        HOST => "the address to listen on",
        SERVICE_NAME => "the service's name",
        ENVIRONMENT_SUFFIX => "the environment's suffix",
        BUCKET_NAME if service.bucket => "the name of the service's bucket",
        TABLE_NAME if service.table.is_some() => "the name of the service's table",
        DATABASE_USERNAME | DATABASE_PASSWORD if service.credentials => "the service's database credentials",
        _ if SET_BY_AWS.contains(&name) => "what AWS gives to each task, its role's credentials among it",
        _ => return None,
    };
    Some(what.into())
}
