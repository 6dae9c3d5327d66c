//! What must hold when all is done.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use platformctl::{
    engine::{
        Key, Phase,
        environment::{TAG_ENVIRONMENT_ID, TAG_KEY},
    },
    operation::{self, Intention, Prepared},
    state::Store,
};

use crate::{
    fork::STATE,
    lab::{Lab, SUFFIX},
};

/// The tags that everything carries.
const TAGS: [&str; 6] = ["Environment", "Team", "CostCenter", "Name", "platformctl:environment-id", "platformctl:key"];

/// What a finished environment looks like, to compare others with.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// How many of each kind AWS has.
    pub kinds: BTreeMap<&'static str, usize>,
    /// Kinds that AWS takes no tags for, or makes by itself.
    pub untagged: BTreeSet<&'static str>,
    /// What a destroy goes by: every record's key, phase, generation, name and dependencies, and every item's kind and tags.
    pub fingerprint: String,
}

impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        self.kinds == other.kinds && self.untagged == other.untagged
    }
}

impl Shape {
    /// Of what is there now.
    pub fn of(lab: &Lab) -> Self {
        let items = lab.sandbox.look(|call| call.world.inventory(call.now, call.place())).expect("a readable account");
        let mut shape = Shape::default();
        let mut families = BTreeSet::new();
        for item in items {
            // Earlier revisions are kept to go back to; how many there are depends on how often a run was cut off.
            let earlier = item.kind == "ecs:task-definition" && !families.insert(item.tags.get("Name").cloned());
            if earlier {
                continue;
            }
            *shape.kinds.entry(item.kind).or_default() += 1;
            if !TAGS.iter().all(|tag| item.tags.contains_key(*tag)) {
                shape.untagged.insert(item.kind);
            }
        }
        shape.fingerprint = fingerprint(lab);
        shape
    }
}

/// A generation, where it is not by lot: those of an environment that was adopted begin at a random one.
fn told(generation: u32) -> u32 {
    generation.min(1000)
}

/// See [`Shape::fingerprint`]; ids are AWS's and differ.
fn fingerprint(lab: &Lab) -> String {
    let loaded = Store::new(STATE.as_ref(), SUFFIX).load(SUFFIX, "123456789012", "us-east-1");
    let book = loaded.ok().flatten().map(|loaded| loaded.book).unwrap_or_default();
    let mut lines: Vec<String> = book
        .records
        .values()
        .map(|record| {
            let (key, phase, name) = (&record.key, record.phase, &record.name);
            format!("{key} {phase:?} {} {name} {:?}", told(record.generation), record.dependencies)
        })
        .collect();
    lines.push(format!("{:?}", book.deposed.keys()));
    let items = lab.sandbox.look(|call| call.world.inventory(call.now, call.place())).expect("a readable account");
    let mut items: Vec<String> = items
        .into_iter()
        .map(|mut item| {
            item.tags.remove(TAG_ENVIRONMENT_ID);
            if let Some((key, generation)) = item.tags.get(TAG_KEY).and_then(|tag| Key::from_tag(tag)) {
                item.tags.insert(TAG_KEY.to_owned(), format!("{key} {}", told(generation)));
            }
            format!("{} {:?}", item.kind, item.tags)
        })
        .collect();
    items.sort();
    lines.extend(items);
    lines.join("\n")
}

/// What a destroy goes by, as a file that is there once one from there succeeded; all copies of the process share it.
fn proof_of(fingerprint: &str) -> PathBuf {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, fingerprint.as_bytes());
    let name: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Path::new("..").join(format!("destroyed-{name}"))
}

/// True where a destroy from just such a state has been proved.
pub fn is_proved(fingerprint: &str) -> bool {
    proof_of(fingerprint).exists()
}

/// A destroy from such a state has been proved.
pub fn proved(fingerprint: &str) {
    // Whoever doesn't see it proves it once more.
    let _ = std::fs::write(proof_of(fingerprint), "");
}

/// After a destroy: everything is as it was before the first `up`.
pub fn nothing_left(lab: &Lab, before: &[String]) -> Result<(), String> {
    let after = lab.inventory();
    if after != before {
        return Err(format!("left on AWS: {:?}", extra(before, &after)));
    }
    if Path::new(STATE).join(SUFFIX).join("journal.jsonl").exists() {
        return Err("the state outlived the environment".to_owned());
    }
    Ok(())
}

fn extra(before: &[String], after: &[String]) -> Vec<String> {
    after.iter().filter(|item| !before.contains(item)).cloned().collect()
}

