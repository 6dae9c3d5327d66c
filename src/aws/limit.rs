//! A limiter per service, in front of the HTTP client: calls wait here, not in AWS's throttling.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use tokio::time::Instant;

use super::call::CallName;

/// How long one attempt may take, from when it leaves the queue. AWS answers every call that we make within seconds or not at all.
const ATTEMPT: Duration = Duration::from_secs(30);

/// A token bucket.
#[derive(Debug)]
struct Bucket {
    burst: f64,
    per_second: f64,
    state: Mutex<(f64, Option<Instant>)>,
}

impl Bucket {
    fn new(burst: f64, per_second: f64) -> Self {
        Bucket { burst, per_second, state: Mutex::new((burst, None)) }
    }

    /// Takes a token and says how long to wait until it is really there. Waiters queue up: the bucket may go below zero.
    fn take(&self, now: Instant) -> Duration {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, last) = *state;
        let refill = last.map_or(0.0, |last| now.duration_since(last).as_secs_f64() * self.per_second);
        let tokens = f64::min(self.burst, tokens + refill) - 1.0;
        *state = (tokens, Some(now));
        if tokens >= 0.0 { Duration::ZERO } else { Duration::from_secs_f64(-tokens / self.per_second) }
    }
}

/// The rates of one service: a little below what AWS gives an account, since others use it too.
#[derive(Debug)]
pub struct Limiter {
    reading: Bucket,
    changing: Bucket,
}

impl Limiter {
    /// The limiter of a service, by the name of its IAM actions. EC2's and some of CloudWatch's rates are published (EC2 developer guide, "Request
    /// throttling": 100 at once, then 20 per second; changing calls 50 at once, then 5 per second); the others are cautious guesses.
    pub fn for_service(service: &str) -> Arc<Self> {
        let (reading, changing) = match service {
            "ec2" => ((80.0, 18.0), (40.0, 4.5)),
            "iam" => ((30.0, 10.0), (30.0, 5.0)),
            // PutMetricAlarm: 3 per second (CloudWatch user guide, "CloudWatch service quotas").
            "cloudwatch" => ((40.0, 8.0), (40.0, 2.7)),
            _ => ((40.0, 15.0), (40.0, 8.0)),
        };
        Arc::new(Limiter { reading: Bucket::new(reading.0, reading.1), changing: Bucket::new(changing.0, changing.1) })
    }
}

/// An HTTP client whose requests pass a limiter first.
pub struct Limited {
    inner: SharedHttpClient,
    limiter: Arc<Limiter>,
}

impl Limited {
    /// Puts `limiter` in front of `inner`.
    pub fn wrap(inner: SharedHttpClient, limiter: Arc<Limiter>) -> SharedHttpClient {
        SharedHttpClient::new(Limited { inner, limiter })
    }
}

impl fmt::Debug for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Limited")
    }
}

impl HttpClient for Limited {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(LimitedConnector { inner, limiter: self.limiter.clone() })
    }
}

#[derive(Debug)]
struct LimitedConnector {
    inner: SharedHttpConnector,
    limiter: Arc<Limiter>,
}

impl HttpConnector for LimitedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let reading = request.extension::<CallName>().is_some_and(CallName::is_reading);
        let bucket = if reading { &self.limiter.reading } else { &self.limiter.changing };
        let pause = bucket.take(Instant::now());
        let inner = self.inner.clone();
        HttpConnectorFuture::new(async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            // The SDK's own time-out would count the time in the queue.
            match tokio::time::timeout(ATTEMPT, inner.call(request)).await {
                Ok(answer) => answer,
                Err(elapsed) => Err(ConnectorError::timeout(elapsed.into())),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_bucket_lets_its_burst_through_and_then_its_rate() {
        let bucket = Bucket::new(3.0, 2.0);
        let waits: Vec<_> = (0..5).map(|_| bucket.take(Instant::now()).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 500, 1000]);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!(bucket.take(Instant::now()).is_zero());
    }
}
