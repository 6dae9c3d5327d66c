//! Environment variables and the port of an application.

use crate::config::report::{Fault, quotable};

/// The name of an environment variable.
pub(crate) fn name(text: &str) -> Result<(), Fault> {
    let shaped = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if shaped {
        return Ok(());
    }
    let help = "use letters, digits and underscores, first no digit, such as `LOG_LEVEL`";
    Err(Fault::new("is not a name for an environment variable", format!("cannot be `{}`", quotable(text)), help))
}

/// What the sidecars listen on: Envoy's listeners and admin ports, and the CloudWatch agent's StatsD port.
const SIDECAR_PORTS: [std::ops::RangeInclusive<u32>; 3] = [15000..=15199, 9901..=9902, 8125..=8125];

/// A port that an application can listen on next to its sidecars and without being root.
pub(crate) fn port(port: i128) -> Result<u32, Fault> {
    let what = "cannot be the port of an application";
    let fault = |label: &str, help: &str| Err(Fault::new(what, label, help));
    let Some(port) = u32::try_from(port).ok().filter(|port| (1..=65535).contains(port)) else {
        return fault("ports are 1 to 65535", "choose 1024 to 65535; without the line it is 8080");
    };
    if port < 1024 {
        return fault("only root may listen below 1024", "let the application listen on a port such as 8080");
    }
    if SIDECAR_PORTS.iter().any(|taken| taken.contains(&port)) {
        let help = "choose another, such as 8080; taken are 8125 (metrics), 9901, 9902 and 15000 to 15199 (Envoy)";
        return fault("a sidecar listens on it", help);
    }
    Ok(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_have_portable_names() {
        for good in ["LOG_LEVEL", "_x", "a1"] {
            assert!(name(good).is_ok(), "{good}");
        }
        for bad in ["", "1A", "A-B", "A B", "A=B", "Ä"] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ports_of_sidecars_and_of_root_are_refused() {
        for good in [1024, 8080, 9900, 14999, 15200, 65535] {
            assert!(port(good).is_ok(), "{good}");
        }
        for bad in [-1, 0, 80, 1023, 8125, 9901, 9902, 15000, 15199, 65536, i128::MAX] {
            assert!(port(bad).is_err(), "{bad}");
        }
    }
}
