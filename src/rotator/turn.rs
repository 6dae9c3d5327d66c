//! What the rotations of credentials and of certificates have in common: versions, labels, deployments.

use super::{
    Event, Note, Platform, RotationError, Settings, names,
    platform::{Description, Rollout, Version, Which},
    stages::CURRENT,
};
use crate::engine::{Class, Failure};

/// One rotation as one of its steps sees it.
pub(super) struct Turn<'a, P> {
    pub platform: &'a P,
    pub settings: &'a Settings,
    pub event: &'a Event,
    /// The secret when the step began.
    pub description: Description,
    pub service: String,
}

pub(super) fn call(doing: &'static str) -> impl FnOnce(Failure) -> RotationError {
    move |failure| RotationError::Call { doing, failure }
}

impl<P: Platform> Turn<'_, P> {
    /// The id of the version that the rotation makes.
    pub fn token(&self) -> &str {
        &self.event.client_request_token
    }

    /// Whether the version that the rotation makes bore a label when the step began.
    pub fn bears(&self, label: &str) -> bool {
        self.description.stages.bears(self.token(), label)
    }

    pub fn not_pending(&self) -> RotationError {
        RotationError::NotPending { step: self.event.step.name(), version: self.token().to_owned() }
    }

    pub async fn version(&self, which: Which<'_>) -> Result<Option<Version>, RotationError> {
        self.platform.value(&self.event.secret_id, which).await.map_err(call("reading the secret"))
    }

    /// The version in use.
    pub async fn current(&self) -> Result<Version, RotationError> {
        self.version(Which::Stage(CURRENT)).await?.ok_or_else(|| RotationError::Empty(CURRENT.to_owned()))
    }

    /// The version that the rotation makes.
    pub async fn made(&self) -> Result<Version, RotationError> {
        let version = self.version(Which::Id(self.token())).await?;
        version.ok_or_else(|| RotationError::Empty(self.token().to_owned()))
    }

    /// Labels the version that the rotation makes. The label comes from the version that bore it when the step began, and from no other.
    pub async fn label(&self, label: &'static str) -> Result<(), RotationError> {
        if self.bears(label) {
            return Ok(());
        }
        let from = self.description.stages.version(label);
        match self.platform.label(&self.event.secret_id, label, self.token(), from).await {
            // A twin was quicker.
            Err(failure) if failure.class == Class::Invalid && self.bears_now(label).await => Ok(()),
            labelled => labelled.map_err(call("labelling the new version")),
        }
    }

    /// Takes a label off the version that the rotation makes.
    pub async fn unlabel(&self, label: &'static str) -> Result<(), RotationError> {
        match self.platform.unlabel(&self.event.secret_id, label, self.token()).await {
            // A twin was quicker.
            Err(failure) if failure.class == Class::Invalid && !self.bears_now(label).await => Ok(()),
            done => done.map_err(call("taking a label off the new version")),
        }
    }

    async fn bears_now(&self, label: &str) -> bool {
        let now = self.platform.describe(&self.event.secret_id).await;
        now.is_ok_and(|now| now.stages.bears(self.token(), label))
    }

    pub async fn rollout(&self) -> Result<Option<Rollout>, RotationError> {
        let service = names::ecs_service(&self.service, &self.settings.suffix);
        self.platform.rollout(&service).await.map_err(call("looking at the service's deployments"))
    }

    pub async fn roll_out(&self) -> Result<Note, RotationError> {
        let service = names::ecs_service(&self.service, &self.settings.suffix);
        match self.platform.redeploy(&service).await {
            // The first rotation may come before the service, and the last after it.
            Err(failure) if failure.class == Class::Absent => Ok("there is no service to roll out"),
            done => done.map(|()| "a deployment was started").map_err(call("starting a deployment of the service")),
        }
    }

    /// Starts a deployment, unless one was started since the version in use was made.
    pub async fn roll_out_once(&self) -> Result<Note, RotationError> {
        let Some(rollout) = self.rollout().await? else { return Ok("there is no service to roll out") };
        let version = self.current().await?;
        match rollout.latest {
            Some(latest) if latest >= version.created => Ok("a deployment was started before"),
            _ => self.roll_out().await,
        }
    }

    /// Starts a deployment, unless one is under way: whose it is can't be told, and starting another would end it. Of a rotation whose last
    /// step is repeated (`again`), it is only made up for what was not started.
    pub async fn roll_out_unless(&self, again: bool) -> Result<Note, RotationError> {
        match self.rollout().await? {
            None => Ok("there is no service to roll out"),
            Some(rollout) if rollout.under_way => Ok("a deployment is under way; another is not started"),
            Some(_) if again => self.roll_out_once().await,
            Some(_) => self.roll_out().await,
        }
    }
}
