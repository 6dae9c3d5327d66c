//! What Secrets Manager refuses by form alone, and how it uses keys.

use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::kms;

/// Secrets Manager User Guide, "AWS Secrets Manager quotas".
const LARGEST: usize = 65_536;

pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

/// Secrets Manager API reference, CreateSecret, Name.
pub(super) fn name(value: Option<&str>) -> Result<&str, ApiError> {
    let name = value.unwrap_or_default();
    let formed = name.chars().all(|c| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c));
    if (1..=512).contains(&name.len()) && formed {
        return Ok(name);
    }
    let message =
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!";
    Err(ApiError::new("ValidationException", message))
}

/// Secrets Manager API reference, CreateSecret, ClientRequestToken. Where the caller gives none, the SDK does: after the sandbox has taken the
/// input.
pub(super) fn token(call: &mut Call<'_>, value: Option<&str>) -> Result<String, ApiError> {
    match value.map(str::len) {
        None => Ok(call.uuid()),
        Some(32..=64) => Ok(value.unwrap_or_default().to_owned()),
        Some(_) => Err(invalid("ClientRequestToken must be 32-64 characters long.")),
    }
}

/// A text for a secret.
pub(super) fn text(value: Option<&str>) -> Result<&str, ApiError> {
    let text = value.unwrap_or_default();
    match text.len() {
        1..=LARGEST => Ok(text),
        _ => Err(invalid(
            "You must provide SecretString with 1 to 65536 bytes; the sandbox does not simulate SecretBinary.",
        )),
    }
}

/// A description.
pub(super) fn description(value: Option<&str>) -> Result<&str, ApiError> {
    let text = value.unwrap_or_default();
    if text.chars().count() <= 2048 {
        Ok(text)
    } else {
        Err(invalid("Description must be at most 2048 characters long."))
    }
}

/// A key that can encrypt. Secrets Manager API reference, EncryptionFailure: "Check that the KMS key is available, enabled, and not in an
/// invalid state."
pub(super) fn encrypts(call: &Call<'_>, key: Option<&str>) -> Result<(), ApiError> {
    let message = "Secrets Manager can't encrypt the protected secret text using the provided KMS key.";
    let usable = key.map(|key| kms::usable(call, key)).transpose();
    usable.map(|_| ()).map_err(|_| ApiError::new("EncryptionFailure", message))
}

/// A key that can decrypt.
pub(super) fn decrypts(call: &Call<'_>, key: Option<&str>) -> Result<(), ApiError> {
    let message = "Secrets Manager can't decrypt the protected secret text using the provided KMS key.";
    let usable = key.map(|key| kms::usable(call, key)).transpose();
    usable.map(|_| ()).map_err(|_| ApiError::new("DecryptionFailure", message))
}

/// Staging labels. Secrets Manager API reference, PutSecretValue, VersionStages: 1 to 20, of 1 to 256 characters each.
pub(super) fn labels(labels: &[String]) -> Result<(), ApiError> {
    let sized = |label: &String| (1..=256).contains(&label.len());
    match (1..=20).contains(&labels.len()) && labels.iter().all(sized) {
        true => Ok(()),
        false => Err(invalid("VersionStages must hold 1 to 20 labels of 1 to 256 characters.")),
    }
}
