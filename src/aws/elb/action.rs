//! What listeners and rules do with a request.

use serde::{Deserialize, Serialize};

use super::shared::TargetGroupArn;
use crate::engine::Output;

/// What a listener does with a request that no rule takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Action {
    /// It answers itself.
    FixedResponse {
        /// Status code.
        status: String,
        /// Content type of the body.
        content_type: String,
        /// The body.
        body: String,
    },
    /// It sends the client elsewhere, with the same host, path and query.
    Redirect {
        /// Protocol of the new address.
        protocol: String,
        /// Port of the new address.
        port: String,
        /// `HTTP_301` (permanent) or `HTTP_302`.
        status: String,
    },
}

/// A target group's share of a rule's requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The target group.
    pub group: Output<TargetGroupArn>,
    /// Its weight among the others of the rule: 0 to 999.
    pub weight: u32,
}
