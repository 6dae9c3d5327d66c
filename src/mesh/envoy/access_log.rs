//! Access logs, one JSON object a line. They go through the stdout logger, because a file logger on `/dev/stdout` cannot
//! be opened by a process that is not root.

use serde_json::{Value, json};

use super::json::{extension, merged, typed};

/// Requests that failed or took long, and so many in a hundred of the rest. Checks of health are no requests of anybody's.
pub(super) fn requests(service: &str, percent: u32) -> Value {
    let at_least = |value: u32, key: &str| json!({ "comparison": { "op": "GE", "value": { "default_value": value, "runtime_key": key } } });
    let no_check = json!({ "not_health_check_filter": {} });
    let some = json!({ "or_filter": { "filters": [
        { "status_code_filter": at_least(400, "access_log.min_status") },
        { "duration_filter": at_least(1000, "access_log.min_ms") },
        { "runtime_filter": {
            "runtime_key": "access_log.sample",
            "percent_sampled": { "numerator": percent, "denominator": "HUNDRED" },
        } },
    ] } });
    let filter = if percent < 100 { json!({ "and_filter": { "filters": [no_check, some] } }) } else { no_check };
    let line = json!({
        "time": "%START_TIME%",
        "service": service,
        "listener": "%FILTER_CHAIN_NAME%",
        "peer": "%DOWNSTREAM_PEER_URI_SAN%",
        "method": "%REQ(:METHOD)%",
        "path": "%PATH(NQ)%",
        "code": "%RESPONSE_CODE%",
        "detail": "%RESPONSE_CODE_DETAILS%",
        "flags": "%RESPONSE_FLAGS%",
        "ms": "%DURATION%",
        "upstream": "%UPSTREAM_CLUSTER%",
        "upstream_host": "%UPSTREAM_HOST%",
        "upstream_failure": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
        "tls_failure": "%DOWNSTREAM_TRANSPORT_FAILURE_REASON%",
        "tries": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
        "request_id": "%REQ(X-REQUEST-ID)%",
    });
    json!([to_stdout(filter, line)])
}

/// Refused handshakes. They never become requests, so the listener's own log is the only place that tells who was
/// refused and why; the name is what the stranger claimed, not what was proven.
pub(super) fn refused_handshakes(service: &str) -> Value {
    let filter = json!({ "extension_filter": {
        "name": "cel",
        "typed_config": typed(
            "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
            json!({ "expression": "connection.transport_failure_reason != ''" }),
        ),
    } });
    let line = json!({
        "time": "%START_TIME%",
        "service": service,
        "event": "tls_refused",
        "remote": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%",
        "reason": "%DOWNSTREAM_TRANSPORT_FAILURE_REASON%",
        "claimed_peer": "%DOWNSTREAM_PEER_URI_SAN%",
        "claimed_issuer": "%DOWNSTREAM_PEER_ISSUER%",
    });
    json!([to_stdout(filter, line)])
}

fn to_stdout(filter: Value, line: Value) -> Value {
    let logger = extension(
        "envoy.access_loggers.stdout",
        "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
        json!({ "log_format": { "json_format": line } }),
    );
    merged(logger, json!({ "filter": filter }))
}
