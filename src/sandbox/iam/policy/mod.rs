//! The policy language of IAM: what a document may hold, and what it allows. IAM User Guide, "IAM JSON policy reference".
//!
//! [`document`] reads and checks, [`condition`] and [`pattern`] match, [`decision`] decides. Key policies, topic policies and
//! bucket policies speak the same language.

pub mod condition;
pub mod decision;
pub mod document;
pub mod pattern;

pub use decision::{Caller, Decision, Request};
pub use document::{Grammar, Policy};
