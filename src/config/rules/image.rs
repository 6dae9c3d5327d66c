//! References to container images.

use crate::config::report::Fault;

/// An image with a tag or a digest, as the OCI distribution specification writes it: `[host[:port]/]path[:tag][@digest]`.
pub(crate) fn reference(text: &str) -> Result<String, Fault> {
    let example = "write it with its tag or digest, such as \
                   \"123456789012.dkr.ecr.us-east-1.amazonaws.com/ecr-payments-dev:1.4.2\"";
    let fault = |label: &str| Err(Fault::new("is not an image that can be pulled", label, example));
    if text.contains("://") {
        return fault("a scheme such as https:// does not belong here");
    }
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (text, None),
    };
    let (name, tag) = match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (rest, None),
    };
    if text.len() > 255 {
        return fault("longer than 255 characters");
    }
    if tag.is_none() && digest.is_none() {
        return fault("a tag or a digest is missing, so that any version might run");
    }
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return fault("the tag cannot be read");
    }
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return fault("the digest must be sha256: and 64 hexadecimal digits");
    }
    if !is_name(name) {
        let upper = name.chars().any(|c| c.is_ascii_uppercase());
        return fault(if upper { "the name must be lower case" } else { "the name cannot be read" });
    }
    Ok(text.into())
}

fn is_name(name: &str) -> bool {
    match name.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => {
            is_host(host) && path.split('/').all(is_part)
        }
        _ => name.split('/').all(is_part),
    }
}

fn is_host(host: &str) -> bool {
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let label = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    name.split('.').all(label) && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// One part of a repository's path: lowercase letters and digits, parted by `.`, `_`, `__` or hyphens.
fn is_part(part: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    let end = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    part.chars().all(inner)
        && part.starts_with(end)
        && part.ends_with(end)
        && !part.contains("..")
        && !part.contains("___")
}

fn is_tag(tag: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !tag.is_empty() && tag.len() <= 128 && tag.chars().all(inner) && !tag.starts_with(['.', '-'])
}

fn is_digest(digest: &str) -> bool {
    let hex = digest.strip_prefix("sha256:").unwrap_or_default();
    hex.len() == 64 && hex.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_as_registries_read_them() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        for good in [
            "nginx:1.27",
            "public.ecr.aws/nginx/nginx:stable-alpine",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/ecr-payments-dev:1.4.2",
            "localhost:5000/a:b",
            &format!("envoyproxy/envoy@{digest}"),
            &format!("envoyproxy/envoy:v1.40.0@{digest}"),
        ] {
            assert_eq!(reference(good).as_deref(), Ok(good));
        }
        for (bad, label) in [
            ("", "a tag or a digest is missing"),
            ("nginx", "a tag or a digest is missing"),
            ("localhost:5000/nginx", "a tag or a digest is missing"),
            ("https://example.com/nginx:1", "a scheme"),
            ("Nginx:1", "lower case"),
            ("a b:1", "the name cannot be read"),
            ("a//b:1", "the name cannot be read"),
            ("a..b:1", "the name cannot be read"),
            (":1", "the name cannot be read"),
            ("nginx:", "the tag cannot be read"),
            ("nginx:-1", "the tag cannot be read"),
            ("nginx@sha256:12", "the digest"),
            ("host.example:port/nginx:1", "the name cannot be read"),
        ] {
            assert!(reference(bad).unwrap_err().label.contains(label), "{bad}");
        }
        assert!(reference(&format!("{}:1", "a".repeat(300))).is_err());
    }
}
