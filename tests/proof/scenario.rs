//! A run that suffers, and all that comes after it.

use std::time::Duration;

use platformctl::sandbox::Fault;

use crate::{
    check::{self, Shape},
    commands::{self, Command, Memory},
    faults::{Kind, Sweep},
    lab::{End, Lab},
};

/// A change may need so many runs, with its faults.
const RUNS: usize = 6;

/// Nobody loses a disk and runs the command from another one within a moment; AWS shows then what was made before. (What is announced in a journal
/// is waited for; what nobody knows of is not.)
const LOSS: Duration = Duration::from_secs(5);

/// A change of an environment: from nothing or a first configuration to a second one, or to nothing.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    pub name: &'a str,
    /// What is there before, if anything.
    pub from: Option<&'a str>,
    /// What is wanted; `None`: nothing.
    pub to: Option<&'a str>,
    /// By which command, where something is wanted.
    pub by: Command,
}

/// What was there before a change, and what an undisturbed one leads to.
#[derive(Debug, Default)]
pub struct Marks {
    /// What an undisturbed change ends in.
    pub shape: Shape,
    /// The account before the first `up`.
    pub before: Vec<String>,
    /// What secrets held before the change.
    pub memory: Memory,
}

impl<'a> Change<'a> {
    /// What the command is given.
    pub fn config(&self) -> &'a str {
        self.to.or(self.from).expect("a configuration")
    }

    /// Which command it is.
    pub fn command(&self) -> Command {
        if self.to.is_some() { self.by } else { Command::Destroy }
    }
}

/// How a scenario came to its end.
pub struct Way {
    /// How many runs it took.
    pub runs: usize,
    /// True where it ended in a state in which another one ended: what a destroy makes of that has been proved already.
    pub is_like: bool,
}

/// After the first run of a change: runs it again until all is done, and checks that it is.
pub async fn to_the_end(
    lab: &Lab,
    sweep: &Sweep,
    change: &Change<'_>,
    first: End,
    marks: &Marks,
) -> Result<Way, String> {
    let mut change = *change;
    let mut runs = recover(lab, sweep, &mut change, first, 0).await?;
    sweep.disarm();
    let mut end_state = None;
    if change.to.is_some() {
        let fingerprint = check::settled(lab, change.config(), &marks.shape).await?;
        let is_like = check::is_proved(&fingerprint);
        commands::fulfilled(lab, change.by, &marks.memory)?;
        check::no_secret(lab)?;
        if is_like {
            return Ok(Way { runs, is_like });
        }
        end_state = Some(fingerprint);
        change.from = change.to.take();
        let end = commands::run(lab, change.config(), Command::Destroy).await;
        runs += recover(lab, sweep, &mut change, end, sweep.suffered().len()).await?;
    }
    check::nothing_left(lab, &marks.before)?;
    check::no_secret(lab)?;
    end_state.iter().for_each(|fingerprint| check::proved(fingerprint));
    Ok(Way { runs, is_like: false })
}

/// Runs a change again until it is done. A run that no fault disturbed must succeed. Before the first run, `known` faults had been suffered.
pub async fn recover(
    lab: &Lab,
    sweep: &Sweep,
    change: &mut Change<'_>,
    first: End,
    mut known: usize,
) -> Result<usize, String> {
    let mut end = first;
    let mut history = Vec::new();
    for run in 1..=RUNS {
        let suffered = sweep.suffered();
        let disturbed = suffered.len() > known;
        known = suffered.len();
        match (&end, suffered.last()) {
            (End::Died, Some((_, kind))) if disturbed => {
                if kind.delivers {
                    lab.sandbox.restart_and_deliver().map_err(|error| error.to_string())?;
                } else {
                    lab.sandbox.restart();
                }
                if kind.loses_state {
                    check::forget();
                    tokio::time::sleep(LOSS).await;
                }
                if kind.abandons && change.to.is_some() {
                    change.from = change.to.take();
                }
                if kind.resumes && change.command() == Command::Deploy {
                    resume(lab, change.config()).await?;
                }
            }
            (End::Ran(ran), _) if ran.outcome.is_complete() => match change.command() {
                Command::Destroy if ran.left.is_empty() => return Ok(run),
                Command::Destroy if !disturbed => return Err(format!("destroy names leftovers: {:?}", ran.left)),
                Command::Destroy => {}
                // What it left to do is asked by whoever checks. After a look at what is no more, a run may do again what was done.
                _ if ran.planned.is_empty() || !saw_the_past(&suffered) => return Ok(run),
                _ => {}
            },
            _ if disturbed => {}
            (end, _) => {
                return Err(format!(
                    "run {run} failed though nothing disturbed it: {}\nbefore it: {history:#?}",
                    end.text()
                ));
            }
        }
        if let End::Ran(ran) = &end {
            history.push(ran.planned.clone());
        }
        drop(end);
        end = commands::run(lab, change.config(), change.command()).await;
    }
    Err(format!("not done after {RUNS} runs"))
}

fn saw_the_past(suffered: &[(String, Kind)]) -> bool {
    suffered.iter().any(|(_, kind)| matches!(kind.fault, Fault::Vanishes { .. }))
}

/// `deploy --resume` follows what is under way, or tells how the last deployment ended.
async fn resume(lab: &Lab, config: &str) -> Result<(), String> {
    match commands::run(lab, config, Command::Resume).await {
        End::Ran(ran) if ran.outcome.is_complete() => Ok(()),
        end => Err(format!("deploy --resume: {}", end.text())),
    }
}
