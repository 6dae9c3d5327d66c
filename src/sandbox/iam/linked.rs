//! Service-linked roles: AWS's services make them for themselves, once an account, when they are first used. IAM User Guide, "Using
//! service-linked roles"; nobody's environment, so they don't count as something that exists.

use super::state::Role;
use crate::sandbox::call::Call;
use crate::sandbox::world::Tags;

/// Roles and the services that assume them (each service's guide, "Using service-linked roles").
const ROLES: [(&str, &str); 5] = [
    ("AWSServiceRoleForAppMesh", "appmesh.amazonaws.com"),
    ("AWSServiceRoleForApplicationAutoScaling_ECSService", "ecs.application-autoscaling.amazonaws.com"),
    ("AWSServiceRoleForECS", "ecs.amazonaws.com"),
    ("AWSServiceRoleForElasticLoadBalancing", "elasticloadbalancing.amazonaws.com"),
    ("AWSServiceRoleForRDS", "rds.amazonaws.com"),
];

/// Makes a service's role, unless it is there.
pub fn link(call: &mut Call<'_>, service: &str) {
    let now = call.now;
    if !call.world.iam.linked.contains_key(service) {
        call.world.iam.linked.insert(service.to_owned(), now);
    }
}

/// Whether a service's role is known everywhere by now.
pub fn is_linked(call: &Call<'_>, service: &str) -> bool {
    let made = call.world.iam.linked.get(service);
    made.is_some_and(|at| call.now >= *at + call.durations().role_usable)
}

/// A service-linked role, as GetRole shows it.
pub(super) fn find(call: &Call<'_>, name: &str) -> Option<Role> {
    let (name, service) = ROLES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    let created_at = *call.world.iam.linked.get(*service)?;
    let path = format!("/aws-service-role/{service}/");
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{service}"}},"Action":"sts:AssumeRole"}}]}}"#
    );
    Some(Role {
        name: (*name).to_owned(),
        id: format!("AROA{:0>17}", name.len()),
        arn: format!("arn:aws:iam::{}:role{path}{name}", call.account()),
        path,
        created_at,
        description: String::new(),
        trust,
        trust_changed_at: created_at,
        policies: Default::default(),
        attached: Default::default(),
        former: Default::default(),
        changed_at: created_at,
        instance_profiles: Default::default(),
        tags: Tags::new(),
    })
}
