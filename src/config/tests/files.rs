//! Files that are no configuration at all.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::super::{Config, ConfigError, EnvSuffix, MAX_BYTES, load, parse};
use super::{LEAST, refuse, render, with};

/// What `load` says about a file of these bytes.
fn loaded(bytes: &[u8]) -> Result<Config, ConfigError> {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let path = directory.path().join("platform.toml");
    fs::write(&path, bytes).expect("a file for the test");
    load(&path)
}

#[track_caller]
fn refused(bytes: &[u8], message: &str, remedy: &str) {
    let error = loaded(bytes).expect_err("not a configuration");
    assert_eq!(error.problems().len(), 1, "{error:?}");
    assert!(error.to_string().contains(message), "{error}");
    assert!(error.problems()[0].remedy().contains(remedy), "{error:?}");
}

#[test]
fn a_good_file_is_loaded() {
    assert_eq!(loaded(LEAST.as_bytes()).expect("a good file").platform.team, "payments");
}

#[test]
fn empty_files() {
    for empty in ["", " \n\t\n", "# only a comment\n"] {
        refused(empty.as_bytes(), "the file is empty", "config/platform.toml");
    }
}

#[test]
fn files_that_are_not_toml() {
    refused(b"platform: payments\n", "not TOML", "key = value");
    refused(b"[platform]\nteam = payments\n", "not TOML", "texts stand in quotes");
    refused(b"[platform]\nteam = \"a\"\nteam = \"b\"\n", "not TOML", "once");
    refused(b"[platform\n", "not TOML", "close what was opened");
    refused(b"a = [\"b\" \"c\"]\n", "not TOML", "between commas");
    refused(b"[platform]\nteam.name = \"a\"\nteam = \"b\"\n", "not TOML", "once");
    refused(format!("a = {}", "[".repeat(500)).as_bytes(), "not TOML", "nested");
}

#[test]
fn files_that_are_not_utf8() {
    refused(b"[platform]\nteam = \"caf\xe9\"\n", "byte 23 (0xe9) on line 2", "UTF-8");
    refused(b"\xff\xfe[\0p\0", "is UTF-16", "PowerShell");
    refused(b"\x89PNG\r\n\x1a\n\0\0", "not UTF-8", "--config");
}

#[test]
fn files_that_are_too_large_are_not_read() {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let path = directory.path().join("platform.toml");
    // Sparse: a gigabyte that is read would show.
    fs::File::create(&path).and_then(|file| file.set_len(1 << 30)).expect("a file for the test");
    let before = std::time::Instant::now();
    let error = load(&path).expect_err("too large");
    assert!(error.to_string().contains("larger than 1 MiB"), "{error}");
    assert!(before.elapsed() < std::time::Duration::from_millis(500));
}

#[test]
fn the_limit_is_exact() {
    let padded = |bytes: u64| format!("{LEAST}{}", "#".repeat(bytes as usize - LEAST.len()));
    assert!(loaded(padded(MAX_BYTES).as_bytes()).is_ok());
    assert!(loaded(padded(MAX_BYTES + 1).as_bytes()).is_err());
}

#[cfg(target_os = "linux")]
#[test]
fn an_endless_device_is_not_read_to_its_end() {
    let error = load(Path::new("/dev/zero")).expect_err("endless");
    assert!(error.to_string().contains("larger than 1 MiB"), "{error}");
}

#[test]
fn absent_files_and_directories() {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let error = load(directory.path()).expect_err("a directory");
    assert!(error.to_string().contains("this is a directory"), "{error}");
    let error = load(&directory.path().join("absent.toml")).expect_err("absent");
    assert!(error.to_string().contains("there is no such file"), "{error}");
    assert!(error.problems()[0].remedy().contains("--config"));
}

#[cfg(unix)]
#[test]
fn files_below_a_file_cannot_be_read() {
    let file = tempfile::NamedTempFile::new().expect("a file for the test");
    let error = load(&file.path().join("platform.toml")).expect_err("not a directory");
    assert!(error.to_string().contains("cannot be read"), "{error}");
}

