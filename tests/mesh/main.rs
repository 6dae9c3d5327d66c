//! The mesh with real Envoys: what platformctl generates for the example, run on this machine's loopback.
//!
//! Each task is an Envoy under its entry script with the bootstrap, the scripts and the certificates of the example's task
//! definition, and a small application. A task has two addresses of 127.0.0.0/8: one that stands for its network interface and
//! one for its loopback; nothing else is moved. Each test has a world of its own, so that tests run side by side.

mod support;

mod access;
mod change;
mod changeover;
mod drain;
mod edges;
mod entrance;
mod failure;
mod measures;
mod metrics;
mod names;
mod readiness;
mod strangers;
mod validate;
