//! All that Lambda holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::{Item, Place, Simulated, Tags};

/// All that Lambda holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LambdaState {
    /// Functions by name.
    pub functions: BTreeMap<String, Function>,
}

/// A function.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// What it is for.
    pub description: String,
    /// When it was made.
    pub created_at: Moment,
    /// Until when it is `Pending`.
    pub active_at: Moment,
    /// Until when its latest update is `InProgress`.
    pub updated_at: Moment,
    /// The digest of its package.
    pub digest: String,
    /// Bytes of its package.
    pub size: i64,
    /// Its processor.
    pub architecture: String,
    /// Its runtime.
    pub runtime: String,
    /// Its role's ARN.
    pub role: String,
    /// MiB of memory.
    pub memory: i32,
    /// Seconds.
    pub timeout: i32,
    /// Its variables.
    pub environment: BTreeMap<String, String>,
    /// Its log group.
    pub log_group: String,
    /// Statements of its policy: service and account by statement id.
    pub permissions: BTreeMap<String, (String, Option<String>)>,
    /// Its tags.
    pub tags: Tags,
    /// How often it was invoked.
    pub invocations: u64,
    /// Invocations that failed, with what they said.
    pub errors: Vec<(Moment, String)>,
}

impl Function {
    /// Lambda developer guide, "Lambda function states": what is being made or changed takes no other change.
    pub(super) fn at_rest(&self, now: Moment) -> Result<&Self, ApiError> {
        if now >= self.active_at && now >= self.updated_at {
            return Ok(self);
        }
        let state = if now < self.active_at { "Pending" } else { "InProgress" };
        let message = format!(
            "The operation cannot be performed at this time. The function is currently in the following state: {state}"
        );
        Err(ApiError::new("ResourceConflictException", message).with_status(409))
    }
}

/// A function by name or ARN.
pub(super) fn function<'a>(call: &'a Call<'_>, reference: Option<&str>) -> Result<&'a Function, ApiError> {
    let reference = reference.unwrap_or_default();
    let name = reference.rsplit(':').next().unwrap_or_default();
    let missing = || {
        let arn = call.arn("lambda", &format!("function:{name}"));
        ApiError::new("ResourceNotFoundException", format!("Function not found: {arn}")).with_status(404)
    };
    call.world.lambda.functions.get(name).ok_or_else(missing)
}

impl Simulated for LambdaState {
    fn inventory(&self, _now: Moment, _place: &Place) -> Vec<Item> {
        let item = |it: &Function| Item {
            kind: "lambda:function",
            id: it.name.clone(),
            arn: it.arn.clone(),
            tags: it.tags.clone(),
        };
        self.functions.values().map(item).collect()
    }

    fn tags_by_arn(&mut self, _place: &Place, arn: &str) -> Option<&mut Tags> {
        self.functions.values_mut().find(|it| it.arn == arn).map(|it| &mut it.tags)
    }
}
