//! The operations of ECR.

use super::{images, layers, lifecycle, repositories, tags};
use crate::sandbox::registry::{Registry, Service, operations};
use crate::sandbox::throttle::{Limits, Rate};

/// ECR User Guide, "Amazon ECR service quotas", lists rates for images only; these are cautious.
pub(super) static ECR: Service = Service {
    name: "ecr",
    sdk_id: "ECR",
    limits: Limits {
        reading: Rate { burst: 50.0, per_second: 20.0 },
        changing: Rate { burst: 50.0, per_second: 10.0 },
        code: "ThrottlingException",
        status: 400,
    },
};

/// Adds ECR.
pub(in crate::sandbox) fn register(registry: &mut Registry) {
    operations!(registry, &ECR, aws_sdk_ecr, {
        batch_get_image::BatchGetImageError => images::batch_get_image,
        complete_layer_upload::CompleteLayerUploadError => layers::complete,
        create_repository::CreateRepositoryError => repositories::create_repository,
        delete_repository::DeleteRepositoryError => repositories::delete_repository,
        describe_images::DescribeImagesError => images::describe_images,
        describe_repositories::DescribeRepositoriesError => repositories::describe_repositories,
        get_download_url_for_layer::GetDownloadUrlForLayerError => layers::download_url,
        get_lifecycle_policy::GetLifecyclePolicyError => lifecycle::get_lifecycle_policy,
        initiate_layer_upload::InitiateLayerUploadError => layers::initiate,
        list_tags_for_resource::ListTagsForResourceError => tags::list_tags_for_resource,
        put_image::PutImageError => images::put_image,
        put_image_scanning_configuration::PutImageScanningConfigurationError => repositories::put_image_scanning_configuration,
        put_image_tag_mutability::PutImageTagMutabilityError => repositories::put_image_tag_mutability,
        put_lifecycle_policy::PutLifecyclePolicyError => lifecycle::put_lifecycle_policy,
        tag_resource::TagResourceError => tags::tag_resource,
        upload_layer_part::UploadLayerPartError => layers::part,
    });
}
