//! App Mesh: meshes and their parts. Off unless the options turn it on, as on AWS since 2026-09-30.
//!
//! All parts are of one form, a [`state::Piece`], so that each rule is written once: names, tokens, what must exist before,
//! and what must be gone before.

mod pieces;
mod routing;
mod service;
mod specs;
pub mod state;
mod tags;
#[cfg(test)]
mod tests;

pub(in crate::sandbox) use service::register;
pub use state::{AppMeshState, Piece};
