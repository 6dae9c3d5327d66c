//! What the journal is written through: the file system, or one that fails on demand.

use std::{
    fmt,
    fs::File,
    io::{self, ErrorKind, Write},
    sync::atomic::{AtomicUsize, Ordering},
};

/// How bytes get to the disk.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Writes all of it, or part of it and says why not the rest.
    ///
    /// # Errors
    /// The operating system's.
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()>;

    /// Makes what was written durable.
    ///
    /// # Errors
    /// The operating system's. What was written may or may not be on disk then, and a later success says nothing about it.
    fn sync(&self, file: &File) -> io::Result<()>;
}

/// The file system as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }
}

/// What a [`FaultyDisk`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskFault {
    /// The disk is full after so many bytes of the write.
    Full {
        /// How many bytes still fit.
        after: usize,
    },
    /// The bytes are written, and making them durable fails.
    SyncFails,
}

/// A disk that fails from its n-th write on, the first being 0; for tests.
#[derive(Debug)]
pub struct FaultyDisk {
    fault: DiskFault,
    from: usize,
    until: usize,
    writes: AtomicUsize,
}

impl FaultyDisk {
    /// Fails each write from number `from` on, and works again from number `until` on.
    pub fn new(fault: DiskFault, from: usize, until: usize) -> Self {
        FaultyDisk { fault, from, until, writes: AtomicUsize::new(0) }
    }

    /// How many writes there were.
    pub fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }

    fn fails(&self, write: usize) -> bool {
        (self.from..self.until).contains(&write)
    }
}

impl Disk for FaultyDisk {
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        let write = self.writes.fetch_add(1, Ordering::SeqCst);
        match self.fault {
            DiskFault::Full { after } if self.fails(write) => {
                file.write_all(&bytes[..after.min(bytes.len())])?;
                Err(io::Error::new(ErrorKind::StorageFull, "no space left on device (on demand)"))
            }
            _ => RealDisk.write(file, bytes),
        }
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        match (self.fault, self.writes().checked_sub(1)) {
            (DiskFault::SyncFails, Some(write)) if self.fails(write) => {
                Err(io::Error::other("input/output error (on demand)"))
            }
            _ => RealDisk.sync(file),
        }
    }
}
