//! Tests of the sandbox, through the real clients, in virtual time.

mod core;
mod support;
