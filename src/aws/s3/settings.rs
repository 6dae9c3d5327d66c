//! The settings of a bucket. S3 has a call of its own to read and to write each of them, and calls it an error where one
//! was never set (S3 API reference, "Error responses").

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketVersioningStatus, ExpirationStatus,
    LifecycleExpiration, LifecycleRule, LifecycleRuleFilter, NoncurrentVersionExpiration, ObjectOwnership,
    OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration, ServerSideEncryption,
    ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    VersioningConfiguration,
};
use aws_smithy_types::error::operation::BuildError;
use futures::try_join;
use serde_json::{Map, Value, json};

use super::Lifecycle;
use crate::{
    aws::{Answer, Aws, kms::KmsKeyArn},
    engine::{Class, Failure, Output},
};

/// The name of our one lifecycle rule.
const RULE: &str = "platformctl";

/// An answer, or nothing where what was asked for isn't set.
pub(super) fn if_there<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        // A bucket that is gone is another matter than a setting that was never made.
        Err(failure) if failure.class == Class::Absent && failure.code.as_deref() != Some("NoSuchBucket") => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Every setting that the specification has a field for, under that field's name; `None` where there is no such bucket.
///
/// S3 has no call for all of them. What is not as the specification can say it is shown at length, and so differs from whatever
/// is wanted.
pub(super) async fn read(aws: &Aws, bucket: &str) -> Result<Option<Map<String, Value>>, Failure> {
    let all = try_join!(
        read_key(aws, bucket),
        read_ownership(aws, bucket),
        read_versioning(aws, bucket),
        read_public_access(aws, bucket),
        read_policy(aws, bucket),
        read_lifecycle(aws, bucket),
    );
    match all {
        Ok((key, ownership, versioning, public_access, policy, lifecycle)) => Ok(Some(Map::from_iter([
            ("key".to_owned(), key),
            ("ownership".to_owned(), ownership),
            ("versioning".to_owned(), versioning),
            ("public_access_blocked".to_owned(), public_access),
            ("policy".to_owned(), policy),
            ("lifecycle".to_owned(), lifecycle),
        ]))),
        Err(failure) if failure.code.as_deref() == Some("NoSuchBucket") => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The key alone where the encryption is what [`encrypt`] makes of it.
async fn read_key(aws: &Aws, bucket: &str) -> Result<Value, Failure> {
    let answer = aws.s3.get_bucket_encryption().bucket(bucket).send().await.of("s3:GetEncryptionConfiguration");
    let found = if_there(answer)?;
    let rules = found.as_ref().and_then(|answer| answer.server_side_encryption_configuration());
    let Some(rule) = rules.and_then(|rules| rules.rules().first()) else { return Ok(json!({ "algorithm": "none" })) };
    let default = rule.apply_server_side_encryption_by_default();
    let key = default.and_then(|default| default.kms_master_key_id());
    let algorithm = default.map(|default| default.sse_algorithm());
    let bucket_key = rule.bucket_key_enabled().unwrap_or_default();
    Ok(match (algorithm, key) {
        (Some(ServerSideEncryption::Aes256), None) => Value::Null,
        (Some(ServerSideEncryption::AwsKms), Some(key)) if bucket_key => json!(key),
        _ => json!({ "algorithm": algorithm.map(|one| one.as_str()), "key": key, "bucket_key": bucket_key }),
    })
}

async fn read_ownership(aws: &Aws, bucket: &str) -> Result<Value, Failure> {
    let answer = aws.s3.get_bucket_ownership_controls().bucket(bucket).send().await;
    let found = if_there(answer.of("s3:GetBucketOwnershipControls"))?;
    let rules = found.as_ref().and_then(|answer| answer.ownership_controls()).map(|controls| controls.rules());
    Ok(json!(rules.and_then(|rules| rules.first()).map(|rule| rule.object_ownership().as_str())))
}

async fn read_versioning(aws: &Aws, bucket: &str) -> Result<Value, Failure> {
    let answer = aws.s3.get_bucket_versioning().bucket(bucket).send().await.of("s3:GetBucketVersioning")?;
    Ok(json!(answer.status() == Some(&BucketVersioningStatus::Enabled)))
}

/// Yes or no where all four ways are alike.
async fn read_public_access(aws: &Aws, bucket: &str) -> Result<Value, Failure> {
    let answer = aws.s3.get_public_access_block().bucket(bucket).send().await.of("s3:GetBucketPublicAccessBlock");
    let found = if_there(answer)?;
    let Some(block) = found.as_ref().and_then(|answer| answer.public_access_block_configuration()) else {
        return Ok(json!(false));
    };
    let ways = [
        ("block_public_acls", block.block_public_acls()),
        ("ignore_public_acls", block.ignore_public_acls()),
        ("block_public_policy", block.block_public_policy()),
        ("restrict_public_buckets", block.restrict_public_buckets()),
    ]
    .map(|(way, blocked)| (way, blocked.unwrap_or_default()));
    let first = ways[0].1;
    let mixed = || ways.iter().map(|(way, blocked)| ((*way).to_owned(), json!(blocked))).collect::<Map<_, _>>();
    Ok(if ways.iter().all(|(_, blocked)| *blocked == first) { json!(first) } else { mixed().into() })
}

async fn read_policy(aws: &Aws, bucket: &str) -> Result<Value, Failure> {
    let answer = aws.s3.get_bucket_policy().bucket(bucket).send().await.of("s3:GetBucketPolicy");
    let found = if_there(answer)?;
    let text = found.as_ref().and_then(|answer| answer.policy()).unwrap_or("null");
    serde_json::from_str(text)
        .map_err(|error| Failure::internal(format!("the policy of bucket {bucket} is not JSON: {error}")))
}

/// What our one rule says, where there is no other and it is for all objects.
async fn read_lifecycle(aws: &Aws, bucket: &str) -> Result<Value, Failure> {
    let answer =
        aws.s3.get_bucket_lifecycle_configuration().bucket(bucket).send().await.of("s3:GetLifecycleConfiguration");
    let found = if_there(answer)?;
    Ok(match found.as_ref().map(|answer| answer.rules()).unwrap_or_default() {
        [] => Value::Null,
        [rule] if rule.id() == Some(RULE) && is_general(rule) => periods(rule).into(),
        rules => rules
            .iter()
            .map(|rule| {
                let mut shown = periods(rule);
                shown.insert("rule".to_owned(), json!(rule.id()));
                shown.insert("status".to_owned(), json!(rule.status().as_str()));
                shown.insert("prefix".to_owned(), json!(prefix(rule)));
                Value::from(shown)
            })
            .collect(),
    })
}

fn prefix(rule: &LifecycleRule) -> Option<&str> {
    #[expect(deprecated, reason = "S3 still answers with it for rules that were made with it")]
    let old = rule.prefix();
    rule.filter().and_then(LifecycleRuleFilter::prefix).or(old)
}

/// Whether a rule is on, for all objects, and does nothing that ours doesn't.
fn is_general(rule: &LifecycleRule) -> bool {
    let narrow = rule.filter().is_some_and(|filter| {
        filter.tag().is_some()
            || filter.and().is_some()
            || filter.object_size_greater_than().is_some()
            || filter.object_size_less_than().is_some()
    });
    rule.status() == &ExpirationStatus::Enabled
        && prefix(rule).unwrap_or_default().is_empty()
        && !narrow
        && rule.transitions().is_empty()
        && rule.noncurrent_version_transitions().is_empty()
}

fn periods(rule: &LifecycleRule) -> Map<String, Value> {
    let days = |days: Option<i32>| json!(days.filter(|days| *days > 0));
    let older = rule.noncurrent_version_expiration().and_then(NoncurrentVersionExpiration::noncurrent_days);
    let uploads =
        rule.abort_incomplete_multipart_upload().and_then(AbortIncompleteMultipartUpload::days_after_initiation);
    Map::from_iter([
        ("expire_days".to_owned(), days(rule.expiration().and_then(LifecycleExpiration::days))),
        ("expire_older_versions_days".to_owned(), days(older)),
        ("abort_uploads_days".to_owned(), days(uploads)),
    ])
}

/// The builders complain about fields that are missing, and none of ours is.
fn built<T>(result: Result<T, BuildError>) -> Result<T, Failure> {
    result.map_err(|error| Failure::internal(error.to_string()))
}

/// S3 counts days in a signed number; more than it holds is as good as for ever.
fn days(days: u32) -> i32 {
    i32::try_from(days).unwrap_or(i32::MAX)
}

/// Says who owns what is written.
pub(super) async fn set_ownership(aws: &Aws, bucket: &str, ownership: &str) -> Result<(), Failure> {
    let rule = OwnershipControlsRule::builder().object_ownership(ObjectOwnership::from(ownership));
    let controls = built(OwnershipControls::builder().rules(built(rule.build())?).build())?;
    let call = aws.s3.put_bucket_ownership_controls().bucket(bucket).ownership_controls(controls);
    call.send().await.of("s3:PutBucketOwnershipControls")?;
    Ok(())
}

/// Blocks public access in all four ways, or in none.
pub(super) async fn block_public_access(aws: &Aws, bucket: &str, blocked: bool) -> Result<(), Failure> {
    let block = PublicAccessBlockConfiguration::builder()
        .block_public_acls(blocked)
        .ignore_public_acls(blocked)
        .block_public_policy(blocked)
        .restrict_public_buckets(blocked)
        .build();
    let call = aws.s3.put_public_access_block().bucket(bucket).public_access_block_configuration(block);
    call.send().await.of("s3:PutBucketPublicAccessBlock")?;
    Ok(())
}

/// Encrypts new objects with the key, or with S3's own.
pub(super) async fn encrypt(aws: &Aws, bucket: &str, key: Option<&Output<KmsKeyArn>>) -> Result<(), Failure> {
    let default = ServerSideEncryptionByDefault::builder();
    let default = match key {
        Some(key) => default.sse_algorithm(ServerSideEncryption::AwsKms).kms_master_key_id(key.get()?),
        None => default.sse_algorithm(ServerSideEncryption::Aes256),
    };
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(built(default.build())?)
        // One data key for many objects: a hundredth of the calls to KMS (S3 user guide, "S3 Bucket Keys").
        .bucket_key_enabled(key.is_some())
        .build();
    let configuration = built(ServerSideEncryptionConfiguration::builder().rules(rule).build())?;
    let call = aws.s3.put_bucket_encryption().bucket(bucket).server_side_encryption_configuration(configuration);
    call.send().await.of("s3:PutEncryptionConfiguration")?;
    Ok(())
}

/// Keeps older versions, or no longer. A bucket that never kept any stays as it is: "suspended" would be a state of its
/// own.
pub(super) async fn version(aws: &Aws, bucket: &str, on: bool) -> Result<(), Failure> {
    if !on && read_versioning(aws, bucket).await? == json!(false) {
        return Ok(());
    }
    let status = if on { BucketVersioningStatus::Enabled } else { BucketVersioningStatus::Suspended };
    let configuration = VersioningConfiguration::builder().status(status).build();
    let call = aws.s3.put_bucket_versioning().bucket(bucket).versioning_configuration(configuration);
    call.send().await.of("s3:PutBucketVersioning")?;
    Ok(())
}

/// Sets the policy.
pub(super) async fn set_policy(aws: &Aws, bucket: &str, policy: &Value) -> Result<(), Failure> {
    let call = aws.s3.put_bucket_policy().bucket(bucket).policy(policy.to_string());
    call.send().await.of("s3:PutBucketPolicy")?;
    Ok(())
}

/// Sets what goes by itself: one rule for all objects.
pub(super) async fn set_lifecycle(aws: &Aws, bucket: &str, lifecycle: &Lifecycle) -> Result<(), Failure> {
    let expire = |after: u32| LifecycleExpiration::builder().days(days(after)).build();
    let expire_older = |after: u32| NoncurrentVersionExpiration::builder().noncurrent_days(days(after)).build();
    let abort = AbortIncompleteMultipartUpload::builder().days_after_initiation(days(lifecycle.abort_uploads_days));
    let rule = LifecycleRule::builder()
        .id(RULE)
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("").build())
        .set_expiration(lifecycle.expire_days.map(expire))
        .set_noncurrent_version_expiration(lifecycle.expire_older_versions_days.map(expire_older))
        .abort_incomplete_multipart_upload(abort.build());
    let configuration = built(BucketLifecycleConfiguration::builder().rules(built(rule.build())?).build())?;
    let call = aws.s3.put_bucket_lifecycle_configuration().bucket(bucket).lifecycle_configuration(configuration);
    call.send().await.of("s3:PutLifecycleConfiguration")?;
    Ok(())
}
