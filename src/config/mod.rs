//! `platform.toml`: types, defaults and validation with the place of the mistake.
//!
//! Reading goes in three steps. `reader` walks the parsed file, holds each value against its own rule (`rules`) and
//! remembers where it stood; `check` then compares values with each other; [`Config::check_names`] adds what depends on
//! the environment's suffix. Each step reports every problem that it finds, not only the first.

mod argument;
mod check;
mod database;
mod error;
pub mod injected;
mod load;
mod names;
mod origin;
mod reader;
mod report;
mod rules;
mod sections;
mod service;
mod suffix;
mod suggest;
mod types;

#[cfg(test)]
mod tests;

pub use argument::image_reference;
pub use check::MOST_SERVICES;
pub use database::{Capacity, Database};
pub use error::{ConfigError, Problem};
pub use load::{MAX_BYTES, load, parse};
pub use origin::Origin;
pub(crate) use rules::fargate;
pub use service::{Edge, Service, Strategy, Table};
pub use suffix::EnvSuffix;
pub use suggest::nearest;
pub use types::{
    Cluster, Config, ContainerInsights, Encryption, HealthCheck, Ingress, Mesh, MeshProvider, NatMode, Network,
    Observability, Platform,
};
