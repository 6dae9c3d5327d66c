//! Manifests: what an image consists of, and which machines it is for.
//!
//! OCI image specification, "Image Manifest", "Image Index" and "Image Configuration"; Docker's own formats differ in their media types alone.

use std::fmt;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::engine::{Class, Failure};

/// The media types that are understood.
pub const ACCEPTED: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];
/// What the configuration of an image is, and not that of some other artifact.
const CONFIGURATIONS: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];
/// Entries of an index that are looked into because they don't name their platform.
const UNNAMED: usize = 8;

/// What an image is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// As Go names it: `linux`.
    pub os: String,
    /// As Go names it: `amd64`, `arm64`.
    pub architecture: String,
    /// Of the architecture: `v8`.
    pub variant: Option<String>,
}

impl Platform {
    /// What tasks run on, by ECS's word for it (ECS API reference, RuntimePlatform).
    pub fn of_tasks(architecture: &str) -> Self {
        let architecture = if architecture == "ARM64" { "arm64" } else { "amd64" };
        Platform { os: "linux".to_owned(), architecture: architecture.to_owned(), variant: None }
    }

    /// True where an image for this runs on `other`, which names no variant: the base of each architecture runs everywhere, a higher
    /// level doesn't (containerd, `platforms.Normalize`: amd64 is v1, arm64 is v8).
    pub fn runs_on(&self, other: &Self) -> bool {
        let base = match (self.architecture.as_str(), self.variant.as_deref()) {
            (_, None | Some("")) | ("amd64", Some("v1")) | ("arm64", Some("v8")) => true,
            (_, Some(_)) => false,
        };
        base && self.os == other.os && self.architecture == other.architecture
    }

