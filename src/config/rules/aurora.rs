//! Versions and capacities of Aurora PostgreSQL.

use crate::config::database::Capacity;
use crate::config::report::{Fault, quotable};

/// Half units at most: 256 ACUs (Aurora User Guide, "Aurora Serverless v2 capacity").
const MOST_HALVES: u32 = 512;

/// First minor version of each major one that can be paused, which is later than that which can be serverless (Aurora User Guide, "Scaling to
/// zero ACUs with automatic pause and resume").
const PAUSABLE: [(u32, u32); 4] = [(13, 15), (14, 12), (15, 7), (16, 3)];

/// A version as `major.minor`.
pub(crate) fn version(text: &str) -> Result<String, Fault> {
    let fault = |label: &str| {
        let help = "write major and minor version, such as \"16.8\"; `aws rds describe-db-engine-versions --engine aurora-postgresql` lists them";
        let what = format!("is not a version of Aurora PostgreSQL: \"{}\"", quotable(text));
        Fault::new(what, label, help)
    };
    let (major, minor) = numbers(text).ok_or_else(|| fault("not `major.minor`"))?;
    match PAUSABLE.iter().find(|(of, _)| *of == major) {
        Some((_, least)) if minor < *least => Err(fault(&format!("too old; {major}.{least} is the first that fits"))),
        None if major < PAUSABLE[0].0 => Err(fault("too old")),
        _ => Ok(text.to_owned()),
    }
}

fn numbers(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    let number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten();
    Some((number(major)?, number(minor)?))
}

/// What the database keeps at least: zero lets it pause.
pub(crate) fn least_capacity(units: f64) -> Result<Capacity, Fault> {
    capacity(units, 0)
}

/// What the database takes at most: one unit or more (RDS API reference, ServerlessV2ScalingConfiguration, MaxCapacity).
pub(crate) fn most_capacity(units: f64) -> Result<Capacity, Fault> {
    capacity(units, 2)
}

fn capacity(units: f64, least: u32) -> Result<Capacity, Fault> {
    let halves = units * 2.0;
    let whole = halves.fract() == 0.0 && (f64::from(least)..=f64::from(MOST_HALVES)).contains(&halves);
    if whole {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 0 to 512")]
        return Ok(Capacity::halves(halves as u32));
    }
    let least = Capacity::halves(least);
    let what = format!("must be a number of Aurora capacity units from {least} to 256, in steps of 0.5");
    Err(Fault::new(
        what,
        "not such a number",
        format!("choose {least} to 256, such as 4 or 0.5; a unit is about 2 GiB of memory"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacities_come_in_halves() {
        assert_eq!(least_capacity(0.0), Ok(Capacity::ZERO));
        assert_eq!(least_capacity(0.5).map(Capacity::units), Ok(0.5));
        assert_eq!(most_capacity(256.0).map(Capacity::units), Ok(256.0));
        for wrong in [-0.5, 0.3, 256.5, f64::NAN, f64::INFINITY] {
            assert!(least_capacity(wrong).is_err(), "{wrong}");
        }
        assert!(most_capacity(0.5).is_err(), "the most is at least one");
    }

    #[test]
    fn versions_are_those_that_can_be_serverless() {
        for good in ["16.8", "15.7", "17.4", "13.15"] {
            assert_eq!(version(good).as_deref(), Ok(good));
        }
        for bad in ["", "16", "16.", "16.2", "12.22", "16.x", "+16.8", "16.8.1"] {
            assert!(version(bad).is_err(), "{bad}");
        }
    }
}
