//! "Did you mean": the nearest of some known words.

/// The candidate that `word` was most likely meant to be, if one is near enough.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (distance(&word.to_lowercase().replace('-', "_"), &candidate.replace('-', "_")), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edits between two words, where swapping two neighbours counts as one (optimal string alignment). Words that differ by
/// more than four characters in length are not looked at.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if left.len().abs_diff(right.len()) > 4 {
        return usize::MAX;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for i in 1..=left.len() {
        let mut row = vec![i];
        for j in 1..=right.len() {
            let changed = usize::from(left[i - 1] != right[j - 1]);
            let mut best = (rows[i - 1][j - 1] + changed).min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        assert_eq!(distance("port", "port"), 0);
        assert_eq!(distance("prot", "port"), 1);
        assert_eq!(distance("memry", "memory"), 1);
        assert_eq!(distance("", "port"), 4);
        assert_eq!(distance("cidr", "retention"), usize::MAX);
    }

    #[test]
    fn only_near_words_are_suggested() {
        assert_eq!(nearest("min-task", ["min_tasks", "max_tasks"]), Some("min_tasks"));
        assert_eq!(nearest("Team", ["team", "region"]), Some("team"));
        assert_eq!(nearest("colour", ["team", "region"]), None);
        assert_eq!(nearest("cpu", ["cpa"]), Some("cpa"));
        assert_eq!(nearest("xyz", ["cpu"]), None);
    }
}
