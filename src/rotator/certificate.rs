//! The four steps for a service's certificate.
//!
//! What running tasks hold stays good whatever becomes of a rotation: nothing is revoked, so a step that fails costs nothing but time. Two
//! others issue certificates besides: `up`, and whoever changes the authority. A certificate that was pending meanwhile is given up.

use super::{
    Note, Platform, RotationError, Step,
    platform::Which,
    settings::MeshSettings,
    stages::{CURRENT, PENDING, PREVIOUS, SET, TESTED},
    turn::{Turn, call},
};
use crate::{
    engine::Class,
    mesh::{Authorities, AuthoritySecret, LeafNote, LeafRequest, LeafSecret, MeshError},
};

/// How often a description is looked at until it fits the certificate.
const LOOKS: u32 = 5;

/// The rotation of a service's certificate.
pub(super) struct Certificate<'a, P> {
    turn: Turn<'a, P>,
    mesh: &'a MeshSettings,
    request: LeafRequest,
}

fn mesh(doing: &'static str) -> impl FnOnce(MeshError) -> RotationError {
    move |error| RotationError::Mesh { doing, error }
}

impl<'a, P: Platform> Certificate<'a, P> {
    pub fn of(turn: Turn<'a, P>, mesh: &'a MeshSettings) -> Self {
        let request = mesh.request(&turn.service);
        Certificate { turn, mesh, request }
    }

    /// Does the step.
    pub async fn run(&self) -> Result<Note, RotationError> {
        let turn = &self.turn;
        if turn.bears(CURRENT) {
            // Somebody finished it. Whether the description fits and the tasks have been told is all that can be missing.
            return match turn.event.step {
                Step::FinishSecret => self.tell(true).await,
                _ => Ok("this certificate is in use already"),
            };
        }
        if !turn.bears(PENDING) {
            return match self.is_overtaken().await? {
                true => Ok("a newer certificate is in use; there is nothing to do"),
                false => Err(turn.not_pending()),
            };
        }
        match turn.event.step {
            Step::CreateSecret => self.create().await,
            Step::SetSecret => self.set().await,
            Step::TestSecret => self.test().await,
            Step::FinishSecret => self.finish().await,
        }
    }

    /// The certificate of a version; `None` where it has no value.
    async fn leaf(&self, version: &str) -> Result<Option<LeafSecret>, RotationError> {
        let found = self.turn.version(Which::Id(version)).await?;
        let malformed = |_| RotationError::Malformed(version.to_owned());
        found.map(|found| LeafSecret::from_json(&found.text).map_err(malformed)).transpose()
    }

    async fn pending(&self) -> Result<LeafSecret, RotationError> {
        let token = self.turn.token();
        self.leaf(token).await?.ok_or_else(|| RotationError::Empty(token.to_owned()))
    }

    /// The one that was in use when the step began: not the one that is by now, since that must not be taken for it.
    async fn current(&self) -> Result<Option<LeafSecret>, RotationError> {
        match self.turn.description.stages.version(CURRENT) {
            Some(version) => self.leaf(version).await,
            None => Ok(None),
        }
    }

    fn note(&self, leaf: &LeafSecret) -> Result<LeafNote, RotationError> {
        LeafNote::of(leaf, &self.request).map_err(mesh("reading the certificate"))
    }

    /// The authorities at the stage that is reached. Their keys are in memory for as long as the caller needs them.
    async fn authorities(&self) -> Result<Authorities, RotationError> {
        const DOING: &str = "reading the mesh's authority";
        let found = self.turn.platform.value(&self.mesh.authority, Which::Stage(CURRENT)).await.map_err(call(DOING))?;
        let found = found.ok_or_else(|| RotationError::Empty(CURRENT.to_owned()))?;
        let secret = AuthoritySecret::from_json(&found.text).map_err(mesh(DOING))?;
        Authorities::try_from(&secret).map_err(mesh(DOING))
    }

    /// True where somebody issued another one after the one of this rotation.
    async fn is_overtaken(&self) -> Result<bool, RotationError> {
        let (made, current) = (self.leaf(self.turn.token()).await?, self.current().await?);
        match (made, current) {
            (Some(made), Some(current)) => Ok(self.note(&current)?.issued > self.note(&made)?.issued),
            _ => Ok(false),
        }
    }

