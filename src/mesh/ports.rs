//! Ports and the user of the sidecar. All ports are above 1023, because Envoy runs without the right to bind lower ones.

/// Where peers call this service: mutual TLS only. TCP, open to the mesh's security groups.
pub const MESH: u16 = 15006;
/// Where the load balancer calls this service. TCP, open to the load balancer's security group alone.
pub const INGRESS: u16 = 15008;
/// Where the application may call any peer by its `Host` header or as an HTTP proxy. TCP, loopback only.
pub const EGRESS: u16 = 15001;
/// Where App Mesh's redirection delivers what comes in (`ProxyIngressPort`; `ProxyEgressPort` is [`EGRESS`]). TCP.
pub const APP_MESH_INGRESS: u16 = 15000;
/// Envoy's admin interface. TCP, loopback only.
pub const ADMIN: u16 = 9901;
/// The admin interface of the second Envoy that lets the load balancer in beside App Mesh's. TCP, loopback only.
pub const INGRESS_ADMIN: u16 = 9902;
/// The CloudWatch agent's statsd listener. UDP, loopback only.
pub const STATSD: u16 = 8125;
/// The first peer's own port; the next peer has the next number. TCP, loopback only.
pub const FIRST_PEER: u16 = 15101;
/// The user that Envoy runs as. It is the one that App Mesh's `proxyConfiguration` exempts from redirection
/// (`IgnoredUID`), so that one ownership of the key files serves both providers.
pub const MESH_UID: u32 = 1337;
