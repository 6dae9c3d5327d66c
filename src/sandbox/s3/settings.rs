//! Settings of a bucket: encryption, versions, public access, tags.

use aws_sdk_s3::operation::get_bucket_encryption::{GetBucketEncryptionInput, GetBucketEncryptionOutput};
use aws_sdk_s3::operation::get_bucket_ownership_controls::{
    GetBucketOwnershipControlsInput, GetBucketOwnershipControlsOutput,
};
use aws_sdk_s3::operation::get_bucket_tagging::{GetBucketTaggingInput, GetBucketTaggingOutput};
use aws_sdk_s3::operation::get_bucket_versioning::{GetBucketVersioningInput, GetBucketVersioningOutput};
use aws_sdk_s3::operation::get_public_access_block::{GetPublicAccessBlockInput, GetPublicAccessBlockOutput};
use aws_sdk_s3::operation::put_bucket_encryption::{PutBucketEncryptionInput, PutBucketEncryptionOutput};
use aws_sdk_s3::operation::put_bucket_ownership_controls::{
    PutBucketOwnershipControlsInput, PutBucketOwnershipControlsOutput,
};
use aws_sdk_s3::operation::put_bucket_versioning::{PutBucketVersioningInput, PutBucketVersioningOutput};
use aws_sdk_s3::operation::put_public_access_block::{PutPublicAccessBlockInput, PutPublicAccessBlockOutput};
use aws_sdk_s3::types::{
    BucketVersioningStatus, ObjectOwnership, OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration,
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    Tag,
};

use super::state::{bucket, bucket_mut};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

pub(super) fn malformed() -> ApiError {
    let message = "The XML you provided was not well-formed or did not validate against our published schema";
    ApiError::new("MalformedXML", message)
}

/// S3 API reference, PutBucketEncryption: one rule. Whether the key can be used is not looked at before an object is written.
pub(super) fn put_bucket_encryption(
    call: &mut Call<'_>,
    input: &PutBucketEncryptionInput,
) -> Result<PutBucketEncryptionOutput, ApiError> {
    let bucket = bucket_mut(call, input.bucket())?;
    let configuration = input.server_side_encryption_configuration().ok_or_else(malformed)?;
    let [rule] = configuration.rules() else { return Err(malformed()) };
    let default = rule.apply_server_side_encryption_by_default().ok_or_else(malformed)?;
    let key = default.kms_master_key_id();
    match (default.sse_algorithm(), key) {
        (ServerSideEncryption::Aes256, Some(_)) => {
            let message =
                "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse";
            return Err(ApiError::new("InvalidArgument", message));
        }
        (ServerSideEncryption::Aes256 | ServerSideEncryption::AwsKms, _) => {}
        _ => return Err(malformed()),
    }
    bucket.encryption = default.sse_algorithm().as_str().to_owned();
    bucket.key = key.map(str::to_owned);
    bucket.bucket_key = rule.bucket_key_enabled().unwrap_or_default();
    Ok(PutBucketEncryptionOutput::builder().build())
}

pub(super) fn get_bucket_encryption(
    call: &mut Call<'_>,
    input: &GetBucketEncryptionInput,
) -> Result<GetBucketEncryptionOutput, ApiError> {
    let bucket = bucket(call, input.bucket())?;
    let default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(ServerSideEncryption::from(bucket.encryption.as_str()))
        .set_kms_master_key_id(bucket.key.clone());
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(default.build()?)
        .bucket_key_enabled(bucket.bucket_key);
    let configuration = ServerSideEncryptionConfiguration::builder().rules(rule.build()).build()?;
    Ok(GetBucketEncryptionOutput::builder().server_side_encryption_configuration(configuration).build())
}

/// S3 API reference, PutBucketOwnershipControls: one rule.
pub(super) fn put_bucket_ownership_controls(
    call: &mut Call<'_>,
    input: &PutBucketOwnershipControlsInput,
) -> Result<PutBucketOwnershipControlsOutput, ApiError> {
    let bucket = bucket_mut(call, input.bucket())?;
    let controls = input.ownership_controls().ok_or_else(malformed)?;
    let [rule] = controls.rules() else { return Err(malformed()) };
    if !ObjectOwnership::values().contains(&rule.object_ownership().as_str()) {
        return Err(malformed());
    }
    bucket.ownership = rule.object_ownership().as_str().to_owned();
    Ok(PutBucketOwnershipControlsOutput::builder().build())
}

