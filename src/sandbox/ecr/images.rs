//! Images.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecr::operation::batch_get_image::{BatchGetImageInput, BatchGetImageOutput};
use aws_sdk_ecr::operation::describe_images::{DescribeImagesInput, DescribeImagesOutput};
use aws_sdk_ecr::operation::put_image::{PutImageInput, PutImageOutput};
use aws_sdk_ecr::types::{
    FindingSeverity, ImageDetail, ImageFailure, ImageFailureCode, ImageIdentifier, ImageScanFindingsSummary,
    ImageScanStatus, ScanStatus,
};
use serde_json::Value;

use super::repositories::{find, invalid};
use super::state::{Image, Repository};
use crate::sandbox::call::Call;
use crate::sandbox::ecs::behaviour::Behaviour;
use crate::sandbox::error::ApiError;
use crate::sandbox::{paging, web};

/// ECR API reference, BatchGetImage: at most a hundred.
const AT_ONCE: usize = 100;
/// Annotations of a manifest by which an image says how it is to be simulated.
const BEHAVIOUR: &str = "platformctl.sandbox.behaviour";
const FINDINGS: &str = "platformctl.sandbox.findings";

/// ECR API reference, PutImage: a tag moves to the image that is pushed last, unless tags are immutable.
pub(super) fn put_image(call: &mut Call<'_>, input: &PutImageInput) -> Result<PutImageOutput, ApiError> {
    let now = call.now;
    let manifest = input.image_manifest().unwrap_or_default().to_owned();
    let document: Value =
        serde_json::from_str(&manifest).map_err(|_| invalid("Invalid parameter at 'imageManifest': not a manifest"))?;
    let repository = find(call, input.repository_name())?;
    let platforms = parts(repository, &document)?;
    let digest = web::digest(manifest.as_bytes());
    let tag = input.image_tag().map(str::to_owned);
    let holder = tag.as_deref().and_then(|tag| repository.image(tag)).map(|image| image.digest.clone());
    if holder.as_ref() == Some(&digest) || (tag.is_none() && repository.images.contains_key(&digest)) {
        return Err(ApiError::new("ImageAlreadyExistsException", "The image already exists in the repository."));
    }
    if holder.is_some() && repository.mutability == "IMMUTABLE" {
        let message = format!(
            "The image tag '{}' already exists in the '{}' repository and cannot be overwritten because the tag is \
             immutable.",
            tag.unwrap_or_default(),
            repository.name
        );
        return Err(ApiError::new("ImageTagAlreadyExistsException", message));
    }
    if let Some(former) = holder.and_then(|digest| repository.images.get_mut(&digest)) {
        former.tags.retain(|one| Some(one) != tag.as_ref());
    }
    let annotation = |name: &str| document["annotations"][name].as_str().unwrap_or_default().to_owned();
    let media_type = document["mediaType"].as_str().unwrap_or("application/vnd.oci.image.manifest.v1+json").to_owned();
    let image = repository.images.entry(digest.clone()).or_insert_with(|| Image {
        digest: digest.clone(),
        tags: BTreeSet::new(),
        manifest,
        media_type,
        pushed_at: now,
        findings: findings(&annotation(FINDINGS)),
        platforms,
        behaviour: Behaviour::of(&annotation(BEHAVIOUR)),
    });
    image.tags.extend(tag);
    let image = as_image(&repository.name.clone(), &repository.images[&digest]);
    Ok(PutImageOutput::builder().image(image).build())
}

/// `CRITICAL=1,HIGH=3`.
fn findings(text: &str) -> BTreeMap<String, i32> {
    let pair = |part: &str| {
        let (severity, count) = part.split_once('=')?;
        Some((severity.trim().to_owned(), count.trim().parse().ok()?))
    };
    text.split(',').filter_map(pair).collect()
}

/// What a manifest is for, if all that it refers to is there. ECR API reference, PutImage: layers and images come before what refers to them.
fn parts(repository: &Repository, manifest: &Value) -> Result<Vec<String>, ApiError> {
    let digest = |it: &Value| it["digest"].as_str().unwrap_or_default().to_owned();
    if manifest["schemaVersion"] != 2 {
        return Err(invalid(
            "Invalid parameter at 'imageManifest' failed to satisfy constraint: 'Invalid JSON syntax'",
        ));
    }
    if let Some(entries) = manifest["manifests"].as_array() {
        let missing: Vec<String> =
            entries.iter().map(digest).filter(|digest| !repository.images.contains_key(digest)).collect();
        if !missing.is_empty() {
            let message = format!("The specified referenced images could not be found: {missing:?}");
            return Err(ApiError::new("ReferencedImagesNotFoundException", message));
        }
        let children = entries.iter().filter_map(|entry| repository.images.get(&digest(entry)));
        return Ok(children.flat_map(|image| image.platforms.clone()).collect());
    }
    let layers = manifest["layers"].as_array().into_iter().flatten();
    let wanted: Vec<String> = std::iter::once(&manifest["config"]).chain(layers).map(digest).collect();
    if let Some(missing) = wanted.iter().find(|digest| !repository.layers.contains_key(*digest)) {
        let message = format!("The specified layers could not be found: '{missing}'");
        return Err(ApiError::new("LayersNotFoundException", message));
    }
    let configuration: Value = serde_json::from_str(&repository.layers[&wanted[0]]).unwrap_or_default();
    let platform = configuration["os"].as_str().zip(configuration["architecture"].as_str());
    Ok(platform.map(|(os, architecture)| format!("{os}/{architecture}")).into_iter().collect())
}

