//! The program as a person runs it: output, exit codes, refusals.

mod bench;
mod changeover;
mod deploy;
mod help;
mod life;
mod refusals;
mod render;
mod rotate;
