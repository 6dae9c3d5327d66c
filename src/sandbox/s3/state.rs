//! All that S3 holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::{Item, Place, Simulated, Tags};

/// All that S3 holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct S3State {
    /// Buckets by name.
    pub buckets: BTreeMap<String, Bucket>,
    /// Names that other accounts have.
    pub taken: BTreeSet<String>,
    /// When buckets were deleted, by name.
    pub deleted: BTreeMap<String, Moment>,
}

/// A bucket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: Moment,
    /// Its tags.
    pub tags: Tags,
    /// Who owns what is written.
    #[serde(default = "enforced")]
    pub ownership: String,
    /// `AES256` or `aws:kms`.
    pub encryption: String,
    /// The key of `aws:kms`, as it was given.
    pub key: Option<String>,
    /// Whether a data key serves many objects.
    pub bucket_key: bool,
    /// Whether older versions are kept; `None` until somebody says so.
    pub versioning: Option<bool>,
    /// Blocked public ACLs, ignored public ACLs, blocked public policies, restricted public buckets.
    pub public_access_block: [bool; 4],
    /// Who else may do what: a document.
    pub policy: Option<String>,
    /// What goes by itself.
    pub lifecycle: Vec<Rule>,
    /// All versions of each key, oldest first.
    pub objects: BTreeMap<String, Vec<Version>>,
    /// Uploads that were begun: keys by upload id.
    pub uploads: BTreeMap<String, String>,
}

/// S3 User Guide, "Controlling ownership of objects": all new buckets.
fn enforced() -> String {
    "BucketOwnerEnforced".to_owned()
}

/// A lifecycle rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the API's LifecycleRule")]
pub struct Rule {
    pub id: String,
    pub enabled: bool,
    pub prefix: String,
    pub expire_days: Option<i32>,
    pub expire_noncurrent_days: Option<i32>,
    pub abort_upload_days: Option<i32>,
}

/// A version of an object, or a delete marker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its id; `null` for what was written without versioning.
    pub id: String,
    /// When it was written.
    pub at: Moment,
    /// Its size in bytes; `None` for a delete marker.
    pub size: Option<u64>,
}

/// A bucket that must be there.
pub(super) fn bucket<'a>(call: &'a Call<'_>, name: Option<&str>) -> Result<&'a Bucket, ApiError> {
    call.world.s3.buckets.get(name.unwrap_or_default()).ok_or_else(missing)
}

/// The same, to change what is in it.
pub(super) fn content_mut<'a>(call: &'a mut Call<'_>, name: Option<&str>) -> Result<&'a mut Bucket, ApiError> {
    call.world.s3.buckets.get_mut(name.unwrap_or_default()).ok_or_else(missing)
}

/// The same, to change its settings. One that was just made may not be found by such calls yet: S3 User Guide, "Amazon S3 data consistency
/// model": "Bucket configurations have an eventual consistency model".
pub(super) fn bucket_mut<'a>(call: &'a mut Call<'_>, name: Option<&str>) -> Result<&'a mut Bucket, ApiError> {
    if !call.visible(bucket(call, name)?.created_at) {
        return Err(missing());
    }
    content_mut(call, name)
}

fn missing() -> ApiError {
    ApiError::new("NoSuchBucket", "The specified bucket does not exist").with_status(404)
}

/// `arn:aws:s3:::name`.
pub(super) fn arn(name: &str) -> String {
    format!("arn:aws:s3:::{name}")
}

impl Simulated for S3State {
    fn inventory(&self, _now: Moment, _place: &Place) -> Vec<Item> {
        let item = |bucket: &Bucket| Item {
            kind: "s3:bucket",
            id: bucket.name.clone(),
            arn: arn(&bucket.name),
            tags: bucket.tags.clone(),
        };
        self.buckets.values().map(item).collect()
    }

    fn tags_by_arn(&mut self, _place: &Place, arn: &str) -> Option<&mut Tags> {
        self.buckets.values_mut().find(|bucket| self::arn(&bucket.name) == arn).map(|bucket| &mut bucket.tags)
    }
}
