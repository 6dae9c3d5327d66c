//! What the next run does about the mesh's provider, and what people are told of it.

use super::Picture;
use crate::{
    config::{Config, fargate},
    engine::{Class, Failure},
    mesh::{
        DataPlane, Way,
        data_plane::{self, CHANGEOVER_PHASES},
    },
    operation::{Intention, OperationError, Prepared, Workspace, prepare, rotate::Notice, rotate::tasks},
};

/// The command that makes a change, and goes on with it.
const COMMAND: &str = "platformctl up";
/// What a blue/green roll-out takes besides its bake time: tasks start and pass their checks, traffic moves, old tasks drain.
const ROLLOUT_MINUTES: u32 = 5;

/// A change of the mesh's provider that is to be made, or is under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Changeover {
    /// Where it leads: one provider alone.
    pub end: DataPlane,
    /// What is brought about everywhere next.
    pub next: DataPlane,
    /// How many services there are.
    pub services: usize,
    /// How many of them have it already.
    pub done: usize,
    /// Why it is made in one step, and what that means.
    pub at_once: Option<AtOnce>,
}

/// A change in one step: App Mesh is gone, so that its Envoys can't be started any more.
#[derive(Clone, Debug, PartialEq)]
pub struct AtOnce {
    /// What App Mesh answers.
    pub lost: String,
    /// Calls, as `payments → accounts`, that fail while one of the two has changed and the other has not; none where all call by Envoy already.
    pub failing: Vec<String>,
    /// About how many minutes that takes, where all services roll at the same time.
    pub minutes: u32,
}

impl Changeover {
    /// The phase, from 1.
    pub fn phase(&self) -> u8 {
        self.next.phase_toward(self.end)
    }

    /// What happens in the phase.
    pub fn title(&self) -> &'static str {
        self.next.title(self.end)
    }

    /// `phase 2 of 3 (call by Envoy)`.
    pub fn describe(&self) -> String {
        if self.at_once.is_some() {
            return format!("one step in place of three phases ({})", self.title());
        }
        format!("phase {} of {CHANGEOVER_PHASES} ({})", self.phase(), self.title())
    }

    /// True where nothing comes after it.
    pub fn is_last(&self) -> bool {
        self.next == self.end
    }

    /// `the mesh changes from App Mesh to Envoy`.
    fn what(&self) -> String {
        format!("the mesh changes from {} to {}", other(self.end).provider(), self.end.provider())
    }

    /// What is about to happen, for people.
    pub fn explain(&self) -> String {
        let what = self.what();
        match &self.at_once {
            Some(at_once) => format!("{what} {}", at_once.explain()),
            None => {
                let step = |text: String, plane: DataPlane| {
                    format!(
                        "{text}{}{} {}",
                        if text.is_empty() { "" } else { ", " },
                        plane.phase_toward(self.end),
                        plane.title(self.end)
                    )
                };
                let steps = self.steps().into_iter().fold(String::new(), step);
                let rest = match CHANGEOVER_PHASES - self.phase() {
                    0 => "it is the last".to_owned(),
                    left => format!("up carries out {}, too", if left == 1 { "the last" } else { "the other two" }),
                };
                format!(
                    "{what} in three phases, each a roll-out of the services that is complete everywhere before the next begins, so that no call \
                     fails: {steps}. This is {}, which {} of {} services have; {rest}",
                    self.describe(),
                    self.done,
                    self.services
                )
            }
        }
    }

    /// Why it is safe to stop before it is complete, and how to go on.
    pub fn stopped(&self) -> String {
        let phase = self.describe();
        let calls = match &self.at_once {
            Some(at_once) if !at_once.failing.is_empty() => {
                "Calls fail between services that have changed and those that have not."
            }
            _ => "Calls between services go on: whoever runs is reached in the way that everybody calls.",
        };
        format!(
            "The mesh is on its way to {}: {phase} is not complete everywhere. {calls} Run the same command again; it goes on from there.",
            self.end.provider()
        )
    }

    fn steps(&self) -> Vec<DataPlane> {
        let mut steps = vec![other(self.end).toward(self.end)];
        while steps.last() != Some(&self.end) {
            steps.extend(steps.last().map(|last| last.toward(self.end)));
        }
        steps
    }
}

impl AtOnce {
    fn explain(&self) -> String {
        let lost = &self.lost;
        let why = format!(
            "at once: App Mesh does not answer ({lost}), so that its Envoys can't be started any more and tasks that accept both can't be had"
        );
        if self.failing.is_empty() {
            return format!("{why}. All services call by Envoy already, so no call fails");
        }
        let (calls, minutes) = (self.failing.join(", "), self.minutes);
        format!(
            "{why}. Between a service that has changed and one that has not, calls fail in both directions ({calls}) until both have, which takes \
             about {minutes} minutes; requests of the load balancer don't fail. Do it at a quiet time"
        )
    }
}

fn other(end: DataPlane) -> DataPlane {
    if end.has_app_mesh() { DataPlane::Envoy } else { DataPlane::AppMesh }
}

