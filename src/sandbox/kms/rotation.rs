//! Yearly rotation.

use aws_sdk_kms::operation::disable_key_rotation::{DisableKeyRotationInput, DisableKeyRotationOutput};
use aws_sdk_kms::operation::enable_key_rotation::{EnableKeyRotationInput, EnableKeyRotationOutput};
use aws_sdk_kms::operation::get_key_rotation_status::{GetKeyRotationStatusInput, GetKeyRotationStatusOutput};

use super::checks;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// KMS Developer Guide, "Rotating AWS KMS keys".
const PERIOD_DAYS: i32 = 365;

fn set(call: &mut Call<'_>, key: Option<&str>, on: bool) -> Result<(), ApiError> {
    let id = checks::key(call, key)?.live()?.id.clone();
    if let Some(key) = call.world.kms.find_mut(&id) {
        key.rotation = on;
    }
    Ok(())
}

/// KMS API reference, EnableKeyRotation: 90 to 2560 days, 365 by default.
pub(super) fn enable_key_rotation(
    call: &mut Call<'_>,
    input: &EnableKeyRotationInput,
) -> Result<EnableKeyRotationOutput, ApiError> {
    if input.rotation_period_in_days().is_some_and(|days| days != PERIOD_DAYS) {
        let message = "The sandbox simulates rotation every 365 days only.";
        return Err(ApiError::new("UnsupportedOperationException", message));
    }
    set(call, input.key_id(), true)?;
    Ok(EnableKeyRotationOutput::builder().build())
}

/// KMS API reference, DisableKeyRotation.
pub(super) fn disable_key_rotation(
    call: &mut Call<'_>,
    input: &DisableKeyRotationInput,
) -> Result<DisableKeyRotationOutput, ApiError> {
    set(call, input.key_id(), false)?;
    Ok(DisableKeyRotationOutput::builder().build())
}

/// KMS API reference, GetKeyRotationStatus: false while the key is pending deletion.
pub(super) fn get_key_rotation_status(
    call: &mut Call<'_>,
    input: &GetKeyRotationStatusInput,
) -> Result<GetKeyRotationStatusOutput, ApiError> {
    let key = checks::visible_key(call, input.key_id())?;
    let on = key.rotation && !key.is_pending_deletion();
    Ok(GetKeyRotationStatusOutput::builder()
        .key_id(&key.id)
        .key_rotation_enabled(on)
        .set_rotation_period_in_days(on.then_some(PERIOD_DAYS))
        .build())
}
