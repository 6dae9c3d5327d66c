//! Image repositories.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    aws::kms::KmsKeyArn,
    engine::{Handle, Output},
    markers,
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
