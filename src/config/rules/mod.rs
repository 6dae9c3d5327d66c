//! The rules of single values. Each takes what was written and gives the value, or what is wrong with it and the remedy.

pub(super) mod address;
pub(super) mod aurora;
pub(super) mod aws;
pub(super) mod environment;
pub(crate) mod fargate;
pub(super) mod image;
pub(super) mod name;
pub(super) mod path;
pub(super) mod table;
pub(super) mod tag;
pub(super) mod time;
