//! Network ACLs: the default one of each VPC.

use aws_sdk_ec2::operation::describe_network_acls::{DescribeNetworkAclsInput, DescribeNetworkAclsOutput};
use aws_sdk_ec2::types::{self, NetworkAclAssociation, NetworkAclEntry, RuleAction};
use serde::{Deserialize, Serialize};

use super::record::{self, Kind, Meta, Record, View, has_meta, query};
use super::tags;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

/// The number of the rule that denies what no other allows.
const LAST_RULE: i32 = 32767;

/// A network ACL.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NetworkAcl {
    /// Id, time of birth, tags.
    pub meta: Meta,
    /// The VPC that it belongs to.
    pub vpc_id: String,
}

impl Record for NetworkAcl {
    const KIND: Kind = Kind {
        prefix: "acl",
        resource_type: "network-acl",
        item: "ec2:network-acl",
        noun: "networkAcl ID",
        not_found: "InvalidNetworkAclID.NotFound",
        malformed: "InvalidNetworkAclId.Malformed",
    };
    const FILTERS: &'static [&'static str] =
        &["association.subnet-id", "default", "network-acl-id", "owner-id", "vpc-id"];

    has_meta!();

    fn values(&self, filter: &str, view: &View<'_>) -> Vec<String> {
        match filter {
            "association.subnet-id" => view.ec2.subnets_of(&self.vpc_id).map(|subnet| subnet.meta.id.clone()).collect(),
            "default" => vec!["true".to_owned()],
            "owner-id" => vec![view.account.to_owned()],
            "vpc-id" => vec![self.vpc_id.clone()],
            _ => vec![self.meta.id.clone()],
        }
    }
}

impl NetworkAcl {
    /// The one that comes with a VPC.
    pub(super) fn default_of(call: &mut Call<'_>, vpc_id: &str) -> Self {
        Self { meta: Meta::new(call, &Self::KIND, Tags::new()), vpc_id: vpc_id.to_owned() }
    }

    fn to_sdk(&self, view: &View<'_>) -> types::NetworkAcl {
        let associations = view.ec2.subnets_of(&self.vpc_id).map(|subnet| {
            NetworkAclAssociation::builder()
                .network_acl_association_id(&subnet.acl_association)
                .network_acl_id(&self.meta.id)
                .subnet_id(&subnet.meta.id)
                .build()
        });
        types::NetworkAcl::builder()
            .network_acl_id(&self.meta.id)
            .vpc_id(&self.vpc_id)
            .owner_id(view.account)
            .is_default(true)
            .set_associations(Some(associations.collect()))
            .set_entries(Some(default_entries()))
            .set_tags(tags::to_sdk(&self.meta.tags))
            .build()
    }
}

/// VPC User Guide, "Default network ACL": everything is allowed, both ways.
fn default_entries() -> Vec<NetworkAclEntry> {
    let entry = |egress, number, action| {
        NetworkAclEntry::builder()
            .egress(egress)
            .rule_number(number)
            .rule_action(action)
            .protocol("-1")
            .cidr_block("0.0.0.0/0")
            .build()
    };
    [true, false]
        .into_iter()
        .flat_map(|egress| [entry(egress, 100, RuleAction::Allow), entry(egress, LAST_RULE, RuleAction::Deny)])
        .collect()
}

pub(super) fn describe_network_acls(
    call: &mut Call<'_>,
    input: &DescribeNetworkAclsInput,
) -> Result<DescribeNetworkAclsOutput, ApiError> {
    let query = query!(input, network_acl_ids, filters);
    let (acls, next_token) = record::describe(call, &call.world.ec2.network_acls, &query)?;
    let view = View::of(call);
    let acls = acls.into_iter().map(|acl| acl.to_sdk(&view)).collect();
    Ok(DescribeNetworkAclsOutput::builder().set_network_acls(Some(acls)).set_next_token(next_token).build())
}
