//! Small things about text: widths, durations, plurals.

use std::time::Duration;

use console::{measure_text_width, truncate_str};

/// Text that others wrote (AWS, a file), safe for a terminal and in one line: control characters and line ends become spaces.
pub fn clean(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Cuts to a width, with an ellipsis where something is missing. Colour is kept and closed.
pub fn shorten(text: &str, width: usize) -> String {
    truncate_str(text, width, "…").into_owned()
}

/// A path without its middle, where it is longer than `width`: `a.b.c[name=x.y].d.e` becomes `a.b.….e`. Parts are never cut, so that
/// the first and the last always show.
pub fn squeeze(path: &str, width: usize) -> String {
    if measure_text_width(path) <= width {
        return path.to_owned();
    }
    let mut depth = 0_usize;
    let is_end = |c: char| {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == '.' && depth == 0
    };
    let parts: Vec<&str> = path.split(is_end).collect();
    let joined = |head: usize, tail: usize| {
        let ends = parts[..head].iter().chain(&["…"]).chain(&parts[parts.len() - tail..]);
        ends.copied().collect::<Vec<_>>().join(".")
    };
    let (mut head, mut tail) = (1, 1);
    while head + tail + 1 < parts.len() {
        // The end says what differs, so it grows first; the beginning gets what is left.
        if measure_text_width(&joined(head, tail + 1)) <= width {
            tail += 1;
        } else if measure_text_width(&joined(head + 1, tail)) <= width {
            head += 1;
        } else {
            break;
        }
    }
    if head + tail < parts.len() { joined(head, tail) } else { path.to_owned() }
}

/// With its first letter as a sentence begins.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Fills up to a width; longer text stays as it is.
pub fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(measure_text_width(text));
    format!("{text}{}", " ".repeat(missing))
}

/// A length of time for people: `0.4s`, `12s`, `1m05s`, `2h03m`.
pub fn duration(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0..10 => format!("{:.1}s", length.as_secs_f64()),
        10..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// `1 step`, `3 steps`.
pub fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// A failure without AWS's request id, which is another one at each attempt.
pub fn without_request(reason: &str) -> &str {
    reason.rsplit_once(" (request ").map_or(reason, |(before, _)| before)
}

/// Wraps at spaces so that no line exceeds `width`, where words allow. Every line is indented, and all but the first by two more.
pub fn wrap(text: &str, indent: usize, width: usize) -> String {
    let margin = " ".repeat(indent);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let taken = if lines.len() == 1 { indent } else { indent + 2 };
        let room = width.saturating_sub(taken).max(20);
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(word);
        } else if measure_text_width(line) + 1 + measure_text_width(word) <= room {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    format!("{margin}{}", lines.join(&format!("\n{margin}  ")))
}

/// A word as a POSIX shell reads it back.
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        let shown = |ms| duration(Duration::from_millis(ms));
        assert_eq!([shown(40), shown(9_949), shown(12_700)], ["0.0s", "9.9s", "12s"]);
        assert_eq!([shown(65_000), shown(7_380_000)], ["1m05s", "2h03m"]);
    }

    #[test]
    fn foreign_text_cannot_move_the_cursor() {
        assert_eq!(clean("a\x1b[2Jb\r\n  c\u{9b}d"), "a [2Jb c d");
    }

    #[test]
    fn paths_lose_their_middle() {
        let path = "sidecars[name=a.b].environment.PACKED.clusters[name=x.y].hosts[0].address.port";
        assert_eq!(squeeze(path, 100), path);
        assert_eq!(squeeze(path, 50), "sidecars[name=a.b].….hosts[0].address.port");
        assert_eq!(squeeze(path, 10), "sidecars[name=a.b].….port");
        assert_eq!(squeeze("one.two", 3), "one.two");
    }

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quote("dev"), "dev");
        assert_eq!(quote("my config.toml"), "'my config.toml'");
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(quote(""), "''");
    }

    #[test]
    fn wrapping_keeps_words_and_indents() {
        assert_eq!(wrap("one two three four five six", 2, 26), "  one two three four five\n    six");
    }

    #[test]
    fn request_ids_are_left_out() {
        assert_eq!(without_request("ec2:CreateVpc: no (really) (request 1-2)"), "ec2:CreateVpc: no (really)");
        assert_eq!(without_request("no"), "no");
    }
}
