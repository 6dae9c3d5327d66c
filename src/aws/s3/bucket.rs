//! Buckets.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, ObjectOwnership};
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{empty, settings};
use crate::{
    aws::{Answer, Aws, kms::KmsKeyArn, tags},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Key, Life, Manner, Naming, Output, Outputs, Physical,
        Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
    markers, tag_list,
};

markers! {
    /// A bucket's name.
    BucketName,
    /// A bucket's ARN.
    BucketArn,
}

/// A general purpose bucket whose objects all belong to the account (no access control lists).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bucket {
    /// The key that objects are encrypted with; `None` for S3's own keys, which is all that the load balancer's log
    /// delivery can write with (Elastic Load Balancing user guide, "Enable access logs").
    pub key: Option<Output<KmsKeyArn>>,
    /// Who owns what is written: `BucketOwnerEnforced`, the account, whoever writes, and access control lists mean nothing.
    pub ownership: String,
    /// Replaced and deleted objects are kept as older versions.
    pub versioning: bool,
    /// No policy and no access control list can make it public.
    pub public_access_blocked: bool,
    /// Who else may do what; a policy document.
    pub policy: Value,
    /// What goes by itself.
    pub lifecycle: Lifecycle,
}

/// What S3 removes by itself, and after how many days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// Objects, counted from their creation; `None` for never.
    pub expire_days: Option<u32>,
    /// Older versions, counted from their replacement; `None` for never.
    pub expire_older_versions_days: Option<u32>,
    /// Multipart uploads that were begun and never completed.
    pub abort_uploads_days: u32,
}

impl Handle<Bucket> {
    /// Its name.
    pub fn name(&self) -> Output<BucketName> {
        self.output("name")
    }

    /// Its ARN.
    pub fn arn(&self) -> Output<BucketArn> {
        self.output("arn")
    }
}

/// The one region that has no location constraint (S3 API reference, CreateBucket).
const CLASSIC_REGION: &str = "us-east-1";

/// The partition that a region belongs to, which bucket ARNs name although they name no region.
fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

fn arn(aws: &Aws, name: &str) -> String {
    format!("arn:{}:s3:::{name}", partition(&aws.region))
}

fn outputs(aws: &Aws, name: &str) -> Outputs {
    Outputs::from([("name".to_owned(), name.to_owned()), ("arn".to_owned(), arn(aws, name))])
}

