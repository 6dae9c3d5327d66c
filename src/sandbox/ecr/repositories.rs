//! Repositories.

use aws_sdk_ecr::operation::create_repository::{CreateRepositoryInput, CreateRepositoryOutput};
use aws_sdk_ecr::operation::delete_repository::{DeleteRepositoryInput, DeleteRepositoryOutput};
use aws_sdk_ecr::operation::describe_repositories::{DescribeRepositoriesInput, DescribeRepositoriesOutput};
use aws_sdk_ecr::operation::put_image_scanning_configuration::{
    PutImageScanningConfigurationInput, PutImageScanningConfigurationOutput,
};
use aws_sdk_ecr::operation::put_image_tag_mutability::{PutImageTagMutabilityInput, PutImageTagMutabilityOutput};
use aws_sdk_ecr::types::{
    self, EncryptionConfiguration, EncryptionType, ImageScanningConfiguration, ImageTagMutability,
};

use super::state::Repository;
use super::tags;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;
use crate::sandbox::{kms, paging};

pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

/// ECR API reference, CreateRepository: groups of lowercase letters and digits, joined by single `.`, `_`, `-` or `/`.
fn check_name(name: &str) -> Result<(), ApiError> {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let formed = (2..=256).contains(&name.len())
        && name.chars().all(|c| alphanumeric(c) || "._-/".contains(c))
        && name.split(['.', '_', '-', '/']).all(|part| !part.is_empty());
    if formed {
        return Ok(());
    }
    Err(invalid(format!(
        "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression \
         '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*'' ({name})"
    )))
}

fn missing(call: &Call<'_>, name: &str) -> ApiError {
    let message =
        format!("The repository with name '{name}' does not exist in the registry with id '{}'", call.account());
    ApiError::new("RepositoryNotFoundException", message)
}

/// A repository that must be there, to change it.
pub(super) fn find<'a>(call: &'a mut Call<'_>, name: Option<&str>) -> Result<&'a mut Repository, ApiError> {
    let name = name.unwrap_or_default();
    let absent = missing(call, name);
    call.world.ecr.repositories.get_mut(name).ok_or(absent)
}

/// The key of a repository, by ARN. ECR API reference, EncryptionConfiguration: without a key, AWS's own for ECR.
fn key(call: &Call<'_>, encryption: Option<&EncryptionConfiguration>) -> Result<Option<String>, ApiError> {
    let Some(encryption) = encryption else { return Ok(None) };
    match (encryption.encryption_type(), encryption.kms_key()) {
        (EncryptionType::Aes256, None) => Ok(None),
        (EncryptionType::Aes256, Some(_)) => Err(invalid("A KMS key needs the encryption type KMS.")),
        (EncryptionType::Kms, Some(reference)) => {
            let key = kms::usable(call, reference);
            let key = key.map_err(|error| ApiError::new("KmsException", error.message))?;
            Ok(Some(key.arn.clone()))
        }
        _ => Err(ApiError::new("UnsupportedOperation", "The sandbox wants a key where the encryption type is KMS.")),
    }
}

fn mutability(value: Option<&ImageTagMutability>) -> Result<String, ApiError> {
    match value.unwrap_or(&ImageTagMutability::Mutable) {
        known @ (ImageTagMutability::Mutable | ImageTagMutability::Immutable) => Ok(known.as_str().to_owned()),
        other => Err(invalid(format!("Invalid parameter at 'imageTagMutability': {other}"))),
    }
}

/// ECR API reference, CreateRepository.
pub(super) fn create_repository(
    call: &mut Call<'_>,
    input: &CreateRepositoryInput,
) -> Result<CreateRepositoryOutput, ApiError> {
    let name = input.repository_name().unwrap_or_default().to_owned();
    check_name(&name)?;
    let tags = tags::merged(&Tags::new(), input.tags())?;
    let mutability = mutability(input.image_tag_mutability())?;
    if call.world.ecr.repositories.contains_key(&name) {
        let message =
            format!("The repository with name '{name}' already exists in the registry with id '{}'", call.account());
        return Err(ApiError::new("RepositoryAlreadyExistsException", message));
    }
    let repository = Repository {
        arn: call.arn("ecr", &format!("repository/{name}")),
        uri: format!("{}.dkr.ecr.{}.amazonaws.com/{name}", call.account(), call.region()),
        name: name.clone(),
        created_at: call.now,
        scan_on_push: input.image_scanning_configuration().is_some_and(ImageScanningConfiguration::scan_on_push),
        mutability,
        kms_key: key(call, input.encryption_configuration())?,
        lifecycle: None,
        layers: Default::default(),
        uploads: Default::default(),
        images: Default::default(),
        tags,
    };
    let described = described(call, &repository)?;
    call.world.ecr.repositories.insert(name, repository);
    Ok(CreateRepositoryOutput::builder().repository(described).build())
}

