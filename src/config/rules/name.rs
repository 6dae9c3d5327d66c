//! Names that become part of AWS names: of services and of environments.

use crate::config::report::{Fault, quotable};

/// What is wrong with a name, and at which byte it begins to be wrong.
pub(crate) struct Flaw {
    pub at: usize,
    pub what: String,
}

/// The first flaw of a name that must be lowercase letters, digits and single inner hyphens, and start with a letter.
pub(crate) fn flaw(name: &str) -> Option<Flaw> {
    let mut before = None;
    for (at, character) in name.char_indices() {
        let what = match character {
            'a'..='z' => None,
            '0'..='9' | '-' if before.is_none() => Some("it must start with a letter".to_string()),
            '0'..='9' => None,
            '-' if before == Some('-') => Some("two hyphens in a row are not allowed".into()),
            '-' => None,
            'A'..='Z' => Some(format!("`{character}` is upper case")),
            ' ' => Some("a space is not allowed".into()),
            other => Some(format!("`{}` is not allowed", quotable(&other.to_string()))),
        };
        if let Some(what) = what {
            return Some(Flaw { at, what });
        }
        before = Some(character);
    }
    match before {
        None => Some(Flaw { at: 0, what: "it is empty".into() }),
        Some('-') => Some(Flaw { at: name.len() - 1, what: "it must not end with a hyphen".into() }),
        Some(_) => None,
    }
}

/// The nearest name without a flaw, at most `longest` characters long; `None` if nothing is left.
pub(crate) fn tidy(name: &str, longest: usize) -> Option<String> {
    let mut tidy = String::new();
    for character in name.chars().flat_map(char::to_lowercase) {
        match character {
            'a'..='z' => tidy.push(character),
            '0'..='9' if !tidy.is_empty() => tidy.push(character),
            _ if !tidy.is_empty() && !tidy.ends_with('-') => tidy.push('-'),
            _ => {}
        }
    }
    tidy.truncate(longest);
    let tidy = tidy.trim_end_matches('-');
    (!tidy.is_empty()).then(|| tidy.to_string())
}

/// Longest service name: `tg-{service}-green-{suffix}` with a suffix of one character fills the 32 characters of a target
/// group's name.
const LONGEST_SERVICE: usize = 21;

/// Names that the platform gives to things of its own, such as `security-group-alb-dev`.
const RESERVED: [&str; 9] = ["alb", "alb-logs", "database", "default", "exec", "flow-logs", "mesh", "rotator", "vpc"];

/// The name of a service.
pub(crate) fn service(name: &str) -> Result<(), Fault> {
    let fault = |what: String| {
        let example = tidy(name, LONGEST_SERVICE).map_or(String::new(), |tidy| format!(", such as `{tidy}`"));
        let help =
            format!("use lowercase letters, digits and single hyphens, first a letter, at most 21 characters{example}");
        Fault::new("is not a name for a service", what, help)
    };
    if let Some(flaw) = flaw(name) {
        return Err(fault(flaw.what));
    }
    if name.len() > LONGEST_SERVICE {
        return Err(fault(format!("{} characters, {} too many", name.len(), name.len() - LONGEST_SERVICE)));
    }
    if RESERVED.contains(&name) {
        let help = format!("the platform names a thing of its own `{name}`; choose another, such as `{name}-service`");
        return Err(Fault::new("is not a name for a service", "reserved", help));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flawed_at(name: &str) -> Option<usize> {
        flaw(name).map(|flaw| flaw.at)
    }

    #[test]
    fn flaws_are_found_where_they_begin() {
        for good in ["a", "dev", "pr-123", "a1-b2"] {
            assert_eq!(flawed_at(good), None, "{good}");
        }
        let bad = [("", 0), ("1a", 0), ("-a", 0), ("a-", 1), ("a--b", 2), ("aB", 1), ("a_b", 1), ("a b", 1), ("aé", 1)];
        for (name, at) in bad {
            assert_eq!(flawed_at(name), Some(at), "{name}");
        }
    }

    #[test]
    fn tidied_names_have_no_flaw() {
        assert_eq!(tidy("Pr_ 12", 20).as_deref(), Some("pr-12"));
        assert_eq!(tidy("1.2-Dev--", 20).as_deref(), Some("dev"));
        assert_eq!(tidy("abc-def", 4).as_deref(), Some("abc"));
        assert_eq!(tidy("42 !", 20), None);
    }

    #[test]
    fn service_names_are_short_and_not_reserved() {
        assert!(service(&"a".repeat(21)).is_ok());
        assert_eq!(service(&"a".repeat(23)).unwrap_err().label, "23 characters, 2 too many");
        assert_eq!(service("alb").unwrap_err().label, "reserved");
        assert!(service("Payments").unwrap_err().help.contains("such as `payments`"));
    }
}
