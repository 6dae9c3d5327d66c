//! Roles.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_iam::types::{EntityType, RoleDetail};
use futures::try_join;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::document;
use crate::{
    aws::{Answer, Aws, tags},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Key, Life, Manner, Naming, Output, Outputs, Physical,
        Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When, failure::absent_is_fine,
    },
    markers, tag_list,
};

markers! {
    /// A role's ARN.
    RoleArn,
    /// A role's name.
    RoleName,
}

/// A role that an AWS service assumes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Role {
    /// What it is for.
    pub description: String,
    /// Who may assume it.
    pub trust: Value,
    /// What it allows: inline policies by name.
    pub policies: BTreeMap<String, Value>,
    /// ARNs of managed policies.
    pub managed: BTreeSet<String>,
}

impl Handle<Role> {
    /// Its ARN.
    pub fn arn(&self) -> Output<RoleArn> {
        self.output("arn")
    }

    /// Its name.
    pub fn name(&self) -> Output<RoleName> {
        self.output("name")
    }
}

fn outputs(name: &str, arn: &str) -> Outputs {
    Outputs::from([("name".to_owned(), name.to_owned()), ("arn".to_owned(), arn.to_owned())])
}

async fn inline(aws: &Aws, role: &str) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    let mut pages = aws.iam.list_role_policies().role_name(role).into_paginator().send();
    while let Some(page) = pages.next().await {
        names.extend(page.of("iam:ListRolePolicies")?.policy_names);
    }
    Ok(names)
}

async fn attached(aws: &Aws, role: &str) -> Result<BTreeSet<String>, Failure> {
    let mut arns = BTreeSet::new();
    let mut pages = aws.iam.list_attached_role_policies().role_name(role).into_paginator().send();
    while let Some(page) = pages.next().await {
        let policies = page.of("iam:ListAttachedRolePolicies")?.attached_policies.unwrap_or_default();
        arns.extend(policies.into_iter().filter_map(|policy| policy.policy_arn));
    }
    Ok(arns)
}

async fn delete_inline(aws: &Aws, role: &str, policy: &str) -> Result<(), Failure> {
    let call = aws.iam.delete_role_policy().role_name(role).policy_name(policy);
    absent_is_fine(call.send().await.of("iam:DeleteRolePolicy").map(|_| ()))
}

async fn detach(aws: &Aws, role: &str, arn: &str) -> Result<(), Failure> {
    let call = aws.iam.detach_role_policy().role_name(role).policy_arn(arn);
    absent_is_fine(call.send().await.of("iam:DetachRolePolicy").map(|_| ()))
}

impl Role {
    /// Puts every inline policy that is wanted and deletes every other.
    async fn put_policies(&self, aws: &Aws, role: &str) -> Result<(), Failure> {
        for (name, document) in &self.policies {
            let call = aws.iam.put_role_policy().role_name(role).policy_name(name);
            call.policy_document(document.to_string()).send().await.of("iam:PutRolePolicy")?;
        }
        for name in inline(aws, role).await?.iter().filter(|name| !self.policies.contains_key(*name)) {
            delete_inline(aws, role, name).await?;
        }
        Ok(())
    }

    /// Attaches every managed policy that is wanted and detaches every other.
    async fn attach_managed(&self, aws: &Aws, role: &str) -> Result<(), Failure> {
        let attached = attached(aws, role).await?;
        for arn in self.managed.difference(&attached) {
            let call = aws.iam.attach_role_policy().role_name(role).policy_arn(arn);
            call.send().await.of("iam:AttachRolePolicy")?;
        }
        for arn in attached.difference(&self.managed) {
            detach(aws, role, arn).await?;
        }
        Ok(())
    }
}

/// What GetAccountAuthorizationDetails shows; it has no description (IAM API reference, RoleDetail).
fn observed(role: &RoleDetail) -> Map<String, Value> {
    let policies: Map<String, Value> = role
        .role_policy_list()
        .iter()
        .filter_map(|policy| Some((policy.policy_name()?.to_owned(), document::read(policy.policy_document()?))))
        .collect();
    let managed: BTreeSet<&str> =
        role.attached_managed_policies().iter().filter_map(|policy| policy.policy_arn()).collect();
    Map::from_iter([
        ("trust".to_owned(), document::read(role.assume_role_policy_document().unwrap_or_default())),
        ("policies".to_owned(), Value::Object(policies)),
        ("managed".to_owned(), json!(managed)),
    ])
}

/// The descriptions of all roles of the account by name. ListRoles shows them, though neither tags nor policies.
async fn descriptions(aws: &Aws) -> Result<BTreeMap<String, String>, Failure> {
    let mut found = BTreeMap::new();
    let mut pages = aws.iam.list_roles().max_items(1000).into_paginator().send();
    while let Some(page) = pages.next().await {
        let roles = page.of("iam:ListRoles")?.roles;
        found.extend(roles.into_iter().map(|role| (role.role_name, role.description.unwrap_or_default())));
    }
    Ok(found)
}

