//! The mesh: names, certificates and, where App Mesh carries it, its configuration.

use std::collections::BTreeMap;

use crate::{
    aws::{
        appmesh::VirtualNode,
        cloudmap::{DiscoveryService, Namespace},
        secrets::{AuthoritySecret, CertificateSecret},
    },
    engine::Handle,
};

/// The mesh.
pub struct Mesh {
    /// The private DNS namespace.
    pub namespace: Handle<Namespace>,
    /// Each service's name in it.
    pub discovery: BTreeMap<String, Handle<DiscoveryService>>,
    /// The authority that certifies the services.
    pub authority: Handle<AuthoritySecret>,
    /// Each service's certificate.
    pub certificates: BTreeMap<String, Handle<CertificateSecret>>,
    /// Each service's virtual node; none where Envoy carries the mesh without App Mesh.
    pub virtual_nodes: BTreeMap<String, Handle<VirtualNode>>,
}
