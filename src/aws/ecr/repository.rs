//! Image repositories.

use async_trait::async_trait;
use aws_sdk_ecr::types::{
    EncryptionConfiguration, EncryptionType, ImageScanningConfiguration, ImageTagMutability, Repository as Described,
};
use futures::{future::try_join_all, try_join};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    aws::{Answer, Aws, iam::document, kms::KmsKeyArn, tags},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Key, Life, Manner, Naming, Output, Outputs, Physical,
        Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When, failure::absent_is_fine,
    },
    markers, tag_list,
};

markers! {
    /// A repository's ARN.
    RepositoryArn,
    /// A repository's name.
    RepositoryName,
    /// What an image's name begins with: `{account}.dkr.ecr.{region}.amazonaws.com/{name}`.
    RepositoryUri,
}

/// A repository of container images.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Repository {
    /// Images are searched for known vulnerabilities as they are pushed.
    pub scan_on_push: bool,
    /// A tag, once pushed, names the same image for good.
    pub immutable_tags: bool,
    /// The key that encrypts its images.
    pub key: Output<KmsKeyArn>,
    /// Which images expire.
    pub lifecycle: Value,
}

impl Handle<Repository> {
    /// Its URI, to which `:tag` or `@digest` is added.
    pub fn uri(&self) -> Output<RepositoryUri> {
        self.output("uri")
    }

    /// Its ARN.
    pub fn arn(&self) -> Output<RepositoryArn> {
        self.output("arn")
    }

    /// Its name.
    pub fn name(&self) -> Output<RepositoryName> {
        self.output("name")
    }
}

impl Repository {
    fn scanning(&self) -> ImageScanningConfiguration {
        ImageScanningConfiguration::builder().scan_on_push(self.scan_on_push).build()
    }

    fn mutability(&self) -> ImageTagMutability {
        if self.immutable_tags { ImageTagMutability::Immutable } else { ImageTagMutability::Mutable }
    }
}

fn outputs(repository: &Described) -> Outputs {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    Outputs::from([
        ("name".to_owned(), text(repository.repository_name())),
        ("arn".to_owned(), text(repository.repository_arn())),
        ("uri".to_owned(), text(repository.repository_uri())),
    ])
}

/// What DescribeRepositories shows.
fn observed(repository: &Described) -> Map<String, Value> {
    let scanning = repository.image_scanning_configuration().is_some_and(ImageScanningConfiguration::scan_on_push);
    let immutable = repository.image_tag_mutability() == Some(&ImageTagMutability::Immutable);
    let key = repository.encryption_configuration().and_then(EncryptionConfiguration::kms_key);
    Map::from_iter([
        ("scan_on_push".to_owned(), json!(scanning)),
        ("immutable_tags".to_owned(), json!(immutable)),
        ("key".to_owned(), json!(key)),
    ])
}

/// The lifecycle policy: a call for each repository, for there is none for several. Nothing where it has none or is gone.
async fn lifecycle(aws: &Aws, name: &str) -> Result<Value, Failure> {
    let answer = aws.ecr.get_lifecycle_policy().repository_name(name).send().await.of("ecr:GetLifecyclePolicy");
    let text = absent_is_fine(answer.map(|answer| answer.lifecycle_policy_text))?;
    Ok(text.as_deref().map_or(Value::Null, document::read))
}

/// What is ours of one repository.
async fn sighting(aws: &Aws, scope: &Scope<'_>, repository: &Described) -> Result<Option<Sighting>, Failure> {
    let (Some(name), Some(arn)) = (repository.repository_name(), repository.repository_arn()) else {
        return Ok(None);
    };
    if scope.by_name(name).is_none() && tags::searched(scope, arn).is_none() {
        return Ok(None);
    }
    let (tags, lifecycle) = try_join!(tags_of(aws, scope, name, arn), lifecycle(aws, name))?;
    let mut observed = observed(repository);
    observed.insert("lifecycle".to_owned(), lifecycle);
    let seen = Sighting {
        key: Key::new(Repository::KIND, "?"),
        name: name.to_owned(),
        id: name.to_owned(),
        outputs: outputs(repository),
        observed,
        tags: None,
        life: Life::Live,
    };
    Ok(tags::identify_unread(scope, seen, tags.as_ref()))
}

