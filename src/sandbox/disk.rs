//! The simulated account on disk: one JSON file per service, written before each answer.
//!
//! Several processes may use one directory: a call holds the lock file, takes over what others have written since its
//! last look, acts, writes what it touched and lets go. A process that is killed while it writes leaves all of a call's changes or none: the new
//! files come first, then a list of them, then the renames; whoever finds the list finishes the renames.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::clock::{Clock, Moment};
use super::error::SandboxError;
use super::world::{Place, World};

/// Lists the files that a commit renames.
const COMMIT: &str = "commit";
/// Reading calls write the time only this often.
const CLOCK_RESOLUTION: Duration = Duration::from_secs(1);

/// Tells one version of a file from another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

/// What `account.json` holds: whose directory this is, and what time it was.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    account: String,
    region: String,
    simulated: Moment,
    wall: Moment,
}

/// Keeps other processes out while it lives; also when a handler panics.
#[derive(Debug)]
pub(super) struct Held {
    lock: Arc<File>,
}

impl Drop for Held {
    fn drop(&mut self) {
        // Unlocking fails only for a file that is not open, and closing unlocks too.
        let _ = self.lock.unlock();
    }
}

/// The directory of one simulated account.
#[derive(Debug)]
pub(super) struct Disk {
    directory: PathBuf,
    lock: Arc<File>,
    stamps: HashMap<&'static str, Stamp>,
    clock_written: Moment,
}

impl Disk {
    /// Opens the directory, or makes it; nobody else may read it.
    pub(super) fn open(directory: &Path) -> Result<Self, SandboxError> {
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed("create", directory))?;
        let path = directory.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed("open", &path))?;
        let clock_written = Moment::default();
        Ok(Self { directory: directory.to_owned(), lock: Arc::new(lock), stamps: HashMap::new(), clock_written })
    }

    /// Where simulated time stands: where the last call left it, plus the wall time since then.
    pub(super) fn time(&self, place: &Place) -> Result<Option<Moment>, SandboxError> {
        let header = self.header()?;
        let path = &self.directory;
        let wanted = format!("{}/{}", place.account, place.region);
        match header {
            Some(Header { account, region, .. }) if format!("{account}/{region}") != wanted => {
                Err(SandboxError::AnotherAccount { path: path.clone(), found: format!("{account}/{region}"), wanted })
            }
            header => Ok(header.map(|header| header.simulated + Moment::wall().since(header.wall))),
        }
    }

    /// Takes the lock, and takes over what other processes have done.
    pub(super) fn begin(&mut self, world: &mut World, clock: &mut Clock) -> Result<Held, SandboxError> {
        self.lock.lock().map_err(failed("lock", &self.directory))?;
        let held = Held { lock: Arc::clone(&self.lock) };
        self.finish_commit()?;
        if let Some(header) = self.header()? {
            clock.catch_up(header.simulated);
        }
        for (name, part) in world.parts() {
            let path = self.path(name);
            let stamp = stamp(&path)?;
            if self.stamps.get(name) == Some(&stamp) {
                continue;
            }
            let json = read(&path)?;
            part.replace(json.as_deref()).map_err(|source| SandboxError::Damaged { path, source })?;
            self.stamps.insert(name, stamp);
        }
        Ok(held)
    }

    /// Writes what was touched.
    pub(super) fn commit(&mut self, world: &mut World, now: Moment, place: &Place) -> Result<(), SandboxError> {
        let mut touched = Vec::new();
        for (name, part) in world.parts().into_iter().filter(|(_, part)| part.touched()) {
            let path = self.path(name);
            let json = part.to_json().map_err(|source| SandboxError::Damaged { path: path.clone(), source })?;
            // Forgotten first: if the write fails, the next call takes the old file over again.
            self.stamps.remove(name);
            put(&new(&path), &json)?;
            touched.push((name, part));
        }
        let changed = !touched.is_empty();
        if changed {
            let names: Vec<&str> = touched.iter().map(|(name, _)| *name).collect();
            write(&self.directory.join(COMMIT), names.join("\n").as_bytes())?;
            self.finish_commit()?;
            for (name, part) in touched {
                self.stamps.insert(name, stamp(&self.path(name))?);
                part.written();
            }
        }
        if changed || now.since(self.clock_written) >= CLOCK_RESOLUTION {
            let header = Header {
                account: place.account.clone(),
                region: place.region.clone(),
                simulated: now,
                wall: Moment::wall(),
            };
            let path = self.path("account");
            let json =
                serde_json::to_vec(&header).map_err(|source| SandboxError::Damaged { path: path.clone(), source })?;
            write(&path, &json)?;
            self.clock_written = now;
        }
        Ok(())
    }

    /// Renames what a commit lists, if there is one that was not finished.
    fn finish_commit(&self) -> Result<(), SandboxError> {
        let list = self.directory.join(COMMIT);
        let Some(names) = read(&list)? else { return Ok(()) };
        for name in String::from_utf8_lossy(&names).lines() {
            let path = self.path(name);
            match fs::rename(new(&path), &path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed("write", &path)(error)),
                // It was renamed before the process died.
                _ => {}
            }
        }
        fs::remove_file(&list).map_err(failed("write", &list))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.json"))
    }

    fn header(&self) -> Result<Option<Header>, SandboxError> {
        let path = self.path("account");
        let parse = |json: Vec<u8>| serde_json::from_slice(&json);
        read(&path)?.map(parse).transpose().map_err(|source| SandboxError::Damaged { path, source })
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> SandboxError {
    let path = path.to_owned();
    move |source| SandboxError::Io { action, path, source }
}

fn stamp(path: &Path) -> Result<Stamp, SandboxError> {
    match fs::metadata(path) {
        Ok(meta) => Ok(Stamp { inode: meta.ino(), size: meta.size(), modified: (meta.mtime(), meta.mtime_nsec()) }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Stamp::default()),
        Err(error) => Err(failed("read", path)(error)),
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, SandboxError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path)(error)),
    }
}

/// New file, then rename: a reader sees the old or the new one, never half of it.
fn write(path: &Path, bytes: &[u8]) -> Result<(), SandboxError> {
    let temporary = new(path);
    put(&temporary, bytes)?;
    fs::rename(&temporary, path).map_err(failed("write", path))
}

/// Where a file's next version is written.
fn new(path: &Path) -> PathBuf {
    path.with_extension("new")
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), SandboxError> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(failed("write", path))
}