/// The environment's roles as the account's details show them.
async fn details(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
    // All roles of the account with their policies and tags: one call where anything else takes four for each role.
    let call = aws.iam.get_account_authorization_details().filter(EntityType::Role).max_items(1000);
    let mut pages = call.into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.of("iam:GetAccountAuthorizationDetails")?;
        found.extend(page.role_detail_list().iter().filter_map(|role| sight(scope, role)));
    }
    Ok(found)
}

fn sight(scope: &Scope<'_>, role: &RoleDetail) -> Option<Sighting> {
    let name = role.role_name()?;
    let tags = tags::collect(role.tags().iter().map(|tag| (Some(tag.key()), Some(tag.value()))));
    let seen = Sighting {
        key: Key::new(Role::KIND, "?"),
        name: name.to_owned(),
        id: name.to_owned(),
        outputs: outputs(name, role.arn().unwrap_or_default()),
        observed: Map::new(),
        tags: None,
        life: Life::Live,
    };
    // The documents of everybody else's roles are not worth decoding.
    tags::identify(scope, seen, &tags).map(|seen| Sighting { observed: observed(role), ..seen })
}

#[async_trait]
impl Resource for Role {
    type Clients = Aws;
    const KIND: &'static str = "iam-role";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            repeat: Repeat::Safe,
            // Whoever is given it before all of AWS knows it refuses, and is asked again.
            usable: When::Created,
            create: Wait::INSTANT,
            delete: Wait::INSTANT,
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "policies" => Field::UPDATE.later(),
            "managed" => Field::UPDATE.later().unordered(),
            _ => Field::UPDATE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        if scope.targets.is_empty() && !scope.sweep {
            return Ok(Vec::new());
        }
        let (mut found, descriptions) = try_join!(details(aws, scope), descriptions(aws))?;
        for seen in &mut found {
            let description = descriptions.get(&seen.name).map(|text| ("description".to_owned(), json!(text)));
            seen.observed.extend(description);
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let answer = aws
            .iam
            .create_role()
            .role_name(&identity.name)
            .description(&self.description)
            .assume_role_policy_document(self.trust.to_string())
            .set_tags(Some(tag_list!(aws_sdk_iam, identity.tags, fallible)))
            .send()
            .await
            .of("iam:CreateRole")?;
        aws.roles.note();
        let arn = answer.role().map(|role| role.arn()).unwrap_or_default();
        Ok(Created { id: identity.name.clone(), outputs: outputs(&identity.name, arn) })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        if changes.touches("description") {
            let call = aws.iam.update_role().role_name(&it.id).description(&self.description);
            call.send().await.of("iam:UpdateRole")?;
        }
        if changes.touches("trust") {
            let call = aws.iam.update_assume_role_policy().role_name(&it.id);
            call.policy_document(self.trust.to_string()).send().await.of("iam:UpdateAssumeRolePolicy")?;
        }
        if changes.touches("policies") {
            self.put_policies(aws, &it.id).await?;
        }
        if changes.touches("managed") {
            self.attach_managed(aws, &it.id).await?;
        }
        if changes.touches_any(&["trust", "policies", "managed"]) {
            aws.roles.note();
        }
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        let call = aws.iam.tag_role().role_name(&it.id);
        call.set_tags(Some(tag_list!(aws_sdk_iam, tags, fallible))).send().await.of("iam:TagRole")?;
        Ok(())
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        Ok(Readiness::Ready(it.outputs.clone()))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        // A role goes only without policies (IAM API reference, DeleteRole).
        for arn in attached(aws, &it.id).await? {
            detach(aws, &it.id, &arn).await?;
        }
        for name in inline(aws, &it.id).await? {
            delete_inline(aws, &it.id, &name).await?;
        }
        aws.iam.delete_role().role_name(&it.id).send().await.of("iam:DeleteRole")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // DeleteRole is synchronous (IAM API reference, DeleteRole).
        Ok(Gone::Yes)
    }

    async fn blockers(aws: &Aws, it: &Physical) -> Result<Vec<String>, Failure> {
        let call = aws.iam.list_instance_profiles_for_role().role_name(&it.id);
        let answer = call.send().await.of("iam:ListInstanceProfilesForRole")?;
        let name = |profile: &aws_sdk_iam::types::InstanceProfile| {
            format!("instance profile {}", profile.instance_profile_name())
        };
        Ok(answer.instance_profiles().iter().map(name).collect())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "iam:AttachRolePolicy",
            "iam:CreateRole",
            "iam:DeleteRole",
            "iam:DeleteRolePolicy",
            "iam:DetachRolePolicy",
            "iam:GetAccountAuthorizationDetails",
            "iam:ListAttachedRolePolicies",
            "iam:ListInstanceProfilesForRole",
            "iam:ListRolePolicies",
            "iam:ListRoles",
            "iam:PutRolePolicy",
            "iam:TagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
        ]
    }
}
