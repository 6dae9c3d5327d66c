//! The images of public registries: every name and tag has one, for both architectures, whose program behaves well. Where a path ends in
//! `/sandbox/<word>` the word says what is otherwise.

use serde_json::json;
use sha2::{Digest, Sha256};

use super::state::WebState;

/// What an image is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An index of images for `amd64` and `arm64`.
    Index,
    /// A single image for this architecture.
    Single(&'static str),
    /// No container image.
    Artifact,
    /// Not shown without credentials.
    Private,
    /// Nothing has this tag.
    Missing,
}

impl Kind {
    /// Of a name and a tag, or a digest.
    pub fn of(name: &str, reference: &str) -> Self {
        match name.rsplit_once("sandbox/").map(|(_, word)| word) {
            Some("private") => Kind::Private,
            _ if reference == "missing" => Kind::Missing,
            Some("single") => Kind::Single("amd64"),
            Some("arm64") => Kind::Single("arm64"),
            Some("artifact") => Kind::Artifact,
            _ => Kind::Index,
        }
    }

    /// The platforms that it is for.
    pub fn platforms(self) -> Vec<String> {
        match self {
            Kind::Index => vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()],
            Kind::Single(architecture) => vec![format!("linux/{architecture}")],
            Kind::Artifact | Kind::Private | Kind::Missing => Vec::new(),
        }
    }
}

/// The digest of a document (OCI image specification, "Digests").
pub fn digest(document: &[u8]) -> String {
    let hex: String = Sha256::digest(document).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn keep(state: &mut WebState, document: &serde_json::Value) -> String {
    let text = document.to_string();
    let digest = digest(text.as_bytes());
    state.known.insert(digest.clone(), text);
    digest
}

/// The digest of the manifest that a tag means. OCI image specification, "Image Manifest" and "Image Index".
pub fn manifest(state: &mut WebState, kind: Kind, name: &str, tag: &str) -> Option<String> {
    let mut single = |architecture: &str| {
        let configuration = json!({
            "architecture": architecture, "os": "linux", "config": {}, "rootfs": { "type": "layers", "diff_ids": [] },
            "history": [{ "comment": format!("{name}:{tag}") }],
        });
        let media = "application/vnd.oci.image.config.v1+json";
        let size = configuration.to_string().len();
        let digest = keep(state, &configuration);
        json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": { "mediaType": media, "digest": digest, "size": size }, "layers": [],
        })
    };
    let document = match kind {
        Kind::Private | Kind::Missing => return None,
        Kind::Single(architecture) => single(architecture),
        Kind::Artifact => json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": { "mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": digest(b"{}"), "size": 2 },
            "layers": [],
        }),
        Kind::Index => {
            let children = ["amd64", "arm64"].map(|architecture| (architecture, single(architecture)));
            let entry = |(architecture, child): &(&str, serde_json::Value)| {
                json!({
                    "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    "digest": keep(state, child),
                    "size": child.to_string().len(),
                    "platform": { "architecture": architecture, "os": "linux" },
                })
            };
            let entries: Vec<_> = children.iter().map(entry).collect();
            json!({
                "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": entries,
            })
        }
    };
    Some(keep(state, &document))
}
