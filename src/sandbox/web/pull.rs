//! Pulling, as a task does it: without credentials.

use super::images::Kind;
use super::registry::REGISTRIES;

/// What a pull from a registry outside the account comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pull {
    /// Fine, on these platforms.
    Fine(Vec<String>),
    /// The registry's refusal.
    Refused(String),
    /// There is no such host.
    NoHost(String),
}

/// Pulls an image. What is named by its digest is taken to be there: its content can't be made up.
pub fn pull(image: &str) -> Pull {
    let (rest, digest) = image.split_once('@').map_or((image, None), |(rest, digest)| (rest, Some(digest)));
    let (name, tag) = match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (rest, None),
    };
    let (host, name) = match name.split_once('/') {
        Some((host, name)) if host.contains(['.', ':']) || host == "localhost" => (host, name),
        _ => ("docker.io", name),
    };
    let host = if host == "docker.io" { "registry-1.docker.io" } else { host };
    if !REGISTRIES.iter().any(|it| it.host == host) {
        return Pull::NoHost(host.to_owned());
    }
    match Kind::of(name, digest.or(tag).unwrap_or("latest")) {
        Kind::Missing => Pull::Refused("not found".to_owned()),
        Kind::Private => Pull::Refused(
            "pull access denied, repository does not exist or may require authorization: server message: \
             insufficient_scope: authorization failed"
                .to_owned(),
        ),
        kind => Pull::Fine(kind.platforms()),
    }
}
