//! What carries the calls of a service's tasks, and the way from one provider of the mesh to the other.
//!
//! | phase towards Envoy | data plane | is called by | calls by | phase towards App Mesh |
//! |---|---|---|---|---|
//! | | app-mesh | App Mesh | App Mesh | 3 leave Envoy |
//! | 1 accept both | both-calling-app-mesh | App Mesh, Envoy | App Mesh | 2 call by App Mesh |
//! | 2 call by Envoy | both-calling-envoy | App Mesh, Envoy | Envoy | 1 accept both |
//! | 3 leave App Mesh | envoy | Envoy | Envoy | |
//!
//! Neighbouring rows go together: whoever is of one row calls in a way that the other accepts, and the other way round. So each phase has
//! to be complete everywhere before the next begins, and within a phase the order of services doesn't matter, cycles of calls included.

use std::{fmt, ops::RangeInclusive};

use serde::{Deserialize, Serialize};

use super::ports;

/// How many phases a change of provider has.
pub const CHANGEOVER_PHASES: u8 = 3;

/// How a call gets to its callee.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// By the callee's own name and port; App Mesh's redirection puts its Envoys in between.
    AppMesh,
    /// By a loopback port of the caller's Envoy, to the mesh port of the callee's.
    Envoy,
}

/// What carries the calls of a service's tasks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataPlane {
    /// App Mesh alone.
    AppMesh,
    /// App Mesh's Envoy, and beside it one of ours that is called, too.
    BothCallingAppMesh,
    /// The same, and the application calls its peers by ours.
    BothCallingEnvoy,
    /// Our Envoy alone.
    #[default]
    Envoy,
}

impl DataPlane {
    /// All of them, from App Mesh to Envoy.
    pub const ALL: [Self; 4] = [Self::AppMesh, Self::BothCallingAppMesh, Self::BothCallingEnvoy, Self::Envoy];

    /// True where App Mesh's Envoy is in the task, and so App Mesh's resources are needed.
    pub fn has_app_mesh(self) -> bool {
        self != DataPlane::Envoy
    }

    /// True where our Envoy is on the mesh port.
    pub fn has_envoy(self) -> bool {
        self != DataPlane::AppMesh
    }

    /// True where both are, on the way from one to the other.
    pub fn is_between(self) -> bool {
        self.has_app_mesh() && self.has_envoy()
    }

    /// How the application calls its peers.
    pub fn calls_by(self) -> Way {
        match self {
            DataPlane::AppMesh | DataPlane::BothCallingAppMesh => Way::AppMesh,
            DataPlane::BothCallingEnvoy | DataPlane::Envoy => Way::Envoy,
        }
    }

    /// True where a call that comes this way is answered.
    pub fn accepts(self, way: Way) -> bool {
        match way {
            Way::AppMesh => self.has_app_mesh(),
            Way::Envoy => self.has_envoy(),
        }
    }

    /// True where tasks of both can run at the same time and reach each other, whoever calls.
    pub fn goes_with(self, other: Self) -> bool {
        self.accepts(other.calls_by()) && other.accepts(self.calls_by())
    }

    /// The next one on the way to `end`; itself where it is reached.
    pub fn toward(self, end: Self) -> Self {
        let place = self as usize;
        match self.cmp(&end) {
            std::cmp::Ordering::Less => Self::ALL[place + 1],
            std::cmp::Ordering::Equal => self,
            std::cmp::Ordering::Greater => Self::ALL[place - 1],
        }
    }

    /// The phase of a change to `end`, one of the two providers alone, that brings this one about, from 1.
    pub fn phase_toward(self, end: Self) -> u8 {
        let place = self as u8;
        if end.has_app_mesh() { CHANGEOVER_PHASES - place } else { place }
    }

