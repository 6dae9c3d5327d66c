//! The real binary, killed with SIGKILL at random moments, against the simulated account on disk.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{
    configs,
    report::Report,
    sweep::{amount, seed},
};

/// So many kills in all.
const KILLS: [u64; 3] = [3, 36, 36];

/// A run that nobody kills ends within this.
const PATIENCE: Duration = Duration::from_secs(600);

pub fn killed() -> Report {
    let start = Instant::now();
    let mut report = Report::default();
    let mut random = ChaCha8Rng::seed_from_u64(seed());
    let home = tempfile::TempDir::new().expect("a directory");
    std::fs::create_dir(home.path().join("config")).expect("a directory");
    std::fs::write(home.path().join("config/platform.toml"), configs::small()).expect("written");
    let wanted = amount("PROOF_KILLS", KILLS);
    let mut kills = 0;
    while kills < wanted && report.failures.is_empty() {
        for command in ["up", "destroy"] {
            match wear_down(home.path(), command, &mut random) {
                Ok(number) => kills += number,
                Err(failure) => report.failures.push((format!("{command}, kill {kills}"), failure)),
            }
        }
    }
    report.scenarios = kills as usize;
    report.figures.insert("seed".to_owned(), seed().to_string());
    report.wall = start.elapsed();
    report
}

/// Runs a command and kills it, again and again with more time each, until it ends by itself; then looks whether that is true.
fn wear_down(home: &Path, command: &str, random: &mut ChaCha8Rng) -> Result<u64, String> {
    let mut kills = 0;
    for attempt in 0..60 {
        let after = Duration::from_millis(random.random_range(30..400) + 60 * attempt);
        match run(home, command, Some(after))? {
            None => kills += 1,
            Some(0) => {
                return match run(home, if command == "up" { "plan" } else { "destroy" }, None)? {
                    Some(0) => Ok(kills),
                    other => Err(format!("after {command}, a look ended with {other:?}")),
                };
            }
            Some(code) => return Err(format!("ended with {code} after {kills} kills: {}", told(home))),
        }
    }
    Err("never came to its end".to_owned())
}

/// The exit code; `None` where it was killed.
fn run(home: &Path, command: &str, after: Option<Duration>) -> Result<Option<i32>, String> {
    let told = std::fs::File::create(home.join("told.txt")).map_err(|error| error.to_string())?;
    let mut arguments = vec!["--sandbox", "--sandbox-speed", "400", "--env-suffix", "dev", "--state", "state"];
    if command != "plan" {
        arguments.push("--yes");
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_platformctl"))
        .arg(command)
        .args(arguments)
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(told.try_clone().map_err(|error| error.to_string())?)
        .stderr(told)
        .spawn()
        .map_err(|error| error.to_string())?;
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok(Some(status.code().unwrap_or(-1)));
        }
        let elapsed = start.elapsed();
        if after.is_some_and(|after| elapsed >= after) || elapsed >= PATIENCE {
            // SIGKILL: nothing of the process runs any more.
            child.kill().and_then(|()| child.wait()).map_err(|error| error.to_string())?;
            return if after.is_some() {
                Ok(None)
            } else {
                Err(format!("{command} did not end: {}", self::told(home)))
            };
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn told(home: &Path) -> String {
    std::fs::read_to_string(home.join("told.txt")).unwrap_or_default()
}
