//! One step of one rotation, whatever is rotated.

use super::{
    Event, Note, Platform, RotationError, Settings,
    certificate::Certificate,
    credentials::Credentials,
    names::Subject,
    settings::variable,
    turn::{Turn, call},
};

/// Does one step. What it did already it does not do again.
///
/// # Errors
/// Why it could not be done. Secrets Manager repeats the rotation then.
pub async fn run<P: Platform>(platform: &P, settings: &Settings, event: &Event) -> Result<Note, RotationError> {
    let description = platform.describe(&event.secret_id).await.map_err(call("describing the secret"))?;
    let name = description.name.clone();
    match Subject::of(&name, &settings.suffix).ok_or_else(|| RotationError::Stranger(name.clone()))? {
        Subject::Credentials(service) => {
            let database = settings.database.as_ref().ok_or(RotationError::Unset(variable::CLUSTER))?;
            let turn = Turn { platform, settings, event, description, service: service.to_owned() };
            Credentials::of(turn, database).run().await
        }
        Subject::Certificate(service) => {
            let mesh = settings.mesh.as_ref().ok_or(RotationError::Unset(variable::AUTHORITY))?;
            let turn = Turn { platform, settings, event, description, service: service.to_owned() };
            Certificate::of(turn, mesh).run().await
        }
    }
}
