//! Drift: what somebody changes behind our back shows in the plan, with what is there and what is wanted, and goes with the next `up`.

mod account;
mod by_hand;
mod common;
mod fields;
