//! Buckets.

use std::time::Duration;

use aws_sdk_s3::operation::create_bucket::{CreateBucketInput, CreateBucketOutput};
use aws_sdk_s3::operation::delete_bucket::{DeleteBucketInput, DeleteBucketOutput};
use aws_sdk_s3::operation::list_buckets::{ListBucketsInput, ListBucketsOutput};
use aws_sdk_s3::types::{self, BucketLocationConstraint, ObjectOwnership};

use super::names::is_bucket_name;
use super::state::{Bucket, bucket};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::paging;
use crate::sandbox::tag_rules::{self, Refusals};
use crate::sandbox::world::Tags;

/// S3 User Guide, "Bucket quotas, limitations, and restrictions".
const MOST_BUCKETS: usize = 10_000;
/// How long after its deletion a name is not to be had (S3 User Guide, "Deleting a general purpose bucket": it "might not be
/// available for a while"; seconds for the same account by experience).
const NAME_FREE: Duration = Duration::from_secs(5);
/// The one region without a location constraint.
const CLASSIC_REGION: &str = "us-east-1";

const TAGS: Refusals = Refusals { invalid: "InvalidTag", too_many: "BadRequest" };

/// S3 API reference, CreateBucket.
pub(super) fn create_bucket(call: &mut Call<'_>, input: &CreateBucketInput) -> Result<CreateBucketOutput, ApiError> {
    let name = input.bucket().unwrap_or_default();
    if !is_bucket_name(name) {
        return Err(ApiError::new("InvalidBucketName", "The specified bucket is not valid."));
    }
    if input.acl().is_some()
        || input.object_ownership().is_some_and(|owner| *owner != ObjectOwnership::BucketOwnerEnforced)
    {
        return Err(ApiError::new(
            "NotImplemented",
            "The sandbox simulates buckets without access control lists only.",
        ));
    }
    check_location(call, input)?;
    let configured = input.create_bucket_configuration().map(|configuration| configuration.tags()).unwrap_or_default();
    let tags = configured.iter().map(|tag| (Some(tag.key()), Some(tag.value())));
    let tags = tag_rules::merged(&Tags::new(), tags, &TAGS)?;
    let location = format!("/{name}");
    let s3 = &call.world.s3;
    if s3.taken.contains(name) {
        let message =
            "The requested bucket name is not available. The bucket namespace is shared by all users of the system.";
        return Err(ApiError::new("BucketAlreadyExists", message).with_status(409));
    }
    if s3.buckets.contains_key(name) {
        // "For legacy compatibility, if you re-create an existing bucket that you already own in us-east-1, Amazon S3 returns 200 OK":
        // S3 API reference, CreateBucket. Nothing about the bucket changes.
        if call.region() == CLASSIC_REGION {
            return Ok(CreateBucketOutput::builder().location(location).build());
        }
        let message = "Your previous request to create the named bucket succeeded and you already own it.";
        return Err(ApiError::new("BucketAlreadyOwnedByYou", message).with_status(409));
    }
    let instant = call.durations().read_after_create.is_zero();
    if s3.deleted.get(name).is_some_and(|at| !instant && call.now < *at + NAME_FREE) {
        let message =
            "A conflicting conditional operation is currently in progress against this resource. Please try again.";
        return Err(ApiError::new("OperationAborted", message).with_status(409));
    }
    if s3.buckets.len() >= MOST_BUCKETS {
        return Err(ApiError::new("TooManyBuckets", "You have attempted to create more buckets than allowed"));
    }
    let made = Bucket {
        name: name.to_owned(),
        created_at: call.now,
        tags,
        ownership: ObjectOwnership::BucketOwnerEnforced.as_str().to_owned(),
        // All new buckets are encrypted and closed to the public: S3 User Guide, "Default encryption FAQ" and "Blocking public access".
        encryption: "AES256".to_owned(),
        key: None,
        bucket_key: false,
        versioning: None,
        public_access_block: [true; 4],
        policy: None,
        lifecycle: Vec::new(),
        objects: Default::default(),
        uploads: Default::default(),
    };
    call.world.s3.deleted.remove(name);
    call.world.s3.buckets.insert(name.to_owned(), made);
    Ok(CreateBucketOutput::builder().location(location).build())
}

fn check_location(call: &Call<'_>, input: &CreateBucketInput) -> Result<(), ApiError> {
    let constraint = input.create_bucket_configuration().and_then(|configuration| configuration.location_constraint());
    match (constraint.map(BucketLocationConstraint::as_str), call.region()) {
        (None, CLASSIC_REGION) => Ok(()),
        (Some(CLASSIC_REGION), _) => {
            Err(ApiError::new("InvalidLocationConstraint", "The specified location-constraint is not valid"))
        }
        (Some(constraint), region) if constraint == region => Ok(()),
        (constraint, region) => {
            let given = constraint.unwrap_or("unspecified");
            let message = format!(
                "The {given} location constraint is incompatible for the region specific endpoint this request was sent to ({region})."
            );
            Err(ApiError::new("IllegalLocationConstraintException", message))
        }
    }
}

/// S3 API reference, DeleteBucket: "All objects (including all object versions and delete markers) in the bucket must be deleted".
/// Uploads that were begun do not count.
pub(super) fn delete_bucket(call: &mut Call<'_>, input: &DeleteBucketInput) -> Result<DeleteBucketOutput, ApiError> {
    let found = bucket(call, input.bucket())?;
    if !found.objects.is_empty() {
        let message = match found.versioning {
            None => "The bucket you tried to delete is not empty",
            Some(_) => "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
        };
        return Err(ApiError::new("BucketNotEmpty", message).with_status(409));
    }
    let (name, now) = (found.name.clone(), call.now);
    call.world.s3.buckets.remove(&name);
    call.world.s3.deleted.insert(name, now);
    Ok(DeleteBucketOutput::builder().build())
}

/// S3 API reference, ListBuckets.
pub(super) fn list_buckets(call: &mut Call<'_>, input: &ListBucketsInput) -> Result<ListBucketsOutput, ApiError> {
    let most = input.max_buckets().unwrap_or(10_000);
    if !(1..=10_000).contains(&most) {
        return Err(ApiError::new("InvalidArgument", "Argument max-buckets must be an integer between 1 and 10000."));
    }
    let here = input.bucket_region().is_none_or(|region| region == call.region());
    // "If the request contains at least one valid parameter, [the region] is included in the response": type Bucket.
    let asked = input.prefix().or(input.bucket_region()).or(input.continuation_token()).is_some();
    let region = (asked || input.max_buckets().is_some()).then(|| call.region().to_owned());
    let prefix = input.prefix().unwrap_or_default();
    let found: Vec<types::Bucket> = call
        .world
        .s3
        .buckets
        .values()
        .filter(|bucket| here && bucket.name.starts_with(prefix))
        .map(|bucket| {
            let listed = types::Bucket::builder().name(&bucket.name).creation_date(bucket.created_at.datetime());
            listed.set_bucket_region(region.clone()).build()
        })
        .collect();
    let size = usize::try_from(most).unwrap_or(1);
    let (page, next) = paging::page(found, size, input.continuation_token())
        .ok_or_else(|| ApiError::new("InvalidArgument", "The continuation token provided is incorrect"))?;
    let output = ListBucketsOutput::builder().set_buckets(Some(page)).set_continuation_token(next);
    Ok(output.set_prefix(input.prefix().map(str::to_owned)).build())
}