    /// createSecret: a new certificate by the authority that issues at the stage that is reached.
    async fn create(&self) -> Result<Note, RotationError> {
        const ISSUED: Note = "a certificate was issued";
        let turn = &self.turn;
        if turn.version(Which::Id(turn.token())).await?.is_some() {
            return Ok("a certificate was issued before");
        }
        let leaf = self.authorities().await?.issue(&self.request, turn.platform.now());
        let leaf = leaf.and_then(|leaf| leaf.to_json()).map_err(mesh("issuing the certificate"))?;
        match turn.platform.put(&turn.event.secret_id, Some(turn.token()), &leaf, &[PENDING]).await {
            // A twin was quicker: its certificate is as good.
            Err(failure) if failure.class == Class::Exists => Ok(ISSUED),
            put => put.map(|()| ISSUED).map_err(call("putting the new certificate into the secret")),
        }
    }

    /// setSecret: nobody has to be told of a certificate before it is used; the authority's signature is all that it needs.
    async fn set(&self) -> Result<Note, RotationError> {
        self.pending().await?;
        self.turn.label(SET).await?;
        Ok("there is nothing to set: whoever trusts the authority accepts the certificate")
    }

    /// testSecret: would peers accept it?
    async fn test(&self) -> Result<Note, RotationError> {
        let (turn, pending) = (&self.turn, self.pending().await?);
        let authorities = self.authorities().await?;
        let verified = pending.verify(&self.request, &authorities.bundle(), turn.platform.now());
        verified.map_err(mesh("verifying the certificate"))?;
        // Secrets Manager tries the function out with a version that it takes away again: that one gets no label
        // (Secrets Manager API reference, RotateSecret, RotateImmediately).
        if turn.bears(SET) {
            turn.label(TESTED).await?;
        }
        Ok("peers accept the certificate")
    }

    /// finishSecret: makes it current, describes it, and the tasks come to hold it.
    async fn finish(&self) -> Result<Note, RotationError> {
        let turn = &self.turn;
        if !turn.bears(TESTED) {
            return Err(RotationError::too_early(Step::FinishSecret, Step::TestSecret));
        }
        let pending = self.note(&self.pending().await?)?;
        if self.is_overtaken().await? {
            self.give_up().await?;
            return Ok("a newer certificate is in use; this one is given up");
        }
        if !self.authorities().await?.would_issue(&pending).map_err(mesh("reading the mesh's authority"))? {
            self.give_up().await?;
            return Err(RotationError::Outdated(turn.service.clone()));
        }
        // Only in the place of the one that was looked at: whoever issued another one meanwhile keeps it.
        turn.label(CURRENT).await?;
        self.tell(false).await
    }

    async fn give_up(&self) -> Result<(), RotationError> {
        self.turn.unlabel(PENDING).await
    }

    /// Says what is in use, and rolls the service out to it.
    async fn tell(&self, again: bool) -> Result<Note, RotationError> {
        self.describe().await?;
        self.nothing_ends_first().await?;
        let note = self.turn.roll_out_unless(again).await?;
        // Once somebody issues another one by hand, Secrets Manager would take a label that was left here for a rotation that never ended
        // (Secrets Manager User Guide, "Rotation by Lambda function").
        if self.turn.bears(PENDING) {
            self.turn.unlabel(PENDING).await?;
        }
        Ok(note)
    }

    /// Makes the secret's description fit the certificate in use. A description can't be changed together with a label, nor under the condition
    /// that nobody else changed it: so it is looked at again afterwards.
    async fn describe(&self) -> Result<(), RotationError> {
        let turn = &self.turn;
        for _ in 0..LOOKS {
            let seen = turn.platform.describe(&turn.event.secret_id).await.map_err(call("describing the secret"))?;
            let Some(version) = seen.stages.version(CURRENT) else { return Ok(()) };
            let Some(leaf) = self.leaf(version).await? else { return Ok(()) };
            let (mut note, before) = (self.note(&leaf)?, LeafNote::read(&seen.text));
            if before.as_ref().is_some_and(|before| before.fingerprint == note.fingerprint) {
                return Ok(());
            }
            // What somebody else issued was issued by order.
            if version == turn.token() {
                note = note.after(before.as_ref());
            }
            let written = turn.platform.describe_as(&turn.event.secret_id, &note.to_string()).await;
            written.map_err(call("describing the certificate"))?;
        }
        Ok(())
    }

    /// Where a deployment under way keeps this rotation from starting one, the tasks that run must last until the next rotation, which
    /// starts one: they do unless what they hold is older than the certificate that has just been replaced.
    async fn nothing_ends_first(&self) -> Result<(), RotationError> {
        let Some(rollout) = self.turn.rollout().await? else { return Ok(()) };
        let Some(since) = rollout.since.filter(|_| rollout.under_way) else { return Ok(()) };
        match self.turn.version(Which::Stage(PREVIOUS)).await? {
            Some(previous) if since < previous.created => Err(RotationError::Ageing(self.turn.service.clone())),
            _ => Ok(()),
        }
    }
}
