//! Takes every process of a world along when it ends, however it ends.

use std::{
    io::Write,
    os::unix::process::CommandExt,
    process::{Child, ChildStdin, Command, Stdio},
    sync::Mutex,
};

/// Waits for the end of its input, which comes with the world's end: by a test that passed or panicked, or by the death of the
/// test's own process, of which nobody else would tell.
const SCRIPT: &str = r#"
declare -A groups
while read -r verb group; do
  case $verb in watch) groups[$group]=1 ;; forget) unset "groups[$group]" ;; esac
done
for group in "${!groups[@]}"; do kill -KILL -- "-$group"; done 2>/dev/null
"#;

pub struct Reaper {
    process: Child,
    input: Mutex<Option<ChildStdin>>,
}

impl Reaper {
    pub fn start() -> Self {
        // In a group of its own, which Ctrl-C doesn't reach.
        let process = Command::new("bash").args(["-c", SCRIPT]).process_group(0).stdin(Stdio::piped()).spawn();
        let mut process = process.expect("bash runs");
        let input = Mutex::new(process.stdin.take());
        Reaper { process, input }
    }

    /// Takes charge of a process group.
    pub fn watch(&self, group: u32) {
        self.tell("watch", group);
    }

    /// The group has ended by itself.
    pub fn forget(&self, group: u32) {
        self.tell("forget", group);
    }

    fn tell(&self, verb: &str, group: u32) {
        let mut input = self.input.lock().expect("no panic while telling");
        writeln!(input.as_mut().expect("open until the end"), "{verb} {group}").expect("the reaper listens");
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        drop(self.input.get_mut().map(Option::take));
        drop(self.process.wait());
    }
}
