//! Versions of objects, listed.

use aws_sdk_s3::operation::list_object_versions::{ListObjectVersionsInput, ListObjectVersionsOutput};
use aws_sdk_s3::types::{DeleteMarkerEntry, ObjectVersion};

use super::state::{Version, bucket};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// S3 API reference, ListObjectVersions: by default and at most 1,000 keys.
const LARGEST_PAGE: i32 = 1000;

/// By key, and of each key the newest first. The markers name the last version of the page before.
pub(super) fn list_object_versions(
    call: &mut Call<'_>,
    input: &ListObjectVersionsInput,
) -> Result<ListObjectVersionsOutput, ApiError> {
    if input.delimiter().is_some() {
        return Err(ApiError::new("NotImplemented", "The sandbox does not simulate delimiters."));
    }
    let bucket = bucket(call, input.bucket())?;
    let most = input.max_keys().unwrap_or(LARGEST_PAGE);
    let most = usize::try_from(most)
        .map_err(|_| ApiError::new("InvalidArgument", "Argument max-keys must not be negative"))?;
    let most = most.min(LARGEST_PAGE as usize);
    let prefix = input.prefix().unwrap_or_default();
    let all = bucket.objects.iter().filter(|(key, _)| key.starts_with(prefix)).flat_map(|(key, versions)| {
        let newest = versions.last().map(|version| version.id.as_str());
        versions.iter().rev().map(move |version| (key.as_str(), version, newest == Some(version.id.as_str())))
    });
    let rest: Vec<(&str, &Version, bool)> = match (input.key_marker(), input.version_id_marker()) {
        (None, _) => all.collect(),
        (Some(key), None) => all.filter(|(other, ..)| *other > key).collect(),
        (Some(key), Some(id)) => {
            let mut passed = false;
            let after = |(other, version, _): &(&str, &Version, bool)| {
                let is_after = *other > key || (*other == key && passed);
                passed |= *other == key && version.id == id;
                is_after
            };
            all.filter(after).collect()
        }
    };
    let page = &rest[..most.min(rest.len())];
    let mut output = ListObjectVersionsOutput::builder().name(&bucket.name).is_truncated(page.len() < rest.len());
    for (key, version, latest) in page {
        let at = version.at.datetime();
        match version.size {
            Some(size) => {
                let listed = ObjectVersion::builder().key(*key).version_id(&version.id).is_latest(*latest);
                let size = i64::try_from(size).unwrap_or(i64::MAX);
                output = output.versions(listed.last_modified(at).size(size).build());
            }
            None => {
                let listed = DeleteMarkerEntry::builder().key(*key).version_id(&version.id).is_latest(*latest);
                output = output.delete_markers(listed.last_modified(at).build());
            }
        }
    }
    if let Some((key, version, _)) = page.last().filter(|_| page.len() < rest.len()) {
        output = output.next_key_marker(*key).next_version_id_marker(&version.id);
    }
    Ok(output.build())
}
