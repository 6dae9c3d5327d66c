//! What the steps need of AWS, as small as it can be: the SDK's clients, the simulated AWS and tests stand behind it.

use std::time::Duration;

use time::OffsetDateTime;

use super::stages::Stages;
use crate::engine::Failure;

/// A secret without its values.
#[derive(Clone, Debug)]
pub struct Description {
    /// Its name.
    pub name: String,
    /// Its description.
    pub text: String,
    /// What its versions are.
    pub stages: Stages,
    /// Whether it has ever been rotated.
    pub rotated: bool,
}

/// The value of a version.
#[derive(Clone)]
pub struct Version {
    /// Its text.
    pub text: String,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created: i64,
}

/// Which version of a secret.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// That with a label.
    Stage(&'a str),
    /// That of an id.
    Id(&'a str),
}

/// Secrets Manager.
#[expect(
    async_fn_in_trait,
    reason = "each is used with one type at a time, whose futures say themselves what they can"
)]
pub trait Secrets {
    /// Describes a secret.
    async fn describe(&self, secret: &str) -> Result<Description, Failure>;
    /// The value of a version; `None` where there is no such version, or it has no value yet.
    async fn value(&self, secret: &str, which: Which<'_>) -> Result<Option<Version>, Failure>;
    /// Gives a secret a version with these labels. [`Class::Exists`](crate::engine::Class::Exists) where there is a version of that id with
    /// another value. Without an id it is a new one each time.
    async fn put(&self, secret: &str, id: Option<&str>, text: &str, labels: &[&str]) -> Result<(), Failure>;
    /// Moves a label to a version, from the one that bears it.
    async fn label(&self, secret: &str, label: &str, to: &str, from: Option<&str>) -> Result<(), Failure>;
    /// Takes a label from the version that bears it.
    async fn unlabel(&self, secret: &str, label: &str, from: &str) -> Result<(), Failure>;
    /// Describes a secret in other words.
    async fn describe_as(&self, secret: &str, text: &str) -> Result<(), Failure>;
}

/// The RDS Data API.
#[expect(async_fn_in_trait, reason = "as above")]
pub trait DataApi {
    /// Logs in with the current version of a secret and executes one statement. Gives the rows as texts. A failure's `code` is the SQLSTATE
    /// where it is the database that refused.
    async fn execute(&self, secret: &str, sql: &str) -> Result<Vec<Vec<String>>, Failure>;
}

/// How a service's tasks came to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// A deployment is under way.
    pub under_way: bool,
    /// When the latest deployment that succeeded was ordered, in milliseconds since the Unix epoch: no task is older.
    pub since: Option<i64>,
    /// When the latest deployment of all was ordered.
    pub latest: Option<i64>,
}

/// ECS.
#[expect(async_fn_in_trait, reason = "as above")]
pub trait Services {
    /// How a service's tasks came to run; `None` where there is no such service.
    async fn rollout(&self, service: &str) -> Result<Option<Rollout>, Failure>;
    /// Starts a deployment of a service as it is, so that new tasks take the place of all that run.
    async fn redeploy(&self, service: &str) -> Result<(), Failure>;
}

/// Time.
#[expect(async_fn_in_trait, reason = "as above")]
pub trait Clock {
    /// Now.
    fn now(&self) -> OffsetDateTime;
    /// Lets time pass.
    async fn pause(&self, duration: Duration);
}

/// All of it.
pub trait Platform: Secrets + DataApi + Services + Clock {}

impl<P: Secrets + DataApi + Services + Clock> Platform for P {}
