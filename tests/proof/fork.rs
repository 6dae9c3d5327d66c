//! Copies of this process, in the middle of what it does.
//!
//! A copy has a working directory of its own with a copy of the state in it; state paths are relative, and the journal that is open at the time of
//! the fork is opened again in the copy.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    os::fd::{AsRawFd, FromRawFd, RawFd},
    path::{Path, PathBuf},
    sync::atomic::{AtomicI32, Ordering},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

/// Where the state is, from the working directory.
pub const STATE: &str = "state";

/// A processor may work so long on a scenario, in seconds; then it counts as hanging. Wall time would count what else the machine does.
const LIMIT: libc::time_t = 120;

/// A verdict must fit into a pipe that nobody reads yet.
const LONGEST: usize = 30_000;

/// Where a copy writes its verdict; -1 in the original.
static VERDICT: AtomicI32 = AtomicI32::new(-1);

/// What a copy says at its end.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Verdict {
    /// What went wrong.
    pub failure: Option<String>,
    /// Scenarios that the copy forked itself.
    pub inner: usize,
    /// Their failures, with their labels.
    pub inner_failures: Vec<(String, String)>,
    /// How many runs it took until all was done.
    pub runs: usize,
    /// True where it ended as the undisturbed one did.
    pub is_like: bool,
}

/// Which of the two a process is after a fork.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    Original,
    Copy,
}

struct Running {
    pid: libc::pid_t,
    label: String,
    verdict: File,
    /// Its directory.
    own: PathBuf,
}

/// The copies of one process.
pub struct Pool {
    base: PathBuf,
    /// Removed when the original is done.
    _home: Option<TempDir>,
    limit: usize,
    /// Copies so far.
    made: usize,
    running: Vec<Running>,
    done: Vec<(String, Verdict)>,
}

impl Pool {
    /// For this process, which moves to a directory of its own, in memory where the system has such a place.
    pub fn new(limit: usize) -> Self {
        let memory = Path::new("/dev/shm");
        let home = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.expect("a directory");
        let base = home.path().to_owned();
        let own = base.join("original");
        fs::create_dir_all(own.join(STATE)).expect("a directory");
        std::env::set_current_dir(&own).expect("it was just made");
        Pool { base, _home: Some(home), limit: limit.max(1), made: 0, running: Vec::new(), done: Vec::new() }
    }

    /// Copies this process; waits first until fewer copies than the limit are running.
    pub fn fork(&mut self, label: &str) -> Side {
        while self.running.len() >= self.limit {
            self.reap();
        }
        // Before there are two: the original goes on writing to its state.
        self.made += 1;
        let from = std::env::current_dir().expect("a working directory");
        let own = self.base.join(format!("{}-{}", std::process::id(), self.made));
        copy(&from, &own).expect("the state can be copied");
        let mut ends = [0; 2];
        // SAFETY: `ends` has room for two descriptors.
        assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0, "a pipe");
        std::io::stdout().flush().expect("stdout");
        // SAFETY: this process has one thread, so the copy is whole.
        match unsafe { libc::fork() } {
            -1 => panic!("can't fork: {}", std::io::Error::last_os_error()),
            0 => {
                close(ends[0]);
                self.begin(ends[1], &from, &own);
                Side::Copy
            }
            pid => {
                close(ends[1]);
                // SAFETY: the descriptor is open and nobody else's.
                let verdict = unsafe { File::from_raw_fd(ends[0]) };
                self.running.push(Running { pid, label: label.to_owned(), verdict, own });
                Side::Original
            }
        }
    }

    /// A copy's first steps.
    fn begin(&mut self, verdict: RawFd, from: &Path, own: &Path) {
        VERDICT.store(verdict, Ordering::SeqCst);
        let never = libc::timeval { tv_sec: 0, tv_usec: 0 };
        let limit = libc::itimerval { it_interval: never, it_value: libc::timeval { tv_sec: LIMIT, tv_usec: 0 } };
        // SAFETY: it only sets a timer, whose signal ends this process; `limit` outlives the call.
        unsafe { libc::setitimer(libc::ITIMER_PROF, &limit, std::ptr::null_mut()) };
        let forgotten = std::mem::take(&mut self.running);
        forgotten.into_iter().for_each(drop);
        self.done.clear();
        self.limit = 1;
        std::mem::forget(self._home.take());
        std::env::set_current_dir(own).expect("it was just made");
        reopen(from, own).expect("the journal can be opened");
    }

    /// Waits for one copy.
    fn reap(&mut self) {
        // Any of ours, and nobody else's child: what says something, or can't any more, ends.
        let entry = |child: &Running| libc::pollfd { fd: child.verdict.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let mut polled: Vec<libc::pollfd> = self.running.iter().map(entry).collect();
        // SAFETY: `polled` outlives the call, and its length is given.
        unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, -1) };
        let Some(position) = polled.iter().position(|one| one.revents != 0) else { return };
        let mut child = self.running.swap_remove(position);
        let mut status = 0;
        // SAFETY: `status` outlives the call.
        unsafe { libc::waitpid(child.pid, &mut status, 0) };
        let mut text = String::new();
        child.verdict.read_to_string(&mut text).expect("a verdict");
        let verdict = serde_json::from_str(&text).unwrap_or_else(|_| Verdict {
            failure: Some(format!("ended without a verdict, wait status {status:#x} (0x1b is the time limit)")),
            ..Verdict::default()
        });
        // Left behind where the copy died; it is removed with the home otherwise.
        let _ = fs::remove_dir_all(&child.own);
        self.done.push((child.label, verdict));
    }

    /// Waits for all copies and gives their verdicts.
    pub fn finish(&mut self) -> Vec<(String, Verdict)> {
        while !self.running.is_empty() {
            self.reap();
        }
        std::mem::take(&mut self.done)
    }
}

