//! Image registries outside Amazon ECR, asked as a task would ask them: without credentials.
//!
//! OCI distribution specification, "Pulling manifests" and "Pulling blobs"; Docker Registry, "Token Authentication Specification".

use serde_json::Value;
use tokio::sync::OnceCell;

use super::{
    Reference,
    manifest::{self, Platform, Source},
};
use crate::{
    aws::{
        Web,
        address::Address,
        web::{Ask, Reply},
    },
    engine::{Class, Failure},
};

/// What a registry says of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    /// It is there.
    Found {
        /// Its digest.
        digest: String,
        /// What it is for.
        platforms: Vec<Platform>,
    },
    /// It isn't there.
    Absent,
    /// The registry shows it to nobody without credentials; some say the same of what isn't there. The text is the registry's.
    Hidden(String),
}

/// The host of a registry, and the image's name there. A name without a host is Docker Hub's, and one without a slash one of its own
/// (distribution/reference, "ParseNormalizedNamed").
pub fn place(reference: &Reference) -> (String, String) {
    const HUB: &str = "docker.io";
    let (host, name) = match reference.name.split_once('/') {
        Some((host, name)) if host.contains(['.', ':']) || host == "localhost" => (host, name),
        _ => (HUB, reference.name.as_str()),
    };
    match host {
        HUB | "index.docker.io" => {
            let name = if name.contains('/') { name.to_owned() } else { format!("library/{name}") };
            ("registry-1.docker.io".to_owned(), name)
        }
        other => (other.to_owned(), name.to_owned()),
    }
}

/// Looks for an image.
///
/// # Errors
/// A registry that can't be reached or understood.
pub async fn look(web: &Web, reference: &Reference) -> Result<Sought, Failure> {
    let (host, name) = place(reference);
    let registry = Registry { web, host, name, token: OnceCell::new() };
    let wanted = reference.digest.as_ref().or(reference.tag.as_ref()).map_or("latest", String::as_str);
    let reply = registry.get("GetManifest", &format!("manifests/{wanted}"), &manifest::ACCEPTED.join(", ")).await?;
    match reply.status {
        200 => {}
        404 => return Ok(Sought::Absent),
        401 | 403 => return Ok(Sought::Hidden(said(&reply))),
        _ => return Err(registry.odd("GetManifest", &reply)),
    }
    // The header is the registry's word; the digest of what came can't be forged.
    let told = reply.header("docker-content-digest").map(str::to_owned);
    let body = reply.body;
    let digest = match (&reference.digest, told) {
        (Some(digest), _) => digest.clone(),
        (None, Some(told)) if !told.starts_with("sha256:") => told,
        (None, told) => told.unwrap_or_else(|| manifest::digest(&body)),
    };
    let body = manifest::verified(body, &digest, &registry.host)?;
    let platforms = manifest::platforms(&registry, &body).await?;
    Ok(Sought::Found { digest, platforms })
}

/// One image's place in a registry.
struct Registry<'a> {
    web: &'a Web,
    host: String,
    name: String,
    /// What the header `Authorization` says, once the registry has asked for a token.
    token: OnceCell<Option<String>>,
}

impl Registry<'_> {
    /// Gets something; with a token where the registry asks for one.
    async fn get(&self, operation: &'static str, what: &str, accept: &str) -> Result<Reply, Failure> {
        let address = Address::at_host(&self.host, &format!("/v2/{}/{what}", self.name));
        let known = self.token.get().cloned().flatten();
        let ask = |token: Option<&str>| {
            let (address, token) = (address.clone(), token.map(str::to_owned));
            async move {
                let ask = Ask { operation, address, accept, authorization: token.as_deref() };
                self.web.get(ask).await
            }
        };
        let reply = ask(known.as_deref()).await?;
        if reply.status != 401 || known.is_some() {
            return Ok(reply);
        }
        let challenge = reply.header("www-authenticate").and_then(Challenge::read);
        let Some(challenge) = challenge else { return Ok(reply) };
        let token = self.token.get_or_try_init(|| self.anonymous(&challenge)).await?;
        match token {
            Some(token) => ask(Some(token.as_str())).await,
            // It gives none to nobody: the refusal stands.
            None => Ok(reply),
        }
    }

    /// Asks for a token as nobody in particular; `None` where that is refused.
    async fn anonymous(&self, challenge: &Challenge) -> Result<Option<String>, Failure> {
        let ours = format!("repository:{}:pull", self.name);
        let mut address = challenge.realm.clone();
        if let Some(service) = &challenge.service {
            address = address.with("service", service);
        }
        let address = address.with("scope", challenge.scope.as_deref().unwrap_or(&ours));
        let ask = Ask { operation: "GetToken", address, accept: "application/json", authorization: None };
        let reply = self.web.get(ask).await?;
        match reply.status {
            200 => {}
            400..=499 => return Ok(None),
            _ => return Err(self.odd("GetToken", &reply)),
        }
        let document: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let token = document["token"].as_str().or(document["access_token"].as_str()).filter(|token| !token.is_empty());
        match token {
            Some(token) => Ok(Some(format!("Bearer {token}"))),
            None => Err(Failure::new(Class::Unreadable, format!("{} gave no token", challenge.realm.host))),
        }
    }

    /// An answer that none of the specifications knows.
    fn odd(&self, operation: &str, reply: &Reply) -> Failure {
        let said = said(reply);
        let said = if said.is_empty() { said } else { format!(": {said}") };
        let message = format!("{} answered with HTTP {}{said}", self.host, reply.status);
        Failure { operation: format!("web:{operation}"), ..Failure::new(Class::Unreadable, message) }
    }

    async fn whole(&self, operation: &'static str, what: &str, digest: &str, accept: &str) -> Result<Vec<u8>, Failure> {
        let reply = self.get(operation, &format!("{what}/{digest}"), accept).await?;
        match reply.status {
            200 => manifest::verified(reply.body, digest, &self.host),
            _ => Err(self.odd(operation, &reply)),
        }
    }
}

