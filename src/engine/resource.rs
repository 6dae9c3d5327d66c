//! The contract that one kind of resource fulfils. One file per kind implements it; the engine does everything else.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{Answers, Environment, Failure, Key, Outputs, Tags};

/// How a kind behaves as a whole.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Whether two can have one name; decides how a replacement proceeds.
    pub naming: Naming,
    /// What makes a repeated create harmless.
    pub repeat: Repeat,
    /// From when on others may refer to it.
    pub usable: When,
    /// How long it takes from create to ready.
    pub create: Wait,
    /// How long it takes from delete to gone.
    pub delete: Wait,
}

/// Whether a second one of the same name can exist beside the first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Naming {
    /// AWS allows one of a name: a replacement deletes before it creates, and takes along what depends on it.
    Unique,
    /// The id is AWS's: a replacement creates before it deletes.
    Free,
    /// AWS counts revisions under one name: a replacement makes another revision, and the former stays to go back to.
    Revisions,
}

/// What makes it safe to send a create again when the answer to the first was lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repeat {
    /// A client token, or a name that AWS takes only once.
    Safe,
    /// Nothing but the tag on the resource: it must be looked for before it is created again.
    Lookup,
}

/// A point in the life of a resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// Its create call has been answered and its settings are in place.
    Created,
    /// It can be used.
    Ready,
}

/// How long something takes and how long to wait for it.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// The usual time; orders the work and paces the polling.
    pub expected: Duration,
    /// When to give up.
    pub deadline: Duration,
    /// Of a deletion: the point before its end at which others may go ahead.
    pub release: Option<Release>,
}

/// The point of a deletion from which on the resource, though not gone yet, needs some of what it refers to no more
/// ([`Gone::Released`] tells it): AWS lets that be deleted then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Release {
    /// The usual time from delete to there.
    pub expected: Duration,
    /// The kinds that it needs no more. What else it refers to waits until it is gone.
    pub kinds: &'static [&'static str],
}

impl Wait {
    /// Seconds expected, seconds until giving up.
    pub const fn seconds(expected: u64, deadline: u64) -> Self {
        Wait { expected: Duration::from_secs(expected), deadline: Duration::from_secs(deadline), release: None }
    }

    /// Of a deletion: it needs these kinds no more after so many seconds.
    pub const fn releasing(self, expected: u64, kinds: &'static [&'static str]) -> Self {
        Wait { release: Some(Release { expected: Duration::from_secs(expected), kinds }), ..self }
    }

    /// There at once, but calls may have to be repeated for up to two minutes while other things settle.
    pub const INSTANT: Wait = Wait::seconds(0, 120);
}

/// What a change of one field means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// AWS can change it in place.
    Update,
    /// A new resource is needed.
    Replace,
    /// Somebody else decides it once the resource exists (the text says who): what is there stays.
    Owned(&'static str),
    /// It only orders the work, or is only used by create, and is never compared.
    Silent,
}

/// How the engine treats one field of a specification.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// What a change means.
    pub change: Change,
    /// Set by a call of its own after create.
    pub later: bool,
    /// A list whose order means nothing.
    pub unordered: bool,
    /// Outputs that have another value once the field was changed in place.
    pub gives: &'static [&'static str],
}

impl Field {
    /// Changed in place by [`Resource::update`].
    pub const UPDATE: Field = Field { change: Change::Update, later: false, unordered: false, gives: &[] };
    /// Fixed for life.
    pub const REPLACE: Field = Field { change: Change::Replace, later: false, unordered: false, gives: &[] };
    /// Never compared.
    pub const SILENT: Field = Field { change: Change::Silent, later: false, unordered: false, gives: &[] };

    /// Decided by somebody else once it exists.
    pub const fn owned(by: &'static str) -> Field {
        Field { change: Change::Owned(by), later: false, unordered: false, gives: &[] }
    }

    /// Not part of the create call: the engine calls [`Resource::update`] for it right after.
    pub const fn later(self) -> Field {
        Field { later: true, ..self }
    }

    /// Compared as a set.
    pub const fn unordered(self) -> Field {
        Field { unordered: true, ..self }
    }

    /// A change of it gives these outputs another value, so that what refers to them changes in the same run.
    pub const fn giving(self, outputs: &'static [&'static str]) -> Field {
        Field { gives: outputs, ..self }
    }
}

