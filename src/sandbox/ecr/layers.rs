//! Layers: how they come, and where they are read from. Only their text is kept, which is all that configurations have.

use aws_sdk_ecr::operation::complete_layer_upload::{CompleteLayerUploadInput, CompleteLayerUploadOutput};
use aws_sdk_ecr::operation::get_download_url_for_layer::{GetDownloadUrlForLayerInput, GetDownloadUrlForLayerOutput};
use aws_sdk_ecr::operation::initiate_layer_upload::{InitiateLayerUploadInput, InitiateLayerUploadOutput};
use aws_sdk_ecr::operation::upload_layer_part::{UploadLayerPartInput, UploadLayerPartOutput};

use super::repositories::{find, invalid};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::web;

/// ECR API reference, InitiateLayerUpload: the size of a part that ECR expects.
const PART: i64 = 10 << 20;

/// ECR API reference, InitiateLayerUpload.
pub(super) fn initiate(
    call: &mut Call<'_>,
    input: &InitiateLayerUploadInput,
) -> Result<InitiateLayerUploadOutput, ApiError> {
    let id = call.uuid();
    find(call, input.repository_name())?.uploads.insert(id.clone(), String::new());
    Ok(InitiateLayerUploadOutput::builder().upload_id(id).part_size(PART).build())
}

fn no_upload(id: &str) -> ApiError {
    ApiError::new("UploadNotFoundException", format!("The upload with id '{id}' could not be found"))
}

/// ECR API reference, UploadLayerPart: parts come in order and without gaps.
pub(super) fn part(call: &mut Call<'_>, input: &UploadLayerPartInput) -> Result<UploadLayerPartOutput, ApiError> {
    let id = input.upload_id().unwrap_or_default();
    let repository = find(call, input.repository_name())?;
    let upload = repository.uploads.get_mut(id).ok_or_else(|| no_upload(id))?;
    let bytes = input.layer_part_blob().map(AsRef::as_ref).unwrap_or_default();
    let text = std::str::from_utf8(bytes);
    let text = text.map_err(|_| ApiError::new("UnsupportedOperation", "The sandbox keeps layers that are text."))?;
    let (first, length) = (upload.len() as i64, bytes.len() as i64);
    if input.part_first_byte() != Some(first) || input.part_last_byte() != Some(first + length - 1) || length == 0 {
        let message = format!("Invalid layer part: the next byte is {first}");
        return Err(ApiError::new("InvalidLayerPartException", message));
    }
    upload.push_str(text);
    Ok(UploadLayerPartOutput::builder().upload_id(id).last_byte_received(first + length - 1).build())
}

/// ECR API reference, CompleteLayerUpload.
pub(super) fn complete(
    call: &mut Call<'_>,
    input: &CompleteLayerUploadInput,
) -> Result<CompleteLayerUploadOutput, ApiError> {
    let id = input.upload_id().unwrap_or_default();
    let repository = find(call, input.repository_name())?;
    let text = repository.uploads.get(id).ok_or_else(|| no_upload(id))?.clone();
    let digest = web::digest(text.as_bytes());
    if text.is_empty() {
        return Err(ApiError::new("EmptyUploadException", "The layer upload is empty"));
    }
    if !input.layer_digests().contains(&digest) {
        return Err(ApiError::new("InvalidLayerException", "The layer digest does not match the uploaded layer"));
    }
    if repository.layers.contains_key(&digest) {
        return Err(ApiError::new("LayerAlreadyExistsException", format!("The layer '{digest}' already exists")));
    }
    repository.uploads.remove(id);
    repository.layers.insert(digest.clone(), text);
    Ok(CompleteLayerUploadOutput::builder().upload_id(id).layer_digest(digest).build())
}

/// ECR API reference, GetDownloadUrlForLayer: only layers that an image refers to.
pub(super) fn download_url(
    call: &mut Call<'_>,
    input: &GetDownloadUrlForLayerInput,
) -> Result<GetDownloadUrlForLayerOutput, ApiError> {
    let digest = input.layer_digest().unwrap_or_default();
    if !digest.starts_with("sha256:") {
        return Err(invalid("Invalid parameter at 'layerDigest'"));
    }
    let repository = find(call, input.repository_name())?;
    if !repository.layers.contains_key(digest) {
        let message = format!(
            "The layer with digest '{digest}' does not exist in the repository with name '{}'",
            repository.name
        );
        return Err(ApiError::new("LayersNotFoundException", message));
    }
    if !repository.images.values().any(|image| image.manifest.contains(digest)) {
        let message = "The specified layer is not available because it is not associated with an image.";
        return Err(ApiError::new("LayerInaccessibleException", message));
    }
    let url = web::layer_address(call, digest);
    Ok(GetDownloadUrlForLayerOutput::builder().download_url(url).layer_digest(digest).build())
}
