//! Listeners of Application Load Balancers.

use serde::{Deserialize, Serialize};

use super::{
    action::Action,
    shared::{ListenerArn, LoadBalancerArn},
};
use crate::engine::{Handle, Output};

/// A listener.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Listener {
    /// The load balancer that it belongs to.
    pub load_balancer: Output<LoadBalancerArn>,
    /// Its port.
    pub port: u16,
    /// `HTTP` or `HTTPS`.
    pub protocol: String,
    /// The certificate that it shows; with HTTPS only.
    pub certificate: Option<String>,
    /// Protocols and ciphers; with HTTPS only.
    pub ssl_policy: Option<String>,
    /// What it does with a request that no rule takes.
    pub default_action: Action,
}

impl Handle<Listener> {
    /// Its ARN.
    pub fn arn(&self) -> Output<ListenerArn> {
        self.output("arn")
    }
}
