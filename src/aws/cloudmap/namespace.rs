//! Private DNS namespaces.

use serde::{Deserialize, Serialize};

use crate::{
    aws::ec2::shared::VpcId,
    engine::{Handle, Output},
    markers,
};

markers! {
    /// A namespace's id.
    NamespaceId,
    /// A namespace's ARN.
    NamespaceArn,
    /// A namespace's DNS name.
    NamespaceName,
}

/// A DNS namespace that is seen in one VPC. Its physical name is its DNS name (`dev.local`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Namespace {
    /// The VPC whose resolver answers for it.
    pub vpc: Output<VpcId>,
}

impl Handle<Namespace> {
    /// Its id.
    pub fn id(&self) -> Output<NamespaceId> {
        self.output("id")
    }

    /// Its ARN.
    pub fn arn(&self) -> Output<NamespaceArn> {
        self.output("arn")
    }

    /// Its DNS name.
    pub fn name(&self) -> Output<NamespaceName> {
        self.output("name")
    }
}
