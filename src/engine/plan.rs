//! The difference between what is wanted and what is there, as steps.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Blueprint, Book, Chapter, Environment, Failure, Key, Kind, Kinds, Life, Naming, Phase, Physical, Record, Reference,
    Sighting, Tags,
    blueprint::{Node, dependencies},
    diff::{self, FieldChange},
    environment::{TAG_ENVIRONMENT_ID, UNCLAIMED},
    failure::Class,
    output,
    resource::Change,
    survey::{self, Survey, Vanished},
};

/// What happens to a resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is made.
    Create,
    /// It is there and ours, and only the state has to learn of it.
    Adopt,
    /// It is changed in place, or an interrupted create is completed.
    Update,
    /// A new one takes its place.
    Replace,
    /// It is deleted.
    Delete,
}

/// One operation on one resource.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which resource.
    pub key: Key,
    /// Where it belongs.
    pub chapter: Chapter,
    /// Its physical name.
    pub name: String,
    /// What happens to it.
    pub action: Action,
    /// Why, where the changes don't say it.
    pub reason: Option<String>,
    /// What differs.
    pub changes: Vec<FieldChange>,
    /// Tags to be set.
    pub tags: Tags,
    /// What is wanted, references included; null for deletions.
    pub spec: Value,
    /// The generation of what is made.
    pub generation: u32,
    /// What is there now and is changed or goes.
    pub existing: Option<Physical>,
    /// What the existing one refers to.
    pub existing_dependencies: Vec<Key>,
    /// A replacement that must delete before it can create.
    pub delete_first: bool,
    /// Predecessors and doubles that go as well.
    pub strays: Vec<Physical>,
    /// What is still on its way out under this name, and must be gone first.
    pub ending: Option<Physical>,
    /// Outputs that have another value once it was changed in place.
    pub gives: Vec<&'static str>,
}

impl Step {
    /// True where an output has another value, or one at all, only after this step.
    pub fn renews(&self, output: &str) -> bool {
        match self.action {
            Action::Create | Action::Replace => true,
            Action::Update => self.gives.contains(&output),
            Action::Adopt | Action::Delete => false,
        }
    }
}

/// All steps, in reading order.
#[derive(Debug, Default)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
    /// How many resources stay as they are.
    pub unchanged: usize,
}

impl Plan {
    /// True where nothing is to be done on AWS.
    pub fn is_empty(&self) -> bool {
        self.steps.iter().all(|step| step.action == Action::Adopt)
    }

    /// The step of a resource.
    pub fn step(&self, key: &Key) -> Option<&Step> {
        self.steps.iter().find(|step| step.key == *key)
    }
}

/// What is about to have another value, by resource: these outputs, or all of them where there is no list.
type Open = BTreeMap<Key, Option<Vec<&'static str>>>;

/// What a plan is made from.
pub struct Planner<'a> {
    /// The kinds.
    pub kinds: &'a Kinds,
    /// What is wanted; empty to destroy.
    pub blueprint: &'a Blueprint,
    /// The blueprint as far as it explains what is found: that of the configuration, also to destroy.
    pub reference: &'a Blueprint,
    /// What is remembered.
    pub book: &'a Book,
    /// The environment.
    pub environment: &'a Arc<Environment>,
    /// What is there.
    pub survey: &'a Survey,
    /// Kinds of which nothing is there any more.
    pub vanished: &'a Vanished,
}

