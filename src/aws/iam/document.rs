//! Policy documents as AWS gives them back.

use serde_json::Value;

/// A document as JSON, whether it comes plain or percent-encoded as IAM sends it (IAM API reference, RoleDetail: "The returned policy
/// is URL-encoded compliant with RFC 3986"). What is no JSON comes back as text, and so differs from every document of ours.
pub fn read(text: &str) -> Value {
    serde_json::from_str(text)
        .or_else(|_| serde_json::from_str(&decode(text)))
        .unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// Resolves `%XX`; anything else stays, `+` included, as RFC 3986 has it.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        match (first, tail) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(digit(*high) << 4 | digit(*low));
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn digit(hex: u8) -> u8 {
    match hex {
        b'0'..=b'9' => hex - b'0',
        _ => (hex | 0x20) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_come_plain_or_encoded() {
        let document = json!({ "Sid": "1+1 = 100%", "Name": "ü" });
        assert_eq!(read(&document.to_string()), document);
        assert_eq!(read("%7B%22Sid%22%3A%221%2B1+=%20x%22%7d"), json!({ "Sid": "1+1+= x" }));
        assert_eq!(read("%7b%22Name%22:%22%C3%bc%22}"), json!({ "Name": "ü" }));
        assert_eq!(read("no document %4"), json!("no document %4"));
    }
}
