//! All that EC2 holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::flow_log::FlowLog;
use super::internet_gateway::InternetGateway;
use super::nat_gateway::NatGateway;
use super::network_acl::NetworkAcl;
use super::network_interface::NetworkInterface;
use super::record::{Kind, Meta, Record};
use super::route_table::RouteTable;
use super::security_group::SecurityGroup;
use super::security_group_rule::SecurityGroupRule;
use super::subnet::Subnet;
use super::tokens::ClientTokens;
use super::vpc::Vpc;
use super::vpc_endpoint::VpcEndpoint;
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::durations::Durations;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::{Item, Place, Simulated, Tags};

macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident: $record:ty,)*) => {
        /// All that EC2 holds, each kind by id.
        #[derive(Clone, Debug, Default, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Ec2State {
            $($(#[$doc])* pub $table: BTreeMap<String, $record>,)*
            /// Client tokens that were used.
            pub tokens: ClientTokens,
        }

        impl Ec2State {
            /// Each thing, with its kind.
            pub(super) fn things(&self) -> impl Iterator<Item = (Kind, &Meta)> {
                std::iter::empty()
                    $(.chain(self.$table.values().map(|record| (<$record as Record>::KIND, record.meta()))))*
            }

            /// The tags of a thing, to change them.
            pub(super) fn tags_mut(&mut self, id: &str) -> Option<&mut Tags> {
                $(if let Some(record) = self.$table.get_mut(id) {
                    return Some(&mut record.meta_mut().tags);
                })*
                None
            }
        }

        /// The kind that an id belongs to by its form.
        pub(super) fn kind_of(id: &str) -> Option<Kind> {
            let prefix = id.rsplit_once('-').map_or(id, |(prefix, _)| prefix);
            $(if <$record as Record>::KIND.prefix == prefix {
                return Some(<$record as Record>::KIND);
            })*
            None
        }
    };
}

tables! {
    /// VPCs.
    vpcs: Vpc,
    /// Subnets.
    subnets: Subnet,
    /// Internet gateways.
    internet_gateways: InternetGateway,
    /// Elastic IP addresses.
    addresses: Address,
    /// NAT gateways; deleted ones for an hour.
    nat_gateways: NatGateway,
    /// Route tables.
    route_tables: RouteTable,
    /// VPC endpoints.
    vpc_endpoints: VpcEndpoint,
    /// Security groups.
    security_groups: SecurityGroup,
    /// Their rules.
    security_group_rules: SecurityGroupRule,
    /// Flow logs.
    flow_logs: FlowLog,
    /// Those of other services too: they make theirs with `network_interface::create` and end them with
    /// `network_interface::expire`.
    network_interfaces: NetworkInterface,
    /// Network ACLs.
    network_acls: NetworkAcl,
}

impl Ec2State {
    /// The tags of a thing.
    pub(super) fn tags(&self, id: &str) -> Option<&Tags> {
        self.things().find(|(_, meta)| meta.id == id).map(|(_, meta)| &meta.tags)
    }

    /// What reading calls don't see yet: ids, and what is said of them.
    pub(in crate::sandbox) fn young(&self, call: &Call<'_>) -> Vec<(String, ApiError)> {
        let young = self.things().filter(|(_, meta)| !call.visible(meta.created_at));
        young.map(|(kind, meta)| (meta.id.clone(), kind.not_found(&meta.id))).collect()
    }

    /// The subnets of a VPC.
    pub(in crate::sandbox) fn subnets_of<'a>(&'a self, vpc_id: &'a str) -> impl Iterator<Item = &'a Subnet> + Clone {
        self.subnets.values().filter(move |subnet| subnet.vpc_id == vpc_id)
    }

