//! What of the web a platform's tools and tasks reach: registries of public images, and the store that Amazon ECR keeps layers in.
//!
//! Unlike the APIs of AWS these are answered by what is really sent: address, headers, status, body. There are no other hosts.

mod hosts;
mod images;
mod pull;
mod registry;
pub mod state;
mod store;
#[cfg(test)]
mod tests;

pub(in crate::sandbox) use hosts::answer;
pub(in crate::sandbox) use images::digest;
pub use pull::{Pull, pull};
pub use state::WebState;
pub(in crate::sandbox) use store::{layer_address, layer_host};

/// A request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Host, and port where one is named.
    pub host: String,
    /// The path.
    pub path: String,
    /// The query's parameters, decoded.
    pub query: Vec<(String, String)>,
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The header `Accept`.
    pub accept: String,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: Vec<u8>,
}
