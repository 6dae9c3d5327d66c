//! The four steps for database credentials.

use std::time::Duration;

use super::{
    Note, Platform, RotationError, Step,
    in_use::InUse,
    names::{self, Names},
    password,
    platform::Which,
    secret::{self, NOBODY},
    settings::DatabaseSettings,
    sql::{self, TWINS, WRONG_PASSWORD},
    stages::{CURRENT, PENDING, SET, TESTED},
    turn::{Turn, call},
};
use crate::engine::{Class, Failure};

/// How often a call that can succeed a little later is made, and the pause before it is made again. Together they are longer than a paused
/// database needs, half a minute after a long sleep (Aurora User Guide, "Scaling to zero ACUs"), and shorter than the function's time-out.
const ATTEMPTS: u32 = 31;
const PAUSE: Duration = Duration::from_secs(2);

/// The rotation of a service's credentials.
pub(super) struct Credentials<'a, P> {
    turn: Turn<'a, P>,
    database: &'a DatabaseSettings,
    names: Names,
}

impl<'a, P: Platform> Credentials<'a, P> {
    pub fn of(turn: Turn<'a, P>, database: &'a DatabaseSettings) -> Self {
        let names = Names::of(&turn.service);
        Credentials { turn, database, names }
    }

    /// Does the step.
    pub async fn run(&self) -> Result<Note, RotationError> {
        let turn = &self.turn;
        if turn.bears(CURRENT) {
            // Somebody finished it. Whether that is noted, and whether the tasks have been told, is all that can be missing.
            return match turn.event.step {
                Step::FinishSecret => self.tell().await,
                _ => Ok("these credentials are in use already"),
            };
        }
        if !turn.bears(PENDING) {
            return Err(turn.not_pending());
        }
        match turn.event.step {
            Step::CreateSecret => self.create().await,
            Step::SetSecret => self.set().await,
            Step::TestSecret => self.test().await,
            Step::FinishSecret => self.finish().await,
        }
    }

    async fn current(&self) -> Result<secret::Credentials, RotationError> {
        let read = secret::Credentials::from_json(&self.turn.current().await?.text);
        read.ok_or_else(|| RotationError::Malformed(CURRENT.to_owned()))
    }

    async fn pending(&self) -> Result<secret::Credentials, RotationError> {
        let version = self.turn.made().await?;
        let malformed = || RotationError::Malformed(self.turn.token().to_owned());
        secret::Credentials::from_json(&version.text).ok_or_else(malformed)
    }

    /// createSecret: a new password for the user whose turn it is.
    async fn create(&self) -> Result<Note, RotationError> {
        const MADE: Note = "a password was made for the user whose turn it is";
        let turn = &self.turn;
        if turn.version(Which::Id(turn.token())).await?.is_some() {
            return Ok("a password was made before");
        }
        let current = self.current().await?;
        let pending = secret::Credentials {
            database: Some(self.database.place.clone()),
            username: self.names.next(&current.username).to_owned(),
            password: password::generate(),
        };
        let put = turn.platform.put(&turn.event.secret_id, Some(turn.token()), &pending.to_json(), &[PENDING]).await;
        match put {
            // A twin was quicker: its password is as good.
            Err(failure) if failure.class == Class::Exists => Ok(MADE),
            put => put.map(|()| MADE).map_err(call("putting the new credentials into the secret")),
        }
    }

    /// setSecret: makes the database know it.
    async fn set(&self) -> Result<Note, RotationError> {
        let pending = self.pending().await?;
        let current = self.current().await?;
        if pending.username == current.username {
            return Err(RotationError::InUse(pending.username));
        }
        // What was set already is nobody's yet; setting it again changes nothing.
        if !self.turn.bears(SET) {
            self.nobody_holds_it().await?;
        }
        let database = &self.database.place.name;
        let mut statements = sql::prepare(&self.names, database);
        if self.names.takes_turns(&current.username) {
            statements.extend(sql::adopt_user(&self.names, database, &current));
        }
        statements.extend(sql::set_user(&self.names, database, &pending));
        for statement in &statements {
            self.execute(&self.database.master_secret, statement, &TWINS)
                .await
                .map_err(call("setting up the user in the database"))?;
        }
        self.turn.label(SET).await?;
        Ok("the database knows the password")
    }