/// Everything once, tagged, recorded as it is. Gives what a destroy goes by.
pub async fn settled(lab: &Lab, config: &str, wanted: &Shape) -> Result<String, String> {
    let workspace = lab.workspace(config).await.map_err(|error| error.to_string())?;
    let prepared = operation::prepare(&workspace, Intention::Plan).await.map_err(|error| error.to_string())?;
    if !prepared.plan.steps.is_empty() {
        let steps = prepared.plan.steps.iter();
        let steps: Vec<_> =
            steps.map(|step| (&step.key, step.action, &step.changes, &step.tags, &step.strays)).collect();
        return Err(format!("the plan is not empty: {steps:#?}"));
    }
    state_equals_world(&prepared)?;
    let shape = Shape::of(lab);
    if shape != *wanted {
        let differs = |kind: &&&str| shape.kinds.get(**kind) != wanted.kinds.get(**kind);
        let kinds: BTreeSet<&&str> = shape.kinds.keys().chain(wanted.kinds.keys()).filter(differs).collect();
        let counts: Vec<_> =
            kinds.iter().map(|kind| (**kind, wanted.kinds.get(**kind), shape.kinds.get(**kind))).collect();
        let untagged: Vec<_> = shape.untagged.symmetric_difference(&wanted.untagged).collect();
        let items = lab.sandbox.look(|call| call.world.inventory(call.now, call.place()));
        let there: Vec<String> = items
            .map_err(|error| error.to_string())?
            .iter()
            .filter(|item| kinds.iter().any(|kind| **kind == item.kind))
            .map(|item| format!("{} {:?}", item.id, item.tags))
            .collect();
        return Err(format!("kind, wanted, found: {counts:?}; tags differ on: {untagged:?}; there is {there:#?}"));
    }
    let id = &prepared.environment.id;
    let items =
        lab.sandbox.look(|call| call.world.inventory(call.now, call.place())).map_err(|error| error.to_string())?;
    let foreign =
        |item: &&platformctl::sandbox::world::Item| item.tags.get(TAG_ENVIRONMENT_ID).is_some_and(|owner| owner != id);
    match items.iter().find(foreign) {
        Some(item) => Err(format!("{} {} bears another environment's id", item.kind, item.id)),
        None => Ok(shape.fingerprint),
    }
}

fn state_equals_world(prepared: &Prepared) -> Result<(), String> {
    let (book, survey) = (&prepared.book, &prepared.survey);
    if !book.deposed.is_empty() || !survey.strays.is_empty() {
        return Err(format!("deposed: {:?}, strays: {:?}", book.deposed, survey.strays));
    }
    for node in prepared.blueprint.nodes() {
        let (record, seen) = (book.records.get(&node.key), survey.sightings.get(&node.key));
        match (record, seen) {
            (Some(record), Some(seen)) if record.id == seen.id && record.phase == Phase::Ready => {}
            _ => {
                let record = record.map(|record| (record.phase, &record.id));
                let seen = seen.map(|seen| &seen.id);
                return Err(format!("{}: state says {record:?}, AWS says {seen:?}", node.key));
            }
        }
    }
    match book.records.keys().find(|key| prepared.blueprint.get(key).is_none()) {
        Some(key) => Err(format!("the state holds {key}, which nobody wants")),
        None => Ok(()),
    }
}

/// Loses the state, if there is one.
pub fn forget() {
    // It may not have been there yet.
    let _ = std::fs::remove_dir_all(Path::new(STATE).join(SUFFIX));
}

/// Nothing secret was told or written.
pub fn no_secret(lab: &Lab) -> Result<(), String> {
    let secrets = secrets(lab);
    let told = lab.told.0.lock().expect("one thread").join("\n");
    let mut texts = vec![("an event, error or warning".to_owned(), told)];
    files(Path::new(STATE), &mut texts);
    for secret in &secrets {
        if let Some((place, _)) = texts.iter().find(|(_, text)| text.contains(secret.as_str())) {
            return Err(format!("{place} holds a secret that begins with {:?}", secret.get(..6).unwrap_or_default()));
        }
    }
    Ok(())
}

/// Every value in Secrets Manager, and every part of one that is a secret by itself: lines of keys, values of fields.
fn secrets(lab: &Lab) -> BTreeSet<String> {
    let texts: Vec<String> = lab
        .sandbox
        .look(|call| {
            let secrets = call.world.secretsmanager.secrets.values();
            secrets.flat_map(|secret| secret.versions.values().filter_map(|version| version.text.clone())).collect()
        })
        .expect("a readable account");
    let mut secrets = BTreeSet::new();
    for text in texts {
        let fields: Vec<String> = match serde_json::from_str::<BTreeMap<String, String>>(&text) {
            Ok(fields) => fields
                .into_iter()
                .filter(|(name, _)| ["key", "password", "secret", "token"].iter().any(|part| name.contains(part)))
                .map(|(_, value)| value)
                .collect(),
            Err(_) => vec![text],
        };
        for field in fields {
            let lines = field.lines().filter(|line| !line.starts_with("-----")).map(str::trim);
            secrets.extend(lines.filter(|line| line.len() >= 16).map(str::to_owned));
        }
    }
    secrets
}

fn files(directory: &Path, texts: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, texts);
        } else if let Ok(bytes) = std::fs::read(&path) {
            texts.push((path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
}
