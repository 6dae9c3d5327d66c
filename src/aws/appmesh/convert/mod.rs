//! Between the JSON of the App Mesh API and the types of its SDK, which can neither be read from JSON nor written to it. Strict: a
//! field that isn't known here is an error on the way there and shown as text on the way back, so that nothing is dropped.

mod node;
mod part;
mod routing;
pub(crate) mod shown;

pub(crate) use node::virtual_node;
pub(crate) use routing::{mesh, route, virtual_router, virtual_service};
