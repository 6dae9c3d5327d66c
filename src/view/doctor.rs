//! What was checked before an `up`, for people.

use std::fmt::Write;

use super::{
    Paint,
    table::{Field, Mood, table},
    text::{clean, wrap},
};
use crate::operation::doctor::{Check, Verdict};

/// A row for each check, and what to do about those that didn't go well.
pub fn text(checks: &[Check], paint: Paint, width: usize) -> String {
    let row = |check: &Check| {
        let (word, mood) = match check.verdict {
            Verdict::Ok => ("ok", Mood::Good),
            Verdict::Warning => ("look", Mood::Odd),
            Verdict::Failed => ("FAILED", Mood::Bad),
        };
        vec![Field::new(word, mood), check.name.as_str().into(), check.detail.as_str().into()]
    };
    let mut text = table(paint, width, &["", "check", "found"], checks.iter().map(row).collect());
    for check in checks {
        if let Some(remedy) = &check.remedy {
            let hint = format!("{}: {}", check.name, clean(remedy));
            let _ = write!(text, "\n\n{} {}", paint.cyan("hint:"), wrap(&hint, 0, width.saturating_sub(6)));
        }
    }
    text
}

/// `all is well`, or how many checks did not go well.
pub fn verdict(checks: &[Check]) -> String {
    let of = |verdict: Verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    match (of(Verdict::Failed), of(Verdict::Warning)) {
        (0, 0) => "all is well: an environment can come up here".to_owned(),
        (0, odd) => format!("an environment can come up here; {odd} of {} checks deserve a look", checks.len()),
        (failed, _) => format!("an environment can't come up here: {failed} of {} checks failed", checks.len()),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn checks() -> Vec<Check> {
        vec![
            Check::ok("credentials", "account 123456789012"),
            Check::ok("VPCs per Region", "1 needed, 4 of 5 free"),
            Check::warning(
                "AWSServiceRoleForECS",
                "is not there yet: AWS makes it on first use",
                "nothing, if you may call iam:CreateServiceLinkedRole; else ask for `aws iam create-service-linked-role`",
            ),
            Check::failed(
                "EC2-VPC Elastic IPs",
                "3 needed, 2 of 5 free",
                "release what is not needed, or ask Service Quotas for more (ec2 L-0263D0A3)",
            ),
        ]
    }

    #[test]
    fn checks_fit_eighty_columns_and_say_what_to_do() {
        let text = text(&checks(), Paint::new(false), 80);
        assert!(text.lines().all(|line| console::measure_text_width(line) <= 80), "{text}");
        assert_snapshot!(text);
    }

    #[test]
    fn the_verdict_counts_what_matters() {
        let checks = checks();
        let shown = [verdict(&checks[..2]), verdict(&checks[..3]), verdict(&checks)];
        assert_snapshot!(shown.join("\n"), @r#"
        all is well: an environment can come up here
        an environment can come up here; 1 of 3 checks deserve a look
        an environment can't come up here: 1 of 4 checks failed
        "#);
    }
}
