//! Deployments in virtual time: good ones, all ways to fail, interruptions. After each, the plan is empty and nobody was sent where nobody answers.

mod bench;
mod crash;
mod failures;
mod going_back;
mod good;
mod images;
mod logs;
mod output;
mod registry;
mod strategies;
