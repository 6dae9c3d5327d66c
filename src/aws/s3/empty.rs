//! Emptying a bucket: every version, every delete marker and every unfinished upload (S3 user guide, "Emptying a bucket").

use aws_sdk_s3::types::{Delete, Error, ObjectIdentifier};

use crate::{
    aws::{Answer, Aws, classify},
    engine::{Class, Failure, failure::absent_is_fine},
};

/// Most objects that one call lists or deletes (S3 API reference, ListObjectVersions and DeleteObjects).
const PAGE: i32 = 1000;
/// Most leftovers that are named to a person.
const NAMED: i32 = 5;

/// Takes everything out of a bucket. May be called again, and must be where somebody goes on writing.
pub(super) async fn empty(aws: &Aws, bucket: &str) -> Result<(), Failure> {
    abort_uploads(aws, bucket).await?;
    loop {
        let page = versions(aws, bucket, PAGE).await?;
        if page.is_empty() {
            return Ok(());
        }
        delete(aws, bucket, page).await?;
    }
}

/// A few of the things that are still in a bucket, for people.
pub(super) async fn leftovers(aws: &Aws, bucket: &str) -> Result<Vec<String>, Failure> {
    let named = |object: &ObjectIdentifier| match object.version_id() {
        Some(version) => format!("object {} (version {version})", object.key()),
        None => format!("object {}", object.key()),
    };
    Ok(versions(aws, bucket, NAMED).await?.iter().map(named).collect())
}

async fn abort_uploads(aws: &Aws, bucket: &str) -> Result<(), Failure> {
    let (mut key_marker, mut upload_marker) = (None, None);
    loop {
        let call = aws.s3.list_multipart_uploads().bucket(bucket).max_uploads(PAGE);
        let call = call.set_key_marker(key_marker).set_upload_id_marker(upload_marker);
        let page = call.send().await.of("s3:ListBucketMultipartUploads")?;
        for upload in page.uploads() {
            let call = aws.s3.abort_multipart_upload().bucket(bucket);
            let call = call.set_key(upload.key.clone()).set_upload_id(upload.upload_id.clone());
            // It may have been completed or aborted in between.
            absent_is_fine(call.send().await.of("s3:AbortMultipartUpload").map(|_| ()))?;
        }
        if page.is_truncated() != Some(true) {
            return Ok(());
        }
        (key_marker, upload_marker) = (page.next_key_marker, page.next_upload_id_marker);
    }
}

/// The first versions and delete markers. Always from the beginning: what came before has been deleted.
async fn versions(aws: &Aws, bucket: &str, most: i32) -> Result<Vec<ObjectIdentifier>, Failure> {
    let answer =
        aws.s3.list_object_versions().bucket(bucket).max_keys(most).send().await.of("s3:ListBucketVersions")?;
    let objects = answer.versions().iter().map(|version| (version.key(), version.version_id()));
    let markers = answer.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
    objects
        .chain(markers)
        .map(|(key, version)| {
            let object = ObjectIdentifier::builder().set_key(key.map(str::to_owned));
            let object = object.set_version_id(version.map(str::to_owned)).build();
            object.map_err(|error| Failure::internal(error.to_string()))
        })
        .collect()
}

/// Deletes these. The call succeeds even where single objects stay; those are a failure of ours, since the next page would
/// begin with them again.
async fn delete(aws: &Aws, bucket: &str, objects: Vec<ObjectIdentifier>) -> Result<(), Failure> {
    let list = Delete::builder().set_objects(Some(objects)).quiet(true).build();
    let list = list.map_err(|error| Failure::internal(error.to_string()))?;
    let answer = aws.s3.delete_objects().bucket(bucket).delete(list).send().await.of("s3:DeleteObjectVersion")?;
    let class = |error: &Error| {
        let (code, message) = (error.code().unwrap_or_default(), error.message().unwrap_or_default());
        classify::by_code("s3:DeleteObjectVersion", code, message)
    };
    // Who else deletes does us no harm.
    let Some(error) = answer.errors().iter().find(|error| class(error) != Class::Absent) else { return Ok(()) };
    let (key, message) = (error.key().unwrap_or_default(), error.message().unwrap_or_default());
    let mut failure =
        Failure::new(class(error), format!("object {key} of bucket {bucket} can't be deleted: {message}"));
    failure.operation = "s3:DeleteObjectVersion".to_owned();
    failure.code = error.code().map(str::to_owned);
    Err(failure)
}