    fn read(it: &Value) -> Option<Self> {
        let text = |name: &str| it[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        Some(Platform { os: text("os")?, architecture: text("architecture")?, variant: text("variant") })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

/// What the parts of an image are read from. What it gives has the digest that was asked for.
pub trait Source {
    /// A manifest, by digest.
    fn manifest(&self, digest: &str) -> impl Future<Output = Result<Vec<u8>, Failure>> + Send;

    /// A blob, by digest.
    fn blob(&self, digest: &str) -> impl Future<Output = Result<Vec<u8>, Failure>> + Send;
}

/// The platforms that an image is for: of an index those it names, of a single image the one that its configuration names.
///
/// # Errors
/// A part that can't be read, or what is no image at all.
pub async fn platforms<S: Source + Sync>(source: &S, manifest: &[u8]) -> Result<Vec<Platform>, Failure> {
    let document = json(manifest, "the manifest")?;
    let Some(entries) = document["manifests"].as_array() else {
        return Ok(vec![of_single(source, &document).await?]);
    };
    let mut found = Vec::new();
    let mut unnamed = Vec::new();
    // Attestations are listed as images for `unknown/unknown` (BuildKit, "Image attestation storage").
    for entry in entries.iter().filter(|entry| entry["platform"]["os"] != "unknown") {
        match (Platform::read(&entry["platform"]), entry["digest"].as_str()) {
            (Some(platform), _) => found.push(platform),
            (None, Some(digest)) => unnamed.push(digest),
            (None, None) => {}
        }
    }
    for digest in unnamed.into_iter().take(UNNAMED) {
        let manifest = source.manifest(digest).await?;
        found.push(of_single(source, &json(&manifest, "a manifest of the index")?).await?);
    }
    Ok(found)
}

async fn of_single<S: Source + Sync>(source: &S, manifest: &Value) -> Result<Platform, Failure> {
    // Docker's first format has neither configuration nor media types (Docker, "Image Manifest Version 2, Schema 1").
    if manifest["schemaVersion"] == 1 {
        let said = "it is in Docker's format of before 2016, which Fargate does not pull any more";
        return Err(no_image(said, "build and push it again"));
    }
    let configuration = &manifest["config"];
    let kind = configuration["mediaType"].as_str().unwrap_or_default();
    let Some(digest) = configuration["digest"].as_str().filter(|_| CONFIGURATIONS.contains(&kind)) else {
        let kind = if kind.is_empty() { "no configuration" } else { kind };
        return Err(no_image(&format!("it is no container image, but has {kind}"), "name a container image"));
    };
    let configuration = source.blob(digest).await?;
    let configuration = json(&configuration, "the image's configuration")?;
    Platform::read(&configuration).ok_or_else(|| {
        no_image("its configuration does not say which architecture it is for", "build it anew with a current builder")
    })
}

fn no_image(said: &str, remedy: &str) -> Failure {
    Failure::new(Class::Invalid, said).remedy(remedy)
}

fn json(bytes: &[u8], what: &str) -> Result<Value, Failure> {
    serde_json::from_slice(bytes)
        .map_err(|error| Failure::new(Class::Unreadable, format!("{what} is no JSON: {error}")))
}

/// The digest of a document, as registries name it (OCI image specification, "Digests").
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// What came under a digest, if it has it: nobody on the way, nor the registry, can give something else instead.
///
/// # Errors
/// Where it has another one.
pub fn verified(bytes: Vec<u8>, wanted: &str, from: &str) -> Result<Vec<u8>, Failure> {
    // Other algorithms are hardly ever used; ECR knows none.
    let actual = digest(&bytes);
    if !wanted.starts_with("sha256:") || actual == wanted {
        return Ok(bytes);
    }
    let message = format!("{from} gave something whose digest is {actual} instead of {wanted}");
    Err(Failure::new(Class::Unreadable, message))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    /// Blobs and manifests by digest.
    #[derive(Default)]
    struct Store(BTreeMap<String, Vec<u8>>);

    impl Store {
        fn put(&mut self, document: &Value) -> String {
            let bytes = document.to_string().into_bytes();
            let digest = digest(&bytes);
            self.0.insert(digest.clone(), bytes);
            digest
        }

        fn single(&mut self, configuration: &Value) -> Value {
            let digest = self.put(configuration);
            json!({ "schemaVersion": 2, "config": { "mediaType": CONFIGURATIONS[0], "digest": digest } })
        }

        fn get(&self, digest: &str) -> Result<Vec<u8>, Failure> {
            self.0.get(digest).cloned().ok_or_else(|| Failure::new(Class::Absent, digest))
        }
    }

    impl Source for Store {
        async fn manifest(&self, digest: &str) -> Result<Vec<u8>, Failure> {
            self.get(digest)
        }

        async fn blob(&self, digest: &str) -> Result<Vec<u8>, Failure> {
            self.get(digest)
        }
    }

    async fn shown(store: &Store, manifest: &Value) -> Result<Vec<String>, String> {
        let found = platforms(store, manifest.to_string().as_bytes()).await;
        found.map(|all| all.iter().map(Platform::to_string).collect()).map_err(|failure| failure.to_string())
    }

    #[tokio::test]
    async fn an_index_names_its_platforms_and_a_single_image_has_them_in_its_configuration() {
        let mut store = Store::default();
        let arm = store.single(&json!({ "os": "linux", "architecture": "arm64", "variant": "v8" }));
        assert_eq!(shown(&store, &arm).await, Ok(vec!["linux/arm64/v8".to_owned()]));
        let child = store.put(&arm);
        let index = json!({ "manifests": [
            { "digest": "sha256:1", "platform": { "os": "linux", "architecture": "amd64" } },
            { "digest": "sha256:2", "platform": { "os": "unknown", "architecture": "unknown" } },
            { "digest": child },
        ]});
        let both = vec!["linux/amd64".to_owned(), "linux/arm64/v8".to_owned()];
        assert_eq!(shown(&store, &index).await, Ok(both));
    }

    #[tokio::test]
    async fn what_is_no_image_is_told_so() {
        let mut store = Store::default();
        let chart =
            json!({ "config": { "mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": "sha256:1" } });
        assert!(shown(&store, &chart).await.is_err_and(|said| said.contains("no container image")));
        let old = json!({ "schemaVersion": 1, "architecture": "amd64" });
        assert!(shown(&store, &old).await.is_err_and(|said| said.contains("before 2016")));
        let silent = store.single(&json!({ "os": "linux" }));
        assert!(shown(&store, &silent).await.is_err_and(|said| said.contains("does not say which architecture")));
        assert!(platforms(&store, b"<html>").await.is_err_and(|failure| failure.class == Class::Unreadable));
    }

    #[test]
    fn the_base_of_an_architecture_runs_and_a_higher_level_does_not() {
        let platform = |architecture: &str, variant: Option<&str>| Platform {
            os: "linux".to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.map(str::to_owned),
        };
        let (x86, arm) = (Platform::of_tasks("X86_64"), Platform::of_tasks("ARM64"));
        assert!(platform("amd64", None).runs_on(&x86) && platform("amd64", Some("v1")).runs_on(&x86));
        assert!(!platform("amd64", Some("v3")).runs_on(&x86) && !platform("arm64", None).runs_on(&x86));
        assert!(platform("arm64", Some("v8")).runs_on(&arm) && !platform("arm", Some("v7")).runs_on(&arm));
        assert!(!Platform { os: "windows".to_owned(), ..x86.clone() }.runs_on(&x86));
    }

    #[test]
    fn what_has_another_digest_is_refused() {
        // SHA-256 of nothing (FIPS 180-4).
        let nothing = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert!(verified(Vec::new(), nothing, "ghcr.io").is_ok());
        assert!(verified(vec![1], nothing, "ghcr.io").is_err_and(|failure| failure.message.contains("ghcr.io gave")));
    }
}
