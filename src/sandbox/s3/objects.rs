//! Objects: written and deleted. Their content is not kept.

use aws_sdk_s3::operation::delete_object::{DeleteObjectInput, DeleteObjectOutput};
use aws_sdk_s3::operation::delete_objects::{DeleteObjectsInput, DeleteObjectsOutput};
use aws_sdk_s3::operation::put_object::{PutObjectInput, PutObjectOutput};
use aws_sdk_s3::types::DeletedObject;

use super::settings::malformed;
use super::state::{Bucket, Version, bucket, content_mut};
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::kms;

/// S3 API reference, DeleteObjects: up to 1,000 keys.
const MOST_KEYS: usize = 1000;
/// The id of what is written while no versions are kept.
const UNVERSIONED: &str = "null";

/// What is kept of a PutObject call: bucket, key and size.
#[derive(Debug)]
pub(super) struct Put {
    bucket: Option<String>,
    key: String,
    size: u64,
}

pub(super) fn keep(input: &mut PutObjectInput) -> Put {
    Put {
        bucket: input.bucket.clone(),
        key: input.key.clone().unwrap_or_default(),
        // A body whose size can't be told without reading it counts as empty: nothing depends on it.
        size: input.body.bytes().map_or(0, |body| body.len() as u64),
    }
}

/// S3 API reference, PutObject.
pub(super) fn put_object(call: &mut Call<'_>, put: &Put) -> Result<PutObjectOutput, ApiError> {
    let found = bucket(call, put.bucket.as_deref())?;
    if let Some(key) = found.key.as_deref() {
        kms::usable(call, key).map_err(|error| ApiError { code: format!("KMS.{}", error.code), ..error })?;
    }
    let (versioned, id, now) = (found.versioning == Some(true), call.alphanumeric(32), call.now);
    let bucket = content_mut(call, put.bucket.as_deref())?;
    let id = if versioned { id } else { UNVERSIONED.to_owned() };
    write(bucket, &put.key, Version { id: id.clone(), at: now, size: Some(put.size) });
    let algorithm = aws_sdk_s3::types::ServerSideEncryption::from(bucket.encryption.as_str());
    let output = PutObjectOutput::builder().server_side_encryption(algorithm);
    Ok(output.set_version_id(Some(id).filter(|_| versioned)).build())
}

/// A new version; the unversioned one of a key is there once.
fn write(bucket: &mut Bucket, key: &str, version: Version) {
    let versions = bucket.objects.entry(key.to_owned()).or_default();
    if version.id == UNVERSIONED {
        versions.retain(|other| other.id != UNVERSIONED);
    }
    versions.push(version);
}

/// Deletes a version for good; without a version id, hides the object behind a marker where versions are kept, and deletes it where they
/// are not. S3 User Guide, "Deleting object versions from a versioning-enabled bucket".
fn delete(bucket: &mut Bucket, key: &str, version: Option<&str>, marker: String, now: Moment) {
    match (version, bucket.versioning) {
        (None, Some(keeping)) => {
            let id = if keeping { marker } else { UNVERSIONED.to_owned() };
            write(bucket, key, Version { id, at: now, size: None });
        }
        (version, _) => {
            let version = version.unwrap_or(UNVERSIONED);
            if let Some(versions) = bucket.objects.get_mut(key) {
                versions.retain(|other| other.id != version);
                if versions.is_empty() {
                    bucket.objects.remove(key);
                }
            }
        }
    }
}

/// S3 API reference, DeleteObject.
pub(super) fn delete_object(call: &mut Call<'_>, input: &DeleteObjectInput) -> Result<DeleteObjectOutput, ApiError> {
    let (marker, now) = (call.alphanumeric(32), call.now);
    let bucket = content_mut(call, input.bucket())?;
    delete(bucket, input.key().unwrap_or_default(), input.version_id(), marker, now);
    Ok(DeleteObjectOutput::builder().build())
}

/// S3 API reference, DeleteObjects.
pub(super) fn delete_objects(call: &mut Call<'_>, input: &DeleteObjectsInput) -> Result<DeleteObjectsOutput, ApiError> {
    let list = input.delete().ok_or_else(malformed)?;
    if list.objects().is_empty() || list.objects().len() > MOST_KEYS {
        return Err(malformed());
    }
    let now = call.now;
    let mut deleted = Vec::new();
    for object in list.objects() {
        let marker = call.alphanumeric(32);
        let bucket = content_mut(call, input.bucket())?;
        delete(bucket, object.key(), object.version_id(), marker, now);
        let done = DeletedObject::builder().key(object.key());
        deleted.push(done.set_version_id(object.version_id().map(str::to_owned)).build());
    }
    // A quiet call is told of errors only.
    let deleted = Some(deleted).filter(|_| list.quiet() != Some(true));
    Ok(DeleteObjectsOutput::builder().set_deleted(deleted).build())
}