    /// What happens in the phase that brings this one about, on the way to `end`.
    pub fn title(self, end: Self) -> &'static str {
        match (self, end.has_app_mesh()) {
            (DataPlane::BothCallingAppMesh, false) | (DataPlane::BothCallingEnvoy, true) => "accept calls both ways",
            (DataPlane::BothCallingEnvoy, false) => "call by Envoy",
            (DataPlane::BothCallingAppMesh, true) => "call by App Mesh",
            (DataPlane::Envoy, _) => "leave App Mesh",
            (DataPlane::AppMesh, _) => "leave Envoy",
        }
    }

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            DataPlane::AppMesh => "app-mesh",
            DataPlane::BothCallingAppMesh => "both-calling-app-mesh",
            DataPlane::BothCallingEnvoy => "both-calling-envoy",
            DataPlane::Envoy => "envoy",
        }
    }

    /// Its provider, for people, where it is one alone.
    pub fn provider(self) -> &'static str {
        if self.has_app_mesh() { "App Mesh" } else { "Envoy" }
    }
}

impl fmt::Display for DataPlane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The data planes that a task may be of, by what can be seen of its definition. More than one where it accepts both ways and calls nobody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    /// The first on the way from App Mesh to Envoy.
    pub first: DataPlane,
    /// The last.
    pub last: DataPlane,
}

impl Shape {
    /// From what a task definition holds: App Mesh's redirection, a container on the mesh port, and the addresses of its peers that the
    /// application is told. `None` where it has neither Envoy: somebody else's.
    pub fn of<'a>(redirected: bool, mesh_port: bool, addresses: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let planes = |first, last| Some(Shape { first, last });
        match (redirected, mesh_port) {
            (false, false) => None,
            (true, false) => planes(DataPlane::AppMesh, DataPlane::AppMesh),
            (false, true) => planes(DataPlane::Envoy, DataPlane::Envoy),
            (true, true) => {
                let mut ways = addresses.into_iter().map(way);
                match ways.next() {
                    None => planes(DataPlane::BothCallingAppMesh, DataPlane::BothCallingEnvoy),
                    Some(first) if first == Way::Envoy && ways.all(|way| way == Way::Envoy) => {
                        planes(DataPlane::BothCallingEnvoy, DataPlane::BothCallingEnvoy)
                    }
                    Some(_) => planes(DataPlane::BothCallingAppMesh, DataPlane::BothCallingAppMesh),
                }
            }
        }
    }

    /// All that it may be.
    pub fn planes(self) -> RangeInclusive<DataPlane> {
        self.first..=self.last
    }

    /// Whether it may be of this one.
    pub fn is(self, plane: DataPlane) -> bool {
        self.planes().contains(&plane)
    }

    /// True where its tasks and those of the other reach each other, whoever calls.
    pub fn goes_with(self, other: Self) -> bool {
        let candidates = |shape: Self| DataPlane::ALL.into_iter().filter(move |plane| shape.is(*plane));
        candidates(self).any(|one| candidates(other).any(|it| one.goes_with(it)))
    }
}

/// The way that an address of a peer leads.
fn way(address: &str) -> Way {
    let port = address.strip_prefix("http://127.0.0.1:").and_then(|port| port.parse::<u16>().ok());
    if port.is_some_and(|port| port >= ports::FIRST_PEER) { Way::Envoy } else { Way::AppMesh }
}

