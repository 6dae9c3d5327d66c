//! The journal, the lock and the store of an environment.
