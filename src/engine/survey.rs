//! What is there: one look at everything, in as few calls as AWS allows.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    time::Duration,
};

use futures::future::try_join_all;
use serde_json::Value;
use tokio::time::Instant;

use super::{
    Answers, Blueprint, Book, Failure, Key, Kind, Kinds, Life, Outputs, Reference, Scope, Sighting, Tagged, Target,
    environment::{TAG_ENVIRONMENT_ID, UNCLAIMED},
    output,
    record::{Phase, Record},
    retry::{self, Jitter},
};

/// How long a look is repeated while AWS is busy or unreachable.
const PATIENCE: Duration = Duration::from_secs(60);

/// Kinds whose service as a whole is no more for this account, each with the reason. Nobody can look for what such a service held: it went
/// with it.
pub type Vanished = BTreeMap<&'static str, String>;

/// What is looked for.
pub struct Question<'a> {
    /// The kinds.
    pub kinds: &'a Kinds,
    /// What is wanted.
    pub blueprint: &'a Blueprint,
    /// What is remembered.
    pub book: &'a Book,
    /// The environment's suffix.
    pub suffix: &'a str,
    /// Its id, unless the state is lost.
    pub environment_id: Option<&'a str>,
    /// True where everything must be found, known or not.
    pub sweep: bool,
    /// Kinds that are not looked for.
    pub vanished: &'a Vanished,
    /// Randomness for pauses.
    pub jitter: &'a Jitter,
}

/// Everything of an environment that AWS shows.
#[derive(Debug, Default)]
pub struct Survey {
    /// What bears a key, each once.
    pub sightings: BTreeMap<Key, Sighting>,
    /// Predecessors and doubles: they bear the key of something in `sightings` and are not it.
    pub strays: Vec<Sighting>,
    /// Earlier bearers of a key that are kept while the key is wanted.
    pub kept: Vec<Sighting>,
    /// What is going by itself in days and counts as gone.
    pub doomed: Vec<Sighting>,
    /// The environment ids that were seen on tags.
    pub owners: BTreeSet<String>,
    /// The hits of the tag search.
    pub tagged: Vec<Tagged>,
}

/// Looks at everything.
///
/// # Errors
/// The first look that failed for good: a plan made from half a picture would be wrong.
pub async fn survey(question: &Question<'_>) -> Result<Survey, Failure> {
    let mut survey = Survey {
        tagged: persist(question.jitter, || question.kinds.search().search(question.suffix)).await?,
        ..Survey::default()
    };
    let answers = Answers::default();
    for level in levels(question) {
        let reachable = level.iter().filter(|name| !question.vanished.contains_key(**name));
        let looks = reachable.map(|&name| look(question, &survey, &answers, name));
        let found: Vec<Sighting> = try_join_all(looks).await?.into_iter().flatten().collect();
        for sighting in found {
            survey.take(question.book, sighting);
        }
    }
    Ok(survey)
}

impl Survey {
    fn take(&mut self, book: &Book, sighting: Sighting) {
        // What is left of a former environment of that name says nothing about the present one. Taking up its id would also take up
        // its client tokens, which AWS remembers.
        if let Life::Doomed(_) = sighting.life {
            return self.doomed.push(sighting);
        }
        let owner = sighting.tags.as_ref().and_then(|tags| tags.get(TAG_ENVIRONMENT_ID));
        self.owners.extend(owner.filter(|owner| *owner != UNCLAIMED).cloned());
        if let Life::Kept(_) = sighting.life {
            return self.kept.push(sighting);
        }
        match self.sightings.remove(&sighting.key) {
            None => {
                let deposed = book.deposed.get(&sighting.key).into_iter().flatten();
                if deposed.into_iter().any(|deposed| deposed.id == sighting.id) {
                    return self.strays.push(sighting);
                }
                self.sightings.insert(sighting.key.clone(), sighting);
            }
            Some(other) => {
                let (keep, stray) =
                    if rank(book, &sighting) > rank(book, &other) { (sighting, other) } else { (other, sighting) };
                self.strays.push(stray);
                self.sightings.insert(keep.key.clone(), keep);
            }
        }
    }
}

/// Which of several bearers of one key is it: the recorded one, else the youngest generation, else one that isn't on its way out.
fn rank(book: &Book, sighting: &Sighting) -> (bool, u32, bool) {
    let recorded = book.records.get(&sighting.key).is_some_and(|record| record.id == sighting.id);
    (recorded, generation(sighting), sighting.life == Life::Live)
}

/// The generation that a sighting's tags tell.
pub fn generation(sighting: &Sighting) -> u32 {
    let tag = sighting.tags.as_ref().and_then(|tags| tags.get(super::environment::TAG_KEY));
    tag.and_then(|value| Key::from_tag(value)).map_or(0, |(_, generation)| generation)
}

