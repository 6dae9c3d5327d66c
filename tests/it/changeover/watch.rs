//! Follows every declared call between all tasks of the simulation that run, again and again.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use platformctl::{config::Config, sandbox::Sandbox};
use serde_json::Value;

use super::reach::{Around, Container, Definition, Rule, Task, reaches};

/// A task that runs, or still finishes its requests.
#[derive(Clone, PartialEq)]
struct Running {
    service: String,
    revision: String,
    group: String,
}

/// The account at one instant.
#[derive(Clone, Default, PartialEq)]
struct Picture {
    running: Vec<Running>,
    rules: Vec<Rule>,
    app_mesh: BTreeMap<String, Value>,
}

/// Definitions by revision: they never change.
type Definitions = BTreeMap<String, Definition>;

fn port(value: &Value) -> u16 {
    value.as_u64().and_then(|port| u16::try_from(port).ok()).unwrap_or_default()
}

fn picture(sandbox: &Sandbox, definitions: &mut Definitions) -> Picture {
    let look = sandbox.look(|call| {
        let now = call.now;
        let world = &call.world;
        let rules = world.ec2.security_group_rules.values().filter_map(|rule| {
            let rule = serde_json::to_value(rule).expect("plain data");
            Some(Rule {
                group: rule["group_id"].as_str()?.to_owned(),
                is_egress: rule["is_egress"].as_bool()?,
                port: port(&rule["from_port"]),
                peer: rule["peer"]["Group"].as_str()?.to_owned(),
            })
        });
        let app_mesh = world.appmesh.pieces.iter();
        let app_mesh = app_mesh.map(|(path, piece)| (path.clone(), serde_json::from_str(&piece.spec).expect("JSON")));
        let alive = world.ecs.tasks.values().filter(|task| task.running_at <= now && !task.has_stopped(now));
        let running = alive.filter_map(|task| {
            let it = world.ecs.task_definitions.get(&task.task_definition)?;
            let revision = task.task_definition.rsplit('/').next()?;
            if !definitions.contains_key(revision) {
                let containers = it.containers.iter().map(|container| {
                    let ports = container.ports.iter().filter_map(|(port, _)| u16::try_from(*port).ok()).collect();
                    let (environment, user) = (container.environment.clone(), container.user.clone());
                    (container.name.clone(), Container { environment, ports, user })
                });
                let definition = Definition { containers: containers.collect(), proxy: it.proxy.clone() };
                definitions.insert(revision.to_owned(), definition);
            }
            let group = world.ec2.network_interfaces.get(&task.interface)?.groups.first()?.clone();
            let name = task.service_arn.rsplit('/').next()?;
            let service = name.strip_prefix("service-")?.strip_suffix("-dev")?.to_owned();
            Some(Running { service, revision: revision.to_owned(), group })
        });
        Picture { running: running.collect(), rules: rules.collect(), app_mesh: app_mesh.collect() }
    });
    look.expect("a readable account")
}

/// How many tasks of each service run, and the providers' Envoys that they have: `1` App Mesh's, `2` ours, `3` both.
pub fn kinds(sandbox: &Sandbox) -> BTreeSet<(String, u8)> {
    let mut definitions = Definitions::new();
    let picture = picture(sandbox, &mut definitions);
    let kind = |task: &Running| {
        let definition = &definitions[&task.revision];
        let ours = definition.containers.values().any(|it| it.ports.contains(&15006));
        (task.service.clone(), u8::from(definition.proxy.is_some()) + 2 * u8::from(ours))
    };
    picture.running.iter().map(kind).collect()
}

/// Follows the declared calls of a configuration.
pub struct Watch<'a> {
    sandbox: &'a Sandbox,
    calls: Vec<(String, String)>,
    looks: RefCell<usize>,
    /// What was seen last: while it is the same, nothing has to be followed again.
    last: RefCell<Picture>,
    definitions: RefCell<Definitions>,
    /// Pairs of revisions that were followed.
    pairs: RefCell<BTreeSet<(String, String)>>,
}

impl<'a> Watch<'a> {
    pub fn new(sandbox: &'a Sandbox, config: &Config) -> Self {
        let calls = config.services.iter();
        let calls = calls.flat_map(|(caller, it)| it.calls.iter().map(move |callee| (caller.clone(), callee.clone())));
        Watch {
            sandbox,
            calls: calls.collect(),
            looks: RefCell::default(),
            last: RefCell::default(),
            definitions: RefCell::default(),
            pairs: RefCell::default(),
        }
    }

    fn look(&self, wrong: &mut BTreeSet<String>) {
        *self.looks.borrow_mut() += 1;
        let definitions = &mut *self.definitions.borrow_mut();
        let mut picture = picture(self.sandbox, definitions);
        picture.running.sort_by(|one, other| (&one.service, &one.revision).cmp(&(&other.service, &other.revision)));
        picture.running.dedup();
        if *self.last.borrow() == picture {
            return;
        }
        let around = Around { rules: &picture.rules, app_mesh: &picture.app_mesh };
        let of = |service: &str| picture.running.iter().filter(move |it| it.service == service).collect::<Vec<_>>();
        let task = |it: &'_ Running| (it.service.clone(), definitions[&it.revision].clone(), it.group.clone());
        for (caller, callee) in &self.calls {
            let callees = of(callee);
            for (one, other) in of(caller).iter().flat_map(|one| callees.iter().map(move |other| (one, other))) {
                let (from, to) = (task(one), task(other));
                let from = Task { service: &from.0, definition: &from.1, group: &from.2 };
                let to = Task { service: &to.0, definition: &to.1, group: &to.2 };
                if let Err(why) = reaches(from, to, &around) {
                    wrong.insert(format!("{} → {}: {why}", one.revision, other.revision));
                }
                self.pairs.borrow_mut().insert((one.revision.clone(), other.revision.clone()));
            }
        }
        self.last.replace(picture);
    }

    /// Looks every other second while something goes on. Gives what comes of it, and which calls found no way.
    pub async fn see<T>(&self, work: impl Future<Output = T>) -> (T, BTreeSet<String>) {
        let wrong = RefCell::new(BTreeSet::new());
        let watch = async {
            loop {
                self.look(&mut wrong.borrow_mut());
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        };
        let result = tokio::select! {
            biased;
            result = work => result,
            never = watch => never,
        };
        self.look(&mut wrong.borrow_mut());
        (result, wrong.into_inner())
    }

    /// [`Watch::see`], and every call has to find its way.
    pub async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        let (result, wrong) = self.see(work).await;
        assert!(wrong.is_empty(), "{wrong:#?}");
        result
    }

    /// How often it looked, and how many pairs of revisions it followed a call between.
    pub fn seen(&self) -> (usize, usize) {
        (*self.looks.borrow(), self.pairs.borrow().len())
    }
}
