//! All integration tests in one binary, so that the SDK is linked once.

mod app_mesh;
mod blueprint;
mod changeover;
mod cli;
mod database;
mod deploy;
mod deployments;
mod drift;
mod engine;
mod lab;
mod life;
mod loss;
mod moto;
mod provider;
mod quotas;
mod rotation;
mod rotator;
mod status;
