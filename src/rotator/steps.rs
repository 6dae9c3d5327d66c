//! The four steps.

use std::time::Duration;

use super::{
    Event, Platform, RotationError, Settings, Step,
    names::{self, Names},
    password,
    platform::{Description, Version, Which},
    secret::{Credentials, NOBODY},
    sql::{self, TWINS, WRONG_PASSWORD},
    stages::{CURRENT, PENDING, SET, TESTED},
};
use crate::engine::{Class, Failure};

/// How often a call that can succeed a little later is made, and the pause before it is made again. Together they stay far below the function's
/// time-out; what takes longer, such as a paused database, Secrets Manager's own repetition gets over.
const ATTEMPTS: u32 = 12;
const PAUSE: Duration = Duration::from_secs(2);

/// One rotation as its steps see it.
struct Rotation<'a, P> {
    platform: &'a P,
    settings: &'a Settings,
    event: &'a Event,
    description: Description,
    service: String,
    names: Names,
}

/// Does one step. What it did already it does not do again.
///
/// # Errors
/// Why it could not be done. Secrets Manager repeats the rotation then.
pub async fn run<P: Platform>(platform: &P, settings: &Settings, event: &Event) -> Result<(), RotationError> {
    let description = platform.describe(&event.secret_id).await.map_err(call("describing the secret"))?;
    let stranger = || RotationError::Stranger(description.name.clone());
    let service = names::service_of(&description.name, &settings.suffix).ok_or_else(stranger)?.to_owned();
    let names = Names::of(&service);
    let rotation = Rotation { platform, settings, event, description, service, names };
    let token = event.client_request_token.as_str();
    if rotation.description.stages.bears(token, CURRENT) {
        // Somebody finished it. Whether the tasks have been told is all that can be missing.
        return if event.step == Step::FinishSecret { rotation.roll_out_once().await } else { Ok(()) };
    }
    if !rotation.description.stages.bears(token, PENDING) {
        return Err(RotationError::NotPending { step: event.step.name(), version: token.to_owned() });
    }
    match event.step {
        Step::CreateSecret => rotation.create().await,
        Step::SetSecret => rotation.set().await,
        Step::TestSecret => rotation.test().await,
        Step::FinishSecret => rotation.finish().await,
    }
}

fn call(doing: &'static str) -> impl FnOnce(Failure) -> RotationError {
    move |failure| RotationError::Call { doing, failure }
}