    /// The network interfaces in a subnet.
    pub(in crate::sandbox) fn interfaces_in<'a>(
        &'a self,
        subnet_id: &'a str,
    ) -> impl Iterator<Item = &'a NetworkInterface> {
        self.network_interfaces.values().filter(move |interface| interface.subnet_id == subnet_id)
    }

    /// The Internet gateway of a VPC.
    pub(in crate::sandbox) fn gateway_of(&self, vpc_id: &str) -> Option<&InternetGateway> {
        self.internet_gateways.values().find(|gateway| gateway.vpc_id.as_deref() == Some(vpc_id))
    }

    /// The rules of a security group.
    pub(super) fn rules_of<'a>(&'a self, group_id: &'a str) -> impl Iterator<Item = &'a SecurityGroupRule> {
        self.security_group_rules.values().filter(move |rule| rule.group_id == group_id)
    }

    /// Whether something is in a VPC that did not come with it.
    pub(super) fn has_dependents(&self, vpc: &Vpc) -> bool {
        let id = &vpc.meta.id;
        self.subnets_of(id).next().is_some()
            || self.gateway_of(id).is_some()
            || self.network_interfaces.values().any(|interface| interface.vpc_id == *id)
            || self.vpc_endpoints.values().any(|endpoint| endpoint.vpc_id == *id)
            || self.route_tables.values().any(|table| table.vpc_id == *id && table.meta.id != vpc.main_route_table)
            || self.security_groups.values().any(|group| group.vpc_id == *id && group.meta.id != vpc.default_group)
    }

    /// Whether this came with a VPC and goes with it.
    fn is_implied(&self, id: &str) -> bool {
        let is_default = |group: &str| self.vpcs.values().any(|vpc| vpc.default_group == group);
        self.vpcs.values().any(|vpc| {
            [&vpc.default_group, &vpc.main_route_table, &vpc.default_acl].into_iter().any(|implied| implied == id)
        }) || self.security_group_rules.get(id).is_some_and(|rule| is_default(&rule.group_id))
    }

    /// What is gone by now without a call of its own.
    fn expired(&self, now: Moment, durations: &Durations) -> Vec<String> {
        let due = |at: Option<Moment>| at.is_some_and(|at| now >= at);
        let interfaces = self.network_interfaces.values().filter(|record| due(record.expires_at)).map(Record::meta);
        let gateways =
            self.nat_gateways.values().filter(|record| due(record.forgotten_at(durations))).map(Record::meta);
        let endpoints = self.vpc_endpoints.values().filter(|record| due(record.gone_at(durations))).map(Record::meta);
        interfaces.chain(gateways).chain(endpoints).map(|meta| meta.id.clone()).collect()
    }
}

/// Takes away what is gone by now.
pub(super) fn advance(call: &mut Call<'_>) {
    for id in call.world.ec2.expired(call.now, call.durations()) {
        let ec2 = &mut call.world.ec2;
        ec2.network_interfaces.remove(&id);
        ec2.nat_gateways.remove(&id);
        ec2.vpc_endpoints.remove(&id);
    }
}

impl Simulated for Ec2State {
    fn inventory(&self, _now: Moment, place: &Place) -> Vec<Item> {
        let lingers = |id: &str| {
            self.network_interfaces.get(id).is_some_and(|interface| interface.expires_at.is_some())
                || self.nat_gateways.get(id).is_some_and(|gateway| gateway.delete_asked_at.is_some())
                || self.vpc_endpoints.get(id).is_some_and(|endpoint| endpoint.delete_asked_at.is_some())
        };
        self.things()
            .filter(|(_, meta)| !lingers(&meta.id) && !self.is_implied(&meta.id))
            .map(|(kind, meta)| Item {
                kind: kind.item,
                id: meta.id.clone(),
                arn: place.arn("ec2", &format!("{}/{}", kind.resource_type, meta.id)),
                tags: meta.tags.clone(),
            })
            .collect()
    }

    fn tags_by_arn(&mut self, _place: &Place, arn: &str) -> Option<&mut Tags> {
        self.tags_mut(arn.rsplit('/').next().unwrap_or_default())
    }
}
