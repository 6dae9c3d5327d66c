//! Tests of the simulated ECS, through the real clients, in virtual time.

mod bad_input;
mod deployments;
mod fargate;
mod rollouts;
mod services;
mod support;
mod task_definitions;
