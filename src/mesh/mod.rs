//! The mesh: certificates and the Envoy bootstrap.
