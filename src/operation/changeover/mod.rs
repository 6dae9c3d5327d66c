//! A change of the mesh's provider, in three phases, each complete everywhere before the next. See [`crate::mesh::data_plane`] for why three.
//!
//! Nothing is remembered of it: the configuration says where it leads, and the tasks that run say how far it is.

mod picture;
mod plan;

pub use picture::{Picture, variables};
pub use plan::{AtOnce, Changeover, notice, on_from};

pub(in crate::operation) use plan::begin;
