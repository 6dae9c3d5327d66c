//! Addresses of the web, as far as they are needed here.

use std::net::IpAddr;

/// `scheme://host[:port]/path[?query]`. `Debug` shows no query: in a presigned address it opens what it leads to.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// `https` or `http`.
    pub scheme: String,
    /// Host, and port where one is named.
    pub host: String,
    /// Path and query, from the first slash.
    pub path: String,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.origin(), self.path.split('?').next().unwrap_or_default())
    }
}

impl Address {
    /// Takes an address apart; `None` where it is none of the web.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let rest = rest.split('#').next().unwrap_or_default();
        let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        if !["https", "http"].contains(&scheme.as_str()) || host.is_empty() || !host.chars().all(plain) {
            return None;
        }
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Some(Address { scheme, host: host.to_ascii_lowercase(), path })
    }

    /// A path at a host: by TLS, except at this machine.
    pub fn at_host(host: &str, path: &str) -> Self {
        let scheme = if is_loopback(host) { "http" } else { "https" };
        Address { scheme: scheme.to_owned(), host: host.to_ascii_lowercase(), path: path.to_owned() }
    }

    /// `scheme://host`.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.host)
    }

    /// Where a redirect leads to: an address, or a path at the same host. `None` where it is neither.
    pub fn at(&self, location: &str) -> Option<Self> {
        match location {
            other if other.contains("://") => Self::parse(other),
            path if path.starts_with('/') && !path.starts_with("//") => {
                Some(Address { path: path.to_owned(), ..self.clone() })
            }
            _ => None,
        }
    }

    /// True for the same scheme, host and port.
    pub fn has_origin_of(&self, other: &Self) -> bool {
        self.scheme == other.scheme && self.host == other.host
    }

    /// True where nobody on the way can read or change what comes.
    pub fn is_safe(&self) -> bool {
        self.scheme == "https" || is_loopback(&self.host)
    }

    /// With one more parameter in the query.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let sign = if self.path.contains('?') { '&' } else { '?' };
        self.path.push(sign);
        self.path.push_str(&encoded(name));
        self.path.push('=');
        self.path.push_str(&encoded(value));
        self
    }
}

/// True for a host that is this machine: only there, plain HTTP will do.
pub fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inner, _)) => inner,
        None => host.split(':').next().unwrap_or(host),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// As a query may hold it (RFC 3986, section 3.4).
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b'/' | b',' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).expect("an address")
    }

    #[test]
    fn addresses_are_taken_apart() {
        let it = address("https://Auth.docker.io/token?a=b#c");
        assert_eq!((it.origin().as_str(), it.path.as_str()), ("https://auth.docker.io", "/token?a=b"));
        assert_eq!(address("http://127.0.0.1:5000").path, "/");
        assert_eq!(format!("{:?}", it), "https://auth.docker.io/token");
        for wrong in ["ftp://a/", "a/b", "https:///a", "https://a b/", "https://user@host/"] {
            assert_eq!(Address::parse(wrong), None, "{wrong}");
        }
        let with = it.with("scope", "repository:a/b:pull").with("x", "1 2");
        assert_eq!(with.path, "/token?a=b&scope=repository:a/b:pull&x=1%202");
    }

    #[test]
    fn redirects_are_addresses_or_paths() {
        let it = address("https://a/b");
        assert_eq!(it.at("/c?d"), Some(address("https://a/c?d")));
        assert_eq!(it.at("https://b/c"), Some(address("https://b/c")));
        assert_eq!((it.at("//b/c"), it.at("c")), (None, None));
        assert!(it.has_origin_of(&address("https://a/z")) && !it.has_origin_of(&address("https://a:444/z")));
    }

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        for host in ["127.0.0.1:5000", "localhost:5000", "[::1]:5000", "127.8.0.1"] {
            assert!(is_loopback(host) && Address::at_host(host, "/").scheme == "http", "{host}");
        }
        for host in ["127.0.0.1.example.com", "localhost.example.com", "10.0.0.1", "ghcr.io"] {
            assert!(!is_loopback(host) && Address::at_host(host, "/").is_safe(), "{host}");
        }
        assert!(!address("http://ghcr.io/").is_safe());
    }
}
