//! Images: which one is meant, and what the registry knows of it.

use std::collections::BTreeMap;

use aws_sdk_ecr::types::{ImageDetail, ImageIdentifier, ScanStatus};
use aws_types::region::Region;

use super::manifest::{self, ACCEPTED, Platform, Source};
use crate::{
    aws::{Answer, Aws, Web, address::Address, web::Ask},
    engine::{Class, Failure},
};

/// An image reference, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// As it was given.
    pub text: String,
    /// Everything before tag and digest.
    pub name: String,
    /// Its tag.
    pub tag: Option<String>,
    /// Its digest.
    pub digest: Option<String>,
}

/// A repository of Amazon ECR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// The account that it is in.
    pub account: String,
    /// The region that it is in.
    pub region: String,
    /// Its name.
    pub name: String,
}

impl Reference {
    /// Takes `[host/]path[:tag][@digest]` apart.
    pub fn parse(text: &str) -> Self {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.to_owned())),
            None => (text, None),
        };
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag.to_owned())),
            _ => (rest, None),
        };
        Reference { text: text.to_owned(), name: name.to_owned(), tag, digest }
    }

    /// The repository, where it is one of Amazon ECR: `{account}.dkr.ecr.{region}.amazonaws.com/{name}`.
    pub fn repository(&self) -> Option<Repository> {
        let (registry, name) = self.name.split_once('/')?;
        let mut parts = registry.splitn(5, '.');
        let (account, kind, service, region, domain) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_private = kind == "dkr" && service == "ecr" && domain.starts_with("amazonaws.com");
        is_private.then(|| Repository { account: account.to_owned(), region: region.to_owned(), name: name.to_owned() })
    }

    /// With a digest instead of the tag.
    pub fn pinned(&self, digest: &str) -> String {
        format!("{}@{digest}", self.name)
    }
}

impl Repository {
    /// Its ARN.
    pub fn arn(&self, partition: &str) -> String {
        format!("arn:{partition}:ecr:{}:{}:repository/{}", self.region, self.account, self.name)
    }
}

/// An image as Amazon ECR knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its digest.
    pub digest: String,
    /// What it is for.
    pub platforms: Vec<Platform>,
    /// How many findings the scan has of each severity; `None` where there is no finished scan.
    pub findings: Option<BTreeMap<String, i32>>,
    /// What keeps the scan from having finished.
    pub scan: String,
}

fn identifier(reference: &Reference) -> ImageIdentifier {
    ImageIdentifier::builder()
        .set_image_digest(reference.digest.clone())
        .set_image_tag(reference.tag.clone().filter(|_| reference.digest.is_none()))
        .build()
}

/// Looks for an image in Amazon ECR, in whatever region its repository is; `None` where it, or its repository, isn't there.
///
/// # Errors
/// The calls' own, or what is no image.
pub async fn look(aws: &Aws, repository: &Repository, reference: &Reference) -> Result<Option<Seen>, Failure> {
    let ecr = Ecr::of(aws, repository);
    let call = ecr.client.describe_images().repository_name(&repository.name).registry_id(&repository.account);
    let answer = match call.image_ids(identifier(reference)).send().await.of("ecr:DescribeImages") {
        Ok(answer) => answer,
        Err(failure) if failure.class == Class::Absent => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let Some(detail) = answer.image_details().first() else { return Ok(None) };
    let digest = detail.image_digest().unwrap_or_default().to_owned();
    let manifest = ecr.manifest(&digest).await?;
    let platforms = manifest::platforms(&ecr, &manifest).await?;
    let (findings, scan) = scan(detail);
    Ok(Some(Seen { digest, platforms, findings, scan }))
}

/// A repository that images are read from.
struct Ecr<'a> {
    client: aws_sdk_ecr::Client,
    web: &'a Web,
    repository: &'a Repository,
}

impl<'a> Ecr<'a> {
    fn of(aws: &'a Aws, repository: &'a Repository) -> Self {
        let client = if repository.region == aws.region {
            aws.ecr.clone()
        } else {
            let region = Region::new(repository.region.clone());
            aws_sdk_ecr::Client::from_conf(aws.ecr.config().to_builder().region(region).build())
        };
        Ecr { client, web: &aws.web, repository }
    }
}