/// The tags of a repository, unless they can only be ours: the tag search has them, or we recorded that we made it.
async fn tags_of(aws: &Aws, scope: &Scope<'_>, name: &str, arn: &str) -> Result<Option<Tags>, Failure> {
    if let Some(tags) = tags::searched(scope, arn) {
        return Ok(Some(tags.clone()));
    }
    if scope.by_id(name).is_some() {
        return Ok(None);
    }
    let answer = aws.ecr.list_tags_for_resource().resource_arn(arn).send().await.of("ecr:ListTagsForResource")?;
    Ok(Some(tags::collect(answer.tags().iter().map(|tag| (Some(tag.key()), Some(tag.value()))))))
}

#[async_trait]
impl Resource for Repository {
    type Clients = Aws;
    const KIND: &'static str = "ecr-repository";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            repeat: Repeat::Safe,
            usable: When::Created,
            create: Wait::INSTANT,
            delete: Wait::INSTANT,
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "key" => Field::REPLACE,
            "lifecycle" => Field::UPDATE.later(),
            _ => Field::UPDATE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let mut found = Vec::new();
        if scope.targets.is_empty() && !scope.sweep {
            return Ok(found);
        }
        // All of the account's: asked for by name, one that is missing fails the whole call (ECR API reference, DescribeRepositories).
        let mut pages = aws.ecr.describe_repositories().max_results(1000).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.of("ecr:DescribeRepositories")?;
            let looks = page.repositories().iter().map(|repository| sighting(aws, scope, repository));
            found.extend(try_join_all(looks).await?.into_iter().flatten());
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let key = EncryptionConfiguration::builder().encryption_type(EncryptionType::Kms).kms_key(self.key.get()?);
        let encryption = key.build().map_err(|error| Failure::internal(error.to_string()))?;
        let answer = aws
            .ecr
            .create_repository()
            .repository_name(&identity.name)
            .image_scanning_configuration(self.scanning())
            .image_tag_mutability(self.mutability())
            .encryption_configuration(encryption)
            .set_tags(Some(tag_list!(aws_sdk_ecr, identity.tags, fallible)))
            .send()
            .await
            .of("ecr:CreateRepository")?;
        Ok(Created { id: identity.name.clone(), outputs: answer.repository().map(outputs).unwrap_or_default() })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        if changes.touches("scan_on_push") {
            let call = aws.ecr.put_image_scanning_configuration().repository_name(&it.id);
            let call = call.image_scanning_configuration(self.scanning());
            call.send().await.of("ecr:PutImageScanningConfiguration")?;
        }
        if changes.touches("immutable_tags") {
            let call = aws.ecr.put_image_tag_mutability().repository_name(&it.id);
            call.image_tag_mutability(self.mutability()).send().await.of("ecr:PutImageTagMutability")?;
        }
        if changes.touches("lifecycle") {
            let call = aws.ecr.put_lifecycle_policy().repository_name(&it.id);
            call.lifecycle_policy_text(self.lifecycle.to_string()).send().await.of("ecr:PutLifecyclePolicy")?;
        }
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        let call = aws.ecr.tag_resource().resource_arn(it.output("arn")?);
        call.set_tags(Some(tag_list!(aws_sdk_ecr, tags, fallible))).send().await.of("ecr:TagResource")?;
        Ok(())
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        Ok(Readiness::Ready(it.outputs.clone()))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        // With its images (ECR API reference, DeleteRepository: `force`).
        aws.ecr.delete_repository().repository_name(&it.id).force(true).send().await.of("ecr:DeleteRepository")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // DeleteRepository is synchronous (ECR API reference, DeleteRepository).
        Ok(Gone::Yes)
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "ecr:CreateRepository",
            "ecr:DeleteRepository",
            "ecr:DescribeRepositories",
            "ecr:GetLifecyclePolicy",
            "ecr:ListTagsForResource",
            "ecr:PutImageScanningConfiguration",
            "ecr:PutImageTagMutability",
            "ecr:PutLifecyclePolicy",
            "ecr:TagResource",
            // ECR gives itself the use of the key in the caller's name, and gives it back (ECR User Guide, "Encryption at rest").
            "kms:CreateGrant",
            "kms:DescribeKey",
            "kms:RetireGrant",
        ]
    }
}
