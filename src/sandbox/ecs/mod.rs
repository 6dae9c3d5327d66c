//! ECS: clusters, task definitions, services with their deployments and tasks.
//!
//! Deployments play by themselves: `lifecycle` is the pure function of time that tells what happens next, `advance` lets it
//! happen before each call, `service_deployment` and `scheduler` are what it does. What ECS needs of other services is in
//! `neighbours`.

mod advance;
pub mod behaviour;
pub mod cluster;
mod cluster_list;
pub mod container;
mod container_rules;
pub mod deployment;
mod deployment_calls;
mod execute;
mod fargate;
mod lifecycle;
mod names;
mod neighbours;
mod operations;
mod problem;
mod promise;
mod pull;
pub mod revision;
mod scheduler;
pub mod service;
mod service_calls;
mod service_deployment;
mod service_rules;
pub mod settings;
pub mod state;
pub mod strategy;
mod tag_calls;
pub mod task;
pub mod task_definition;
mod task_definition_lists;
#[cfg(test)]
mod tests;

pub(in crate::sandbox) use deployment_calls::list as list_service_deployments;
pub(in crate::sandbox) use operations::register;
pub use scheduler::interrupt_spot;
pub(in crate::sandbox) use service_calls::{set_desired, update as update_service};
pub use state::EcsState;
