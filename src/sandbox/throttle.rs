//! Call-rate limits: token buckets, one for reading and one for changing calls of each service.

use super::clock::Moment;

/// A bucket's size and refill.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Calls that may come at once.
    pub burst: f64,
    /// Calls per second after that.
    pub per_second: f64,
}

/// A service's limits and how it says that they are reached.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For calls that change nothing.
    pub reading: Rate,
    /// For all others.
    pub changing: Rate,
    /// Error code, such as `RequestLimitExceeded`.
    pub code: &'static str,
    /// HTTP status of that error.
    pub status: u16,
}

/// How full one bucket is.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    tokens: f64,
    at: Moment,
}

impl Bucket {
    /// A full one.
    pub fn full(rate: Rate, now: Moment) -> Self {
        Self { tokens: rate.burst, at: now }
    }

    /// Takes a token, if there is one.
    pub fn take(&mut self, rate: Rate, now: Moment) -> bool {
        self.tokens = (self.tokens + now.since(self.at).as_secs_f64() * rate.per_second).min(rate.burst);
        self.at = now;
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let rate = Rate { burst: 2.0, per_second: 4.0 };
        let start = Moment::from_millis(0);
        let mut bucket = Bucket::full(rate, start);
        assert!(bucket.take(rate, start) && bucket.take(rate, start));
        assert!(!bucket.take(rate, start + Duration::from_millis(249)));
        assert!(bucket.take(rate, start + Duration::from_millis(250)));
        assert!(!bucket.take(rate, start + Duration::from_millis(250)));
    }
}
