//! What an environment's directory holds: the journal, the lock. The only room that writes the state.
//!
//! ```text
//! <state>/<suffix>/journal.jsonl   header, then snapshot or entries, one JSON object a line
//! <state>/<suffix>/lock            held by whoever changes the environment
//! ```

pub mod disk;
pub mod error;
pub mod header;
pub mod journal;
pub mod lock;
pub mod store;

pub use disk::{Disk, DiskFault, FaultyDisk};
pub use error::StateError;
pub use header::Header;
pub use journal::Journal;
pub use lock::{Holder, Lock};
pub use store::{Loaded, Store};
