//! What AWS does not delete while something else needs it.

mod edge;
mod ledger;
mod network;
mod storage;
mod table;
mod tasks;
