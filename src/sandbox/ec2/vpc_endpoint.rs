//! VPC endpoints: gateways for S3 and DynamoDB, interfaces for other services.

use aws_sdk_ec2::types::{self, DnsEntry, SecurityGroupIdentifier, State, VpcEndpointType};
use serde::{Deserialize, Serialize};

use super::record::{Kind, Meta, Record, View, has_meta};
use super::tags;
use crate::sandbox::clock::Moment;
use crate::sandbox::durations::Durations;

/// A VPC endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VpcEndpoint {
    /// Id, time of birth, tags.
    pub meta: Meta,
    /// The VPC that it belongs to.
    pub vpc_id: String,
    /// `com.amazonaws.us-east-1.s3`.
    pub service_name: String,
    /// Gateway or interface.
    pub is_gateway: bool,
    /// Its policy, JSON.
    pub policy: String,
    /// The tables that it has routes in.
    pub route_table_ids: Vec<String>,
    /// The subnets that it has interfaces in.
    pub subnet_ids: Vec<String>,
    /// The groups of its interfaces.
    pub group_ids: Vec<String>,
    /// Its network interfaces.
    pub interface_ids: Vec<String>,
    /// Whether private names of the service lead to it.
    pub private_dns: bool,
    /// When its deletion was asked for.
    pub delete_asked_at: Option<Moment>,
}

impl Record for VpcEndpoint {
    const KIND: Kind = Kind {
        prefix: "vpce",
        resource_type: "vpc-endpoint",
        item: "ec2:vpc-endpoint",
        noun: "Vpc Endpoint Id",
        not_found: "InvalidVpcEndpointId.NotFound",
        malformed: "InvalidVpcEndpointId.Malformed",
    };
    const FILTERS: &'static [&'static str] =
        &["service-name", "vpc-endpoint-id", "vpc-endpoint-state", "vpc-endpoint-type", "vpc-id"];

    has_meta!();

    fn values(&self, filter: &str, view: &View<'_>) -> Vec<String> {
        vec![match filter {
            "service-name" => self.service_name.clone(),
            "vpc-endpoint-state" => self.state(view).to_owned(),
            "vpc-endpoint-type" => self.endpoint_type().as_str().to_owned(),
            "vpc-id" => self.vpc_id.clone(),
            _ => self.meta.id.clone(),
        }]
    }
}

impl VpcEndpoint {
    /// The API writes states in lower case, whatever its model says.
    fn state(&self, view: &View<'_>) -> &'static str {
        if self.delete_asked_at.is_some() {
            "deleting"
        } else if view.now >= self.meta.created_at + view.durations.vpc_endpoint_available {
            "available"
        } else {
            "pending"
        }
    }

    fn endpoint_type(&self) -> VpcEndpointType {
        if self.is_gateway { VpcEndpointType::Gateway } else { VpcEndpointType::Interface }
    }

    /// When it is gone.
    pub(super) fn gone_at(&self, durations: &Durations) -> Option<Moment> {
        self.delete_asked_at.map(|at| at + durations.vpc_endpoint_available)
    }

    pub(super) fn to_sdk(&self, view: &View<'_>) -> types::VpcEndpoint {
        let groups =
            self.group_ids.iter().filter_map(|id| view.ec2.security_groups.get(id)).map(|group| {
                SecurityGroupIdentifier::builder().group_id(&group.meta.id).group_name(&group.name).build()
            });
        let service = self.service_name.rsplit('.').next().unwrap_or_default();
        let dns_name = format!("{}.{service}.{}.vpce.amazonaws.com", self.meta.id, view.region);
        let dns = (!self.is_gateway).then(|| vec![DnsEntry::builder().dns_name(dns_name).build()]);
        types::VpcEndpoint::builder()
            .vpc_endpoint_id(&self.meta.id)
            .vpc_endpoint_type(self.endpoint_type())
            .vpc_id(&self.vpc_id)
            .owner_id(view.account)
            .service_name(&self.service_name)
            .state(State::from(self.state(view)))
            .policy_document(&self.policy)
            .set_route_table_ids(Some(self.route_table_ids.clone()))
            .set_subnet_ids(Some(self.subnet_ids.clone()))
            .set_groups(Some(groups.collect()))
            .set_network_interface_ids(Some(self.interface_ids.clone()))
            .set_dns_entries(dns)
            .private_dns_enabled(self.private_dns)
            .requester_managed(false)
            .creation_timestamp(self.meta.created_at.datetime())
            .set_tags(tags::to_sdk(&self.meta.tags))
            .build()
    }
}
