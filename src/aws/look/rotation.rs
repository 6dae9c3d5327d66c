//! The rotation of a secret: how far it is, and the order to begin one.

use crate::{
    aws::{Answer, Aws},
    engine::Failure,
    rotator::{
        in_use::InUse,
        stages::{CURRENT, Progress, Stages},
    },
};

/// A secret that is rotated, without its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How far a rotation is.
    pub progress: Progress,
    /// The id of the version that is in use.
    pub current: String,
    /// Since when it is, where whoever rotated it noted that.
    pub in_use: Option<InUse>,
}

/// How far the rotation of a secret is.
///
/// # Errors
/// The call's own.
pub async fn look(aws: &Aws, secret: &str) -> Result<Seen, Failure> {
    let found = aws.secrets.describe_secret().secret_id(secret).send().await.of("secretsmanager:DescribeSecret")?;
    let stages = Stages::of(found.version_ids_to_stages().into_iter().flatten());
    let current = stages.version(CURRENT).unwrap_or_default().to_owned();
    let noted = InUse::read(found.description().unwrap_or_default());
    let in_use = noted.filter(|noted| noted.version == current);
    Ok(Seen { progress: stages.progress(), current, in_use })
}

/// Orders a rotation now. A rotation that did not end is taken up again in its place, which Secrets Manager tells as a refusal.
///
/// # Errors
/// The call's own.
pub async fn order(aws: &Aws, secret: &str) -> Result<(), Failure> {
    match aws.secrets.rotate_secret().secret_id(secret).send().await.of("secretsmanager:RotateSecret") {
        Err(failure) if failure.message.to_ascii_lowercase().contains("previous rotation") => Ok(()),
        answer => answer.map(drop),
    }
}