/// One thing that the plan looks for.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its key.
    pub key: Key,
    /// Its physical name.
    pub name: String,
    /// Its id as recorded, if it ever was.
    pub id: Option<String>,
    /// Its outputs as recorded; none where something was under way that they don't tell of.
    pub recorded: Outputs,
    /// Its specification, with references resolved as far as possible; null for what is only in the state.
    pub spec: Value,
}

impl Target {
    /// A text field of the specification, if it is there and not an open reference.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.spec.get(field).and_then(Value::as_str)
    }
}

/// A hit of the tag search: proof of nothing, since AWS goes on listing what was deleted.
#[derive(Clone, Debug)]
pub struct Tagged {
    /// The ARN.
    pub arn: String,
    /// Its tags.
    pub tags: Tags,
}

impl Tagged {
    /// The last part of the ARN, after the last `/`, or after the last `:` where there is no `/`.
    pub fn id(&self) -> &str {
        self.arn.rsplit(['/', ':']).next().unwrap_or(&self.arn)
    }
}

/// What a look at one kind is about: the whole environment, in as few calls as AWS allows.
pub struct Scope<'a> {
    /// The environment's suffix: the value of the tag `Environment`.
    pub suffix: &'a str,
    /// The environment's id, unless the state is lost.
    pub environment_id: Option<&'a str>,
    /// What the blueprint or the state says should be there.
    pub targets: &'a [Target],
    /// What the tag search of this environment returned, all kinds together.
    pub tagged: &'a [Tagged],
    /// True where things that the blueprint doesn't know must be found too (destroy, or a lost state).
    pub sweep: bool,
    /// What other looks of the same survey were answered.
    pub answers: &'a Answers,
}

impl Scope<'_> {
    /// Hits of the tag search whose ARN holds `part`, such as `:ec2:` or `:targetgroup/`.
    pub fn tagged_with(&self, part: &str) -> impl Iterator<Item = &Tagged> {
        self.tagged.iter().filter(move |hit| hit.arn.contains(part))
    }

    /// The target with a physical name.
    pub fn by_name(&self, name: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.name == name)
    }

    /// The target with a recorded id.
    pub fn by_id(&self, id: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.id.as_deref() == Some(id))
    }
}

/// How a resource that was seen fares.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Life {
    /// Usable, or on its way there.
    Live,
    /// On its way out (the text says how far); it still takes its name.
    Ending(String),
    /// On its way out for good: it can't be brought back, blocks nothing and goes by itself (a KMS key pending deletion).
    Doomed(String),
    /// Never going to be usable (the text says why); a new one is needed.
    Broken(String),
    /// An earlier one that is kept on purpose (the text says what for), and goes when nothing of its key is wanted any more.
    Kept(String),
}

/// A resource as AWS shows it.
#[derive(Clone, Debug)]
pub struct Sighting {
    /// Which one it is, by recorded id, tag or name.
    pub key: Key,
    /// Its physical name.
    pub name: String,
    /// AWS's id for it, as the other methods of the kind want it.
    pub id: String,
    /// What it gives to others.
    pub outputs: Outputs,
    /// Its settings under the names of the specification's fields; fields that can't be read are left out.
    pub observed: Map<String, Value>,
    /// Its tags; `None` where the kind takes none (or they were not read).
    pub tags: Option<Tags>,
    /// How it fares.
    pub life: Life,
}

/// One that exists, by id.
#[derive(Clone, Debug)]
pub struct Physical {
    /// Its key.
    pub key: Key,
    /// Its physical name.
    pub name: String,
    /// AWS's id for it.
    pub id: String,
    /// What is known of its outputs.
    pub outputs: Outputs,
}

impl Physical {
    /// An output that the kind itself recorded earlier.
    ///
    /// # Errors
    /// A failure of the tool itself where it was not recorded.
    pub fn output(&self, name: &str) -> Result<&str, Failure> {
        self.outputs
            .get(name)
            .map(String::as_str)
            .ok_or_else(|| Failure::internal(format!("{} has no recorded {name}", self.key)))
    }
}

