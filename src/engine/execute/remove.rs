//! The removing half of a step: the call, what is in the way, and the wait until it is gone.

use tokio::time::Instant;

use super::Bench;
use crate::engine::{Action, Class, Entry, Failure, Gone, Kind, Naming, Physical, Step, resource::Wait, retry};

impl Bench<'_> {
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

    pub(super) async fn gone(
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