/// Kinds in an order in which each can use what was found before it.
fn levels<'a>(question: &'a Question<'_>) -> Vec<Vec<&'a str>> {
    let mut depth: BTreeMap<&Key, usize> = BTreeMap::new();
    let mut by_kind: BTreeMap<&str, usize> = BTreeMap::new();
    for node in question.blueprint.nodes() {
        let below = node.dependencies().iter().filter_map(|key| depth.get(key)).max().map_or(0, |deepest| deepest + 1);
        depth.insert(&node.key, below);
        let level = by_kind.entry(node.key.kind()).or_default();
        *level = below.max(*level);
    }
    let remembered = question.book.records.keys().chain(question.book.deposed.keys()).map(Key::kind);
    let swept = question.kinds.iter().filter(|_| question.sweep).map(|kind| kind.name());
    let last = by_kind.values().max().map_or(0, |deepest| deepest + 1);
    for kind in remembered.chain(swept) {
        by_kind.entry(kind).or_insert(last);
    }
    let mut levels = vec![Vec::new(); last + 1];
    for (kind, level) in by_kind {
        levels[level].push(kind);
    }
    levels
}

async fn look(
    question: &Question<'_>,
    survey: &Survey,
    answers: &Answers,
    kind: &str,
) -> Result<Vec<Sighting>, Failure> {
    let kind = question.kinds.get(kind)?;
    let targets = targets(question, survey, kind.as_ref());
    let scope = Scope {
        suffix: question.suffix,
        environment_id: question.environment_id,
        targets: &targets,
        tagged: &survey.tagged,
        sweep: question.sweep,
        answers,
    };
    let found = persist(question.jitter, || kind.find(&scope)).await?;
    if misses(question, kind.as_ref(), &found) {
        // What was made a moment ago may not show yet; a second create would make a second one, and a destroy would leave it.
        return again(question, kind.as_ref(), &scope, found).await;
    }
    Ok(found)
}

/// True where something that is recorded doesn't show, would be made a second time or left behind, and is not known to be gone: it was made, or a
/// create was announced and only looking can tell whether it happened.
fn misses(question: &Question<'_>, kind: &dyn Kind, found: &[Sighting]) -> bool {
    question.book.records.values().filter(|record| record.key.kind() == kind.name()).any(|record| {
        let is_wanted = || question.blueprint.get(&record.key).is_some();
        let matters = match record.phase {
            // With a token, a second create is the same one; but there is none where all is to go.
            Phase::Intended => question.sweep || kind.manner().repeat == super::Repeat::Lookup,
            // Taken for deleted, it would be made anew, with another token, or stay.
            Phase::Created => question.sweep || is_wanted(),
            Phase::Ready | Phase::Updating => !question.sweep && is_wanted(),
            Phase::Deleting => false,
        };
        matters && !found.iter().any(|seen| seen.key == record.key)
    })
}

async fn again(
    question: &Question<'_>,
    kind: &dyn Kind,
    scope: &Scope<'_>,
    mut found: Vec<Sighting>,
) -> Result<Vec<Sighting>, Failure> {
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(2)).await;
        // What was answered before is what didn't show it.
        let answers = Answers::default();
        let tagged = persist(question.jitter, || question.kinds.search().search(question.suffix)).await?;
        let scope = Scope { answers: &answers, tagged: &tagged, ..*scope };
        found = persist(question.jitter, || kind.find(&scope)).await?;
        if !misses(question, kind, &found) {
            break;
        }
    }
    Ok(found)
}

fn targets(question: &Question<'_>, survey: &Survey, kind: &dyn Kind) -> Vec<Target> {
    let lookup = |reference: &Reference| {
        let seen = survey.sightings.get(&reference.key).and_then(|seen| seen.outputs.get(&reference.output));
        seen.or_else(|| question.book.output(&reference.key, &reference.output)).cloned()
    };
    let wanted = question.blueprint.nodes().iter().filter(|node| node.key.kind() == kind.name()).map(|node| Target {
        key: node.key.clone(),
        name: node.name.clone(),
        id: question.book.records.get(&node.key).map(|record| record.id.clone()).filter(|id| !id.is_empty()),
        recorded: question.book.records.get(&node.key).map(Record::settled_outputs).unwrap_or_default(),
        spec: output::resolve(&node.spec, &lookup),
    });
    let remembered = question
        .book
        .records
        .values()
        .filter(|record| record.key.kind() == kind.name() && question.blueprint.get(&record.key).is_none());
    let remembered = remembered.map(|record| Target {
        key: record.key.clone(),
        name: record.name.clone(),
        id: Some(record.id.clone()).filter(|id| !id.is_empty()),
        recorded: record.settled_outputs(),
        spec: record.spec.clone(),
    });
    let deposed = question.book.deposed.iter().filter(|(key, _)| key.kind() == kind.name());
    let deposed = deposed.flat_map(|(key, list)| {
        list.iter().map(|deposed| Target {
            key: key.clone(),
            name: deposed.name.clone(),
            id: Some(deposed.id.clone()),
            recorded: Outputs::new(),
            spec: Value::Null,
        })
    });
    wanted.chain(remembered).chain(deposed).collect()
}

/// Repeats a look while AWS is busy or unreachable.
///
/// # Errors
/// What it failed with for good, or last.
pub async fn persist<T, F>(jitter: &Jitter, mut look: impl FnMut() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let start = Instant::now();
    for attempt in 1.. {
        match look().await {
            Err(failure)
                if failure.class.is_transient() && start.elapsed() < retry::patience(failure.class, PATIENCE) =>
            {
                tokio::time::sleep(jitter.pause(failure.class, attempt)).await;
            }
            other => return other,
        }
    }
    unreachable!("the loop only ends by returning")
}