impl Source for Registry<'_> {
    async fn manifest(&self, digest: &str) -> Result<Vec<u8>, Failure> {
        self.whole("GetManifest", "manifests", digest, &manifest::ACCEPTED.join(", ")).await
    }

    async fn blob(&self, digest: &str) -> Result<Vec<u8>, Failure> {
        self.whole("GetBlob", "blobs", digest, "*/*").await
    }
}

/// What a registry answered, as it words errors (OCI distribution specification, "Error Codes"). Short: it may be a page.
fn said(reply: &Reply) -> String {
    let document: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let first = &document["errors"][0];
    let text = first["message"].as_str().filter(|text| !text.is_empty()).or(first["code"].as_str()).unwrap_or_default();
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// Where a token is to be had.
#[derive(Debug, PartialEq, Eq)]
struct Challenge {
    realm: Address,
    service: Option<String>,
    scope: Option<String>,
}

impl Challenge {
    /// `Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull"` (RFC 6750, section
    /// 3). Any other scheme wants a password.
    fn read(header: &str) -> Option<Self> {
        let (scheme, mut rest) = header.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let (mut realm, mut service, mut scope) = (None, None, None);
        while let Some((name, after)) = rest.split_once('=') {
            let (value, left) = match after.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => after.split_at(after.find(',').unwrap_or(after.len())),
            };
            match name.trim_matches([',', ' ']) {
                "realm" => realm = Address::parse(value),
                "service" => service = Some(value.to_owned()),
                "scope" => scope = Some(value.to_owned()),
                _ => {}
            }
            rest = left;
        }
        Some(Challenge { realm: realm?, service, scope })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_their_registries() {
        let of = |text: &str| {
            let (host, name) = place(&Reference::parse(text));
            format!("{host} {name}")
        };
        assert_eq!(of("nginx:1"), "registry-1.docker.io library/nginx");
        assert_eq!(of("envoyproxy/envoy:v1"), "registry-1.docker.io envoyproxy/envoy");
        assert_eq!(of("docker.io/envoyproxy/envoy:v1"), "registry-1.docker.io envoyproxy/envoy");
        assert_eq!(of("docker.io/nginx:1"), "registry-1.docker.io library/nginx");
        assert_eq!(of("public.ecr.aws/nginx/nginx:1"), "public.ecr.aws nginx/nginx");
        assert_eq!(of("localhost:5000/a:1"), "localhost:5000 a");
    }

    #[test]
    fn challenges_are_read_and_passwords_are_none_of_ours() {
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull""#;
        let it = Challenge::read(hub).expect("a challenge");
        assert_eq!(it.realm.origin(), "https://auth.docker.io");
        assert_eq!(it.service.as_deref(), Some("registry.docker.io"));
        assert_eq!(it.scope.as_deref(), Some("repository:library/nginx:pull"));
        let plain = Challenge::read("bearer realm=\"https://quay.io/v2/auth\", service=quay.io").expect("a challenge");
        assert_eq!((plain.service.as_deref(), plain.scope), (Some("quay.io"), None));
        for other in
            ["Basic realm=\"x\"", "Bearer service=\"x\"", "Bearer realm=\"nowhere\"", "Bearer", "Bearer realm=\"open"]
        {
            assert_eq!(Challenge::read(other), None, "{other}");
        }
    }
}
