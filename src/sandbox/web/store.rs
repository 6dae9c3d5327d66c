//! Stores of blobs behind presigned addresses: S3 for Amazon ECR, content networks for the others.

use super::registry::secret;
use super::{Asked, Told};
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;

/// Amazon ECR's addresses open a layer for an hour.
const OPEN_SECONDS: u64 = 3600;

/// The bucket that Amazon ECR keeps layers in (Amazon ECR User Guide, "Interface VPC endpoints", minimum permissions for Amazon S3).
pub fn layer_host(region: &str) -> String {
    format!("prod-{region}-starport-layer-bucket.s3.{region}.amazonaws.com")
}

/// The presigned address of a layer (S3 User Guide, "Authenticating requests: using query parameters").
pub fn layer_address(call: &Call<'_>, digest: &str) -> String {
    let (host, date) = (layer_host(call.region()), call.now.signature());
    let path = format!("/{}/{}", call.account(), digest.trim_start_matches("sha256:"));
    let signature = signature(&path, &date);
    format!(
        "https://{host}{path}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={date}&X-Amz-SignedHeaders=host\
         &X-Amz-Expires={OPEN_SECONDS}&X-Amz-Signature={signature}"
    )
}

fn signature(path: &str, date: &str) -> String {
    secret(&format!("{path}\n{date}"))
}

/// A layer, if the address is open.
pub fn layer(call: &Call<'_>, asked: &Asked) -> Told {
    let parameter = |name: &str| asked.query.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str());
    if asked.authorization.is_some() {
        return refused(400, "InvalidArgument", "Only one auth mechanism allowed");
    }
    let Some(date) = parameter("X-Amz-Date") else { return refused(403, "AccessDenied", "Access Denied") };
    if parameter("X-Amz-Signature") != Some(signature(&asked.path, date).as_str()) {
        return refused(403, "SignatureDoesNotMatch", "The request signature we calculated does not match.");
    }
    if Moment::from_signature(date).is_none_or(|signed| call.now.since(signed).as_secs() > OPEN_SECONDS) {
        return refused(403, "AccessDenied", "Request has expired");
    }
    let hex = asked.path.rsplit('/').next().unwrap_or_default();
    let layers = call.world.ecr.repositories.values().filter_map(|it| it.layers.get(&format!("sha256:{hex}")));
    match layers.into_iter().next() {
        Some(text) => Told { status: 200, headers: Vec::new(), body: text.clone().into_bytes() },
        None => refused(404, "NoSuchKey", "The specified key does not exist."),
    }
}

/// A blob of another registry.
pub fn blob(call: &Call<'_>, asked: &Asked) -> Told {
    let digest = asked.path.trim_start_matches('/');
    let signed = asked.query.iter().any(|(name, value)| name == "signature" && *value == secret(digest));
    if asked.authorization.is_some() {
        return refused(400, "InvalidArgument", "Only one auth mechanism allowed");
    }
    match call.world.web.known.get(digest).filter(|_| signed) {
        Some(text) => Told { status: 200, headers: Vec::new(), body: text.clone().into_bytes() },
        None => refused(403, "AccessDenied", "Access Denied"),
    }
}

/// S3 API reference, "Error responses".
fn refused(status: u16, code: &str, message: &str) -> Told {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
    Told { status, headers: vec![("content-type", "application/xml".to_owned())], body: body.into_bytes() }
}
