//! Rotations: what is secret is made anew, and the services roll to it without a failed request.
//!
//! A rotation is a plan like any other, made from a blueprint that asks for something newer than what is there. The state remembers
//! that it is under way, so that it can be killed at any moment and simply be run again; how far it is, AWS itself tells.

pub mod authority;
pub mod certificates;
pub mod notices;
pub mod record;
pub mod scope;
pub mod tasks;

pub use notices::{Notice, notices};
pub use record::UnderWay;
