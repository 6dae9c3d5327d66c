//! The operations of S3.

use super::{buckets, lifecycle, objects, policies, settings, uploads, versions};
use crate::sandbox::registry::{Registry, Service, operations};
use crate::sandbox::throttle::{Limits, Rate};

/// S3 publishes limits for objects only, far above what a platform does (S3 User Guide, "Optimizing performance"); calls on buckets are
/// slowed down much earlier.
static S3: Service = Service {
    name: "s3",
    sdk_id: "S3",
    limits: Limits {
        reading: Rate { burst: 100.0, per_second: 50.0 },
        changing: Rate { burst: 50.0, per_second: 25.0 },
        code: "SlowDown",
        status: 503,
    },
};

/// Adds S3.
pub(in crate::sandbox) fn register(registry: &mut Registry) {
    operations!(registry, &S3, aws_sdk_s3, {
        abort_multipart_upload::AbortMultipartUploadError => uploads::abort_multipart_upload,
        create_bucket::CreateBucketError => buckets::create_bucket,
        create_multipart_upload::CreateMultipartUploadError => uploads::create_multipart_upload,
        delete_bucket::DeleteBucketError => buckets::delete_bucket,
        delete_object::DeleteObjectError => objects::delete_object,
        delete_objects::DeleteObjectsError => objects::delete_objects,
        get_bucket_encryption::GetBucketEncryptionError => settings::get_bucket_encryption,
        get_bucket_lifecycle_configuration::GetBucketLifecycleConfigurationError =>
            lifecycle::get_bucket_lifecycle_configuration,
        get_bucket_ownership_controls::GetBucketOwnershipControlsError => settings::get_bucket_ownership_controls,
        get_bucket_policy::GetBucketPolicyError => policies::get_bucket_policy,
        get_bucket_tagging::GetBucketTaggingError => settings::get_bucket_tagging,
        get_bucket_versioning::GetBucketVersioningError => settings::get_bucket_versioning,
        get_public_access_block::GetPublicAccessBlockError => settings::get_public_access_block,
        list_buckets::ListBucketsError => buckets::list_buckets,
        list_multipart_uploads::ListMultipartUploadsError => uploads::list_multipart_uploads,
        list_object_versions::ListObjectVersionsError => versions::list_object_versions,
        put_bucket_encryption::PutBucketEncryptionError => settings::put_bucket_encryption,
        put_bucket_lifecycle_configuration::PutBucketLifecycleConfigurationError =>
            lifecycle::put_bucket_lifecycle_configuration,
        put_bucket_ownership_controls::PutBucketOwnershipControlsError => settings::put_bucket_ownership_controls,
        put_bucket_policy::PutBucketPolicyError => policies::put_bucket_policy,
        put_bucket_versioning::PutBucketVersioningError => settings::put_bucket_versioning,
        put_public_access_block::PutPublicAccessBlockError => settings::put_public_access_block,
    });
    registry.add_with::<_, _, _, aws_sdk_s3::operation::put_object::PutObjectError>(
        &S3,
        "PutObject",
        objects::keep,
        objects::put_object,
    );
}
