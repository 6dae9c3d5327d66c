//! Rotations: Secrets Manager calls a function with four steps, one after the other.

use std::time::Duration;

use aws_sdk_secretsmanager::operation::cancel_rotate_secret::{CancelRotateSecretInput, CancelRotateSecretOutput};
use aws_sdk_secretsmanager::operation::rotate_secret::{RotateSecretInput, RotateSecretOutput};

use super::checks::{self, invalid};
use super::state::{Rotation, Secret, UnderWay, Version, secret, secret_mut};
use crate::rotator::stages::{CURRENT, PENDING};
use crate::rotator::{Event, Step};
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::lambda;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// How often the whole is tried, and the pause before it is tried again. Secrets Manager repeats "multiple times" (Secrets Manager user
/// guide, "Troubleshoot AWS Secrets Manager rotation"), which is five times by experience.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_secs(60);

/// Secrets Manager API reference, RotateSecret.
pub(super) fn rotate_secret(call: &mut Call<'_>, input: &RotateSecretInput) -> Result<RotateSecretOutput, ApiError> {
    let token = checks::token(call, input.client_request_token())?;
    let found = secret(call, input.secret_id())?.live()?;
    let rotation = wanted(found, input)?;
    if !lambda::may_invoke(call, &rotation.function, "secretsmanager.amazonaws.com") {
        let message = "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the \
                       principal secretsmanager.amazonaws.com.";
        return Err(ApiError::new("AccessDeniedException", message));
    }
    let (name, arn, now) = (found.name.clone(), found.arn.clone(), call.now);
    let output = RotateSecretOutput::builder().arn(&arn).name(&name).version_id(&token);
    let is_pending = found.stages.get(PENDING).is_some_and(|id| found.stages.get(CURRENT) != Some(id));
    if found.versions.get(&token).is_some_and(|version| version.text.is_some()) {
        // The same request again.
        return Ok(output.build());
    }
    if is_pending {
        // What did not end is taken up again (the words are Secrets Manager's).
        let step = call.durations().rotation_step;
        let secret = secret_mut(call, &name)?;
        let token = secret.stages.get(PENDING).cloned().unwrap_or_default();
        let begun = UnderWay { token, step: Step::CreateSecret, due: now + step, attempts: 0, failure: None };
        secret.under_way.get_or_insert(begun);
        let message = "A previous rotation isn't complete. That rotation will be reattempted.";
        return Err(ApiError::new("InvalidRequestException", message));
    }
    let next = now + DAY * u32::try_from(rotation.days).unwrap_or(1);
    if input.rotate_immediately() == Some(false) {
        try_out(call, &name, &rotation.function)?;
        let secret = secret_mut(call, &name)?;
        (secret.rotation, secret.next_rotation) = (Some(rotation), Some(next));
        return Ok(output.build());
    }
    begin(call, &name, token)?;
    let secret = secret_mut(call, &name)?;
    (secret.rotation, secret.next_rotation) = (Some(rotation), Some(next));
    Ok(output.build())
}

fn wanted(found: &Secret, input: &RotateSecretInput) -> Result<Rotation, ApiError> {
    let present = found.rotation.as_ref();
    let function = input.rotation_lambda_arn().or(present.map(|rotation| rotation.function.as_str()));
    let function = function.ok_or_else(|| {
        ApiError::new("InvalidRequestException", "No Lambda rotation function ARN is associated with this secret.")
    })?;
    let rules = input.rotation_rules();
    if rules.is_some_and(|rules| rules.schedule_expression().is_some() || rules.duration().is_some()) {
        return Err(invalid("The sandbox simulates rotation rules in days."));
    }
    let days = rules.and_then(|rules| rules.automatically_after_days()).or(present.map(|rotation| rotation.days));
    match days {
        Some(days @ 1..=1000) => Ok(Rotation { function: function.to_owned(), days, enabled: true }),
        _ => Err(invalid("AutomaticallyAfterDays must be between 1 and 1000.")),
    }
}