impl Planner<'_> {
    /// Makes the plan.
    ///
    /// # Errors
    /// [`Class::Exists`] where something bears one of our names and is not ours: it is never touched.
    pub fn plan(&self) -> Result<Plan, Failure> {
        self.refuse_foreign()?;
        let mut plan = Plan::default();
        let mut open = Open::new();
        for node in self.blueprint.nodes() {
            match self.step(node, &open)? {
                None => plan.unchanged += 1,
                Some(step) => {
                    let gives = (step.action == Action::Update).then(|| step.gives.clone());
                    if step.action != Action::Adopt {
                        open.insert(step.key.clone(), gives);
                    }
                    plan.steps.push(step);
                }
            }
        }
        self.cascade(&mut plan)?;
        plan.steps.sort_by_key(|step| (step.chapter, self.blueprint.position(&step.key)));
        plan.steps.extend(self.deletions());
        Ok(plan)
    }

    fn refuse_foreign(&self) -> Result<(), Failure> {
        let foreign = self.survey.sightings.values().find_map(|seen| {
            let owner = seen.tags.as_ref()?.get(TAG_ENVIRONMENT_ID).map(String::as_str);
            (owner != Some(&self.environment.id) && owner != Some(UNCLAIMED)).then_some((seen, owner))
        });
        match foreign {
            None => Ok(()),
            Some((seen, owner)) => {
                let whose = match owner {
                    Some(id) => format!("it belongs to another environment, {id}"),
                    None => "it was not made by platformctl".to_owned(),
                };
                let message = format!(
                    "{} '{}' ({}) exists already: {whose}. Nothing was touched",
                    seen.key.kind(),
                    seen.name,
                    seen.id
                );
                Err(Failure::new(Class::Exists, message)
                    .remedy("choose another --env-suffix, or rename or delete what is there"))
            }
        }
    }

    /// The generation of the successor of something that is there.
    fn next_generation(&self, seen: &Sighting) -> u32 {
        self.book.last_generation(&seen.key).unwrap_or_default().max(survey::generation(seen)) + 1
    }

    /// The value of a reference, unless it is about to be another one.
    fn lookup(&self, open: &Open, reference: &Reference) -> Option<String> {
        let given = open.get(&reference.key);
        if given.is_some_and(|gives| gives.as_ref().is_none_or(|gives| gives.contains(&reference.output.as_str()))) {
            return None;
        }
        let seen = self.survey.sightings.get(&reference.key).and_then(|seen| seen.outputs.get(&reference.output));
        seen.or_else(|| self.book.output(&reference.key, &reference.output)).cloned()
    }

    fn step(&self, node: &Node, open: &Open) -> Result<Option<Step>, Failure> {
        let kind = self.kinds.get(node.key.kind())?;
        let record = self.book.records.get(&node.key);
        let seen = self.survey.sightings.get(&node.key);
        let mut step = self.blank(node, record);
        let Some(seen) = seen else {
            step.action = Action::Create;
            step.generation = match record {
                // Whether it was made is not known: the same token makes it once.
                Some(record) if record.phase == Phase::Intended => record.generation,
                // AWS remembers the token of what was made with it, though that is gone.
                _ => self.book.last_generation(&node.key).map_or(0, |last| last + 1),
            };
            step.reason = match record.map(|record| record.phase) {
                Some(Phase::Intended) => Some("an earlier run was cut off before it was made".to_owned()),
                Some(_) => Some("it is gone from AWS, though nobody here deleted it".to_owned()),
                None => None,
            };
            return Ok(Some(step));
        };
        let existing = physical(seen, record);
        match &seen.life {
            Life::Ending(_) | Life::Doomed(_) => {
                step.action = Action::Create;
                step.generation = self.next_generation(seen);
                step.reason = Some("the former one is still being deleted".to_owned());
                step.ending = Some(existing);
                return Ok(Some(step));
            }
            Life::Broken(why) => {
                step.existing = Some(existing);
                step.action = Action::Replace;
                step.generation = self.next_generation(seen);
                step.delete_first = kind.manner().naming == Naming::Unique;
                step.reason = Some(why.clone());
                return Ok(Some(step));
            }
            Life::Live | Life::Kept(_) => step.existing = Some(existing),
        }
        self.compare(kind.as_ref(), node, record, seen, open, &mut step);
        let interrupted = record.is_some_and(|record| record.phase != Phase::Ready);
        let replaces = step.changes.iter().any(|change| change.replaces);
        step.action = match () {
            () if replaces => Action::Replace,
            () if !step.changes.is_empty() || !step.tags.is_empty() => Action::Update,
            () if interrupted => Action::Update,
            () if record.is_none() => Action::Adopt,
            () if !step.strays.is_empty() => Action::Update,
            () => return Ok(None),
        };
        if interrupted && step.action == Action::Update {
            step.reason = Some("an earlier run was cut off before it was finished".to_owned());
        }
        if step.action == Action::Replace {
            step.generation = self.next_generation(seen);
            step.delete_first = kind.manner().naming == Naming::Unique;
        }
        Ok(Some(step))
    }

    fn blank(&self, node: &Node, record: Option<&Record>) -> Step {
        let strays = self.survey.strays.iter().filter(|stray| stray.key == node.key).map(|stray| physical(stray, None));
        Step {
            key: node.key.clone(),
            chapter: node.chapter,
            name: node.name.clone(),
            action: Action::Update,
            reason: None,
            changes: Vec::new(),
            tags: Tags::new(),
            spec: node.spec.clone(),
            generation: record.map_or(0, |record| record.generation),
            existing: None,
            existing_dependencies: record.map_or_else(|| node.dependencies(), |record| record.dependencies.clone()),
            delete_first: false,
            strays: strays.collect(),
            ending: None,
            gives: Vec::new(),
        }
    }

    fn compare(
        &self,
        kind: &dyn Kind,
        node: &Node,
        record: Option<&Record>,
        seen: &Sighting,
        open: &Open,
        step: &mut Step,
    ) {
        let nothing = Value::Null;
        let applied = record.map_or(&nothing, |record| &record.spec);
        // Owned fields keep what is there, so they also keep it when another field makes a new resource necessary.
        step.spec = diff::yield_owned(kind, &node.spec, &seen.observed, applied);
        let wanted = output::resolve(&step.spec, &|reference| self.lookup(open, reference));
        step.changes = diff::compare(kind, &wanted, &seen.observed, applied);
        step.gives = step.changes.iter().flat_map(|change| kind.field(&change.field).gives).copied().collect();
        if let Some(have) = &seen.tags {
            let generation = record.map_or_else(|| survey::generation(seen), |record| record.generation);
            step.generation = generation;
            // A revision that runs again keeps the generation that it was made with.
            let revisions = kind.manner().naming == Naming::Revisions;
            let told = if revisions { survey::generation(seen) } else { generation };
            let want = self.environment.tags_for(&node.key, &node.name, told);
            step.tags = want.into_iter().filter(|(key, value)| have.get(key) != Some(value)).collect();
        }
    }

    /// A resource whose name AWS takes only once is deleted before its successor is made, so what refers to it has to go before
    /// and be made again after.
    fn cascade(&self, plan: &mut Plan) -> Result<(), Failure> {
        loop {
            let first: BTreeMap<Key, String> = plan
                .steps
                .iter()
                .filter(|step| step.action == Action::Replace && step.delete_first)
                .map(|step| (step.key.clone(), format!("{} is replaced, and its name can't exist twice", step.key)))
                .collect();
            let mut added = Vec::new();
            for node in self.blueprint.nodes() {
                let kind = self.kinds.get(node.key.kind())?;
                let Some(cause) =
                    hard_dependencies(kind.as_ref(), &node.spec).into_iter().find_map(|key| first.get(&key))
                else {
                    continue;
                };
                let Some(seen) = self.survey.sightings.get(&node.key) else { continue };
                match plan.steps.iter_mut().find(|step| step.key == node.key) {
                    Some(step)
                        if step.action == Action::Create || (step.action == Action::Replace && step.delete_first) => {}
                    Some(step) => {
                        step.action = Action::Replace;
                        step.delete_first = true;
                        step.generation = self.next_generation(seen);
                        step.reason = Some(cause.clone());
                        added.push(node.key.clone());
                    }
                    None => {
                        let record = self.book.records.get(&node.key);
                        let mut step = self.blank(node, record);
                        step.existing = Some(physical(seen, record));
                        step.spec = diff::yield_owned(kind.as_ref(), &node.spec, &seen.observed, &Value::Null);
                        step.action = Action::Replace;
                        step.delete_first = true;
                        step.generation = self.next_generation(seen);
                        step.reason = Some(cause.clone());
                        plan.steps.push(step);
                        plan.unchanged -= 1;
                        added.push(node.key.clone());
                    }
                }
            }
            if added.is_empty() {
                return Ok(());
            }
        }
    }

    /// What is there or remembered, and not wanted, in reverse reading order.
    fn deletions(&self) -> Vec<Step> {
        let unwanted = |key: &Key| self.blueprint.get(key).is_none();
        let mut keys: BTreeSet<Key> = self.survey.sightings.keys().filter(|key| unwanted(key)).cloned().collect();
        keys.extend(self.book.records.keys().filter(|key| unwanted(key)).cloned());
        let others = self.survey.strays.iter().chain(&self.survey.kept);
        keys.extend(others.map(|other| other.key.clone()).filter(|key| unwanted(key)));
        let mut steps: Vec<Step> = keys.iter().map(|key| self.deletion(key, &keys)).collect();
        steps.sort_by_key(|step| std::cmp::Reverse((step.chapter, self.reference.position(&step.key))));
        steps
    }

    fn deletion(&self, key: &Key, all: &BTreeSet<Key>) -> Step {
        let record = self.book.records.get(key);
        let seen = self.survey.sightings.get(key);
        let node = self.reference.get(key);
        let vanished = self.vanished.get(key.kind());
        let existing = match (seen, record) {
            _ if vanished.is_some() => None,
            (Some(seen), record) => Some(physical(seen, record)),
            // Not visible, but a look may be too early or the kind may not be able to look: deleting what is absent is harmless.
            (None, Some(record)) if !record.id.is_empty() => Some(Physical {
                key: key.clone(),
                name: record.name.clone(),
                id: record.id.clone(),
                outputs: record.outputs.clone(),
            }),
            _ => None,
        };
        let known = record.map(|record| record.dependencies.clone()).or_else(|| node.map(Node::dependencies));
        let strays = self.survey.strays.iter().chain(&self.survey.kept).filter(|stray| stray.key == *key);
        let strays = strays.map(|stray| physical(stray, None)).collect();
        Step {
            key: key.clone(),
            chapter: record.map(|record| record.chapter).or(node.map(|node| node.chapter)).unwrap_or(Chapter::Network),
            name: seen.map(|seen| seen.name.clone()).or(record.map(|record| record.name.clone())).unwrap_or_default(),
            action: Action::Delete,
            reason: vanished.cloned(),
            changes: Vec::new(),
            tags: Tags::new(),
            spec: Value::Null,
            generation: record.map_or(0, |record| record.generation),
            existing,
            existing_dependencies: known.unwrap_or_else(|| self.guess(key, all)),
            delete_first: false,
            strays,
            ending: None,
            gives: Vec::new(),
        }
    }

    /// What a resource of this kind refers to in the blueprint, taken to hold for one that nothing is known about.
    fn guess(&self, key: &Key, all: &BTreeSet<Key>) -> Vec<Key> {
        let alike = self.reference.nodes().iter().filter(|node| node.key.kind() == key.kind());
        let below: BTreeSet<String> = alike.flat_map(Node::dependencies).map(|key| key.kind().to_owned()).collect();
        all.iter().filter(|other| below.contains(other.kind()) && *other != key).cloned().collect()
    }
}

/// What was seen, with the outputs that only the state knows.
fn physical(seen: &Sighting, record: Option<&Record>) -> Physical {
    let mut outputs =
        record.filter(|record| record.id == seen.id).map(|record| record.outputs.clone()).unwrap_or_default();
    outputs.extend(seen.outputs.clone());
    Physical { key: seen.key.clone(), name: seen.name.clone(), id: seen.id.clone(), outputs }
}

/// What a specification refers to in fields that are sent, not only for the order.
pub fn hard_dependencies(kind: &dyn Kind, spec: &Value) -> Vec<Key> {
    let sent: Map<String, Value> = spec
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| kind.field(name).change != Change::Silent)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    dependencies(&sent.into())
}
