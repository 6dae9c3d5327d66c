//! Rotations of certificates, in virtual time: new ones, a new authority, killed anywhere, and never a task that meets a certificate
//! which it doesn't trust.

mod authority;
mod certificates;
mod kills;
mod renewal;
mod turn;
mod world;
