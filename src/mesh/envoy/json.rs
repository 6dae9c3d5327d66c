//! Small pieces of Envoy's JSON that recur everywhere.

use std::fmt::Display;
use std::time::Duration;

use serde_json::{Value, json};

/// A message inside a `google.protobuf.Any`: the fields with their type's name.
pub(super) fn typed(message: &str, fields: Value) -> Value {
    merged(json!({ "@type": format!("type.googleapis.com/{message}") }), fields)
}

/// An extension (filter, transport socket, logger, …): Envoy's name for it and its typed configuration.
pub(super) fn extension(name: &str, message: &str, fields: Value) -> Value {
    json!({ "name": name, "typed_config": typed(message, fields) })
}

/// The fields of both objects; where both have one, that of the second.
pub(super) fn merged(mut first: Value, second: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut first, second) {
        fields.extend(more);
    }
    first
}

/// A duration as protobuf's JSON writes it: `2s`, `0.025s`. No more than nine decimals are taken, so it is not done with floats.
pub(super) fn seconds(duration: Duration) -> String {
    let text = format!("{}.{:09}", duration.as_secs(), duration.subsec_nanos());
    format!("{}s", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A TCP address.
pub(super) fn tcp(address: impl Display, port: u16) -> Value {
    json!({ "socket_address": { "address": address.to_string(), "port_value": port } })
}

/// A UDP address.
pub(super) fn udp(address: impl Display, port: u16) -> Value {
    json!({ "socket_address": { "protocol": "UDP", "address": address.to_string(), "port_value": port } })
}

/// The one endpoint that a cluster starts from.
pub(super) fn endpoint(cluster: &str, address: impl Display, port: u16) -> Value {
    json!({
        "cluster_name": cluster,
        "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": tcp(address, port) } }] }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_comes_first_and_the_fields_follow() {
        let any = typed("envoy.Thing", json!({ "b": 1, "a": 2 }));
        assert_eq!(any.to_string(), r#"{"@type":"type.googleapis.com/envoy.Thing","b":1,"a":2}"#);
    }

    #[test]
    fn durations_are_protobufs() {
        assert_eq!(seconds(Duration::from_secs(5)), "5s");
        assert_eq!(seconds(Duration::from_secs(10)), "10s");
        assert_eq!(seconds(Duration::ZERO), "0s");
        assert_eq!(seconds(Duration::from_millis(25)), "0.025s");
        assert_eq!(seconds(Duration::from_secs(265) / 11), "24.09090909s");
        assert_eq!(seconds(Duration::from_secs(214) / 3), "71.333333333s");
    }
}