#[test]
fn a_line_too_long_to_show_is_only_named() {
    let error = refuse(&with(&format!("unknown = \"{}\"", "x".repeat(100_000))));
    assert!(error.to_string().contains("line 6, column 1"), "{error}");
    assert!(render(&error).len() < 1000);
}

/// Files of the largest size that make every list and every section as long as it can be: they must be refused as soon as any
/// other, which a comparison of each with each would not do.
#[test]
fn large_nonsense_is_refused_without_delay() {
    let fill = |unit: &str| unit.repeat(MAX_BYTES as usize / unit.len() / 2);
    let numbered = |unit: fn(usize) -> String| (0..40_000).map(unit).collect::<String>();
    let started = std::time::Instant::now();
    for text in [
        with(&numbered(|n| format!("[services.s{n}]\n"))),
        with(&(0..10_000).map(|n| format!("unknown_{n} = 1\n")).collect::<String>()),
        with(&format!("calls = [{}]", numbered(|n| format!("\"s{n}\",\n")))),
        with(&format!("[observability]\nalarm_emails = [{}]", numbered(|n| format!("\"a{n}@b.c\",\n")))),
        with(&format!("[ingress]\nallowed_cidrs = [{}]", fill("\"10.0.0.0/8\",\n"))),
        with(&format!("[platform.zones]\n{}", fill("["))),
        with(&format!("environment = {{ {} }}", numbered(|n| format!("A{n} = \"\", ")))),
        fill("a = \n"),
        fill("[[a]]\n"),
        fill("'\n"),
        format!("a = {}", fill("{b=")),
        format!("a = {}", fill("1,\n")),
    ] {
        let shown = parse("platform.toml", &text).map(|_| ()).map_err(|error| render(&error)).expect_err("nonsense");
        assert!(shown.len() < 100_000, "{} bytes to read", shown.len());
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(60), "{:?}", started.elapsed());
}

/// Text that is nearly a configuration: lines of the real file, cut, swapped and mixed with noise.
fn nearly_toml() -> impl Strategy<Value = String> {
    let lines: Vec<&'static str> = include_str!("../../../config/platform.toml").lines().collect();
    let line = prop_oneof![
        6 => proptest::sample::select(lines.clone()).prop_map(str::to_string),
        2 => proptest::sample::select(lines).prop_map(|line| line.trim_start_matches('#').to_string()),
        1 => "[a-z_.\\[\\]]{0,20}( = ([0-9-]{1,40}|\"[ -~]{0,20}\"|\\[.{0,9}\\]|true))?",
        1 => "\\PC{0,40}",
    ];
    proptest::collection::vec(line, 0..60).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn random_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let error = loaded(&bytes).expect_err("noise is not a configuration");
        prop_assert!(!render(&error).is_empty());
    }

    #[test]
    fn whatever_is_wrong_can_be_shown_with_its_place_and_remedy(text in nearly_toml()) {
        if let Err(error) = parse("platform.toml", &text) {
            prop_assert!(!error.problems().is_empty());
            for problem in error.problems() {
                prop_assert!(!problem.message().is_empty() && !problem.remedy().is_empty());
                if let Some((line, column)) = problem.position() {
                    prop_assert!(line >= 1 && column >= 1 && line <= text.lines().count() + 1);
                }
            }
            prop_assert!(!render(&error).is_empty());
        }
    }

    #[test]
    fn a_suffix_is_either_plain_or_refused(text in "\\PC{0,30}|[a-z0-9-]{0,24}") {
        match EnvSuffix::parse(&text) {
            Ok(suffix) => {
                prop_assert_eq!(suffix.as_str(), &text);
                prop_assert!((1..=20).contains(&text.len()));
                prop_assert!(text.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-')));
            }
            Err(error) => prop_assert!(!render(&error).is_empty()),
        }
    }
}
