//! The harness.

pub mod app_mesh;
pub mod application;
pub mod client;
pub mod dns;
pub mod envoy;
pub mod load;
pub mod reaper;
pub mod task;
pub mod tls;
pub mod world;

pub use application::Application;
pub use client::{Answer, Client, Request};
pub use load::Load;
pub use task::Task;
pub use world::{Launch, World};

use std::time::{Duration, Instant};

/// How long anything is waited for, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(180);

/// Looks until there is something to be seen.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(25));
    }
}