/// How long processors have worked for this process and the copies that have ended.
pub fn work() -> Duration {
    let seconds = |who| {
        // SAFETY: a `rusage` is plain numbers, for which zeros are valid, and it outlives the call.
        let usage = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            libc::getrusage(who, &mut usage);
            usage
        };
        [usage.ru_utime, usage.ru_stime].map(|time| time.tv_sec as f64 + time.tv_usec as f64 / 1e6).iter().sum::<f64>()
    };
    Duration::from_secs_f64(seconds(libc::RUSAGE_SELF) + seconds(libc::RUSAGE_CHILDREN))
}

/// Ends this copy.
pub fn end(verdict: &Verdict) -> ! {
    let mut text = serde_json::to_string(verdict).expect("plain data");
    if text.len() > LONGEST {
        let failure = verdict.failure.clone().unwrap_or_default().chars().take(LONGEST / 4).collect();
        let short = Verdict { failure: Some(failure), inner: verdict.inner, ..Verdict::default() };
        text = serde_json::to_string(&short).expect("plain data");
    }
    let fd = VERDICT.load(Ordering::SeqCst);
    // SAFETY: the descriptor is this copy's own; the buffer outlives the call; `_exit` runs no destructors, which is meant: what the copy shares
    // with the original (buffers, directories) is the original's.
    unsafe {
        libc::write(fd, text.as_ptr().cast(), text.len());
        libc::_exit(0)
    }
}

/// Makes a panic in a copy its verdict.
pub fn guard_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if VERDICT.load(Ordering::SeqCst) < 0 {
            return usual(info);
        }
        let failure = Some(format!("panic: {info}"));
        end(&Verdict { failure, ..Verdict::default() })
    }));
}

fn close(fd: RawFd) {
    // SAFETY: the descriptor is one end of a pipe that this process doesn't use.
    unsafe { libc::close(fd) };
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Gives descriptors of files below `from` the copies of these files below `to`.
fn reopen(from: &Path, to: &Path) -> std::io::Result<()> {
    let own: Vec<(RawFd, PathBuf)> = fs::read_dir("/proc/self/fd")?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let target = fs::read_link(entry.path()).ok()?;
            let relative = target.strip_prefix(from).ok()?.to_owned();
            Some((entry.file_name().to_str()?.parse().ok()?, relative))
        })
        .collect();
    for (fd, relative) in own {
        let Ok(file) = OpenOptions::new().append(true).open(to.join(relative)) else { continue };
        // SAFETY: both descriptors are open; `fd` keeps its owner and only leads elsewhere.
        unsafe { libc::dup2(file.as_raw_fd(), fd) };
    }
    Ok(())
}
