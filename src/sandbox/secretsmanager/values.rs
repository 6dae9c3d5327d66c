//! Values and versions.

use aws_sdk_secretsmanager::operation::get_secret_value::{GetSecretValueInput, GetSecretValueOutput};
use aws_sdk_secretsmanager::operation::put_secret_value::{PutSecretValueInput, PutSecretValueOutput};
use aws_sdk_secretsmanager::operation::update_secret::{UpdateSecretInput, UpdateSecretOutput};
use aws_sdk_secretsmanager::operation::update_secret_version_stage::{
    UpdateSecretVersionStageInput, UpdateSecretVersionStageOutput,
};

use super::checks;
use super::state::{LIST_LAG, Secret, Version, secret, secret_mut};
use crate::rotator::stages::CURRENT;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// Secrets Manager API reference, GetSecretValue: the version `AWSCURRENT` where none is named.
pub(super) fn get_secret_value(
    call: &mut Call<'_>,
    input: &GetSecretValueInput,
) -> Result<GetSecretValueOutput, ApiError> {
    let secret = secret(call, input.secret_id())?.live()?;
    checks::decrypts(call, secret.key.as_deref())?;
    let by_stage = |stage: &str| secret.stages.get(stage).map(String::as_str);
    let version = match (input.version_id(), input.version_stage()) {
        // Both must speak of one version.
        (Some(id), stage) => Some(id).filter(|id| stage.is_none_or(|stage| by_stage(stage) == Some(*id))),
        (None, stage) => by_stage(stage.unwrap_or(CURRENT)),
    };
    let (id, found) = version.and_then(|id| secret.versions.get_key_value(id)).unzip();
    let text = found.and_then(|version| version.text.as_ref()).ok_or_else(|| {
        let message = "Secrets Manager can't find the specified secret value for the version or staging label.";
        ApiError::new("ResourceNotFoundException", message)
    })?;
    Ok(GetSecretValueOutput::builder()
        .arn(&secret.arn)
        .name(&secret.name)
        .set_version_id(id.cloned())
        .set_created_date(found.map(|version| version.created_at.datetime()))
        .secret_string(text)
        .build())
}

/// Secrets Manager API reference, UpdateSecret: a new text is a new version, whose id is the token; a token that was used with another text is
/// refused, since versions don't change.
pub(in crate::sandbox) fn update_secret(
    call: &mut Call<'_>,
    input: &UpdateSecretInput,
) -> Result<UpdateSecretOutput, ApiError> {
    let token = checks::token(call, input.client_request_token())?;
    let found = secret(call, input.secret_id())?.live()?;
    let description = input.description().map(|text| checks::description(Some(text))).transpose()?;
    checks::encrypts(call, input.kms_key_id().or(found.key.as_deref()))?;
    let version = match input.secret_string() {
        None => None,
        Some(text) => {
            unchanged(found, &token, text)?;
            Some((token, checks::text(Some(text))?.to_owned()))
        }
    };
    let (name, now) = (found.name.clone(), call.now);
    let lags = !call.durations().read_after_create.is_zero();
    let secret = secret_mut(call, &name)?;
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
    if let Some((id, text)) = version {
        secret.versions.entry(id.clone()).or_insert(Version { text: Some(text), created_at: now });
        secret.label(CURRENT, &id);
    }
    Ok(UpdateSecretOutput::builder().arn(&secret.arn).name(&secret.name).set_version_id(id).build())
}

/// Versions don't change.
fn unchanged(secret: &Secret, token: &str, text: &str) -> Result<(), ApiError> {
    match secret.versions.get(token).and_then(|version| version.text.as_deref()) {
        Some(present) if present != text => {
            let message = format!("You can't modify an existing version {token}, you can only create a new version.");
            Err(ApiError::new("ResourceExistsException", message))
        }
        _ => Ok(()),
    }
}

/// Secrets Manager API reference, PutSecretValue: the labels move to the new version, `AWSCURRENT` where none is named.
pub(in crate::sandbox) fn put_secret_value(
    call: &mut Call<'_>,
    input: &PutSecretValueInput,
) -> Result<PutSecretValueOutput, ApiError> {
    let token = checks::token(call, input.client_request_token())?;
    let text = checks::text(input.secret_string())?.to_owned();
    let found = secret(call, input.secret_id())?.live()?;
    checks::encrypts(call, found.key.as_deref())?;
    unchanged(found, &token, &text)?;
    let labels = match input.version_stages() {
        [] => vec![CURRENT.to_owned()],
        labels => labels.to_vec(),
    };
    checks::labels(&labels)?;
    let (name, now) = (found.name.clone(), call.now);
    let secret = secret_mut(call, &name)?;
    secret.changed_at = now;
    // A version that was announced keeps the time of its announcement.
    let version = secret.versions.entry(token.clone()).or_insert(Version { text: None, created_at: now });
    version.text = Some(text);
    for label in &labels {
        secret.label(label, &token);
    }
    let output = PutSecretValueOutput::builder().arn(&secret.arn).name(&secret.name).version_id(token);
    Ok(output.set_version_stages(Some(labels)).build())
}

/// Secrets Manager API reference, UpdateSecretVersionStage: a label that is on another version moves only if that one is named.
pub(in crate::sandbox) fn update_secret_version_stage(
    call: &mut Call<'_>,
    input: &UpdateSecretVersionStageInput,
) -> Result<UpdateSecretVersionStageOutput, ApiError> {
    let label = input.version_stage().unwrap_or_default().to_owned();
    checks::labels(std::slice::from_ref(&label))?;
    let found = secret(call, input.secret_id())?.live()?;
    let (to, from) = (input.move_to_version_id(), input.remove_from_version_id());
    let present = found.stages.get(&label).map(String::as_str);
    if to.is_some_and(|to| !found.versions.contains_key(to)) {
        return Err(ApiError::new("ResourceNotFoundException", "Secrets Manager can't find the specified version."));
    }
    if present.is_some() && present != from && present != to {
        return Err(checks::invalid(format!(
            "The parameter RemoveFromVersionId can't be empty or another version. Staging label {label} is currently attached to version \
             {}, so you must explicitly reference that version in RemoveFromVersionId.",
            present.unwrap_or_default()
        )));
    }
    if to.is_none() && label == CURRENT {
        return Err(checks::invalid("The staging label AWSCURRENT can't be removed, only moved."));
    }
    let (name, arn, to, now) = (found.name.clone(), found.arn.clone(), to.map(str::to_owned), call.now);
    let secret = secret_mut(call, &name)?;
    secret.changed_at = now;
    match to {
        Some(to) => secret.label(&label, &to),
        None => drop(secret.stages.remove(&label)),
    }
    Ok(UpdateSecretVersionStageOutput::builder().arn(arn).name(name).build())
}
