//! Wildcards: `*` stands for any text, `?` for any one character. IAM User Guide, "IAM JSON policy elements: Resource".

/// Whether the text fits the pattern.
pub fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut position) = (0, 0);
    // Where the last star stood, and how much of the text it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while position < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, position));
                at += 1;
            }
            Some(&wanted) if wanted == '?' || wanted == text[position] => {
                at += 1;
                position += 1;
            }
            _ => match star {
                None => return false,
                Some((star_at, taken)) => {
                    star = Some((star_at, taken + 1));
                    at = star_at + 1;
                    position = taken + 1;
                }
            },
        }
    }
    pattern[at..].iter().all(|&rest| rest == '*')
}

/// Whether an ARN fits a pattern, part by part: a star doesn't reach over a colon of the first five. IAM User Guide, "Amazon
/// Resource Name (ARN) condition operators".
pub fn arn_fits(pattern: &str, arn: &str) -> bool {
    let (pattern, arn): (Vec<&str>, Vec<&str>) = (pattern.splitn(6, ':').collect(), arn.splitn(6, ':').collect());
    pattern.len() == arn.len() && pattern.iter().zip(arn).all(|(pattern, part)| fits(pattern, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text) in [("*", ""), ("a*c", "abbc"), ("a?c", "abc"), ("*b*", "abc"), ("logs:Put*", "logs:PutX")]
        {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "ab"), ("a?", "a"), ("a*c", "ab"), ("", "a"), ("A", "a")] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_star_in_an_arn_stays_in_its_part() {
        assert!(arn_fits("arn:aws:logs:*:1:log-group:/a/*", "arn:aws:logs:r:1:log-group:/a/b:c"));
        assert!(!arn_fits("arn:aws:*:1:log-group:/a", "arn:aws:logs:r:1:log-group:/a"));
        assert!(!arn_fits("arn:aws:logs:r:1:log-group:/a/*", "arn:aws:logs:r:1:log-group:/b/c"));
    }
}
