//! Lines of containers, for people.

use time::{OffsetDateTime, macros::format_description};

use super::Paint;
use crate::operation::logs::Spoken;

/// Characters of a task's id that tell it from the others.
const TASK: usize = 8;

/// `08:00:01.250  app        0a1b2c3d  text`.
pub fn line(paint: Paint, it: &Spoken) -> String {
    let format = format_description!("[hour]:[minute]:[second].[subsecond digits:3]");
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(it.at) * 1_000_000).ok();
    let time = time.and_then(|time| time.format(format).ok()).unwrap_or_default();
    let task: String = it.task.chars().take(TASK).collect();
    let container = super::text::pad(&it.container, 9);
    let container = match it.container.as_str() {
        "app" => paint.green(&container),
        "envoy" | "ingress" => paint.cyan(&container),
        _ => paint.yellow(&container),
    };
    format!("{}  {container}  {}  {}", paint.dim(&time), paint.dim(&task), harmless(&it.text))
}

/// A line that can't move the cursor. Spaces stay: they may mean something.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_who_wrote_it_and_when() {
        let it = Spoken {
            at: 1_800_000_001_250,
            container: "app".into(),
            task: "0a1b2c3d4e5f60718293a4b5c6d7e8f9".into(),
            text: "listening  on\x1b[2J 8080".into(),
        };
        assert_eq!(line(Paint::new(false), &it), "08:00:01.250  app        0a1b2c3d  listening  on [2J 8080");
    }
}
