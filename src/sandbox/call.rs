//! What a handler has at hand.

use std::time::Duration;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::clock::Moment;
use super::durations::Durations;
use super::options::SandboxOptions;
use super::world::{Place, World};

/// One call as its handler sees it.
pub struct Call<'a> {
    /// Everything that exists, service by service.
    pub world: &'a mut World,
    /// Simulated now.
    pub now: Moment,
    /// What this sandbox is like.
    pub options: &'a SandboxOptions,
    pub(super) place: &'a Place,
    pub(super) random: &'a mut ChaCha8Rng,
}

impl Call<'_> {
    /// A new id in EC2's form: the prefix and 17 hexadecimal digits.
    pub fn id(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{}", self.hex(16))
    }

    /// That many random hexadecimal digits.
    pub fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from_digit(self.random.random_range(0..16), 16).unwrap_or('0')).collect()
    }

    /// That many random letters and digits of the alphabet of generated names: `A-Z`, `a-z`, `0-9`.
    pub fn alphanumeric(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(self.random.sample(rand::distr::Alphanumeric))).collect()
    }

    /// A random UUID.
    pub fn uuid(&mut self) -> String {
        uuid(self.random)
    }

    /// A random number in the range, seeded.
    pub fn number(&mut self, range: std::ops::Range<u32>) -> u32 {
        self.random.random_range(range)
    }

    /// `arn:aws:{service}:{region}:{account}:{resource}`.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        self.place.arn(service, resource)
    }

    /// The account id.
    pub fn account(&self) -> &str {
        &self.place.account
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.place.region
    }

    /// Account and region.
    pub fn place(&self) -> &Place {
        self.place
    }

    /// How long things take.
    pub fn durations(&self) -> &Durations {
        &self.options.durations
    }

    /// How long an answer is on its way.
    pub fn way_back(&self) -> Duration {
        self.options.latency / 2
    }

    /// Whether what was created then is seen by reading calls already. EC2 API reference, "Eventual consistency".
    pub fn visible(&self, created_at: Moment) -> bool {
        self.now >= created_at + self.options.durations.read_after_create
    }

    /// The value of a quota, by its code.
    pub fn quota(&self, code: &str) -> f64 {
        self.options.quota(code)
    }
}

/// A random UUID of version 4.
pub(super) fn uuid(random: &mut ChaCha8Rng) -> String {
    let bits: u128 = random.random();
    let hex = format!("{:032x}", (bits & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62));
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
