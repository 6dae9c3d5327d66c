//! What carries the calls of each service's tasks now.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    aws::look::data_planes,
    config::Config,
    engine::{Book, Failure, Key, Phase, survey::persist},
    mesh::{DataPlane, Shape, ports, variable},
    operation::{Workspace, deploy::Place},
};

/// The shapes of the revisions that are in use, by service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    shapes: BTreeMap<String, Vec<Shape>>,
}

impl Picture {
    /// From shapes by service.
    pub fn new(shapes: BTreeMap<String, Vec<Shape>>) -> Self {
        Picture { shapes }
    }

    /// By what the state says. `None` where it doesn't know all, though there is a cluster: a service without a finished task definition, or
    /// with one whose predecessor may still run.
    pub fn recorded(config: &Config, book: &Book) -> Option<Self> {
        if !book.records.values().any(|record| record.key.kind() == "cluster" && !record.id.is_empty()) {
            return Some(Picture::default());
        }
        let variables = variables(config);
        let shape = |name: &String| {
            let key = Key::new("task-definition", name);
            let record = book.records.get(&key).filter(|record| record.phase == Phase::Ready)?;
            let succeeds = book.deposed.get(&key).is_some_and(|deposed| !deposed.is_empty());
            let shape = shape_of(&record.spec, &variables).filter(|_| !succeeds)?;
            Some((name.clone(), vec![shape]))
        };
        Some(Picture { shapes: config.services.keys().map(shape).collect::<Option<_>>()? })
    }

    /// By what runs, in a few calls and one for each revision.
    ///
    /// # Errors
    /// The calls' own.
    pub async fn running(workspace: &Workspace) -> Result<Self, Failure> {
        let (place, config) = (Place::of(workspace), &workspace.config);
        let names: BTreeMap<String, &String> =
            config.services.keys().map(|service| (place.service(service), service)).collect();
        let (asked, variables) = (names.keys().cloned().collect::<Vec<_>>(), variables(config));
        let look = || data_planes::in_use(&workspace.aws, &place.cluster, &asked, &variables);
        let found = persist(&workspace.jitter, look).await?;
        let shapes = found.into_iter().filter_map(|(name, shapes)| Some(((*names.get(&name)?).clone(), shapes)));
        Ok(Picture { shapes: shapes.collect() })
    }

    /// True where nothing runs.
    pub fn is_empty(&self) -> bool {
        self.shapes.values().all(Vec::is_empty)
    }

    /// All shapes.
    pub fn all(&self) -> Vec<Shape> {
        self.shapes.values().flatten().copied().collect()
    }

    /// True where everything is of this data plane.
    pub fn is_all(&self, plane: DataPlane) -> bool {
        self.shapes.values().flatten().all(|shape| shape.is(plane))
    }

    /// How many services there are, and how many of them are altogether of this data plane.
    pub fn count(&self, plane: DataPlane) -> (usize, usize) {
        let there = self.shapes.values().filter(|shapes| !shapes.is_empty());
        let done = there.clone().filter(|shapes| shapes.iter().all(|shape| shape.is(plane)));
        (there.count(), done.count())
    }

    /// The shapes of one service.
    pub fn of(&self, service: &str) -> &[Shape] {
        self.shapes.get(service).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The variables that tell applications where their peers are.
pub fn variables(config: &Config) -> BTreeSet<String> {
    config.services.keys().map(|name| variable(name)).collect()
}

/// The shape of a task definition's specification.
fn shape_of(spec: &Value, variables: &BTreeSet<String>) -> Option<Shape> {
    let sidecars = spec.get("sidecars")?.as_array()?;
    let ports = sidecars.iter().filter_map(|it| it.get("ports")?.as_array()).flatten();
    let environment = spec.get("application")?.get("environment")?.as_object()?;
    let addresses = environment.iter().filter(|(name, _)| variables.contains(*name));
    Shape::of(
        spec.get("proxy").is_some_and(|proxy| !proxy.is_null()),
        ports.into_iter().any(|port| port == u64::from(ports::MESH)),
        addresses.filter_map(|(_, value)| value.as_str()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        blueprint::{
            Facts, build,
            examples::{config, facts, suffix},
        },
        mesh::Way,
    };

    /// Generated task definitions tell which data plane they were generated for.
    #[test]
    fn a_specification_tells_its_data_plane() {
        let config = config("");
        let variables = variables(&config);
        for plane in DataPlane::ALL {
            let blueprint = build(&config, &suffix(), &Facts { mesh: plane, ..facts() });
            for (name, service) in &config.services {
                let spec = &blueprint.get(&Key::new("task-definition", name)).expect("there").spec;
                let shape = shape_of(spec, &variables).expect("a shape");
                assert!(shape.is(plane), "{name} {plane}: {shape:?}");
                let others = DataPlane::ALL.into_iter().filter(|other| shape.is(*other)).count();
                let told = if service.calls.is_empty() && plane.is_between() { 2 } else { 1 };
                assert_eq!(others, told, "{name} {plane}: {shape:?}");
            }
        }
        assert_eq!(DataPlane::BothCallingAppMesh.calls_by(), Way::AppMesh);
    }
}
