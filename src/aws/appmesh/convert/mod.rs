//! From the JSON of the App Mesh API to the types of its SDK, which can't be read from JSON. Strict: a field that isn't known
//! here is an error, so that nothing of a specification is dropped on the way.

mod node;
mod part;
mod routing;

pub(super) use node::virtual_node;
pub(super) use routing::{mesh, route, virtual_router, virtual_service};
