//! ECS: clusters, task definitions, services with their deployments and tasks.
//!
//! Deployments play by themselves: [`deployment`] is the pure function of time that tells what happens next, `advance` lets it
//! happen before each call, `service_deployment` and `scheduler` are what it does. What ECS needs of other services is in
//! `neighbours`.

mod advance;
pub mod cluster;
mod cluster_list;
pub mod container;
mod container_rules;
pub mod deployment;
mod deployment_calls;
mod fargate;
mod names;
mod neighbours;
mod operations;
mod problem;
pub mod revision;
mod scheduler;
pub mod service;
mod service_calls;
mod service_deployment;
mod service_rules;
pub mod settings;
pub mod state;
mod tag_calls;
pub mod task;
pub mod task_definition;
mod task_definition_lists;
#[cfg(test)]
mod tests;

pub(in crate::sandbox) use operations::register;
pub(in crate::sandbox) use service_calls::set_desired;
pub use state::EcsState;
