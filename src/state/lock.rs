//! One run at a time changes an environment.

use std::{
    fmt,
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::Path,
};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::StateError;

/// Who holds a lock, as written into the lock file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The user.
    pub user: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// What it does: `up`, `destroy`.
    pub operation: String,
    /// Since when, RFC 3339.
    pub since: String,
}

impl Holder {
    /// This process.
    pub fn this(operation: &str) -> Self {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_else(|_| variable("HOSTNAME"));
        Holder {
            user: variable("USER"),
            host: host.trim().to_owned(),
            pid: std::process::id(),
            operation: operation.to_owned(),
            since: OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default(),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.operation.is_empty() {
            return f.write_str("another platformctl is at work");
        }
        let Holder { user, host, pid, operation, since } = self;
        write!(f, "'{operation}' runs since {since} as {user}@{host}, process {pid}")
    }
}

/// The lock of an environment. The kernel releases it with the process, however that ends, so it never has to be broken by hand.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock or says who has it. The lock file stays when the lock is released: removing it would let two processes hold two
    /// files of one name.
    ///
    /// # Errors
    /// [`StateError::Locked`], or the file can't be written.
    pub fn take(path: &Path, holder: &Holder) -> Result<Self, StateError> {
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = open.map_err(StateError::io("open the lock file", path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Who holds it is a courtesy; that somebody does is what counts.
                let _ = file.read_to_string(&mut text);
                return Err(StateError::Locked { holder: serde_json::from_str(&text).unwrap_or_default() });
            }
            Err(TryLockError::Error(source)) => return Err(StateError::io("lock", path)(source)),
        }
        let text = serde_json::to_string(holder).unwrap_or_default();
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(text.as_bytes())
        };
        write(&mut file).map_err(StateError::io("write", path))?;
        Ok(Lock { _file: file })
    }

    /// Who holds a lock, for people; `None` where nobody does. Whether the holder is there still is asked first where the system can
    /// tell, so that a look hardly ever touches the lock that somebody may be about to take.
    pub fn holder(path: &Path) -> Option<Holder> {
        let mut file = OpenOptions::new().read(true).open(path).ok()?;
        let mut text = String::new();
        file.read_to_string(&mut text).ok()?;
        let holder: Holder = serde_json::from_str(&text).ok()?;
        let processes = Path::new("/proc");
        let is_here = holder.host == Holder::this("").host && processes.join("self").exists();
        if is_here && !processes.join(holder.pid.to_string()).exists() {
            return None;
        }
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)).then_some(holder)
    }
}
