//! `[database]`: Aurora PostgreSQL Serverless v2.

/// `[database]`; the environment has a database where the section is there, if only its header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Version of Aurora PostgreSQL, as `major.minor`.
    pub engine_version: String,
    /// Capacity at least.
    pub min_capacity: Capacity,
    /// Capacity at most; more than zero and not less than `min_capacity`.
    pub max_capacity: Capacity,
    /// Seconds without a connection after which a database whose capacity goes down to zero pauses.
    pub pause_after_seconds: u32,
    /// Days that backups are kept.
    pub backup_days: u32,
    /// Days from one rotation of a service's credentials to the next.
    pub rotation_days: u32,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            engine_version: "16.8".into(),
            min_capacity: Capacity::halves(1),
            max_capacity: Capacity::halves(8),
            pause_after_seconds: 300,
            backup_days: 1,
            rotation_days: 30,
        }
    }
}

/// Aurora capacity units (ACU), in steps of a half; one is about 2 GiB of memory (Aurora User Guide, "Aurora Serverless v2 capacity").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Capacity(u32);

impl Capacity {
    /// None at all: the database pauses.
    pub const ZERO: Capacity = Capacity(0);

    /// So many half units.
    pub const fn halves(halves: u32) -> Self {
        Capacity(halves)
    }

    /// In units.
    pub fn units(self) -> f64 {
        f64::from(self.0) / 2.0
    }
}

impl std::fmt::Display for Capacity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.units())
    }
}
