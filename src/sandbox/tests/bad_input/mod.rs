//! What AWS refuses because of its form: names, lengths, ranges, words, and what is named but is not there.

mod ecs_definitions;
mod ecs_services;
mod elbv2;
mod identity;
mod network;
mod observability;
mod places;
mod storage;
mod table;
mod trial;
