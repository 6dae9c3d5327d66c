//! Task definitions.

use serde::{Deserialize, Serialize};

use super::shared::TaskDefinitionArn;
use crate::engine::{Handle, Output};

/// A revision of a task definition.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskDefinition {}

impl Handle<TaskDefinition> {
    /// The ARN of the revision.
    pub fn arn(&self) -> Output<TaskDefinitionArn> {
        self.output("arn")
    }
}
