//! Paths of requests.

use crate::config::report::{Fault, quotable};

/// Longest path of a service: the load balancer's pattern of 128 characters must also hold the `/*` after it.
const LONGEST: usize = 126;
const LONGEST_HEALTH_PATH: usize = 1024;

/// The path of a service at the load balancer. It becomes the patterns `{path}` and `{path}/*` (Elastic Load Balancing API
/// reference, PathPatternConditionConfig), so it has no wildcard of its own.
pub(crate) fn of_service(text: &str) -> Result<String, Fault> {
    let fault = |label: &str, help: String| Err(Fault::new("is not a path for a service", label, help));
    let example = "write a path such as \"/payments\"; it also stands for everything below it";
    if let Some(label) = general_flaw(text, LONGEST) {
        return fault(&label, example.into());
    }
    if text == "/" {
        return Ok(text.into());
    }
    if text.contains('*') {
        return fault("wildcards do not belong here", example.into());
    }
    if text.ends_with('/') {
        return fault("ends with a slash", format!("write \"{}\"", text.trim_end_matches('/')));
    }
    if text.split('/').skip(1).any(|segment| matches!(segment, "" | "." | "..")) {
        return fault("a part between two slashes is empty or dots", example.into());
    }
    if let Some(other) = text.chars().find(|c| !(c.is_ascii_alphanumeric() || "_-.$/~'@:+".contains(*c))) {
        let label = format!("`{}` is not allowed", quotable(&other.to_string()));
        return fault(&label, "use letters, digits and _ - . $ ~ ' @ : + between slashes".into());
    }
    Ok(text.into())
}

/// The path of a health check.
pub(crate) fn of_health_check(text: &str) -> Result<String, Fault> {
    match general_flaw(text, LONGEST_HEALTH_PATH) {
        Some(label) => Err(Fault::new("is not a path for health checks", label, "write a path such as \"/healthz\"")),
        None => Ok(text.into()),
    }
}

fn general_flaw(text: &str, longest: usize) -> Option<String> {
    if !text.starts_with('/') {
        return Some("must start with a slash".into());
    }
    if text.contains(['?', '#']) {
        return Some("a query or fragment does not belong here".into());
    }
    if text.contains(|c: char| !c.is_ascii_graphic()) {
        return Some("only printable ASCII characters, and no space".into());
    }
    (text.len() > longest).then(|| format!("{} characters, {} too many", text.len(), text.len() - longest))
}

/// Whether requests to `inner` would also match `outer`, at the border of a segment: `/pay` holds `/pay/cards`, not
/// `/payments`.
pub(crate) fn holds(outer: &str, inner: &str) -> bool {
    outer == "/" || inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_plain() {
        for good in ["/", "/payments", "/v1/pay.ments", "/a_b-c", &format!("/{}", "a".repeat(125))] {
            assert_eq!(of_service(good).as_deref(), Ok(good));
        }
        for bad in
            ["", "payments", "/pay*", "/pay?x=1", "/pay#x", "/pay/", "//", "/a//b", "/a/../b", "/a b", "/ä", "/a%20b"]
        {
            assert!(of_service(bad).is_err(), "{bad}");
        }
        assert!(of_service(&format!("/{}", "a".repeat(126))).unwrap_err().label.contains("1 too many"));
        assert_eq!(of_service("/pay/").unwrap_err().help, "write \"/pay\"");
        assert!(of_health_check("/health/").is_ok());
        assert!(of_health_check("health").is_err());
        assert!(of_health_check("/health?deep=1").is_err());
    }

    #[test]
    fn a_path_holds_what_is_below_it() {
        assert!(holds("/pay", "/pay"));
        assert!(holds("/pay", "/pay/cards"));
        assert!(holds("/", "/pay"));
        assert!(!holds("/pay", "/payments"));
        assert!(!holds("/pay/cards", "/pay"));
    }
}
