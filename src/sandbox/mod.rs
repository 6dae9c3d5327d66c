//! The simulated AWS: strict, with latency, asynchronous readiness and eventual consistency.
