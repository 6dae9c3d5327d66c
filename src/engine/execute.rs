//! One step: intent, call, record, wait. Everything that keeps a run from losing or doubling a resource is here.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::{
    Action, Answers, Book, Changes, Class, Created, Entry, Environment, Event, Failure, Gone, Identity, Interrupt, Key,
    Kind, Kinds, Ledger, Life, Naming, Observer, Outputs, Physical, Readiness, Repeat, Scope, Sighting, Step, Target,
    When,
    blueprint::dependencies,
    diff,
    environment::TAG_ENVIRONMENT_ID,
    output,
    resource::Wait,
    retry::{self, Jitter},
    survey,
};

/// What a run works with.
pub struct Bench<'a> {
    /// The kinds.
    pub kinds: &'a Kinds,
    /// The environment.
    pub environment: &'a Arc<Environment>,
    /// Where entries become durable.
    pub ledger: &'a dyn Ledger,
    /// What the entries fold into.
    pub book: &'a Mutex<Book>,
    /// Who is told.
    pub observer: &'a dyn Observer,
    /// Ctrl-C.
    pub interrupt: &'a Interrupt,
    /// Randomness for pauses.
    pub jitter: &'a Jitter,
}

impl Bench<'_> {
    /// Makes an entry durable and takes it into the book.
    fn note(&self, entry: Entry) -> Result<(), Failure> {
        self.ledger.append(&entry)?;
        self.with_book(|book| book.apply(&entry));
        Ok(())
    }

    fn with_book<T>(&self, use_it: impl FnOnce(&mut Book) -> T) -> T {
        use_it(&mut self.book.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn waiting(&self, key: &Key, reason: impl Into<String>) {
        self.observer.tell(&Event::Waiting { key: key.clone(), reason: reason.into() });
    }

    /// A pause that a Ctrl-C ends.
    async fn pause(&self, length: std::time::Duration) -> Result<(), Failure> {
        if self.interrupt.is_raised() {
            return Err(interrupted());
        }
        tokio::select! {
            () = tokio::time::sleep(length) => Ok(()),
            () = self.interrupt.raised() => Err(interrupted()),
        }
    }

    /// Waits after a failure that can pass, or gives it back where it can't or where time is up.
    async fn again(
        &self,
        key: &Key,
        failure: Failure,
        attempt: u32,
        start: Instant,
        wait: Wait,
    ) -> Result<(), Failure> {
        if !failure.class.is_transient() {
            return Err(failure);
        }
        let patience = retry::patience(failure.class, wait.deadline);
        if start.elapsed() >= patience {
            let message = format!("gave up after {} s: {}", patience.as_secs(), failure.message);
            return Err(Failure { message, ..failure });
        }
        let pause = retry::pause(self.jitter, failure.class, attempt, wait, start.elapsed());
        let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        self.observer.tell(&Event::Repeating { key: key.clone(), attempt, pause_ms, reason: failure.to_string() });
        self.pause(pause).await
    }

    /// Carries out the making half of a step. `created` is called once others may refer to the resource.
    ///
    /// # Errors
    /// What stopped it; the journal says what exists by then.
    pub async fn apply(&self, step: &Step, created: &(dyn Fn() + Sync)) -> Result<String, Failure> {
        let kind = self.kinds.get(step.key.kind())?.as_ref();
        let spec = self.resolve(&step.spec)?;
        let (it, changes) = match (step.action, &step.existing) {
            (Action::Create | Action::Replace, _) | (_, None) => {
                let it = self.make(kind, step, &spec).await?;
                let later = Changes { fields: diff::later_fields(kind, &spec), tags: Default::default() };
                (it, later)
            }
            (_, Some(existing)) => {
                self.take_over(step, existing)?;
                (existing.clone(), self.remaining(kind, step, &spec, existing))
            }
        };
        let mut it = it;
        self.settle(kind, step, &spec, &mut it, &changes).await?;
        if kind.manner().usable == When::Created {
            created();
        }
        let outputs = self.ready(kind, &step.key, &spec, &it, kind.manner().create).await?;
        it.outputs.extend(outputs);
        let dependencies = dependencies(&step.spec);
        self.note(Entry::Applied {
            key: step.key.clone(),
            id: it.id.clone(),
            outputs: it.outputs,
            spec,
            dependencies,
        })?;
        Ok(it.id)
    }

    /// The specification with all references resolved: everything it refers to has been made by now.
    fn resolve(&self, spec: &Value) -> Result<Value, Failure> {
        let resolved = self.with_book(|book| {
            output::resolve(spec, &|reference| book.output(&reference.key, &reference.output).cloned())
        });
        match output::references(&resolved).first() {
            None => Ok(resolved),
            Some(open) => Err(Failure::internal(format!("{} gave no {}", open.key, open.output))),
        }
    }

    /// Fields to bring in line on something that exists: those of the plan, and all that a cut-off create may not have reached.
    fn remaining(&self, kind: &dyn Kind, step: &Step, spec: &Value, _existing: &Physical) -> Changes {
        let mut fields: Vec<String> = step.changes.iter().map(|change| change.field.clone()).collect();
        if self.with_book(|book| book.records.get(&step.key).is_some_and(|record| record.spec.is_null()))
            && step.action == Action::Update
        {
            fields.extend(diff::later_fields(kind, spec));
            fields.sort();
            fields.dedup();
        }
        Changes { fields, tags: step.tags.clone() }
    }

    /// Lets the state know of something that exists, and that it is about to be changed.
    fn take_over(&self, step: &Step, existing: &Physical) -> Result<(), Failure> {
        let key = step.key.clone();
        let recorded = self.with_book(|book| book.records.get(&key).map(|record| record.id.clone()));
        match recorded {
            Some(id) if id == existing.id => self.note(Entry::Update { key }),
            Some(_) => self.note(Entry::Created { key, id: existing.id.clone(), outputs: existing.outputs.clone() }),
            None => self.note(Entry::Adopted {
                key,
                chapter: step.chapter,
                name: step.name.clone(),
                generation: step.generation,
                id: existing.id.clone(),
                outputs: existing.outputs.clone(),
                dependencies: step.existing_dependencies.clone(),
            }),
        }
    }

    /// Creates it: intent first, then the call, then the id.
    async fn make(&self, kind: &dyn Kind, step: &Step, spec: &Value) -> Result<Physical, Failure> {
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
        self.note(Entry::Intent {
            key: key.clone(),
            chapter: step.chapter,
            name: step.name.clone(),
            generation: step.generation,
            token: identity.token.clone(),
            dependencies: dependencies(&step.spec),
        })?;
        let made = self.create(kind, step, spec, &identity).await;
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

    /// Sends the create until it is answered. The error says whether one may exist all the same.
    async fn create(
        &self,
        kind: &dyn Kind,
        step: &Step,
        spec: &Value,
        identity: &Identity,
    ) -> Result<Created, (Failure, bool)> {
        let (start, wait) = (Instant::now(), kind.manner().create);
        let mut unknown = false;
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
        let targets = [Target { key: step.key.clone(), name: step.name.clone(), id: None, spec: spec.clone() }];
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

    async fn settle(
        &self,
        kind: &dyn Kind,
        step: &Step,
        spec: &Value,
        it: &mut Physical,
        changes: &Changes,
    ) -> Result<(), Failure> {
        let (start, wait) = (Instant::now(), kind.manner().create);
        if !changes.fields.is_empty() {
            self.observer
                .tell(&Event::Doing { key: step.key.clone(), what: format!("setting {}", changes.fields.join(", ")) });
            for attempt in 1.. {
                match kind.update(spec, it, changes).await {
                    Ok(outputs) => {
                        it.outputs.extend(outputs);
                        break;
                    }
                    Err(failure) => self.again(&step.key, self.young(failure), attempt, start, wait).await?,
                }
            }
            self.note(Entry::Created { key: step.key.clone(), id: it.id.clone(), outputs: it.outputs.clone() })?;
        }
        if !changes.tags.is_empty() {
            for attempt in 1.. {
                match kind.tag(it, &changes.tags).await {
                    Ok(()) => break,
                    Err(failure) => self.again(&step.key, failure, attempt, start, wait).await?,
                }
            }
        }
        Ok(())
    }

    /// Absence of what was just made passes.
    fn young(&self, failure: Failure) -> Failure {
        if failure.class == Class::Absent { Failure { class: Class::Settling, ..failure } } else { failure }
    }

    async fn ready(
        &self,
        kind: &dyn Kind,
        key: &Key,
        spec: &Value,
        it: &Physical,
        wait: Wait,
    ) -> Result<Outputs, Failure> {
        let start = Instant::now();
        let mut last = String::new();
        let mut absent = 0;
        for attempt in 1.. {
            match kind.ready(spec, it).await {
                Ok(Readiness::Ready(outputs)) => return Ok(outputs),
                Ok(Readiness::Failed(failure)) => return Err(failure),
                Ok(Readiness::Waiting(reason)) => {
                    if reason != last {
                        self.waiting(key, &reason);
                        last = reason;
                    }
                    if start.elapsed() >= wait.deadline {
                        let message = format!("not ready after {} s: {last}", wait.deadline.as_secs());
                        return Err(Failure::new(Class::Deadline, message)
                            .remedy("run the same command again to go on waiting"));
                    }
                    self.pause(retry::next_look(wait, start.elapsed())).await?;
                }
                Err(failure) if failure.class == Class::Absent && absent < 10 => {
                    absent += 1;
                    self.pause(std::time::Duration::from_secs(1)).await?;
                }
                Err(failure) => self.again(key, failure, attempt, start, wait).await?,
            }
        }
        unreachable!("the loop only ends by returning")
    }

    /// Carries out the removing half of a step. `released` is called once some of what it refers to may go, if that is before the end.
    /// Returns what AWS keeps for some days all the same.
    ///
    /// # Errors
    /// What stopped it, with what was in the way.
    pub async fn remove(&self, step: &Step, released: &(dyn Fn() + Sync)) -> Result<Option<String>, Failure> {
        let kind = self.kinds.get(step.key.kind())?.as_ref();
        let key = step.key.clone();
        let mut kept = None;
        // Doubles may need the same things for longer.
        let alone = || {
            if step.strays.is_empty() {
                released();
            }
        };
        let goes = matches!(step.action, Action::Delete | Action::Replace);
        if let Some(existing) = step.existing.as_ref().filter(|_| goes) {
            let deposed = self.with_book(|book| {
                book.deposed.get(&key).is_some_and(|list| list.iter().any(|old| old.id == existing.id))
            });
            let stays = step.action == Action::Replace && kind.manner().naming == Naming::Revisions;
            if deposed && stays {
                self.note(Entry::DeposedGone { key: key.clone(), id: existing.id.clone() })?;
            } else if deposed {
                kept = self.destroy(kind, existing, &alone).await?;
                self.note(Entry::DeposedGone { key: key.clone(), id: existing.id.clone() })?;
            } else {
                self.note(Entry::Delete { key: key.clone() })?;
                kept = self.destroy(kind, existing, &alone).await?;
                self.note(Entry::Gone { key: key.clone() })?;
            }
        } else if step.action == Action::Delete {
            self.note(Entry::Gone { key: key.clone() })?;
        }
        for stray in &step.strays {
            kept = self.destroy(kind, stray, &|| ()).await?.or(kept);
            self.note(Entry::DeposedGone { key: key.clone(), id: stray.id.clone() })?;
        }
        Ok(kept)
    }

    async fn destroy(
        &self,
        kind: &dyn Kind,
        it: &Physical,
        released: &(dyn Fn() + Sync),
    ) -> Result<Option<String>, Failure> {
        let (start, wait) = (Instant::now(), kind.manner().delete);
        for attempt in 1.. {
            let failure = match kind.delete(it).await {
                Ok(()) => break,
                Err(failure) if failure.class == Class::Absent => break,
                Err(failure) => failure,
            };
            if failure.class == Class::Blocked && attempt % 3 == 2 {
                let blockers = kind.blockers(it).await.unwrap_or_default();
                if !blockers.is_empty() {
                    self.waiting(&it.key, format!("blocked by {}", blockers.join(", ")));
                }
            }
            if let Err(failure) = self.again(&it.key, failure, attempt, start, wait).await {
                return Err(self.name_blockers(kind, it, failure).await);
            }
        }
        self.gone(kind, it, released).await
    }

    async fn name_blockers(&self, kind: &dyn Kind, it: &Physical, failure: Failure) -> Failure {
        if failure.class != Class::Blocked {
            return failure;
        }
        let blockers = kind.blockers(it).await.unwrap_or_default();
        if blockers.is_empty() {
            return failure;
        }
        let message = format!("{} In the way: {}", failure.message, blockers.join(", "));
        Failure { message, ..failure }.remedy("run platformctl destroy again once these are gone")
    }

    async fn gone(
        &self,
        kind: &dyn Kind,
        it: &Physical,
        released: &(dyn Fn() + Sync),
    ) -> Result<Option<String>, Failure> {
        let (start, wait) = (Instant::now(), kind.manner().delete);
        let (mut last, mut open) = (String::new(), wait.release);
        for attempt in 1.. {
            let reason = match kind.gone(it).await {
                Ok(Gone::Yes) => return Ok(None),
                Ok(Gone::Scheduled(until)) => return Ok(Some(until)),
                Ok(Gone::NotYet(reason)) => reason,
                Ok(Gone::Released(reason)) => {
                    if open.take().is_some() {
                        released();
                    }
                    reason
                }
                Err(failure) if failure.class == Class::Absent => return Ok(None),
                Err(failure) => {
                    self.again(&it.key, failure, attempt, start, wait).await?;
                    continue;
                }
            };
            if reason != last {
                self.waiting(&it.key, &reason);
                last = reason;
            }
            if start.elapsed() >= wait.deadline {
                let message = format!("still there after {} s: {last}", wait.deadline.as_secs());
                return Err(Failure::new(Class::Deadline, message).remedy("run platformctl destroy again later"));
            }
            let next = open.map_or(wait.expected, |release| release.expected);
            self.pause(retry::next_look(Wait { expected: next, ..wait }, start.elapsed())).await?;
        }
        unreachable!("the loop only ends by returning")
    }
}

/// The client token of a create: the same for every attempt at the same generation of the same resource.
pub fn token(environment_id: &str, key: &Key, generation: u32) -> String {
    let digest = Sha256::digest(format!("{environment_id}\n{key}\n{generation}"));
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}

fn interrupted() -> Failure {
    Failure::new(Class::Interrupted, "interrupted").remedy("run the same command again to go on")
}

fn foreign(seen: &Sighting) -> Failure {
    let message = format!(
        "'{}' ({}) exists already and does not belong to this environment; it was not touched",
        seen.name, seen.id
    );
    Failure::new(Class::Exists, message).remedy("choose another --env-suffix, or rename or delete what is there")
}
