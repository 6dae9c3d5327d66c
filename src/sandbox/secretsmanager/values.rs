//! Values and versions.

use aws_sdk_secretsmanager::operation::get_secret_value::{GetSecretValueInput, GetSecretValueOutput};
use aws_sdk_secretsmanager::operation::update_secret::{UpdateSecretInput, UpdateSecretOutput};

use super::checks;
use super::state::{LIST_LAG, secret};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// Secrets Manager API reference, GetSecretValue: the version `AWSCURRENT` where none is named.
pub(super) fn get_secret_value(
    call: &mut Call<'_>,
    input: &GetSecretValueInput,
) -> Result<GetSecretValueOutput, ApiError> {
    let secret = secret(call, input.secret_id())?.live()?;
    checks::decrypts(call, secret.key.as_deref())?;
    let by_stage = |stage: &str| secret.stages().into_iter().find(|(_, of)| *of == stage).map(|(id, _)| id);
    let version = match input.version_id() {
        Some(id) => Some(id),
        None => by_stage(input.version_stage().unwrap_or("AWSCURRENT")),
    };
    let text = version.and_then(|id| secret.versions.get(id)).ok_or_else(|| {
        let message = "Secrets Manager can't find the specified secret value for the version or staging label.";
        ApiError::new("ResourceNotFoundException", message)
    })?;
    Ok(GetSecretValueOutput::builder()
        .arn(&secret.arn)
        .name(&secret.name)
        .set_version_id(version.map(str::to_owned))
        .secret_string(text)
        .build())
}

/// Secrets Manager API reference, UpdateSecret: a new text is a new version, whose id is the token; a token that was used with another text is
/// refused, since versions don't change.
pub(super) fn update_secret(call: &mut Call<'_>, input: &UpdateSecretInput) -> Result<UpdateSecretOutput, ApiError> {
    let token = checks::token(call, input.client_request_token())?;
    let found = secret(call, input.secret_id())?.live()?;
    let description = input.description().map(|text| checks::description(Some(text))).transpose()?;
    checks::encrypts(call, input.kms_key_id().or(found.key.as_deref()))?;
    let version = match input.secret_string() {
        None => None,
        Some(text) => {
            if found.versions.get(&token).is_some_and(|present| present != text) {
                let message =
                    format!("You can't modify an existing version {token}, you can only create a new version.");
                return Err(ApiError::new("ResourceExistsException", message));
            }
            Some((token, checks::text(Some(text))?.to_owned()))
        }
    };
    let (name, now) = (found.name.clone(), call.now);
    let lags = !call.durations().read_after_create.is_zero();
    let state = &mut *call.world.secretsmanager;
    let secret = state.secrets.get_mut(&name);
    let secret =
        secret.ok_or_else(|| ApiError::new("InternalServiceError", "An error occurred on the server side."))?;
    secret.changed_at = now;
    if let Some(text) = description {
        let former = std::mem::replace(&mut secret.description, text.to_owned());
        if lags {
            secret.listed = Some((former, now + LIST_LAG));
        }
    }
    if let Some(key) = input.kms_key_id() {
        secret.key = Some(key.to_owned());
    }
    let id = version.as_ref().map(|(id, _)| id.clone());
    if let Some((id, text)) = version.filter(|(id, _)| *id != secret.current) {
        secret.versions.insert(id.clone(), text);
        secret.previous = Some(std::mem::replace(&mut secret.current, id));
    }
    Ok(UpdateSecretOutput::builder().arn(&secret.arn).name(&secret.name).set_version_id(id).build())
}
