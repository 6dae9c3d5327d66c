//! How an environment fares: what the state says against what AWS says.

pub mod report;

pub use report::StatusReport;
