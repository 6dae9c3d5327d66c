//! Application Load Balancers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::shared::{AttributeValue, DnsName, LoadBalancerArn, LoadBalancerDimension};
use crate::{
    aws::ec2::shared::{SecurityGroupId, SubnetId},
    engine::{Handle, Output},
};

/// An Application Load Balancer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoadBalancer {
    /// `internet-facing` or `internal`.
    pub scheme: String,
    /// Its subnets, in two zones at least.
    pub subnets: Vec<Output<SubnetId>>,
    /// Who may reach it.
    pub security_groups: Vec<Output<SecurityGroupId>>,
    /// Its attributes, as Elastic Load Balancing names them; those that are not named here are left as they are.
    pub attributes: BTreeMap<String, Output<AttributeValue>>,
    /// What must be there before it though it doesn't name it: the VPC's Internet gateway.
    pub after: Vec<Output<()>>,
}

impl Handle<LoadBalancer> {
    /// Its ARN.
    pub fn arn(&self) -> Output<LoadBalancerArn> {
        self.output("arn")
    }

    /// Its public name.
    pub fn dns_name(&self) -> Output<DnsName> {
        self.output("dns_name")
    }

    /// Its name as CloudWatch's dimension `LoadBalancer`: `app/name/id`.
    pub fn full_name(&self) -> Output<LoadBalancerDimension> {
        self.output("full_name")
    }
}
