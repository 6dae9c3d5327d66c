//! Security groups.

use aws_sdk_ec2::operation::create_security_group::{CreateSecurityGroupInput, CreateSecurityGroupOutput};
use aws_sdk_ec2::operation::delete_security_group::{DeleteSecurityGroupInput, DeleteSecurityGroupOutput};
use aws_sdk_ec2::operation::describe_security_groups::{DescribeSecurityGroupsInput, DescribeSecurityGroupsOutput};
use aws_sdk_ec2::types;
use serde::{Deserialize, Serialize};

use super::permissions;
use super::record::{self, Kind, Meta, Record, View, find, has_meta, invalid, query, required, unsupported};
use super::security_group_rule::{Peer, SecurityGroupRule};
use super::tags;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::quotas;
use crate::sandbox::world::Tags;

/// The name of the group that comes with a VPC.
const DEFAULT: &str = "default";
/// EC2 API reference, CreateSecurityGroup: names and descriptions.
const MAX_LENGTH: usize = 255;
const PUNCTUATION: &str = " ._-:/()#,@[]+=&;{}!$*";

/// A security group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// Id, time of birth, tags.
    pub meta: Meta,
    /// Its name, unique in the VPC.
    pub name: String,
    /// What its maker wrote.
    pub description: String,
    /// The VPC that it belongs to.
    pub vpc_id: String,
}

impl Record for SecurityGroup {
    const KIND: Kind = Kind {
        prefix: "sg",
        resource_type: "security-group",
        item: "ec2:security-group",
        noun: "security group",
        not_found: "InvalidGroup.NotFound",
        malformed: "InvalidGroupId.Malformed",
    };
    const FILTERS: &'static [&'static str] = &[
        "description",
        "egress.ip-permission.cidr",
        "egress.ip-permission.from-port",
        "egress.ip-permission.group-id",
        "egress.ip-permission.prefix-list-id",
        "egress.ip-permission.protocol",
        "egress.ip-permission.to-port",
        "group-id",
        "group-name",
        "ip-permission.cidr",
        "ip-permission.from-port",
        "ip-permission.group-id",
        "ip-permission.prefix-list-id",
        "ip-permission.protocol",
        "ip-permission.to-port",
        "owner-id",
        "vpc-id",
    ];

    has_meta!();

    fn values(&self, filter: &str, view: &View<'_>) -> Vec<String> {
        let (is_egress, permission) = match filter.strip_prefix("egress.") {
            Some(rest) => (true, rest),
            None => (false, filter),
        };
        if let Some(field) = permission.strip_prefix("ip-permission.") {
            let rules = view.ec2.rules_of(&self.meta.id).filter(|rule| rule.is_egress == is_egress);
            return rules.filter_map(|rule| rule_field(rule, field)).collect();
        }
        vec![match filter {
            "description" => self.description.clone(),
            "group-name" => self.name.clone(),
            "owner-id" => view.account.to_owned(),
            "vpc-id" => self.vpc_id.clone(),
            _ => self.meta.id.clone(),
        }]
    }
}

fn rule_field(rule: &SecurityGroupRule, field: &str) -> Option<String> {
    match (field, &rule.peer) {
        ("cidr", Peer::Ipv4(range) | Peer::Ipv6(range)) => Some(range.clone()),
        ("group-id", Peer::Group(id)) | ("prefix-list-id", Peer::PrefixList(id)) => Some(id.clone()),
        ("protocol", _) => Some(rule.protocol.clone()),
        ("from-port", _) => Some(rule.from_port.to_string()),
        ("to-port", _) => Some(rule.to_port.to_string()),
        _ => None,
    }
}

impl SecurityGroup {
    /// The one that comes with a VPC.
    pub(super) fn default_of(call: &mut Call<'_>, vpc_id: &str) -> Self {
        Self {
            meta: Meta::new(call, &Self::KIND, Tags::new()),
            name: DEFAULT.to_owned(),
            description: "default VPC security group".to_owned(),
            vpc_id: vpc_id.to_owned(),
        }
    }

    fn to_sdk(&self, view: &View<'_>) -> types::SecurityGroup {
        let (egress, ingress): (Vec<_>, Vec<_>) = view.ec2.rules_of(&self.meta.id).partition(|rule| rule.is_egress);
        types::SecurityGroup::builder()
            .group_id(&self.meta.id)
            .group_name(&self.name)
            .description(&self.description)
            .vpc_id(&self.vpc_id)
            .owner_id(view.account)
            .security_group_arn(arn(view.region, view.account, &self.meta.id))
            .set_ip_permissions(Some(permissions::grouped(&ingress, view.account)))
            .set_ip_permissions_egress(Some(permissions::grouped(&egress, view.account)))
            .set_tags(tags::to_sdk(&self.meta.tags))
            .build()
    }
}

fn arn(region: &str, account: &str, id: &str) -> String {
    format!("arn:aws:ec2:{region}:{account}:security-group/{id}")
}

