//! All steps: each starts as soon as what it waits for is there, the longest remaining chain first. No waves.

use std::{
    cell::RefCell,
    collections::{BTreeSet, BinaryHeap},
    time::Duration,
};

use futures::{StreamExt, future::LocalBoxFuture, stream::FuturesUnordered};
use tokio::{sync::mpsc, time::Instant};

use super::{
    Blueprint, Class, Event, Failure, Key, Plan,
    execute::Bench,
    order::{self, Half, Milestone, Task},
};

/// How many steps are under way at once; the limiters of the services set the pace, this only bounds memory.
const AT_ONCE: usize = 64;

/// Why a step that had begun was given up.
const INTERRUPTED: &str = "interrupted while waiting";

/// How a run ended.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Steps that are done, with the time each took.
    pub done: Vec<(Key, Duration)>,
    /// Steps that failed.
    pub failed: Vec<(Key, Failure)>,
    /// Steps that were not tried, and why.
    pub skipped: Vec<(Key, String)>,
    /// What AWS keeps for some days all the same.
    pub kept: Vec<(Key, String)>,
    /// What is odd about how it ended, for people.
    pub warnings: Vec<String>,
    /// True where a person stopped it.
    pub interrupted: bool,
    /// The time it all took.
    pub elapsed: Duration,
}

impl Outcome {
    /// True where every step is done.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.skipped.is_empty() && !self.interrupted
    }

    /// Steps that were begun and not finished, without those that failed: half of a replacement, or a wait that was interrupted.
    pub fn begun(&self) -> BTreeSet<&Key> {
        let done: BTreeSet<&Key> = self.done.iter().map(|(key, _)| key).collect();
        let skipped = self.skipped.iter();
        skipped.filter(|(key, because)| because == INTERRUPTED || done.contains(key)).map(|(key, _)| key).collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Waiting,
    Running,
    /// Others may go ahead.
    Early,
    Done,
    Failed,
}

/// Carries out a plan.
///
/// # Errors
/// Only where the plan itself can't be ordered; failures of steps are in the outcome.
pub async fn run(bench: &Bench<'_>, plan: &Plan, blueprint: &Blueprint) -> Result<Outcome, Failure> {
    let tasks = order::tasks(plan, bench.kinds, blueprint)?;
    bench.observer.tell(&Event::Begun { steps: plan.steps.len() });
    let start = Instant::now();
    let mut run =
        Run { bench, plan, tasks: &tasks, states: vec![State::Waiting; tasks.len()], outcome: RefCell::default() };
    run.go().await;
    let mut outcome = run.outcome.into_inner();
    outcome.interrupted = bench.interrupt.is_raised();
    outcome.elapsed = start.elapsed();
    Ok(outcome)
}

struct Run<'a> {
    bench: &'a Bench<'a>,
    plan: &'a Plan,
    tasks: &'a [Task],
    states: Vec<State>,
    outcome: RefCell<Outcome>,
}

type Ended = (usize, Duration, Result<(String, Option<String>), Failure>);

impl<'a> Run<'a> {
    async fn go(&mut self) {
        let (tell, mut told) = mpsc::unbounded_channel::<usize>();
        let mut under_way: FuturesUnordered<LocalBoxFuture<'a, Ended>> = FuturesUnordered::new();
        loop {
            for task in self.startable(under_way.len()) {
                self.states[task] = State::Running;
                under_way.push(self.start(task, tell.clone()));
            }
            if under_way.is_empty() {
                break;
            }
            tokio::select! {
                Some(task) = told.recv() => {
                    if self.states[task] == State::Running {
                        self.states[task] = State::Early;
                    }
                }
                Some(ended) = under_way.next() => self.end(ended),
            }
        }
        self.skip_the_rest();
    }

    /// Tasks that can start now, the longest remaining chain first.
    fn startable(&self, under_way: usize) -> Vec<usize> {
        if self.bench.interrupt.is_raised() {
            return Vec::new();
        }
        let free = (0..self.tasks.len()).filter(|&task| self.states[task] == State::Waiting && self.is_free(task));
        let ready: BinaryHeap<_> = free.map(|task| (self.tasks[task].chain, std::cmp::Reverse(task))).collect();
        let at_most = AT_ONCE.saturating_sub(under_way);
        let ready = ready.into_sorted_vec().into_iter().rev().map(|(_, task)| task.0);
        let mut taking: Vec<&Key> = self.taking();
        let admitted = |task: &usize| {
            let key = &self.plan.steps[self.tasks[*task].step].key;
            let admitted = self.tasks[*task].half == Half::Remove || self.bench.room.admits(&taking, key);
            if admitted && self.bench.room.is_taken_by(key) {
                taking.push(key);
            }
            admitted
        };
        ready.filter(admitted).take(at_most).collect()
    }

