//! Multipart uploads: begun and aborted.

use aws_sdk_s3::operation::abort_multipart_upload::{AbortMultipartUploadInput, AbortMultipartUploadOutput};
use aws_sdk_s3::operation::create_multipart_upload::{CreateMultipartUploadInput, CreateMultipartUploadOutput};
use aws_sdk_s3::operation::list_multipart_uploads::{ListMultipartUploadsInput, ListMultipartUploadsOutput};
use aws_sdk_s3::types::MultipartUpload;

use super::state::{bucket, content_mut};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// S3 API reference, ListMultipartUploads: by default and at most 1,000.
const LARGEST_PAGE: i32 = 1000;

pub(super) fn create_multipart_upload(
    call: &mut Call<'_>,
    input: &CreateMultipartUploadInput,
) -> Result<CreateMultipartUploadOutput, ApiError> {
    let id = call.alphanumeric(64);
    let key = input.key().unwrap_or_default();
    let bucket = content_mut(call, input.bucket())?;
    bucket.uploads.insert(id.clone(), key.to_owned());
    Ok(CreateMultipartUploadOutput::builder().bucket(&bucket.name).key(key).upload_id(id).build())
}

/// S3 API reference, ListMultipartUploads.
pub(super) fn list_multipart_uploads(
    call: &mut Call<'_>,
    input: &ListMultipartUploadsInput,
) -> Result<ListMultipartUploadsOutput, ApiError> {
    let bucket = bucket(call, input.bucket())?;
    let most = input.max_uploads().unwrap_or(LARGEST_PAGE).clamp(1, LARGEST_PAGE) as usize;
    let mut all: Vec<(&String, &String)> = bucket.uploads.iter().map(|(id, key)| (key, id)).collect();
    all.sort();
    if let Some(marker) = input.key_marker() {
        let after = (marker, input.upload_id_marker().unwrap_or("\u{10ffff}"));
        all.retain(|(key, id)| (key.as_str(), id.as_str()) > after);
    }
    let page = &all[..most.min(all.len())];
    let truncated = page.len() < all.len();
    let mut output = ListMultipartUploadsOutput::builder().bucket(&bucket.name).is_truncated(truncated);
    for (key, id) in page {
        output = output.uploads(MultipartUpload::builder().key(*key).upload_id(*id).build());
    }
    if let Some((key, id)) = page.last().filter(|_| truncated) {
        output = output.next_key_marker(*key).next_upload_id_marker(*id);
    }
    Ok(output.build())
}

/// S3 API reference, AbortMultipartUpload.
pub(super) fn abort_multipart_upload(
    call: &mut Call<'_>,
    input: &AbortMultipartUploadInput,
) -> Result<AbortMultipartUploadOutput, ApiError> {
    let id = input.upload_id().unwrap_or_default();
    if content_mut(call, input.bucket())?.uploads.remove(id).is_none() {
        let message = "The specified multipart upload does not exist. The upload ID might be invalid, or the multipart upload might have \
                       been aborted or completed.";
        return Err(ApiError::new("NoSuchUpload", message).with_status(404));
    }
    Ok(AbortMultipartUploadOutput::builder().build())
}
