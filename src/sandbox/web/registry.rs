//! Registries, as far as somebody without credentials gets. OCI distribution specification; Docker Registry, "Token Authentication
//! Specification". How each asks for tokens and where it keeps blobs is as the real ones do it.

use serde_json::{Value, json};

use super::images::{self, Kind};
use super::{Asked, Told};
use crate::sandbox::call::Call;

/// A registry.
#[derive(Debug)]
pub struct Registry {
    /// Its host.
    pub host: &'static str,
    /// Where it gives tokens; none where everybody reads without.
    realm: Option<&'static str>,
    service: &'static str,
    /// What a token is for, where that isn't a single repository.
    scope: Option<&'static str>,
    /// The host of its blobs.
    pub store: &'static str,
}

/// All of them.
pub const REGISTRIES: [Registry; 4] = [
    Registry {
        host: "registry-1.docker.io",
        realm: Some("https://auth.docker.io/token"),
        service: "registry.docker.io",
        scope: None,
        store: "production.cloudfront.docker.com",
    },
    Registry {
        host: "public.ecr.aws",
        realm: Some("https://public.ecr.aws/token/"),
        service: "public.ecr.aws",
        scope: Some("aws"),
        store: "d2glxqk2uabbnd.cloudfront.net",
    },
    Registry {
        host: "ghcr.io",
        realm: Some("https://ghcr.io/token"),
        service: "ghcr.io",
        scope: None,
        store: "pkg-containers.githubusercontent.com",
    },
    Registry { host: "quay.io", realm: None, service: "quay.io", scope: None, store: "cdn01.quay.io" },
];

impl Registry {
    /// The host that gives its tokens.
    pub fn realm_host(&self) -> Option<&'static str> {
        self.realm?.strip_prefix("https://")?.split('/').next()
    }

    fn realm_path(&self) -> Option<&'static str> {
        self.realm?.strip_prefix("https://")?.split_once('/').map(|(_, path)| path)
    }

    fn scope(&self, name: &str) -> String {
        self.scope.map_or_else(|| format!("repository:{name}:pull"), str::to_owned)
    }
}

/// What a registry answers.
pub fn answer(call: &mut Call<'_>, it: &Registry, asked: &Asked) -> Told {
    if it.realm_host() == Some(it.host) && it.realm_path() == asked.path.strip_prefix('/') {
        return token(it, asked);
    }
    let parts = asked.path.strip_prefix("/v2/").and_then(|rest| {
        let (rest, reference) = rest.rsplit_once('/')?;
        let (name, what) = rest.rsplit_once('/')?;
        Some((name, what, reference))
    });
    let Some((name, what, reference)) = parts else { return error(404, "NOT_FOUND", "page not found") };
    let scope = it.scope(name);
    if let Some(realm) = it.realm
        && asked.authorization.as_deref() != Some(&format!("Bearer {}", secret(&scope)))
    {
        let challenge = format!("Bearer realm=\"{realm}\",service=\"{}\",scope=\"{scope}\"", it.service);
        return with(error(401, "UNAUTHORIZED", "authentication required"), "www-authenticate", challenge);
    }
    let kind = Kind::of(name, reference);
    match what {
        _ if kind == Kind::Private => error(401, "UNAUTHORIZED", "access to the requested resource is not authorized"),
        "manifests" => manifest(call, kind, name, reference, &asked.accept),
        "blobs" if call.world.web.known.contains_key(reference) => {
            let to = format!("https://{}/{reference}?signature={}", it.store, secret(reference));
            with(Told { status: 307, headers: Vec::new(), body: Vec::new() }, "location", to)
        }
        "blobs" => error(404, "BLOB_UNKNOWN", "blob unknown to registry"),
        _ => error(404, "NOT_FOUND", "page not found"),
    }
}

fn manifest(call: &mut Call<'_>, kind: Kind, name: &str, reference: &str, accept: &str) -> Told {
    let digest = if reference.starts_with("sha256:") {
        Some(reference.to_owned())
    } else {
        images::manifest(&mut call.world.web, kind, name, reference)
    };
    let found = digest.and_then(|digest| Some((call.world.web.known.get(&digest)?.clone(), digest)));
    let Some((text, digest)) = found else { return error(404, "MANIFEST_UNKNOWN", "manifest unknown") };
    let document: Value = serde_json::from_str(&text).unwrap_or_default();
    let media = document["mediaType"].as_str().unwrap_or_default().to_owned();
    // "The client SHOULD include Accept"; a registry that can't give what is accepted has nothing.
    if !accept.contains(media.as_str()) {
        return error(404, "MANIFEST_UNKNOWN", "manifest unknown: none of an accepted type");
    }
    let headers = vec![("content-type", media), ("docker-content-digest", digest)];
    Told { status: 200, headers, body: text.into_bytes() }
}

/// Gives a token to nobody in particular.
pub fn token(it: &Registry, asked: &Asked) -> Told {
    let parameter = |name: &str| asked.query.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str());
    let (service, scope) = (parameter("service"), parameter("scope"));
    match scope {
        Some(scope) if service == Some(it.service) => {
            let body = json!({ "token": secret(scope), "expires_in": 300 }).to_string().into_bytes();
            Told { status: 200, headers: vec![("content-type", "application/json".to_owned())], body }
        }
        _ => error(400, "UNSUPPORTED", "service and scope are required"),
    }
}

/// What nobody guesses.
pub fn secret(what: &str) -> String {
    images::digest(format!("the sandbox's secret\n{what}").as_bytes()).split_off("sha256:".len())
}

/// OCI distribution specification, "Error Codes".
pub fn error(status: u16, code: &str, message: &str) -> Told {
    let body = json!({ "errors": [{ "code": code, "message": message }] }).to_string().into_bytes();
    Told { status, headers: vec![("content-type", "application/json".to_owned())], body }
}

fn with(told: Told, name: &'static str, value: String) -> Told {
    let mut told = told;
    told.headers.push((name, value));
    told
}