    /// The steps under way that take room.
    fn taking(&self) -> Vec<&Key> {
        let under_way = |task: &usize| matches!(self.states[*task], State::Running | State::Early);
        let changing = (0..self.tasks.len()).filter(under_way).filter(|task| self.tasks[*task].half == Half::Apply);
        let keys = changing.map(|task| &self.plan.steps[self.tasks[task].step].key);
        keys.filter(|key| self.bench.room.is_taken_by(key)).collect()
    }

    fn is_free(&self, task: usize) -> bool {
        self.tasks[task].after.iter().all(|&(before, when)| match self.states[before] {
            State::Done => true,
            State::Early => when == Milestone::Early,
            _ => false,
        })
    }

    fn start(&self, index: usize, tell: mpsc::UnboundedSender<usize>) -> LocalBoxFuture<'a, Ended> {
        let (bench, task) = (self.bench, &self.tasks[index]);
        let step = &self.plan.steps[task.step];
        let (key, chapter, name, action) = (step.key.clone(), step.chapter, step.name.clone(), step.action);
        Box::pin(async move {
            bench.observer.tell(&Event::Started { key, chapter, name, action });
            let start = Instant::now();
            let result = match task.half {
                Half::Apply => {
                    let created = move || {
                        bench.observer.tell(&Event::Created { key: step.key.clone() });
                        // The receiver lives as long as the run.
                        let _ = tell.send(index);
                    };
                    bench.apply(step, &created).await.map(|id| (id, None))
                }
                Half::Remove => {
                    let released = move || {
                        bench.observer.tell(&Event::Released { key: step.key.clone() });
                        let _ = tell.send(index);
                    };
                    bench.remove(step, &released).await.map(|kept| (String::new(), kept))
                }
            };
            (index, start.elapsed(), result)
        })
    }

    fn end(&mut self, (index, took, result): Ended) {
        let step = &self.plan.steps[self.tasks[index].step];
        let (key, chapter, name, action) = (step.key.clone(), step.chapter, step.name.clone(), step.action);
        let outcome = self.outcome.get_mut();
        match result {
            Ok((id, kept)) => {
                self.states[index] = State::Done;
                outcome.kept.extend(kept.map(|kept| (key.clone(), kept)));
                outcome.done.push((key.clone(), took));
                let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                self.bench.observer.tell(&Event::Done { key, chapter, name, action, id, ms });
            }
            Err(failure) => {
                self.states[index] = State::Failed;
                if failure.class == Class::Interrupted {
                    let because = INTERRUPTED.to_owned();
                    self.bench.observer.tell(&Event::Skipped { key: key.clone(), because: because.clone() });
                    outcome.skipped.push((key, because));
                } else {
                    let (reason, remedy) = (failure.to_string(), failure.remedy.clone());
                    self.bench.observer.tell(&Event::Failed {
                        key: key.clone(),
                        chapter,
                        name,
                        action,
                        reason,
                        remedy,
                    });
                    outcome.failed.push((key, failure));
                }
            }
        }
    }

    fn skip_the_rest(&mut self) {
        let mut told = BTreeSet::new();
        for (index, task) in self.tasks.iter().enumerate() {
            let step = &self.plan.steps[task.step];
            if self.states[index] != State::Waiting || !told.insert(&step.key) {
                continue;
            }
            let because = match self.cause(index) {
                Some(cause) if cause != step.key => format!("waits for {cause}"),
                _ => "interrupted".to_owned(),
            };
            self.bench.observer.tell(&Event::Skipped { key: step.key.clone(), because: because.clone() });
            self.outcome.get_mut().skipped.push((step.key.clone(), because));
        }
    }

    /// The failed step that a waiting task waits for, at the end of the chain.
    fn cause(&self, index: usize) -> Option<Key> {
        let key = |task: usize| self.plan.steps[self.tasks[task].step].key.clone();
        for &(before, _) in &self.tasks[index].after {
            match self.states[before] {
                State::Failed => return Some(key(before)),
                State::Waiting => {
                    if let Some(cause) = self.cause(before) {
                        return Some(cause);
                    }
                }
                _ => {}
            }
        }
        None
    }
}
