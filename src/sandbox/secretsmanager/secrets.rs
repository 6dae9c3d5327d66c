//! Secrets, made and deleted.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_secretsmanager::operation::create_secret::{CreateSecretInput, CreateSecretOutput};
use aws_sdk_secretsmanager::operation::delete_secret::{DeleteSecretInput, DeleteSecretOutput};

use super::checks::{self, invalid};
use super::state::{Secret, secret};
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::tag_rules::{self, Refusals};
use crate::sandbox::world::Tags;

/// How long a deletion without recovery takes: it is asynchronous (Secrets Manager API reference, DeleteSecret). Estimate.
const FORCED: Duration = Duration::from_secs(3);
const DAY: Duration = Duration::from_secs(24 * 3600);

const TAGS: Refusals = Refusals { invalid: "InvalidParameterException", too_many: "InvalidParameterException" };

/// Secrets Manager API reference, CreateSecret.
pub(super) fn create_secret(call: &mut Call<'_>, input: &CreateSecretInput) -> Result<CreateSecretOutput, ApiError> {
    let name = checks::name(input.name())?;
    let token = checks::token(call, input.client_request_token())?;
    let text = checks::text(input.secret_string())?;
    let description = checks::description(input.description())?;
    let tags = tag_rules::merged(&Tags::new(), input.tags().iter().map(|tag| (tag.key(), tag.value())), &TAGS)?;
    if let Some(present) = call.world.secretsmanager.secrets.get(name) {
        return again(present, &token, text);
    }
    checks::encrypts(call, input.kms_key_id())?;
    // "This value helps ensure idempotency. Secrets Manager uses this value to prevent the accidental creation of duplicate versions":
    // Secrets Manager API reference, CreateSecret. Nothing there says that a deletion makes a value new again.
    if !call.world.secretsmanager.tokens.insert((name.to_owned(), token.clone())) {
        let message = format!("The request with the token {token} has been carried out already.");
        return Err(ApiError::new("ResourceExistsException", message));
    }
    let suffix = call.alphanumeric(6);
    let made = Secret {
        name: name.to_owned(),
        arn: call.arn("secretsmanager", &format!("secret:{name}-{suffix}")),
        description: description.to_owned(),
        listed: None,
        key: input.kms_key_id().map(str::to_owned),
        created_at: call.now,
        changed_at: call.now,
        deleted_at: None,
        gone_at: None,
        versions: BTreeMap::from([(token.clone(), text.to_owned())]),
        current: token,
        previous: None,
        tags,
    };
    let output = created(&made);
    call.world.secretsmanager.secrets.insert(name.to_owned(), made);
    Ok(output)
}

/// A name that is taken. The same token with the same text is the same request: "if a version with this ClientRequestToken already exists and
/// the version's SecretString is the same as those in the request, then the request is ignored".
fn again(present: &Secret, token: &str, text: &str) -> Result<CreateSecretOutput, ApiError> {
    if present.deleted_at.is_some() {
        let message = "You can't create this secret because a secret with this name is already scheduled for deletion.";
        return Err(ApiError::new("InvalidRequestException", message));
    }
    if present.versions.get(token).is_some_and(|version| version == text) {
        return Ok(created(present));
    }
    let message = format!("The operation failed because the secret {} already exists.", present.name);
    Err(ApiError::new("ResourceExistsException", message))
}

fn created(secret: &Secret) -> CreateSecretOutput {
    CreateSecretOutput::builder().arn(&secret.arn).name(&secret.name).version_id(&secret.current).build()
}

/// Secrets Manager API reference, DeleteSecret: 30 days where nothing else is said. A deletion without recovery is also accepted for a secret
/// that is already scheduled for deletion.
pub(super) fn delete_secret(call: &mut Call<'_>, input: &DeleteSecretInput) -> Result<DeleteSecretOutput, ApiError> {
    let found = secret(call, input.secret_id())?;
    let forced = input.force_delete_without_recovery() == Some(true);
    let gone_at = match (forced, input.recovery_window_in_days()) {
        (true, Some(_)) => {
            return Err(invalid("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."));
        }
        (true, None) => {
            let instant = call.durations().read_after_create.is_zero();
            call.now + if instant { Duration::ZERO } else { FORCED }
        }
        (false, days) => {
            let days = days.unwrap_or(30);
            if !(7..=30).contains(&days) {
                return Err(invalid("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."));
            }
            found.live()?;
            call.now + DAY * u32::try_from(days).unwrap_or(30)
        }
    };
    // A second order of the same kind doesn't put the end off.
    let gone_at = found.gone_at.map_or(gone_at, |earlier: Moment| earlier.min(gone_at));
    let (name, arn, now) = (found.name.clone(), found.arn.clone(), call.now);
    if let Some(secret) = call.world.secretsmanager.secrets.get_mut(&name) {
        (secret.deleted_at, secret.gone_at) = (Some(now), Some(gone_at));
    }
    Ok(DeleteSecretOutput::builder().arn(arn).name(name).deletion_date(gone_at.datetime()).build())
}