/// The data plane that is to be brought about everywhere next, on the way to `end`: the next one where all are of one, else the one that
/// some are of already.
pub fn next(shapes: &[Shape], end: DataPlane) -> DataPlane {
    let complete = DataPlane::ALL.into_iter().filter(|plane| shapes.iter().all(|shape| shape.is(*plane)));
    let to_envoy = !end.has_app_mesh();
    let reached = if to_envoy { complete.max() } else { complete.min() };
    let ahead = || {
        if to_envoy { shapes.iter().map(|one| one.first).max() } else { shapes.iter().map(|one| one.last).min() }
    };
    reached.map(|plane| plane.toward(end)).or_else(ahead).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDS: [DataPlane; 2] = [DataPlane::AppMesh, DataPlane::Envoy];

    fn exactly(plane: DataPlane) -> Shape {
        Shape { first: plane, last: plane }
    }

    #[test]
    fn neighbours_go_together_and_others_do_not() {
        for one in DataPlane::ALL {
            for other in DataPlane::ALL {
                let near = (one as i8 - other as i8).abs() <= 1;
                assert_eq!(one.goes_with(other), near, "{one} and {other}");
            }
        }
    }

    #[test]
    fn three_phases_lead_from_either_end_to_the_other() {
        for (from, end) in [(DataPlane::AppMesh, DataPlane::Envoy), (DataPlane::Envoy, DataPlane::AppMesh)] {
            let (mut plane, mut phases, mut titles) = (from, Vec::new(), Vec::new());
            while plane != end {
                plane = plane.toward(end);
                phases.push(plane.phase_toward(end));
                titles.push(plane.title(end));
            }
            assert_eq!(phases, [1, 2, 3]);
            assert_eq!(titles[0], "accept calls both ways");
            assert_eq!(titles[2], format!("leave {}", from.provider()));
        }
    }

    #[test]
    fn a_task_is_told_by_what_it_holds() {
        let (near, far) = ("http://127.0.0.1:15101", "http://accounts.dev.local:8080");
        assert_eq!(Shape::of(true, false, [far]), Some(exactly(DataPlane::AppMesh)));
        assert_eq!(Shape::of(true, true, [far]), Some(exactly(DataPlane::BothCallingAppMesh)));
        assert_eq!(Shape::of(true, true, [near, near]), Some(exactly(DataPlane::BothCallingEnvoy)));
        assert_eq!(Shape::of(false, true, [near]), Some(exactly(DataPlane::Envoy)));
        assert_eq!(Shape::of(false, false, []), None);
        let callee = Shape::of(true, true, []).expect("a shape");
        assert_eq!(callee.planes(), DataPlane::BothCallingAppMesh..=DataPlane::BothCallingEnvoy);
    }

    /// Wherever a phase is cut off, the next run completes it before it goes on, and turns back where the other provider is wanted by then.
    #[test]
    fn a_phase_that_was_cut_off_is_completed_first() {
        for end in ENDS {
            for pair in DataPlane::ALL.windows(2) {
                let (behind, ahead) = if end == DataPlane::Envoy { (pair[0], pair[1]) } else { (pair[1], pair[0]) };
                assert_eq!(next(&[exactly(behind), exactly(behind)], end), ahead);
                assert_eq!(next(&[exactly(behind), exactly(ahead)], end), ahead, "{behind} and {ahead} to {end}");
            }
            assert_eq!(next(&[exactly(end)], end), end);
            assert_eq!(next(&[], end), end, "a new environment needs no change");
        }
    }

    #[test]
    fn who_calls_nobody_is_complete_in_both_middle_rows() {
        let callee = Shape { first: DataPlane::BothCallingAppMesh, last: DataPlane::BothCallingEnvoy };
        let caller = exactly;
        assert_eq!(next(&[callee, caller(DataPlane::AppMesh)], DataPlane::Envoy), DataPlane::BothCallingAppMesh);
        assert_eq!(
            next(&[callee, caller(DataPlane::BothCallingAppMesh)], DataPlane::Envoy),
            DataPlane::BothCallingEnvoy
        );
        assert_eq!(next(&[callee, caller(DataPlane::BothCallingEnvoy)], DataPlane::Envoy), DataPlane::Envoy);
        assert_eq!(next(&[callee, caller(DataPlane::Envoy)], DataPlane::Envoy), DataPlane::Envoy);
        assert_eq!(next(&[callee, caller(DataPlane::Envoy)], DataPlane::AppMesh), DataPlane::BothCallingEnvoy);
        assert_eq!(
            next(&[callee, caller(DataPlane::BothCallingEnvoy)], DataPlane::AppMesh),
            DataPlane::BothCallingAppMesh
        );
        assert!(callee.goes_with(caller(DataPlane::AppMesh)) && callee.goes_with(caller(DataPlane::Envoy)));
    }

    /// Whatever was left behind, one step never takes a service from neighbours that it goes with to such that it doesn't, unless
    /// they were apart before.
    #[test]
    fn what_is_apart_already_is_brought_together_at_once() {
        assert_eq!(next(&[exactly(DataPlane::AppMesh), exactly(DataPlane::Envoy)], DataPlane::Envoy), DataPlane::Envoy);
        let pair = [exactly(DataPlane::AppMesh), exactly(DataPlane::BothCallingEnvoy)];
        assert_eq!(next(&pair, DataPlane::Envoy), DataPlane::BothCallingEnvoy);
    }
}
