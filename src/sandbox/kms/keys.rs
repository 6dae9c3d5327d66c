//! Keys: making, describing, ending.

use std::time::Duration;

use aws_sdk_kms::operation::create_key::{CreateKeyInput, CreateKeyOutput};
use aws_sdk_kms::operation::describe_key::{DescribeKeyInput, DescribeKeyOutput};
use aws_sdk_kms::operation::list_keys::{ListKeysInput, ListKeysOutput};
use aws_sdk_kms::operation::schedule_key_deletion::{ScheduleKeyDeletionInput, ScheduleKeyDeletionOutput};
use aws_sdk_kms::operation::update_key_description::{UpdateKeyDescriptionInput, UpdateKeyDescriptionOutput};
use aws_sdk_kms::types::{
    EncryptionAlgorithmSpec, KeyListEntry, KeyManagerType, KeyMetadata, KeySpec, KeyState, KeyUsageType, OriginType,
};

use super::state::Key;
use super::{checks, policies, tags};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

const DAY: Duration = Duration::from_secs(86_400);

/// KMS API reference, CreateKey: no client token, so a second call makes a second key.
pub(super) fn create_key(call: &mut Call<'_>, input: &CreateKeyInput) -> Result<CreateKeyOutput, ApiError> {
    let usual_spec = input.key_spec().is_none_or(|spec| *spec == KeySpec::SymmetricDefault);
    let usual_usage = input.key_usage().is_none_or(|usage| *usage == KeyUsageType::EncryptDecrypt);
    let usual_origin = input.origin().is_none_or(|origin| *origin == OriginType::AwsKms);
    if !(usual_spec && usual_usage && usual_origin) || input.multi_region() == Some(true) {
        let message = "The sandbox simulates symmetric encryption keys with KMS's own material only.";
        return Err(ApiError::new("UnsupportedOperationException", message));
    }
    let description = checks::description(input.description())?;
    let tags = tags::merged(&Tags::new(), input.tags())?;
    let policy = match input.policy() {
        Some(policy) => policies::checked(call, policy)?,
        None => policies::default(call),
    };
    let id = call.uuid();
    let key = Key {
        arn: call.arn("kms", &format!("key/{id}")),
        id: id.clone(),
        created_at: call.now,
        description,
        policy,
        policy_changed_at: call.now,
        former_policy: String::new(),
        rotation: false,
        deletion_date: None,
        tags,
    };
    let metadata = metadata(call, &key)?;
    call.world.kms.keys.insert(id, key);
    Ok(CreateKeyOutput::builder().key_metadata(metadata).build())
}

fn metadata(call: &Call<'_>, key: &Key) -> Result<KeyMetadata, ApiError> {
    let state = if key.is_pending_deletion() { KeyState::PendingDeletion } else { KeyState::Enabled };
    Ok(KeyMetadata::builder()
        .aws_account_id(call.account())
        .key_id(&key.id)
        .arn(&key.arn)
        .creation_date(key.created_at.datetime())
        .enabled(!key.is_pending_deletion())
        .description(&key.description)
        .key_usage(KeyUsageType::EncryptDecrypt)
        .key_state(state)
        .set_deletion_date(key.deletion_date.map(|date| date.datetime()))
        .origin(OriginType::AwsKms)
        .key_manager(KeyManagerType::Customer)
        .key_spec(KeySpec::SymmetricDefault)
        .encryption_algorithms(EncryptionAlgorithmSpec::SymmetricDefault)
        .multi_region(false)
        .build()?)
}

/// KMS API reference, DescribeKey.
pub(super) fn describe_key(call: &mut Call<'_>, input: &DescribeKeyInput) -> Result<DescribeKeyOutput, ApiError> {
    let key = checks::visible_key(call, input.key_id())?;
    Ok(DescribeKeyOutput::builder().key_metadata(metadata(call, key)?).build())
}

/// KMS API reference, ListKeys: all keys, those pending deletion among them; Limit 1 to 1000, 100 by default.
pub(super) fn list_keys(call: &mut Call<'_>, input: &ListKeysInput) -> Result<ListKeysOutput, ApiError> {
    let visible = call.world.kms.keys.values().filter(|key| call.visible(key.created_at));
    let entries = visible.map(|key| KeyListEntry::builder().key_id(&key.id).key_arn(&key.arn).build()).collect();
    let (entries, marker) = checks::page(entries, input.limit(), input.marker(), 1000, 100)?;
    Ok(ListKeysOutput::builder().set_keys(Some(entries)).truncated(marker.is_some()).set_next_marker(marker).build())
}

/// KMS API reference, UpdateKeyDescription.
pub(super) fn update_key_description(
    call: &mut Call<'_>,
    input: &UpdateKeyDescriptionInput,
) -> Result<UpdateKeyDescriptionOutput, ApiError> {
    let description = checks::description(input.description())?;
    let id = checks::key(call, input.key_id())?.live()?.id.clone();
    if let Some(key) = call.world.kms.find_mut(&id) {
        key.description = description;
    }
    Ok(UpdateKeyDescriptionOutput::builder().build())
}

/// KMS API reference, ScheduleKeyDeletion: 7 to 30 days, 30 by default; unusable at once.
pub(super) fn schedule_key_deletion(
    call: &mut Call<'_>,
    input: &ScheduleKeyDeletionInput,
) -> Result<ScheduleKeyDeletionOutput, ApiError> {
    let days = input.pending_window_in_days().unwrap_or(30);
    let window = u32::try_from(days).ok().filter(|days| (7..=30).contains(days));
    let window =
        window.ok_or_else(|| checks::validation("pendingWindowInDays", days, "have value between 7 and 30"))?;
    let key = checks::key(call, input.key_id())?.live()?;
    let (id, arn, date) = (key.id.clone(), key.arn.clone(), call.now + DAY * window);
    if let Some(key) = call.world.kms.find_mut(&id) {
        key.deletion_date = Some(date);
    }
    Ok(ScheduleKeyDeletionOutput::builder()
        .key_id(arn)
        .deletion_date(date.datetime())
        .key_state(KeyState::PendingDeletion)
        .pending_window_in_days(days)
        .build())
}