fn as_image(repository: &str, image: &Image) -> aws_sdk_ecr::types::Image {
    let id = ImageIdentifier::builder().image_digest(&image.digest).set_image_tag(image.tags.first().cloned());
    aws_sdk_ecr::types::Image::builder()
        .repository_name(repository)
        .image_id(id.build())
        .image_manifest(&image.manifest)
        .image_manifest_media_type(&image.media_type)
        .build()
}

/// By digest, else by tag.
fn chosen<'a>(repository: &'a Repository, id: &ImageIdentifier) -> Option<&'a Image> {
    let found = repository.image(id.image_digest().or(id.image_tag())?)?;
    id.image_tag().is_none_or(|tag| found.tags.contains(tag)).then_some(found)
}

/// ECR API reference, DescribeImages: an image that doesn't exist fails the call.
pub(super) fn describe_images(
    call: &mut Call<'_>,
    input: &DescribeImagesInput,
) -> Result<DescribeImagesOutput, ApiError> {
    let repository = find(call, input.repository_name())?;
    let missing = |id: &ImageIdentifier| {
        let message = format!(
            "The image with imageId {{imageDigest:'{}', imageTag:'{}'}} does not exist within the repository with name '{}'",
            id.image_digest().unwrap_or("null"),
            id.image_tag().unwrap_or("null"),
            repository.name
        );
        ApiError::new("ImageNotFoundException", message)
    };
    let images: Vec<&Image> = match input.image_ids() {
        [] => repository.images.values().collect(),
        ids => ids.iter().map(|id| chosen(repository, id).ok_or_else(|| missing(id))).collect::<Result<_, _>>()?,
    };
    let details = images.into_iter().map(|image| detail(repository, image)).collect();
    let size = input.max_results().unwrap_or(100).clamp(1, 1000).unsigned_abs() as usize;
    let (details, token) =
        paging::page(details, size, input.next_token()).ok_or_else(|| invalid("Invalid parameter at 'nextToken'"))?;
    Ok(DescribeImagesOutput::builder().set_image_details(Some(details)).set_next_token(token).build())
}

/// A scan is over at once; repositories that don't scan on push have none (ECR API reference, ImageDetail).
fn detail(repository: &Repository, image: &Image) -> ImageDetail {
    let counts = image.findings.iter().map(|(name, count)| (FindingSeverity::from(name.as_str()), *count)).collect();
    let summary = ImageScanFindingsSummary::builder()
        .image_scan_completed_at(image.pushed_at.datetime())
        .set_finding_severity_counts(Some(counts));
    let status = ImageScanStatus::builder().status(ScanStatus::Complete).build();
    ImageDetail::builder()
        .repository_name(&repository.name)
        .image_digest(&image.digest)
        .set_image_tags(Some(image.tags.iter().cloned().collect()))
        .image_pushed_at(image.pushed_at.datetime())
        .image_manifest_media_type(&image.media_type)
        .set_image_scan_status(repository.scan_on_push.then_some(status))
        .set_image_scan_findings_summary(repository.scan_on_push.then(|| summary.build()))
        .build()
}

/// ECR API reference, BatchGetImage: what isn't there is listed as a failure.
pub(super) fn batch_get_image(
    call: &mut Call<'_>,
    input: &BatchGetImageInput,
) -> Result<BatchGetImageOutput, ApiError> {
    let ids = input.image_ids();
    if !(1..=AT_ONCE).contains(&ids.len()) {
        return Err(invalid("Invalid parameter at 'imageIds': 1 to 100 are taken"));
    }
    let repository = find(call, input.repository_name())?;
    let images = ids.iter().filter_map(|id| chosen(repository, id)).map(|image| as_image(&repository.name, image));
    let absent = ids.iter().filter(|id| chosen(repository, id).is_none()).map(|id| {
        let failure = ImageFailure::builder().image_id(id.clone()).failure_code(ImageFailureCode::ImageNotFound);
        failure.failure_reason("Requested image not found").build()
    });
    Ok(BatchGetImageOutput::builder().set_images(Some(images.collect())).set_failures(Some(absent.collect())).build())
}