/// What all names begin with, so that the account's other buckets are not listed.
fn common_prefix(names: &BTreeSet<&str>) -> String {
    let (Some(first), Some(last)) = (names.first(), names.last()) else { return String::new() };
    first.chars().zip(last.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
}

/// Those of the named buckets that the account has, with their regions.
async fn list(aws: &Aws, names: &BTreeSet<&str>) -> Result<Vec<(String, Option<String>)>, Failure> {
    let mut found = Vec::new();
    if names.is_empty() {
        return Ok(found);
    }
    let mut pages = aws.s3.list_buckets().prefix(common_prefix(names)).max_buckets(1000).into_paginator().send();
    while let Some(page) = pages.next().await {
        for bucket in page.of("s3:ListAllMyBuckets")?.buckets() {
            let (name, region) = (bucket.name().unwrap_or_default(), bucket.bucket_region().unwrap_or_default());
            if names.contains(name) {
                found.push((name.to_owned(), Some(region.to_owned())));
            }
        }
    }
    Ok(found)
}

/// The tags of a bucket; none where it has none, which S3 calls an error.
async fn read_tags(aws: &Aws, name: &str) -> Result<Tags, Failure> {
    let answer = aws.s3.get_bucket_tagging().bucket(name).send().await.of("s3:GetBucketTagging");
    settings::if_there(answer).map(|found| {
        let tags = found.map(|answer| answer.tag_set).unwrap_or_default();
        tags::collect(tags.iter().map(|tag| (Some(tag.key()), Some(tag.value()))))
    })
}

/// One bucket; `region` is where it is, unless that is known to be here.
async fn sighting(aws: &Aws, scope: &Scope<'_>, name: &str, region: Option<&str>) -> Result<Option<Sighting>, Failure> {
    let arn = arn(aws, name);
    let mut seen = Sighting {
        key: Key::new(Bucket::KIND, "?"),
        name: name.to_owned(),
        id: name.to_owned(),
        outputs: outputs(aws, name),
        observed: Map::new(),
        tags: None,
        life: Life::Live,
    };
    if region.is_some_and(|region| region != aws.region) {
        // The name is taken, by an environment of this account in another region.
        return Ok(tags::identify(scope, seen, &Tags::new()));
    }
    let Some(observed) = settings::read(aws, name).await? else { return Ok(None) };
    seen.observed = observed;
    let recorded = scope.by_id(name).is_some();
    match tags::searched(scope, &arn) {
        Some(tags) => Ok(tags::identify(scope, seen, tags)),
        None if recorded => Ok(tags::identify_recorded(scope, seen)),
        None => Ok(tags::identify(scope, seen, &read_tags(aws, name).await?)),
    }
}

#[async_trait]
impl Resource for Bucket {
    type Clients = Aws;
    const KIND: &'static str = "bucket";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            repeat: Repeat::Safe,
            usable: When::Created,
            // A name that was deleted a moment ago is refused for a while (OperationAborted).
            create: Wait::seconds(2, 900),
            delete: Wait::seconds(2, 3600),
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "ownership" => Field::UPDATE,
            _ => Field::UPDATE.later(),
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let tagged = scope.tagged_with(":s3:::").map(|hit| hit.id()).filter(|_| scope.sweep);
        let targets = scope.targets.iter().map(|target| target.id.as_deref().unwrap_or(&target.name));
        let names: BTreeSet<&str> = targets.chain(tagged).collect();
        // What is recorded is ours and here, and its settings tell whether it still is there.
        let (recorded, unknown): (Vec<&str>, Vec<&str>) =
            names.into_iter().partition(|name| scope.by_id(name).is_some());
        let mut buckets: Vec<(String, Option<String>)> =
            recorded.into_iter().map(|name| (name.to_owned(), None)).collect();
        buckets.extend(list(aws, &unknown.into_iter().collect()).await?);
        let looks = buckets.iter().map(|(name, region)| sighting(aws, scope, name, region.as_deref()));
        Ok(try_join_all(looks).await?.into_iter().flatten().collect())
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let mut place = CreateBucketConfiguration::builder();
        if aws.region != CLASSIC_REGION {
            place = place.location_constraint(BucketLocationConstraint::from(aws.region.as_str()));
        }
        aws.s3
            .create_bucket()
            .bucket(&identity.name)
            .object_ownership(ObjectOwnership::from(self.ownership.as_str()))
            .create_bucket_configuration(place.set_tags(Some(tag_list!(aws_sdk_s3, identity.tags, fallible))).build())
            .send()
            .await
            .of("s3:CreateBucket")?;
        Ok(Created { id: identity.name.clone(), outputs: outputs(aws, &identity.name) })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        if changes.touches("ownership") {
            settings::set_ownership(aws, &it.id, &self.ownership).await?;
        }
        if changes.touches("public_access_blocked") {
            settings::block_public_access(aws, &it.id, self.public_access_blocked).await?;
        }
        if changes.touches("key") {
            settings::encrypt(aws, &it.id, self.key.as_ref()).await?;
        }
        if changes.touches("versioning") {
            settings::version(aws, &it.id, self.versioning).await?;
        }
        if changes.touches("policy") {
            settings::set_policy(aws, &it.id, &self.policy).await?;
        }
        if changes.touches("lifecycle") {
            settings::set_lifecycle(aws, &it.id, &self.lifecycle).await?;
        }
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        tags::tag_arn(aws, &arn(aws, &it.id), tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        Ok(Readiness::Ready(outputs(aws, &it.id)))
    }

    /// Empties it first: S3 deletes empty buckets only. Whatever is written in between blocks the deletion, which is then
    /// tried again.
    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        empty::empty(aws, &it.id).await?;
        aws.s3.delete_bucket().bucket(&it.id).send().await.of("s3:DeleteBucket")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        Ok(Gone::Yes)
    }

    async fn blockers(aws: &Aws, it: &Physical) -> Result<Vec<String>, Failure> {
        empty::leftovers(aws, &it.id).await
    }

    fn actions() -> &'static [&'static str] {
        &[
            "s3:AbortMultipartUpload",
            "s3:CreateBucket",
            "s3:DeleteBucket",
            "s3:DeleteObject",
            "s3:DeleteObjectVersion",
            "s3:GetBucketOwnershipControls",
            "s3:GetBucketPolicy",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketTagging",
            "s3:GetBucketVersioning",
            "s3:GetEncryptionConfiguration",
            "s3:GetLifecycleConfiguration",
            "s3:ListAllMyBuckets",
            "s3:ListBucketMultipartUploads",
            "s3:ListBucketVersions",
            "s3:PutBucketOwnershipControls",
            "s3:PutBucketPolicy",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketTagging",
            "s3:PutBucketVersioning",
            "s3:PutEncryptionConfiguration",
            "s3:PutLifecycleConfiguration",
            "s3:TagResource",
            "tag:TagResources",
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_buckets_that_may_be_ours_are_listed() {
        assert_eq!(common_prefix(&["bucket-payments-dev-1", "bucket-alb-logs-dev-1"].into()), "bucket-");
        assert_eq!(common_prefix(&["bucket-payments-dev-1"].into()), "bucket-payments-dev-1");
        assert_eq!(common_prefix(&["a", "b"].into()), "");
    }

    #[test]
    fn arns_name_the_partition() {
        assert_eq!(partition("eu-west-1"), "aws");
        assert_eq!(partition("cn-north-1"), "aws-cn");
        assert_eq!(partition("us-gov-east-1"), "aws-us-gov");
    }
}