/// EC2 API reference, CreateSecurityGroup: the name is unique in the VPC; the group may reach everything.
pub(super) fn create_security_group(
    call: &mut Call<'_>,
    input: &CreateSecurityGroupInput,
) -> Result<CreateSecurityGroupOutput, ApiError> {
    unsupported(&[("DryRun", input.dry_run() == Some(true))])?;
    let name = required(input.group_name(), "groupName")?;
    let description = required(input.description(), "GroupDescription")?;
    check_text(name, "groupName")?;
    check_text(description, "GroupDescription")?;
    if name.to_ascii_lowercase().starts_with("sg-") {
        return Err(invalid(name, "groupName", "Group name may not be in the format sg-*."));
    }
    if name == DEFAULT {
        return Err(ApiError::new("InvalidGroup.Reserved", "Cannot use reserved security group name: default"));
    }
    let vpc_id = input.vpc_id().ok_or_else(|| ApiError::new("VPCIdNotSpecified", "No default VPC for this user"))?;
    find(&call.world.ec2.vpcs, vpc_id)?;
    let tags = tags::specified(input.tag_specifications(), &SecurityGroup::KIND)?;
    let groups = &call.world.ec2.security_groups;
    if groups.values().any(|group| group.vpc_id == vpc_id && group.name == name) {
        let message = format!("The security group '{name}' already exists for VPC '{vpc_id}'");
        return Err(ApiError::new("InvalidGroup.Duplicate", message));
    }
    if groups.len() as f64 >= call.quota(quotas::SECURITY_GROUPS) {
        let message = "The maximum number of security groups has been reached.";
        return Err(ApiError::new("SecurityGroupLimitExceeded", message));
    }

    let group = SecurityGroup {
        meta: Meta::new(call, &SecurityGroup::KIND, tags),
        name: name.to_owned(),
        description: description.to_owned(),
        vpc_id: vpc_id.to_owned(),
    };
    let rule = SecurityGroupRule::open_egress(call, &group.meta.id);
    let output = CreateSecurityGroupOutput::builder()
        .group_id(&group.meta.id)
        .security_group_arn(arn(call.region(), call.account(), &group.meta.id))
        .set_tags(tags::to_sdk(&group.meta.tags))
        .build();
    let ec2 = &mut call.world.ec2;
    ec2.security_group_rules.insert(rule.meta.id.clone(), rule);
    ec2.security_groups.insert(group.meta.id.clone(), group);
    Ok(output)
}

/// Up to 255 of `a-z A-Z 0-9` and some punctuation.
fn check_text(text: &str, parameter: &str) -> Result<(), ApiError> {
    if text.is_empty() || text.len() > MAX_LENGTH {
        return Err(invalid(text, parameter, &format!("It must be 1 to {MAX_LENGTH} characters long.")));
    }
    if !text.chars().all(|letter| letter.is_ascii_alphanumeric() || PUNCTUATION.contains(letter)) {
        return Err(invalid(text, parameter, &format!("Valid characters are a-z, A-Z, 0-9 and {PUNCTUATION}")));
    }
    Ok(())
}

pub(super) fn describe_security_groups(
    call: &mut Call<'_>,
    input: &DescribeSecurityGroupsInput,
) -> Result<DescribeSecurityGroupsOutput, ApiError> {
    // Names select groups of the default VPC only, which this account does not have.
    if let Some(name) = input.group_names().first() {
        let message = format!("The security group '{name}' does not exist in default VPC");
        return Err(ApiError::new("InvalidGroup.NotFound", message));
    }
    let query = query!(input, group_ids, filters);
    let (groups, next_token) = record::describe(call, &call.world.ec2.security_groups, &query)?;
    let view = View::of(call);
    let groups = groups.into_iter().map(|group| group.to_sdk(&view)).collect();
    Ok(DescribeSecurityGroupsOutput::builder().set_security_groups(Some(groups)).set_next_token(next_token).build())
}

/// EC2 API reference, DeleteSecurityGroup: no interface may use it, no rule of another group may name it.
pub(super) fn delete_security_group(
    call: &mut Call<'_>,
    input: &DeleteSecurityGroupInput,
) -> Result<DeleteSecurityGroupOutput, ApiError> {
    unsupported(&[("DryRun", input.dry_run() == Some(true)), ("EC2-Classic", input.group_name().is_some())])?;
    let id = required(input.group_id(), "groupId")?;
    let group = find(&call.world.ec2.security_groups, id)?;
    if group.name == DEFAULT {
        let message = format!("the specified group: \"{id}\" name: \"{DEFAULT}\" cannot be deleted by a user");
        return Err(ApiError::new("CannotDelete", message));
    }
    let ec2 = &call.world.ec2;
    let names = |rule: &SecurityGroupRule| rule.group_id != id && rule.peer == Peer::Group(id.to_owned());
    let is_used = ec2.network_interfaces.values().any(|interface| interface.groups.iter().any(|group| group == id));
    if is_used || ec2.security_group_rules.values().any(names) {
        return Err(ApiError::new("DependencyViolation", format!("resource {id} has a dependent object")));
    }
    let ec2 = &mut call.world.ec2;
    ec2.security_group_rules.retain(|_, rule| rule.group_id != id);
    ec2.security_groups.remove(id);
    Ok(DeleteSecurityGroupOutput::builder().r#return(true).group_id(id).build())
}
