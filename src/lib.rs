//! `platformctl`: one binary that brings up an ECS Fargate platform for microservices by calling AWS directly, shows it,
//! and takes it away without a trace. `ARCHITECTURE.md` is the map of this crate.

pub mod aws;
pub mod blueprint;
pub mod cli;
pub mod config;
pub mod engine;
pub mod mesh;
pub mod operation;
pub mod rotator;
pub mod sandbox;
pub mod state;
pub mod view;
