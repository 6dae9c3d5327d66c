//! Whether an environment can come up here.

pub mod check;

pub use check::{Check, Verdict};
