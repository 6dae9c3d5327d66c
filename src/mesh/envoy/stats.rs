//! Metrics: which are kept and where they go.

use serde_json::{Value, json};

use super::Layout;
use super::json::{extension, merged, udp};
use crate::mesh::ports;

/// Every kept series is a CloudWatch metric that is paid for: some thirty of two thousand are worth it.
const KEPT: [&str; 6] = [
    r"http\.(mesh_inbound|ingress|egress)\.(downstream_rq_([1-5]xx|total|time|active|timeout)|downstream_cx_(total|active)|rbac\..*|downstream_rq_rx_reset)",
    r"cluster\.(local_app|peer_[a-z0-9_-]+)\.(upstream_rq_([1-5]xx|total|time|timeout|retry|retry_success|retry_limit_exceeded|pending_overflow|active)|upstream_cx_(connect_fail|active)|membership_(healthy|total)|outlier_detection\.ejections_active|ssl\.(handshake|connection_error|fail_verify_.*))",
    r"listener\.mesh_inbound\.ssl\.(handshake|connection_error|no_certificate|fail_verify_.*)",
    r"server\.(live|state|uptime|memory_allocated|days_until_first_cert_expiring)",
    r"sds\..*\.(key_rotation_failed|update_(success|rejected|failure))",
    r".*\.ssl\.certificate\..*",
];

/// Milliseconds.
const LATENCY_BUCKETS: [u32; 13] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

pub(super) fn settings(layout: &Layout) -> Value {
    let patterns: Vec<Value> = KEPT.iter().map(|regex| json!({ "safe_regex": { "regex": regex } })).collect();
    let kept = json!({
        "stats_config": {
            "stats_matcher": { "inclusion_list": { "patterns": patterns } },
            "histogram_bucket_settings": [{ "match": { "suffix": "rq_time" }, "buckets": LATENCY_BUCKETS }],
        },
    });
    if layout.statsd { merged(kept, sink(layout)) } else { kept }
}

/// Tags become CloudWatch dimensions, so that each edge is told apart. UDP to the agent: lost, not waited for, where no
/// agent runs. The CloudWatch agent keeps no histograms from its Prometheus path; statsd timings it does.
fn sink(layout: &Layout) -> Value {
    let sink = json!({
        "address": udp(layout.loopback, ports::STATSD),
        "prefix": "envoy",
        "max_bytes_per_datagram": 1400,
    });
    json!({
        "stats_flush_interval": "10s",
        "stats_sinks": [extension("envoy.stat_sinks.dog_statsd", "envoy.config.metrics.v3.DogStatsdSink", sink)],
    })
}
