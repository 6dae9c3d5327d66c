//! How runs are shown: live tree, plain lines, tables, JSON events. Listens to the engine's events and prints through [`Printer`] alone.
//!
//! stdout carries data, stderr carries talk. Views make text; [`printer`] decides where it goes, and whether in colour.

pub mod deploy;
pub mod doctor;
pub mod error;
pub mod inner;
pub mod json;
pub mod lines;
pub mod live;
pub mod logs;
pub mod paint;
pub mod plan;
pub mod printer;
pub mod progress;
#[cfg(test)]
mod samples;
pub mod status;
pub mod summary;
pub mod table;
#[cfg(test)]
mod tests;
pub mod text;
pub mod values;

pub use paint::Paint;
pub use printer::{Look, Printer};
pub use progress::Progress;
