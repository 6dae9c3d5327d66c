//! Lifecycle rules: kept and given back. Nothing expires in the sandbox.

use aws_sdk_s3::operation::get_bucket_lifecycle_configuration::{
    GetBucketLifecycleConfigurationInput, GetBucketLifecycleConfigurationOutput,
};
use aws_sdk_s3::operation::put_bucket_lifecycle_configuration::{
    PutBucketLifecycleConfigurationInput, PutBucketLifecycleConfigurationOutput,
};
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, ExpirationStatus, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter,
    NoncurrentVersionExpiration,
};

use super::settings::malformed;
use super::state::{Rule, bucket, bucket_mut};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// S3 API reference, PutBucketLifecycleConfiguration: up to 1,000 rules.
const MOST_RULES: usize = 1000;
const LONGEST_ID: usize = 255;

pub(super) fn put_bucket_lifecycle_configuration(
    call: &mut Call<'_>,
    input: &PutBucketLifecycleConfigurationInput,
) -> Result<PutBucketLifecycleConfigurationOutput, ApiError> {
    let bucket = bucket_mut(call, input.bucket())?;
    let rules = input.lifecycle_configuration().map(|configuration| configuration.rules()).unwrap_or_default();
    if rules.is_empty() || rules.len() > MOST_RULES {
        return Err(malformed());
    }
    let rules: Vec<Rule> = rules.iter().map(read).collect::<Result<_, _>>()?;
    if rules.iter().enumerate().any(|(at, rule)| rules[..at].iter().any(|other| other.id == rule.id)) {
        return Err(invalid("Rule ID must be unique. Found same ID for more than one rule"));
    }
    bucket.lifecycle = rules;
    Ok(PutBucketLifecycleConfigurationOutput::builder().build())
}

fn invalid(message: &str) -> ApiError {
    ApiError::new("InvalidArgument", message)
}

fn read(rule: &LifecycleRule) -> Result<Rule, ApiError> {
    let id = rule.id().unwrap_or_default().to_owned();
    if id.len() > LONGEST_ID {
        return Err(invalid("ID length should not exceed allowed limit of 255"));
    }
    let filter = rule.filter().ok_or_else(malformed)?;
    if filter.tag().is_some() || filter.and().is_some() || !rule.transitions().is_empty() {
        return Err(ApiError::new("NotImplemented", "The sandbox simulates lifecycle rules by prefix that expire."));
    }
    let read = Rule {
        id,
        enabled: *rule.status() == ExpirationStatus::Enabled,
        prefix: filter.prefix().unwrap_or_default().to_owned(),
        expire_days: rule.expiration().and_then(LifecycleExpiration::days),
        expire_noncurrent_days: rule
            .noncurrent_version_expiration()
            .and_then(NoncurrentVersionExpiration::noncurrent_days),
        abort_upload_days: rule
            .abort_incomplete_multipart_upload()
            .and_then(AbortIncompleteMultipartUpload::days_after_initiation),
    };
    let days: Vec<i32> =
        [read.expire_days, read.expire_noncurrent_days, read.abort_upload_days].into_iter().flatten().collect();
    if days.is_empty() {
        return Err(ApiError::new("InvalidRequest", "At least one action needs to be specified in a rule"));
    }
    if days.iter().any(|days| *days <= 0) {
        return Err(invalid("'Days' for Expiration action must be a positive integer"));
    }
    Ok(read)
}

pub(super) fn get_bucket_lifecycle_configuration(
    call: &mut Call<'_>,
    input: &GetBucketLifecycleConfigurationInput,
) -> Result<GetBucketLifecycleConfigurationOutput, ApiError> {
    let bucket = bucket(call, input.bucket())?;
    if bucket.lifecycle.is_empty() {
        let message = "The lifecycle configuration does not exist";
        return Err(ApiError::new("NoSuchLifecycleConfiguration", message).with_status(404));
    }
    let rules: Result<Vec<_>, _> = bucket.lifecycle.iter().map(written).collect();
    Ok(GetBucketLifecycleConfigurationOutput::builder().set_rules(Some(rules?)).build())
}

fn written(rule: &Rule) -> Result<LifecycleRule, ApiError> {
    let expire = |days| LifecycleExpiration::builder().days(days).build();
    let noncurrent = |days| NoncurrentVersionExpiration::builder().noncurrent_days(days).build();
    let abort = |days| AbortIncompleteMultipartUpload::builder().days_after_initiation(days).build();
    let status = if rule.enabled { ExpirationStatus::Enabled } else { ExpirationStatus::Disabled };
    Ok(LifecycleRule::builder()
        .id(&rule.id)
        .status(status)
        .filter(LifecycleRuleFilter::builder().prefix(&rule.prefix).build())
        .set_expiration(rule.expire_days.map(expire))
        .set_noncurrent_version_expiration(rule.expire_noncurrent_days.map(noncurrent))
        .set_abort_incomplete_multipart_upload(rule.abort_upload_days.map(abort))
        .build()?)
}