impl<P: Platform> Rotation<'_, P> {
    fn token(&self) -> &str {
        &self.event.client_request_token
    }

    async fn version(&self, which: Which<'_>) -> Result<Option<Version>, RotationError> {
        self.platform.value(&self.event.secret_id, which).await.map_err(call("reading the secret"))
    }

    async fn current(&self) -> Result<(Credentials, Version), RotationError> {
        let version =
            self.version(Which::Stage(CURRENT)).await?.ok_or_else(|| RotationError::Empty(CURRENT.to_owned()))?;
        let read = Credentials::from_json(&version.text).ok_or_else(|| RotationError::Malformed(CURRENT.to_owned()))?;
        Ok((read, version))
    }

    async fn pending(&self) -> Result<Credentials, RotationError> {
        let version = self.version(Which::Id(self.token())).await?;
        let version = version.ok_or_else(|| RotationError::Empty(self.token().to_owned()))?;
        Credentials::from_json(&version.text).ok_or_else(|| RotationError::Malformed(self.token().to_owned()))
    }

    /// createSecret: a new password for the user whose turn it is.
    async fn create(&self) -> Result<(), RotationError> {
        if self.version(Which::Id(self.token())).await?.is_some() {
            return Ok(());
        }
        let (current, _) = self.current().await?;
        let pending = Credentials {
            database: Some(self.settings.database.clone()),
            username: self.names.next(&current.username).to_owned(),
            password: password::generate(),
        };
        let put = self.platform.put(&self.event.secret_id, Some(self.token()), &pending.to_json(), &[PENDING]).await;
        match put {
            // A twin was quicker: its password is as good.
            Err(failure) if failure.class == Class::Exists => Ok(()),
            put => put.map_err(call("putting the new credentials into the secret")),
        }
    }

    /// setSecret: makes the database know it.
    async fn set(&self) -> Result<(), RotationError> {
        let pending = self.pending().await?;
        let (current, version) = self.current().await?;
        if pending.username == current.username {
            return Err(RotationError::InUse(pending.username));
        }
        self.nobody_holds_it(&version).await?;
        let database = &self.settings.database.name;
        let mut statements = sql::prepare(&self.names, database);
        if self.names.takes_turns(&current.username) {
            statements.extend(sql::adopt_user(&self.names, database, &current));
        }
        statements.extend(sql::set_user(&self.names, database, &pending));
        for statement in &statements {
            self.execute(&self.settings.master_secret, statement, &TWINS)
                .await
                .map_err(call("setting up the user in the database"))?;
        }
        self.label(SET).await
    }

    /// The password that is about to be changed is the one before the current one. No running task may hold it any more: the service's tasks
    /// must all have been started by a deployment that came after the last rotation.
    async fn nobody_holds_it(&self, current: &Version) -> Result<(), RotationError> {
        if !self.description.rotated {
            return Ok(());
        }
        let Some(rollout) = self.rollout().await? else { return Ok(()) };
        if rollout.under_way {
            return Err(RotationError::RollingOut(self.service.clone()));
        }
        if rollout.since.is_some_and(|since| since < current.created) {
            self.roll_out().await?;
            return Err(RotationError::NotRolledOut(self.service.clone()));
        }
        Ok(())
    }

    /// testSecret: logs in with it. Data API takes credentials from the current version of a secret only, so that they are put into another
    /// secret for that moment, which nobody else may read.
    async fn test(&self) -> Result<(), RotationError> {
        let pending = self.pending().await?;
        let secret = names::login_secret(&self.service, &self.settings.suffix);
        let lend = self.platform.put(&secret, None, &pending.to_json(), &[CURRENT]).await;
        lend.map_err(call("lending the new credentials for a log-in"))?;
        // A version that was put a moment ago may not be seen yet: nobody's password, or the one before, is refused.
        let passing = [TWINS.as_slice(), &[WRONG_PASSWORD]].concat();
        let answer = self.execute(&secret, &sql::who(&self.names), &passing).await;
        let back = self.platform.put(&secret, None, NOBODY, &[CURRENT]).await;
        let rows = answer.map_err(call("logging in with the new credentials"))?;
        back.map_err(call("taking the new credentials back"))?;
        match rows.first().map(Vec::as_slice) {
            Some([user, creates]) if *user == pending.username => match creates.as_str() {
                "t" | "true" => {}
                _ => return Err(RotationError::NoSchema(pending.username)),
            },
            other => {
                let found = other.and_then(|row| row.first()).cloned().unwrap_or_else(|| "nobody".to_owned());
                return Err(RotationError::SomebodyElse { wanted: pending.username, found });
            }
        }
        if self.description.stages.bears(self.token(), SET) {
            return self.label(TESTED).await;
        }
        // Secrets Manager tries the function out with a version that it takes away again: that one gets no label
        // (Secrets Manager API reference, RotateSecret, RotateImmediately).
        Ok(())
    }

    /// finishSecret: makes it current, and the tasks come to hold it.
    async fn finish(&self) -> Result<(), RotationError> {
        if !self.description.stages.bears(self.token(), TESTED) {
            return Err(RotationError::too_early(Step::FinishSecret, Step::TestSecret));
        }
        self.label(CURRENT).await?;
        self.roll_out().await
    }

    async fn rollout(&self) -> Result<Option<super::platform::Rollout>, RotationError> {
        let service = names::ecs_service(&self.service, &self.settings.suffix);
        self.platform.rollout(&service).await.map_err(call("looking at the service's deployments"))
    }

    async fn roll_out(&self) -> Result<(), RotationError> {
        let service = names::ecs_service(&self.service, &self.settings.suffix);
        match self.platform.redeploy(&service).await {
            // The first rotation comes before the service, and the last may come after it.
            Err(failure) if failure.class == Class::Absent => Ok(()),
            done => done.map_err(call("starting a deployment of the service")),
        }
    }

    /// Starts a deployment unless one was started since the current version was made.
    async fn roll_out_once(&self) -> Result<(), RotationError> {
        let (_, version) = self.current().await?;
        match self.rollout().await? {
            Some(rollout) if rollout.latest.is_none_or(|latest| latest < version.created) => self.roll_out().await,
            _ => Ok(()),
        }
    }

    async fn label(&self, label: &'static str) -> Result<(), RotationError> {
        let stages = &self.description.stages;
        if stages.bears(self.token(), label) {
            return Ok(());
        }
        let labelled = self.platform.label(&self.event.secret_id, label, self.token(), stages.version(label)).await;
        match labelled {
            // A twin was quicker.
            Err(failure) if failure.class == Class::Invalid && self.bears_now(label).await => Ok(()),
            labelled => labelled.map_err(call("labelling the new credentials")),
        }
    }

    async fn bears_now(&self, label: &str) -> bool {
        let now = self.platform.describe(&self.event.secret_id).await;
        now.is_ok_and(|now| now.stages.bears(self.token(), label))
    }

    /// Executes a statement, again where the failure passes by itself or is one of these SQLSTATEs.
    async fn execute(&self, secret: &str, sql: &str, passing: &[&str]) -> Result<Vec<Vec<String>>, Failure> {
        let mut attempt = 1;
        loop {
            match self.platform.execute(secret, sql).await {
                Err(failure) if attempt < ATTEMPTS && passes(&failure, passing) => attempt += 1,
                answer => return answer,
            }
            self.platform.pause(PAUSE).await;
        }
    }
}

fn passes(failure: &Failure, passing: &[&str]) -> bool {
    failure.class.is_transient() || failure.code.as_deref().is_some_and(|code| passing.contains(&code))
}