fn described(call: &Call<'_>, repository: &Repository) -> Result<types::Repository, ApiError> {
    let kind = if repository.kms_key.is_some() { EncryptionType::Kms } else { EncryptionType::Aes256 };
    let encryption = EncryptionConfiguration::builder().encryption_type(kind).set_kms_key(repository.kms_key.clone());
    let scanning = ImageScanningConfiguration::builder().scan_on_push(repository.scan_on_push).build();
    Ok(types::Repository::builder()
        .repository_arn(&repository.arn)
        .registry_id(call.account())
        .repository_name(&repository.name)
        .repository_uri(&repository.uri)
        .created_at(repository.created_at.datetime())
        .image_tag_mutability(ImageTagMutability::from(repository.mutability.as_str()))
        .image_scanning_configuration(scanning)
        .encryption_configuration(encryption.build()?)
        .build())
}

/// ECR API reference, DescribeRepositories: a name that doesn't exist fails the call; MaxResults 1 to 1000, 100 by default.
pub(super) fn describe_repositories(
    call: &mut Call<'_>,
    input: &DescribeRepositoriesInput,
) -> Result<DescribeRepositoriesOutput, ApiError> {
    let size = input.max_results().unwrap_or(100);
    if !(1..=1000).contains(&size) {
        return Err(invalid(format!("Invalid parameter at 'maxResults': {size}")));
    }
    if !input.repository_names().is_empty() && (input.max_results().is_some() || input.next_token().is_some()) {
        return Err(invalid("maxResults and nextToken can't be used with repositoryNames."));
    }
    let repositories = &call.world.ecr.repositories;
    let chosen: Vec<&Repository> = match input.repository_names() {
        [] => repositories.values().collect(),
        names => names
            .iter()
            .map(|name| repositories.get(name).ok_or_else(|| missing(call, name)))
            .collect::<Result<_, _>>()?,
    };
    let described: Vec<_> = chosen.into_iter().map(|one| described(call, one)).collect::<Result<_, _>>()?;
    let (page, token) = paging::page(described, size as usize, input.next_token())
        .ok_or_else(|| invalid("Invalid parameter at 'nextToken'"))?;
    Ok(DescribeRepositoriesOutput::builder().set_repositories(Some(page)).set_next_token(token).build())
}

/// ECR API reference, PutImageScanningConfiguration.
pub(super) fn put_image_scanning_configuration(
    call: &mut Call<'_>,
    input: &PutImageScanningConfigurationInput,
) -> Result<PutImageScanningConfigurationOutput, ApiError> {
    let repository = find(call, input.repository_name())?;
    repository.scan_on_push =
        input.image_scanning_configuration().is_some_and(ImageScanningConfiguration::scan_on_push);
    Ok(PutImageScanningConfigurationOutput::builder().build())
}

/// ECR API reference, PutImageTagMutability.
pub(super) fn put_image_tag_mutability(
    call: &mut Call<'_>,
    input: &PutImageTagMutabilityInput,
) -> Result<PutImageTagMutabilityOutput, ApiError> {
    let mutability = mutability(input.image_tag_mutability())?;
    find(call, input.repository_name())?.mutability = mutability;
    Ok(PutImageTagMutabilityOutput::builder().build())
}

/// ECR API reference, DeleteRepository: one that holds images goes by `force` only.
pub(super) fn delete_repository(
    call: &mut Call<'_>,
    input: &DeleteRepositoryInput,
) -> Result<DeleteRepositoryOutput, ApiError> {
    let account = call.account().to_owned();
    let repository = find(call, input.repository_name())?;
    let name = repository.name.clone();
    if !repository.images.is_empty() && input.force() != Some(true) {
        let message = format!(
            "The repository with name '{name}' in registry with id '{account}' cannot be deleted because it still \
             contains images"
        );
        return Err(ApiError::new("RepositoryNotEmptyException", message));
    }
    call.world.ecr.repositories.remove(&name);
    Ok(DeleteRepositoryOutput::builder().build())
}
