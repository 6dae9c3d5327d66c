//! The errors of ECS. ECS API reference, "Common errors" and each operation's own.

use crate::sandbox::error::ApiError;

/// What is wrong with a task definition.
pub fn client(message: impl Into<String>) -> ApiError {
    ApiError::new("ClientException", message)
}

/// What is wrong with a parameter of a service or a cluster.
pub fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

/// There is no such cluster.
pub fn no_cluster() -> ApiError {
    ApiError::new("ClusterNotFoundException", "Cluster not found.")
}

/// There is no such service.
pub fn no_service() -> ApiError {
    ApiError::new("ServiceNotFoundException", "Service not found.")
}

/// The service is on its way out, or gone.
pub fn not_active() -> ApiError {
    ApiError::new("ServiceNotActiveException", "Service was not ACTIVE.")
}

/// Refuses parameters that the simulation would have to ignore.
pub fn unsupported(parameters: &[(&str, bool)]) -> Result<(), ApiError> {
    match parameters.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((name, _)) => {
            Err(ApiError::new("UnsupportedFeatureException", format!("The sandbox does not simulate {name}.")))
        }
    }
}

/// A parameter that must be there.
pub fn required<T>(value: Option<T>, message: &str) -> Result<T, ApiError> {
    value.ok_or_else(|| invalid(message))
}