impl Source for Ecr<'_> {
    async fn manifest(&self, digest: &str) -> Result<Vec<u8>, Failure> {
        let id = ImageIdentifier::builder().image_digest(digest).build();
        let it = self.repository;
        let call = self.client.batch_get_image().repository_name(&it.name).registry_id(&it.account).image_ids(id);
        let answer = call
            .set_accepted_media_types(Some(ACCEPTED.map(str::to_owned).to_vec()))
            .send()
            .await
            .of("ecr:BatchGetImage")?;
        let found = answer.images().first().and_then(|image| image.image_manifest());
        let manifest = found.ok_or_else(|| {
            let said = answer.failures().first().and_then(|failure| failure.failure_reason()).unwrap_or("no manifest");
            Failure::new(Class::Absent, format!("Amazon ECR has no manifest {digest}: {said}"))
        })?;
        manifest::verified(manifest.as_bytes().to_vec(), digest, "Amazon ECR")
    }

    /// Amazon ECR keeps blobs in S3 and gives an address there that opens one for a while (ECR API reference, GetDownloadUrlForLayer).
    async fn blob(&self, digest: &str) -> Result<Vec<u8>, Failure> {
        let it = self.repository;
        let call = self.client.get_download_url_for_layer().repository_name(&it.name).registry_id(&it.account);
        let answer = call.layer_digest(digest).send().await.of("ecr:GetDownloadUrlForLayer")?;
        let address = answer.download_url().and_then(Address::parse);
        let address =
            address.ok_or_else(|| Failure::new(Class::Unreadable, "Amazon ECR gave no address of a layer"))?;
        let host = address.host.clone();
        let ask = Ask { operation: "GetLayer", address, accept: "*/*", authorization: None };
        let reply = self.web.get(ask).await?;
        if reply.status != 200 {
            let message = format!("{host}, where Amazon ECR keeps layers, answered with HTTP {}", reply.status);
            return Err(Failure::new(Class::Unreadable, message));
        }
        manifest::verified(reply.body, digest, &host)
    }
}

fn scan(detail: &ImageDetail) -> (Option<BTreeMap<String, i32>>, String) {
    let status = detail.image_scan_status();
    let finished = matches!(status.and_then(|it| it.status()), Some(ScanStatus::Complete | ScanStatus::Active));
    let counts = detail.image_scan_findings_summary().filter(|_| finished).map(|summary| {
        let counts = summary.finding_severity_counts().into_iter().flatten();
        counts.map(|(severity, count)| (severity.as_str().to_owned(), *count)).collect()
    });
    let text = match status {
        None => "it was never scanned".to_owned(),
        Some(status) => status.description().filter(|text| !text.is_empty()).map_or_else(
            || format!("the scan is {}", status.status().map_or("unknown", |it| it.as_str())),
            str::to_owned,
        ),
    };
    (counts, text)
}

/// Severities, the worst first (ECR API reference, ImageScanFindingsSummary).
pub const SEVERITIES: [&str; 6] = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_taken_apart() {
        let it = Reference::parse("123456789012.dkr.ecr.us-east-1.amazonaws.com/ecr-payments-dev:1.4.2");
        assert_eq!(it.tag.as_deref(), Some("1.4.2"));
        let repository = it.repository().expect("ECR");
        assert_eq!((repository.region.as_str(), repository.name.as_str()), ("us-east-1", "ecr-payments-dev"));
        assert_eq!(it.pinned("sha256:0"), "123456789012.dkr.ecr.us-east-1.amazonaws.com/ecr-payments-dev@sha256:0");
        let local = Reference::parse("localhost:5000/a/b@sha256:1");
        assert_eq!(
            (local.name.as_str(), local.tag, local.digest.as_deref()),
            ("localhost:5000/a/b", None, Some("sha256:1"))
        );
        assert_eq!(Reference::parse("public.ecr.aws/nginx/nginx:1").repository(), None);
    }
}