/// What a new resource is to be called and tagged.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its key.
    pub key: Key,
    /// Its physical name.
    pub name: String,
    /// All its tags.
    pub tags: Tags,
    /// The client token: the same for every attempt at the same generation, so a repeated create is recognised.
    /// 32 hexadecimal digits in UUID form, which every AWS token field takes.
    pub token: String,
    /// The environment.
    pub environment: Arc<Environment>,
}

/// The answer to a create call.
#[derive(Clone, Debug, Default)]
pub struct Created {
    /// AWS's id for it.
    pub id: String,
    /// The outputs that are known by now.
    pub outputs: Outputs,
}

/// One look at whether a resource can be used.
#[derive(Clone, Debug)]
pub enum Readiness {
    /// It can; here are its outputs, all of them.
    Ready(Outputs),
    /// Not yet, for this reason (a few words for the live view: `pending`, `1 of 2 tasks running`).
    Waiting(String),
    /// It never will be.
    Failed(Failure),
}

/// One look at whether a deleted resource is gone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Gone {
    /// It is.
    Yes,
    /// It is as gone as AWS lets it be for days (a KMS key pending deletion): the text says until when.
    Scheduled(String),
    /// Not yet, for this reason.
    NotYet(String),
    /// Not yet, for this reason; but what its kind names in [`Wait::releasing`] it needs no more.
    Released(String),
}

/// The fields that differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Names of the specification's fields to be brought in line.
    pub fields: Vec<String>,
    /// Tags to be set; the engine calls [`Resource::tag`] for them.
    pub tags: Tags,
}

impl Changes {
    /// True where the named field is to be brought in line.
    pub fn touches(&self, field: &str) -> bool {
        self.fields.iter().any(|name| name == field)
    }

    /// True where any of the named fields is to be brought in line.
    pub fn touches_any(&self, fields: &[&str]) -> bool {
        fields.iter().any(|field| self.touches(field))
    }
}

/// One kind of resource. The implementing struct is its specification: the fields that a person would write down.
///
/// Every method is one look or one change, not a loop: waiting, repeating, ordering, journalling and telling are the engine's. A
/// method may make several calls where AWS needs several for one change, as long as repeating all of them is harmless.
#[async_trait]
pub trait Resource: Serialize + DeserializeOwned + Send + Sync + Sized + 'static {
    /// What the calls are made with.
    type Clients: Send + Sync + 'static;
    /// The kind's name: the first part of its keys.
    const KIND: &'static str;

    /// How the kind behaves as a whole.
    fn manner() -> Manner;

    /// How the engine treats a field. Called for every field of the serialized specification.
    fn field(name: &str) -> Field;

    /// Looks for all of the environment's resources of this kind: by recorded id, else by name, else by tag. Absence is not an
    /// error. Something that bears a target's name is returned even where its tags are somebody else's: the engine refuses it.
    async fn find(clients: &Self::Clients, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure>;

    /// Creates it, tags included, with one call.
    async fn create(&self, clients: &Self::Clients, identity: &Identity) -> Result<Created, Failure>;

    /// Brings the changed fields in line; also called right after create for the fields that are [`Field::later`]. Returns outputs
    /// that came to be known.
    async fn update(&self, clients: &Self::Clients, it: &Physical, changes: &Changes) -> Result<Outputs, Failure>;

    /// Sets tags on one that exists.
    async fn tag(clients: &Self::Clients, it: &Physical, tags: &Tags) -> Result<(), Failure>;

    /// Looks once whether it can be used.
    async fn ready(&self, clients: &Self::Clients, it: &Physical) -> Result<Readiness, Failure>;

    /// Deletes it. [`Class::Absent`](super::Class::Absent) counts as success.
    async fn delete(clients: &Self::Clients, it: &Physical) -> Result<(), Failure>;

    /// Looks once whether it is gone.
    async fn gone(clients: &Self::Clients, it: &Physical) -> Result<Gone, Failure>;

    /// What keeps it from being deleted, for people (`network interface eni-1 of ELB app/alb-dev/…`). Called while a delete is
    /// blocked; empty where it can't be told.
    async fn blockers(clients: &Self::Clients, it: &Physical) -> Result<Vec<String>, Failure>;

    /// The IAM actions that all of these calls need.
    fn actions() -> &'static [&'static str];
}