pub(super) fn get_bucket_ownership_controls(
    call: &mut Call<'_>,
    input: &GetBucketOwnershipControlsInput,
) -> Result<GetBucketOwnershipControlsOutput, ApiError> {
    let ownership = ObjectOwnership::from(bucket(call, input.bucket())?.ownership.as_str());
    let rule = OwnershipControlsRule::builder().object_ownership(ownership).build()?;
    let controls = OwnershipControls::builder().rules(rule).build()?;
    Ok(GetBucketOwnershipControlsOutput::builder().ownership_controls(controls).build())
}

/// S3 API reference, PutBucketVersioning.
pub(super) fn put_bucket_versioning(
    call: &mut Call<'_>,
    input: &PutBucketVersioningInput,
) -> Result<PutBucketVersioningOutput, ApiError> {
    let bucket = bucket_mut(call, input.bucket())?;
    bucket.versioning = match input.versioning_configuration().and_then(|configuration| configuration.status()) {
        Some(BucketVersioningStatus::Enabled) => Some(true),
        Some(BucketVersioningStatus::Suspended) => Some(false),
        _ => {
            let message = "The versioning configuration specified in the request is invalid.";
            return Err(ApiError::new("IllegalVersioningConfigurationException", message));
        }
    };
    Ok(PutBucketVersioningOutput::builder().build())
}

/// S3 API reference, GetBucketVersioning: no status for a bucket that never kept versions.
pub(super) fn get_bucket_versioning(
    call: &mut Call<'_>,
    input: &GetBucketVersioningInput,
) -> Result<GetBucketVersioningOutput, ApiError> {
    let status = bucket(call, input.bucket())?.versioning.map(|on| match on {
        true => BucketVersioningStatus::Enabled,
        false => BucketVersioningStatus::Suspended,
    });
    Ok(GetBucketVersioningOutput::builder().set_status(status).build())
}

/// S3 API reference, PutPublicAccessBlock: what is left out is off.
pub(super) fn put_public_access_block(
    call: &mut Call<'_>,
    input: &PutPublicAccessBlockInput,
) -> Result<PutPublicAccessBlockOutput, ApiError> {
    let bucket = bucket_mut(call, input.bucket())?;
    let block = input.public_access_block_configuration().ok_or_else(malformed)?;
    bucket.public_access_block = [
        block.block_public_acls(),
        block.ignore_public_acls(),
        block.block_public_policy(),
        block.restrict_public_buckets(),
    ]
    .map(Option::unwrap_or_default);
    Ok(PutPublicAccessBlockOutput::builder().build())
}

pub(super) fn get_public_access_block(
    call: &mut Call<'_>,
    input: &GetPublicAccessBlockInput,
) -> Result<GetPublicAccessBlockOutput, ApiError> {
    let [acls, ignored_acls, policy, restricted] = bucket(call, input.bucket())?.public_access_block;
    let block = PublicAccessBlockConfiguration::builder()
        .block_public_acls(acls)
        .ignore_public_acls(ignored_acls)
        .block_public_policy(policy)
        .restrict_public_buckets(restricted);
    Ok(GetPublicAccessBlockOutput::builder().public_access_block_configuration(block.build()).build())
}

/// S3 API reference, GetBucketTagging: a bucket without tags is an error.
pub(super) fn get_bucket_tagging(
    call: &mut Call<'_>,
    input: &GetBucketTaggingInput,
) -> Result<GetBucketTaggingOutput, ApiError> {
    let bucket = bucket(call, input.bucket())?;
    if bucket.tags.is_empty() {
        return Err(ApiError::new("NoSuchTagSet", "The TagSet does not exist").with_status(404));
    }
    let tags: Result<Vec<_>, _> =
        bucket.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    Ok(GetBucketTaggingOutput::builder().set_tag_set(Some(tags?)).build()?)
}
