use std::net::Ipv4Addr;

use crate::mesh::ports;

/// Where in its task a sidecar finds things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Address of the listeners that peers and the load balancer reach.
    pub bind: Ipv4Addr,
    /// Address that the containers of the task share.
    pub loopback: Ipv4Addr,
    /// Port of the admin interface. TCP.
    pub admin_port: u16,
    /// Whether the application may also call any peer by its `Host` header, on [`ports::EGRESS`]. Beside App Mesh's Envoy that port is
    /// its own.
    pub by_name: bool,
    /// Directory of the key volume; the files are those behind its link `current`.
    pub keys_dir: String,
    /// Directory of `leaf.json` and `trust.json`.
    pub sds_dir: String,
    /// Whether the load balancer speaks TLS to the ingress port. It verifies no certificate and presents none, so this
    /// encrypts the hop and proves nothing (Elastic Load Balancing, "Target groups for your Application Load Balancers").
    pub ingress_tls: bool,
    /// Whether metrics go to a statsd agent in the task.
    pub statsd: bool,
    /// What Envoy's heap may take, in MiB.
    pub max_heap_mib: u32,
}

impl Layout {
    /// The layout of a Fargate task: `awsvpc` networking, so that the task has an address of its own and its containers
    /// one loopback.
    pub fn fargate() -> Self {
        Self {
            bind: Ipv4Addr::UNSPECIFIED,
            loopback: Ipv4Addr::LOCALHOST,
            admin_port: ports::ADMIN,
            by_name: true,
            keys_dir: "/keys".to_owned(),
            sds_dir: "/etc/mesh/sds".to_owned(),
            ingress_tls: false,
            statsd: true,
            max_heap_mib: 128,
        }
    }

    /// The layout of our Envoy beside App Mesh's own.
    pub fn beside_app_mesh() -> Self {
        Self { admin_port: ports::INGRESS_ADMIN, by_name: false, ..Self::fargate() }
    }
}
