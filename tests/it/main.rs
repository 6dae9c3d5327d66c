//! All integration tests in one binary, so that the SDK is linked once.

mod blueprint;
mod cli;
mod deployments;
mod drift;
mod engine;
mod lab;
mod life;
mod moto;
mod quotas;
mod rotation;
mod status;
