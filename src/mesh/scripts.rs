//! The small scripts that Envoy's containers run, and what is handed to them. They go into the task definition itself,
//! so that Envoy's stock image is used as it is.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::{GzDecoder, GzEncoder};
use serde_json::Value;

use super::envoy::{Layout, sds_leaf, sds_trust};

/// Lays out keys and configuration; see the file's head for its environment.
pub const INIT: &str = include_str!("scripts/mesh-init.sh");
/// Runs Envoy and drains it when ECS asks it to stop.
pub const ENTRY: &str = include_str!("scripts/envoy-entry.sh");
/// Tells whether Envoy is live and has its certificates.
pub const HEALTH: &str = include_str!("scripts/envoy-health.sh");

/// The most that is unpacked, in bytes: far more than fits into a task definition packed.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Environment variables of the init container that come from the service's secret, each with its JSON key there.
pub const INIT_SECRETS: [(&str, &str); 3] =
    [("MESH_CERT_CHAIN", "cert_chain"), ("MESH_PRIVATE_KEY", "private_key"), ("MESH_CA_BUNDLE", "ca_bundle")];

/// The secrets that a sidecar must have loaded to be healthy. An Envoy that only lets the load balancer in has `leaf`
/// where it does so with TLS, else none.
pub const SIDECAR_SECRETS: [&str; 2] = ["leaf", "trust"];

/// `entryPoint` of the init container.
pub fn init_entry_point() -> Vec<String> {
    bash(INIT, "mesh-init")
}

/// `entryPoint` of an Envoy container.
pub fn envoy_entry_point() -> Vec<String> {
    bash(ENTRY, "envoy")
}

/// `command` of an Envoy container: one worker, since Fargate shows a container more processors than its task may use,
/// and no hot restart, which a container never does. The access log is written out every second, not every ten: what a task
/// that dies would still have said is what people look for.
pub fn envoy_command() -> Vec<String> {
    let process = ["-c", "/etc/mesh/envoy.json", "--disable-hot-restart", "--concurrency", "1"];
    let log = ["--log-level", "warning", "--file-flush-interval-msec", "1000"];
    process.into_iter().chain(log).map(str::to_owned).collect()
}

/// Environment variable of an Envoy container that tells both its scripts where the admin interface is.
pub fn envoy_environment(layout: &Layout) -> (&'static str, String) {
    ("ADMIN", format!("{}/{}", layout.loopback, layout.admin_port))
}

/// `healthCheck.command` of an Envoy container. `CMD`, because `CMD-SHELL` takes `sh`, which knows no `/dev/tcp`.
pub fn envoy_health_check(secrets: &[&str]) -> Vec<String> {
    let check = std::iter::once("CMD".to_owned()).chain(bash(HEALTH, "envoy-health"));
    check.chain(secrets.iter().map(|&secret| secret.to_owned())).collect()
}

/// Plain environment variables of the init container: the bootstrap and the two files of secret discovery, each as
/// its JSON, compressed and in base64, because a task definition holds 64 KiB in all and a bootstrap for a few peers
/// would fill it. Nothing in them is secret.
pub fn init_environment(bootstrap: &Value, layout: &Layout) -> [(&'static str, String); 3] {
    [
        ("MESH_BOOTSTRAP", packed(bootstrap)),
        ("MESH_SDS_LEAF", packed(&sds_leaf(layout))),
        ("MESH_SDS_TRUST", packed(&sds_trust(layout))),
    ]
}

/// The same text for the same file on every machine, or each run would see a change: no time, no name in the header.
fn packed(file: &Value) -> String {
    let mut compressed = Vec::new();
    GzEncoder::new(file.to_string().as_bytes(), Compression::best())
        .read_to_end(&mut compressed)
        .expect("neither reading nor writing memory fails");
    STANDARD.encode(compressed)
}

/// What was packed into an environment variable; `None` for any other text.
pub fn unpacked(text: &str) -> Option<Value> {
    // How a gzip header begins in base64 (RFC 1952, section 2.3).
    let bytes = text.starts_with("H4sI").then(|| STANDARD.decode(text).ok()).flatten()?;
    let mut json = String::new();
    GzDecoder::new(bytes.as_slice()).take(LARGEST).read_to_string(&mut json).ok()?;
    serde_json::from_str(&json).ok()
}

fn bash(script: &str, name: &str) -> Vec<String> {
    ["/bin/bash", "-c", script, name].map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::MeshModel;
    use crate::mesh::envoy::bootstrap;
    use crate::mesh::model::samples::{crowd, example};

    /// AWS: ECS quotas, "Task definition size": 64 KiB.
    const TASK_DEFINITION: usize = 64 * 1024;

    fn size(model: &MeshModel, service: &str) -> usize {
        let layout = Layout::fargate();
        let bootstrap = bootstrap(model, service, &layout).expect("the service exists");
        init_environment(&bootstrap, &layout).iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    #[test]
    fn what_is_packed_can_be_read_again_and_nothing_else() {
        let (model, layout) = (example(), Layout::fargate());
        let bootstrap = bootstrap(&model, "payments", &layout).expect("the service exists");
        assert_eq!(unpacked(&init_environment(&bootstrap, &layout)[0].1), Some(bootstrap));
        for other in ["", "H4sI", "H4sIAAAA", "info", &STANDARD.encode("{}")] {
            assert_eq!(unpacked(other), None, "{other}");
        }
    }

    #[test]
    fn the_configuration_leaves_room_in_the_task_definition() {
        assert!(size(&example(), "payments") < TASK_DEFINITION / 8);
        assert!(size(&crowd(30), "service-number-00") < TASK_DEFINITION / 4);
    }
}
