//! The making half of a step: intent first, then the call, then the id; and a look where it isn't known whether the call took effect.

use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::Bench;
use crate::engine::{
    Action, Answers, Class, Created, Entry, Failure, Identity, Key, Kind, Life, Outputs, Physical, Repeat, Scope,
    Sighting, Step, Target, blueprint::dependencies, environment::TAG_ENVIRONMENT_ID, record::Phase, survey,
};

impl Bench<'_> {
    /// Creates it: intent first, then the call, then the id.
    pub(super) async fn make(&self, kind: &dyn Kind, step: &Step, spec: &Value) -> Result<Physical, Failure> {
        let key = &step.key;
        if let Some(ending) = &step.ending {
            self.gone(kind, ending, &|| ()).await?;
        }
        if step.action == Action::Replace
            && !step.delete_first
            && let Some(existing) = &step.existing
        {
            // Of what was found without a record, too, the state must know that it still has to go.
            self.take_over(step, existing)?;
            self.note(Entry::Depose { key: key.clone() })?;
        }
        let identity = self.identity(step);
        // An earlier run may have made it, and died before it knew.
        let announced = self.with_book(|book| book.records.get(key).is_some_and(|it| it.phase == Phase::Intended));
        self.note(Entry::Intent {
            key: key.clone(),
            chapter: step.chapter,
            name: step.name.clone(),
            generation: step.generation,
            token: identity.token.clone(),
            dependencies: dependencies(&step.spec),
        })?;
        let made = self.create(kind, step, spec, &identity, announced).await;
        match made {
            Ok(Created { id, outputs }) => {
                self.note(Entry::Created { key: key.clone(), id: id.clone(), outputs: outputs.clone() })?;
                Ok(Physical { key: key.clone(), name: step.name.clone(), id, outputs })
            }
            Err((failure, unknown)) => {
                if !unknown {
                    self.note(Entry::Refused { key: key.clone() })?;
                }
                Err(failure)
            }
        }
    }

    fn identity(&self, step: &Step) -> Identity {
        Identity {
            key: step.key.clone(),
            name: step.name.clone(),
            tags: self.environment.tags_for(&step.key, &step.name, step.generation),
            token: token(&self.environment.id, &step.key, step.generation),
            environment: self.environment.clone(),
        }
    }

    /// Sends the create until it is answered. The error says whether one may exist all the same; `unknown`: one may even before.
    async fn create(
        &self,
        kind: &dyn Kind,
        step: &Step,
        spec: &Value,
        identity: &Identity,
        mut unknown: bool,
    ) -> Result<Created, (Failure, bool)> {
        let (start, wait) = (Instant::now(), kind.manner().create);
        for attempt in 1.. {
            let failure = match kind.create(spec, identity).await {
                Ok(created) if created.id.is_empty() => Failure::new(
                    Class::Unavailable,
                    format!("AWS answered the creation of {} without saying what it made", step.key),
                ),
                Ok(created) => return Ok(created),
                Err(failure) => failure,
            };
            unknown |= !failure.class.is_definite();
            let looked = match failure.class {
                Class::Unavailable => {
                    self.again(&step.key, failure, attempt, start, wait).await.map_err(|failure| (failure, true))?;
                    self.look(kind, step, spec, kind.manner().repeat == Repeat::Lookup).await
                }
                Class::Exists => match self.look(kind, step, spec, true).await {
                    Ok(None) => Err(failure),
                    other => other,
                },
                _ => {
                    self.again(&step.key, failure, attempt, start, wait).await.map_err(|failure| (failure, unknown))?;
                    continue;
                }
            };
            match looked.map_err(|failure| (failure, unknown))? {
                Some(seen) if self.is_ours(&seen, unknown) => {
                    return Ok(Created { id: seen.id, outputs: seen.outputs });
                }
                Some(seen) => return Err((foreign(&seen), false)),
                None => {}
            }
        }
        unreachable!("the loop only ends by returning")
    }

    /// Looks for one resource by name and tag; several times where what was just made may not show yet.
    async fn look(
        &self,
        kind: &dyn Kind,
        step: &Step,
        spec: &Value,
        thorough: bool,
    ) -> Result<Option<Sighting>, Failure> {
        let (key, name) = (step.key.clone(), step.name.clone());
        let targets = [Target { key, name, id: None, recorded: Outputs::new(), spec: spec.clone() }];
        let old = step.existing.as_ref().map(|existing| existing.id.as_str());
        for round in 0..if thorough { 4 } else { 1 } {
            if round > 0 {
                self.waiting(&step.key, "looking whether it was made");
                self.pause(std::time::Duration::from_secs(2)).await?;
            }
            let tagged = survey::persist(self.jitter, || self.kinds.search().search(&self.environment.suffix)).await?;
            let scope = Scope {
                suffix: &self.environment.suffix,
                environment_id: Some(&self.environment.id),
                targets: &targets,
                tagged: &tagged,
                sweep: false,
                answers: &Answers::default(),
            };
            let found = survey::persist(self.jitter, || kind.find(&scope)).await?;
            let it = found.into_iter().find(|seen| {
                seen.key == step.key
                    && Some(seen.id.as_str()) != old
                    && !matches!(seen.life, Life::Doomed(_) | Life::Ending(_) | Life::Kept(_))
            });
            if it.is_some() {
                return Ok(it);
            }
        }
        Ok(None)
    }

    fn is_ours(&self, seen: &Sighting, unknown: bool) -> bool {
        match &seen.tags {
            Some(tags) if !tags.is_empty() => tags.get(TAG_ENVIRONMENT_ID) == Some(&self.environment.id),
            // No tags to be read: ours if we may have made it a moment ago.
            _ => unknown,
        }
    }
}

/// The client token of a create: the same for every attempt at the same generation of the same resource.
pub fn token(environment_id: &str, key: &Key, generation: u32) -> String {
    let digest = Sha256::digest(format!("{environment_id}\n{key}\n{generation}"));
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}

fn foreign(seen: &Sighting) -> Failure {
    let message = format!(
        "'{}' ({}) exists already and does not belong to this environment; it was not touched",
        seen.name, seen.id
    );
    Failure::new(Class::Exists, message).remedy("choose another --env-suffix, or rename or delete what is there")
}
