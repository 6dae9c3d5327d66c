//! When secrets were and will be rotated. Never their values.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

use super::time::rfc3339;
use crate::{
    aws::{Answer, Aws},
    engine::{Failure, failure::absent_is_fine},
    mesh::Facts,
};

/// How many secrets are described at once.
const AT_ONCE: usize = 4;

/// A secret and its rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SecretStatus {
    /// Its name.
    pub name: String,
    /// True where AWS rotates it.
    pub rotates: bool,
    /// When its value was last changed (RFC 3339): by rotation, or by hand.
    pub last_changed: Option<String>,
    /// When it was last rotated (RFC 3339).
    pub last_rotated: Option<String>,
    /// When it is rotated next (RFC 3339).
    pub next_rotation: Option<String>,
    /// When the certificate that it holds ends (RFC 3339), where it holds one.
    #[serde(skip)]
    pub not_after: Option<String>,
}

/// The secrets with these ARNs, by ARN.
///
/// # Errors
/// The calls' own.
pub async fn rotations(aws: &Aws, arns: Vec<String>) -> Result<BTreeMap<String, SecretStatus>, Failure> {
    let looks = arns.into_iter().map(async |arn| Ok::<_, Failure>(describe(aws, &arn).await?.map(|seen| (arn, seen))));
    let found: Vec<_> = stream::iter(looks).buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

async fn describe(aws: &Aws, arn: &str) -> Result<Option<SecretStatus>, Failure> {
    let answer = aws.secrets.describe_secret().secret_id(arn).send().await.of("secretsmanager:DescribeSecret");
    let found = absent_is_fine(answer.map(Some))?.filter(|secret| secret.deleted_date().is_none());
    Ok(found.map(|secret| SecretStatus {
        name: secret.name().unwrap_or_default().to_owned(),
        rotates: secret.rotation_enabled() == Some(true),
        last_changed: rfc3339(secret.last_changed_date()),
        last_rotated: rfc3339(secret.last_rotated_date()),
        next_rotation: rfc3339(secret.next_rotation_date()),
        not_after: secret.description().and_then(Facts::read).map(|facts| facts.not_after),
    }))
}