/// Announces a version and begins.
fn begin(call: &mut Call<'_>, name: &str, token: String) -> Result<(), ApiError> {
    let (now, step) = (call.now, call.durations().rotation_step);
    let secret = secret_mut(call, name)?;
    secret.versions.insert(token.clone(), Version { text: None, created_at: now });
    secret.label(PENDING, &token);
    secret.under_way = Some(UnderWay { token, step: Step::CreateSecret, due: now + step, attempts: 1, failure: None });
    Ok(())
}

/// "Secrets Manager tests the rotation configuration by running the testSecret step of the Lambda rotation function. The test creates an
/// AWSPENDING version of the secret and then removes it." (API reference, RotateSecret, RotateImmediately)
fn try_out(call: &mut Call<'_>, name: &str, function: &str) -> Result<(), ApiError> {
    let (token, now) = (call.uuid(), call.now);
    let secret = secret_mut(call, name)?;
    let (arn, text) = (secret.arn.clone(), secret.text().map(str::to_owned));
    secret.versions.insert(token.clone(), Version { text, created_at: now });
    secret.label(PENDING, &token);
    let event = Event { step: Step::TestSecret, secret_id: arn, client_request_token: token.clone() };
    let result = lambda::invoke(call, function, &event);
    let secret = secret_mut(call, name)?;
    secret.versions.remove(&token);
    secret.stages.retain(|_, version| *version != token);
    result.map_err(|why| {
        ApiError::new("InvalidRequestException", format!("The rotation function failed testSecret: {why}"))
    })
}

/// Secrets Manager API reference, CancelRotateSecret: a rotation that is under way ends where it is.
pub(super) fn cancel_rotate_secret(
    call: &mut Call<'_>,
    input: &CancelRotateSecretInput,
) -> Result<CancelRotateSecretOutput, ApiError> {
    let found = secret(call, input.secret_id())?.live()?;
    let (name, arn) = (found.name.clone(), found.arn.clone());
    let secret = secret_mut(call, &name)?;
    if let Some(rotation) = &mut secret.rotation {
        rotation.enabled = false;
    }
    (secret.under_way, secret.next_rotation) = (None, None);
    Ok(CancelRotateSecretOutput::builder().arn(arn).name(name).build())
}

/// When the next step of a rotation is due, and of which secret.
pub(in crate::sandbox) fn due(call: &Call<'_>) -> Option<(Moment, String)> {
    let secrets = call.world.secretsmanager.secrets.values().filter(|secret| secret.deleted_at.is_none());
    secrets.filter_map(|secret| Some((next(secret)?, secret.name.clone()))).min()
}

fn next(secret: &Secret) -> Option<Moment> {
    let scheduled = secret.rotation.as_ref().filter(|rotation| rotation.enabled).and(secret.next_rotation);
    secret.under_way.as_ref().map(|under_way| under_way.due).or(scheduled)
}

/// Does the step of a secret's rotation that is due now.
pub(in crate::sandbox) fn step(call: &mut Call<'_>, name: &str) {
    let (now, takes) = (call.now, call.durations().rotation_step);
    let Some(found) = call.world.secretsmanager.secrets.get(name) else { return };
    let Some(rotation) = found.rotation.clone() else { return };
    let Some(under_way) = found.under_way.clone() else {
        let token = call.uuid();
        let begun = begin(call, name, token);
        if let (Ok(()), Ok(secret)) = (begun, secret_mut(call, name)) {
            secret.next_rotation = Some(now + DAY * u32::try_from(rotation.days).unwrap_or(1));
        }
        return;
    };
    let event =
        Event { step: under_way.step, secret_id: found.arn.clone(), client_request_token: under_way.token.clone() };
    let result = lambda::invoke(call, &rotation.function, &event);
    let Ok(secret) = secret_mut(call, name) else { return };
    secret.under_way = match result {
        Ok(()) => match under_way.step.next() {
            Some(step) => Some(UnderWay { step, due: now + takes, ..under_way }),
            None => {
                secret.last_rotated = Some(now);
                None
            }
        },
        Err(failure) if under_way.attempts < ATTEMPTS => Some(UnderWay {
            step: Step::CreateSecret,
            due: now + PAUSE,
            attempts: under_way.attempts + 1,
            failure: Some(failure),
            ..under_way
        }),
        // It stays pending until somebody orders it again, or its next time comes.
        Err(_) => None,
    };
}
