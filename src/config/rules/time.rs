//! Lifetimes.

use crate::config::report::Fault;

const LONGEST_HOURS: u32 = 24 * 365;

/// A lifetime such as `72h` or `3d`, in hours; at most a year.
pub(crate) fn hours(text: &str) -> Result<u32, Fault> {
    let fault = |label: &str| {
        Err(Fault::new("is not a lifetime", label, "write hours or days, such as \"8h\" or \"3d\", at most \"365d\""))
    };
    let (number, factor) = match (text.strip_suffix('h'), text.strip_suffix('d')) {
        (Some(number), _) => (number, 1),
        (_, Some(number)) => (number, 24),
        _ => return fault("neither hours (h) nor days (d)"),
    };
    if number.is_empty() || !number.chars().all(|c| c.is_ascii_digit()) {
        return fault("no whole number");
    }
    match number.parse::<u32>().ok().and_then(|number| number.checked_mul(factor)) {
        Some(0) => fault("over before it began"),
        Some(hours) if hours <= LONGEST_HOURS => Ok(hours),
        _ => fault("longer than a year"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_hours_or_days() {
        assert_eq!(hours("72h"), Ok(72));
        assert_eq!(hours("3d"), Ok(72));
        assert_eq!(hours("365d"), Ok(8760));
        for bad in ["", "h", "3", "3w", "-1h", "+1h", "0h", "366d", "8761h", "99999999999d", "4294967295d", "1.5h"] {
            assert!(hours(bad).is_err(), "{bad}");
        }
    }
}
