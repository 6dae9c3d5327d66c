//! The rotator against a real PostgreSQL behind a small Data API that really logs in with the secret it is given.

mod certificates;
mod data_api;
mod http;
mod lambda;
mod postgres;
mod rotations;
mod services;
mod world;