/// What the next run brings about, and the change of provider that it is part of.
///
/// # Errors
/// Where certificates are to be rotated in the middle of a phase, or where a task is too small for both Envoys.
pub(in crate::operation) fn begin(
    workspace: &Workspace,
    intention: Intention,
    end: DataPlane,
    lost: Option<&str>,
    picture: &Picture,
) -> Result<(DataPlane, Option<Changeover>), OperationError> {
    let shapes = picture.all();
    match intention {
        // It only explains what is found, and between the two there is all of both.
        Intention::Destroy if lost.is_none() && shapes.iter().any(|shape| shape.first.is_between()) => {
            return Ok((DataPlane::BothCallingEnvoy, None));
        }
        Intention::Destroy => return Ok((end, None)),
        // A rotation leaves the provider as it is.
        Intention::Rotate if !shapes.is_empty() => return held(picture, end).map(|plane| (plane, None)),
        _ if picture.is_all(end) => return Ok((end, None)),
        _ => {}
    }
    let at_once = lost.filter(|_| !end.has_app_mesh()).map(|lost| at_once(&workspace.config, lost, picture));
    let next = if at_once.is_some() { end } else { data_plane::next(&shapes, end) };
    if next.is_between() {
        large_enough(&workspace.config, end)?;
    }
    let (services, done) = picture.count(next);
    Ok((next, Some(Changeover { end, next, services, done, at_once })))
}

/// The data plane that everything is of.
fn held(picture: &Picture, end: DataPlane) -> Result<DataPlane, OperationError> {
    let complete = |plane: &DataPlane| picture.is_all(*plane);
    DataPlane::ALL.into_iter().filter(complete).max().ok_or_else(|| {
        let message = notice(picture, end).map(|notice| notice.what).unwrap_or_default();
        let message = format!("{message}; a rotation would complete it by the way");
        Failure::new(Class::Invalid, message).remedy(format!("go on with it first: {COMMAND}")).into()
    })
}

fn at_once(config: &Config, lost: &str, picture: &Picture) -> AtOnce {
    let by_app_mesh = |service: &&String| picture.of(service).iter().any(|it| it.last.calls_by() == Way::AppMesh);
    let failing = config.services.iter().filter(|(name, _)| by_app_mesh(name)).flat_map(|(caller, service)| {
        let there = service.calls.iter().filter(|callee| !picture.of(callee).is_empty());
        there.map(move |callee| format!("{caller} → {callee}"))
    });
    let bake = config.services.values().map(|service| service.bake_minutes).max().unwrap_or_default();
    AtOnce { lost: lost.to_owned(), failing: failing.collect(), minutes: bake + ROLLOUT_MINUTES }
}

/// Both Envoys have to fit beside the application while one takes over from the other.
fn large_enough(config: &Config, end: DataPlane) -> Result<(), OperationError> {
    let small = config.services.iter().find(|(_, service)| service.memory < fargate::LEAST_WITH_APP_MESH);
    let Some((name, service)) = small else { return Ok(()) };
    let (from, to, least) = (other(end).provider(), end.provider(), fargate::LEAST_WITH_APP_MESH);
    let message = format!(
        "the mesh changes from {from} to {to}, and {} MiB of {name} are too little for both Envoys beside the application meanwhile",
        service.memory
    );
    let remedy =
        format!("leave services.{name}.memory at {least} or more until platformctl status says no more of the change");
    Err(Failure::new(Class::Invalid, message).remedy(remedy).into())
}

/// That a change of provider is to be made or under way, and how far; `None` where everything is as it is to be.
pub fn notice(picture: &Picture, end: DataPlane) -> Option<Notice> {
    if picture.is_all(end) {
        return None;
    }
    let next = data_plane::next(&picture.all(), end);
    let (services, done) = picture.count(next);
    let it = Changeover { end, next, services, done, at_once: None };
    let what = format!("{}, {}: {done} of {services} services are there", it.what(), it.describe());
    Some(Notice { what, remedy: format!("run `{COMMAND}` to go on") })
}

/// After a phase was carried out: waits until no task from before it runs, and plans the next one; `None` where there is none. `tell`
/// hears what is waited for.
///
/// # Errors
/// Where tasks from before this phase go on running, which keeps the next one from beginning; and as [`prepare()`].
pub async fn on_from(
    workspace: &Workspace,
    prepared: Prepared,
    tell: &(dyn Fn(&str) + Sync),
) -> Result<Option<Prepared>, OperationError> {
    let Some(this) = prepared.found.changeover.clone().filter(|it| !it.is_last()) else { return Ok(None) };
    tasks::settle(workspace, tell).await?;
    // One run at a time: the next phase takes the lock again.
    drop(prepared);
    let next = prepare(workspace, Intention::Up).await?;
    match &next.found.changeover {
        None => Ok(None),
        Some(it) if it.next == this.next => {
            let message = format!("{} was carried out, and yet not all that runs has it", this.describe());
            let remedy = format!("see what runs (platformctl status), and go on: {COMMAND}");
            Err(Failure::new(Class::Deadline, message).remedy(remedy).into())
        }
        Some(_) => Ok(Some(next)),
    }
}
