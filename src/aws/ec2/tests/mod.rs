//! The life of each kind, against the simulated EC2, in virtual time.

mod bench;
mod gateways;
mod groups;
mod routing;
mod vpc;
