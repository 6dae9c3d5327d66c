//! What AWS does not delete while something else needs it.

mod database;
mod edge;
mod ledger;
mod network;
mod storage;
mod table;
mod tasks;
