//! An empty directory to run the program in, with nothing of the machine's own settings.

use std::{
    fs,
    path::{Path, PathBuf},
};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use crate::lab::EXAMPLE;

/// Where one test runs the program.
pub struct Bench {
    directory: TempDir,
}

/// What a run left.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Bench {
    /// With the example configuration.
    pub fn new() -> Self {
        let bench = Self::empty();
        bench.write("config/platform.toml", EXAMPLE);
        bench
    }

    /// With nothing in it.
    pub fn empty() -> Self {
        Bench { directory: TempDir::new().expect("a directory") }
    }

    /// A path inside.
    pub fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("a directory");
        fs::write(path, text).expect("written");
    }

    /// The program with these arguments, without a terminal, credentials or a network.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("platformctl"));
        command
            .current_dir(self.directory.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.directory.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .args(arguments.split_whitespace());
        command
    }

    /// Runs it.
    pub fn run(&self, arguments: &str) -> Ran {
        ran(&mut self.command(arguments))
    }

    /// Runs it in the sandbox, as fast as that goes.
    pub fn sandbox(&self, arguments: &str) -> Ran {
        self.run(&format!("{arguments} --env-suffix dev --sandbox --sandbox-speed 400"))
    }
}

/// Runs a command.
pub fn ran(command: &mut Command) -> Ran {
    let output = command.output().expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ran { code: output.status.code().expect("an exit code"), out: text(output.stdout), err: text(output.stderr) }
}

impl Ran {
    /// The JSON lines of stdout.
    pub fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect()
    }

    /// The last of them.
    pub fn summary(&self) -> Value {
        let last = self.lines().pop().unwrap_or_else(|| panic!("no lines: {self:?}"));
        assert_eq!(last["type"], "summary", "{last}");
        last
    }

    /// That the run ended so and said so on stderr.
    #[track_caller]
    pub fn ended(&self, code: i32, said: &[&str]) {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        for text in said {
            assert!(self.err.contains(text), "stderr lacks {text:?}:\n{}", self.err);
        }
    }
}
