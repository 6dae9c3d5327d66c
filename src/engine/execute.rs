//! One step: intent, call, record, wait. Everything that keeps a run from losing or doubling a resource is here.

mod make;
mod remove;

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::time::Instant;

pub use self::make::token;
use super::{
    Action, Book, Changes, Class, Entry, Environment, Event, Failure, Interrupt, Key, Kind, Kinds, Ledger, Observer,
    Outputs, Physical, Readiness, Room, Step, When,
    blueprint::dependencies,
    diff, output,
    resource::Wait,
    retry::{self, Jitter},
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
    /// Room for what takes something scarce.
    pub room: &'a Room,
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
}

fn interrupted() -> Failure {
    Failure::new(Class::Interrupted, "interrupted").remedy("run the same command again to go on")
}
