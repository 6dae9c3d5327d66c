//! Deployments in virtual time: good ones, all ways to fail, interruptions. After each, the plan is empty and nobody was sent where nobody answers.

mod bench;
mod crash;
mod failures;
mod good;
mod going_back;
mod logs;
mod output;
mod strategies;