    /// The password that is about to be changed is the one before the current one. No running task may hold it any more: the service's tasks
    /// must all have been started by a deployment that was ordered after the current one came into use.
    async fn nobody_holds_it(&self) -> Result<(), RotationError> {
        let turn = &self.turn;
        let noted = InUse::read(&turn.description.text);
        if noted.is_none() && !turn.description.rotated {
            // The one before was never anybody's.
            return Ok(());
        }
        let Some(rollout) = turn.rollout().await? else { return Ok(()) };
        let current = turn.description.stages.version(CURRENT);
        let noted = noted.filter(|noted| Some(noted.version.as_str()) == current);
        match &noted {
            // Whoever is being replaced has the current ones, and so has whoever comes.
            Some(noted) if rollout.since.is_some_and(|since| since >= noted.millis()) => return Ok(()),
            _ if rollout.under_way => return Err(RotationError::RollingOut(turn.service.clone())),
            Some(_) => {}
            // Whoever made it current was cut off, or somebody else described the secret.
            None => self.note(current.unwrap_or_default()).await?,
        }
        turn.roll_out().await?;
        Err(RotationError::NotRolledOut(turn.service.clone()))
    }

    /// Notes that a version is in use from now on.
    async fn note(&self, version: &str) -> Result<(), RotationError> {
        let turn = &self.turn;
        let text = InUse { version: version.to_owned(), since: turn.platform.now() }.noted(&turn.description.text);
        let noted = turn.platform.describe_as(&turn.event.secret_id, &text).await;
        noted.map_err(call("noting since when the credentials are in use"))
    }

    /// Notes since when the credentials that this rotation made are in use, and rolls the service out to them; what was done is not done again.
    async fn tell(&self) -> Result<Note, RotationError> {
        let (turn, noted) = (&self.turn, InUse::read(&self.turn.description.text));
        let Some(noted) = noted.filter(|noted| noted.version == turn.token()) else {
            self.note(turn.token()).await?;
            // Also where a deployment is under way, whose tasks may have read the former credentials: they would be taken for newer than these.
            return turn.roll_out().await;
        };
        match turn.rollout().await? {
            Some(rollout) if rollout.latest.is_some_and(|latest| latest >= noted.millis()) => {
                Ok("a deployment was started before")
            }
            _ => turn.roll_out().await,
        }
    }

    /// testSecret: logs in with it. Data API takes credentials from the current version of a secret only, so that they are put into another
    /// secret for that moment, which nobody else may read.
    async fn test(&self) -> Result<Note, RotationError> {
        let (turn, pending) = (&self.turn, self.pending().await?);
        let secret = names::login_secret(&turn.service, &turn.settings.suffix);
        let lend = turn.platform.put(&secret, None, &pending.to_json(), &[CURRENT]).await;
        lend.map_err(call("lending the new credentials for a log-in"))?;
        // A version that was put a moment ago may not be seen yet: nobody's password, or the one before, is refused.
        let passing = [TWINS.as_slice(), &[WRONG_PASSWORD]].concat();
        let answer = self.execute(&secret, &sql::who(&self.names), &passing).await;
        let back = turn.platform.put(&secret, None, NOBODY, &[CURRENT]).await;
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
        if turn.bears(SET) {
            turn.label(TESTED).await?;
        }
        // Secrets Manager tries the function out with a version that it takes away again: that one gets no label
        // (Secrets Manager API reference, RotateSecret, RotateImmediately).
        Ok("the credentials log in")
    }

    /// finishSecret: makes it current, and the tasks come to hold it.
    async fn finish(&self) -> Result<Note, RotationError> {
        if !self.turn.bears(TESTED) {
            return Err(RotationError::too_early(Step::FinishSecret, Step::TestSecret));
        }
        self.turn.label(CURRENT).await?;
        self.tell().await
    }

    /// Executes a statement, again where the failure passes by itself or is one of these SQLSTATEs.
    async fn execute(&self, secret: &str, sql: &str, passing: &[&str]) -> Result<Vec<Vec<String>>, Failure> {
        let mut attempt = 1;
        loop {
            match self.turn.platform.execute(secret, sql).await {
                Err(failure) if attempt < ATTEMPTS && passes(&failure, passing) => attempt += 1,
                answer => return answer,
            }
            self.turn.platform.pause(PAUSE).await;
        }
    }
}

fn passes(failure: &Failure, passing: &[&str]) -> bool {
    failure.class.is_transient() || failure.code.as_deref().is_some_and(|code| passing.contains(&code))
}
