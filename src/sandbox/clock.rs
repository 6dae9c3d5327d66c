//! Simulated time: moments, and the clock that derives them from tokio's.

use std::ops::Add;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_async::time::TimeSource;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::{Deserialize, Serialize};

/// A point of simulated time, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(u64);

impl Moment {
    /// The moment that many milliseconds after the Unix epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// What the wall clock says.
    pub fn wall() -> Self {
        Self(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64)
    }

    /// Milliseconds since the Unix epoch.
    pub fn as_millis(self) -> u64 {
        self.0
    }

    /// Time since `earlier`; zero if that lies ahead.
    pub fn since(self, earlier: Moment) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// As the SDK's type.
    pub fn datetime(self) -> DateTime {
        DateTime::from_millis(self.0 as i64)
    }

    /// As signatures carry it: `20260131T100000Z` (Signature Version 4, header `X-Amz-Date`).
    pub fn signature(self) -> String {
        let whole = DateTime::from_secs((self.0 / 1000) as i64).fmt(Format::DateTime).unwrap_or_default();
        whole.replace(['-', ':'], "")
    }

    /// Reads what [`Moment::signature`] writes.
    pub fn from_signature(text: &str) -> Option<Self> {
        let digits = text.strip_suffix('Z')?.replace('T', "");
        let is_whole = digits.len() == 14 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let part = |range: std::ops::Range<usize>| &digits[range];
        let text = is_whole.then(|| {
            format!("{}-{}-{}T{}:{}:{}Z", part(0..4), part(4..6), part(6..8), part(8..10), part(10..12), part(12..14))
        })?;
        let time = DateTime::from_str(&text, Format::DateTime).ok()?;
        u64::try_from(time.to_millis().ok()?).ok().map(Moment)
    }

    /// As EC2 writes it where its answers hold text: `2026-01-31T10:00:00Z`.
    pub fn rfc3339(self) -> String {
        self.datetime().fmt(Format::DateTime).unwrap_or_default()
    }
}

impl Add<Duration> for Moment {
    type Output = Moment;

    fn add(self, duration: Duration) -> Moment {
        Moment(self.0.saturating_add(duration.as_millis() as u64))
    }
}

/// Simulated time runs as tokio's clock does, so a paused or paced runtime pauses or paces the simulation too.
#[derive(Clone, Debug)]
pub struct Clock {
    base: Moment,
    started: tokio::time::Instant,
}

impl Clock {
    /// A clock that shows `base` now.
    pub fn starting_at(base: Moment) -> Self {
        Self { base, started: tokio::time::Instant::now() }
    }

    /// Simulated now.
    pub fn now(&self) -> Moment {
        self.base + self.started.elapsed()
    }

    /// Sets the clock forward to `moment`; never backward.
    pub fn catch_up(&mut self, moment: Moment) {
        self.base = self.base + moment.since(self.now());
    }
}

/// Signing and expiry of credentials follow simulated time too.
impl TimeSource for Clock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.now().0)
    }
}
