//! The live view: one row for each resource that is changing, grouped by chapter, in the order of the plan.

mod draw;
mod model;

pub use model::{Live, Model};
