//! Pages of a list. A token is the position in the list, made opaque.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The page that begins at `token` and has at most `size` items, and the token of the next one.
///
/// # Errors
/// `None` stands for a token that this function never gave; each service has its own error for it.
pub fn page<T>(items: Vec<T>, size: usize, token: Option<&str>) -> Option<(Vec<T>, Option<String>)> {
    let start = match token {
        None => 0,
        Some(token) => position(token).filter(|start| *start <= items.len())?,
    };
    let end = start.saturating_add(size.max(1)).min(items.len());
    let next = (end < items.len()).then(|| URL_SAFE_NO_PAD.encode(format!("position:{end}")));
    Some((items.into_iter().skip(start).take(end - start).collect(), next))
}

fn position(token: &str) -> Option<usize> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    std::str::from_utf8(&bytes).ok()?.strip_prefix("position:")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn pages_follow_each_other_without_gap() {
        let (first, token) = page((1..=5).collect(), 3, None).unwrap();
        assert_eq!(first, [1, 2, 3]);
        let (second, token) = page((1..=5).collect(), 3, token.as_deref()).unwrap();
        assert_eq!((second.as_slice(), token), ([4, 5].as_slice(), None));
        assert!(page(vec![1], 3, Some("nonsense")).is_none());
    }
}
