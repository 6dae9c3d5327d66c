//! The least that a command's caller needs: an IAM policy, read off what the kinds themselves declare.
//!
//! Actions that name what they act on are held to the environment's names; those that act on ids, to its tag `Environment` where IAM lets a
//! condition say so; what is left can only be allowed as such. (Service Authorization Reference, "Actions, resources, and condition keys".)

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{call::is_reading, deploy, ecs::exec, logs::events, look};
use crate::engine::{Kinds, environment::TAG_ENVIRONMENT};

/// What the caller wants to do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Purpose {
    /// Bring environments up and change them.
    Up,
    /// Look at them.
    Status,
    /// Take them away.
    Destroy,
    /// Deploy images, go back, answer and stop deployments.
    Deploy,
    /// See which deployments there were.
    History,
    /// Read what applications write.
    Logs,
    /// Open a shell in a container.
    Exec,
    /// Make certificates, authorities and database credentials anew.
    Rotate,
}

/// Whose resources the policy is about.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// `aws`, `aws-cn`, …
    pub partition: &'a str,
    /// Twelve digits.
    pub account: &'a str,
    /// `us-east-1`, …
    pub region: &'a str,
    /// The environment's suffix.
    pub suffix: &'a str,
}

/// Needed before any kind is looked at.
const ALWAYS: [&str; 2] = ["tag:GetResources", "ec2:DescribeAvailabilityZones"];

/// Needed to find out whether App Mesh answers.
const PROBE: &str = "appmesh:ListMeshes";

/// Needed once an account: whoever first uses a service has its service-linked role made (IAM User Guide, "Service-linked role permissions").
const LINK: &str = "iam:CreateServiceLinkedRole";

/// Reads what a secret holds: for who issues certificates, not for who only looks or takes away.
const REVEAL: &str = "secretsmanager:GetSecretValue";

/// Verbs of actions that a destroy makes besides those that only read.
const REMOVING: [&str; 18] = [
    "Abort",
    // A secret is rotated no more before it goes.
    "Cancel",
    "Delete",
    "Deregister",
    "Detach",
    "Disassociate",
    "Release",
    "Remove",
    // What ECR may do with a key ends with the repository.
    "Retire",
    "Revoke",
    "Schedule",
    "Stop",
    "Terminate",
    "Unsubscribe",
    // A service is scaled to nothing, a load balancer loses its protection, before they go.
    "UpdateService",
    "ModifyDBInstance",
    "ModifyDBCluster",
    "UpdateFunctionConfiguration",
];

fn verb_of(action: &str) -> &str {
    action.split_once(':').map_or(action, |(_, verb)| verb)
}

fn removes(action: &str) -> bool {
    // The Cloud Map operation of that name changes a description.
    let is_other = action == "servicediscovery:UpdateService";
    !is_other && REMOVING.iter().any(|verb| verb_of(action).starts_with(verb))
}

/// What a rotation of certificates changes: see `operation::rotate`.
const ROTATED: [&str; 4] = ["mesh-authority", "mesh-certificate", "task-definition", "ecs-service"];

/// What these kinds do and a rotation doesn't: it makes and takes away nothing but revisions.
fn rotates(action: &str) -> bool {
    let verb = verb_of(action);
    verb == "DeleteTaskDefinitions" || !["Create", "Delete"].iter().any(|prefix| verb.starts_with(prefix))
}

/// Orders a rotation of credentials: the rotator itself has a role of its own.
const ORDERING: [&str; 2] = ["lambda:InvokeFunction", "secretsmanager:RotateSecret"];

/// The actions that a purpose needs.
pub fn actions(kinds: &Kinds, purpose: Purpose) -> BTreeSet<&'static str> {
    let mut declared: BTreeSet<&'static str> = kinds.iter().flat_map(|kind| kind.actions().iter().copied()).collect();
    declared.extend(ALWAYS);
    match purpose {
        Purpose::Up => declared.extend(look::ACTIONS.iter().chain([&PROBE, &LINK])),
        Purpose::Status => {
            declared.retain(|action| is_reading(verb_of(action)) && *action != REVEAL);
            declared.extend(look::ACTIONS);
        }
        Purpose::Destroy => {
            declared.retain(|action| (is_reading(verb_of(action)) && *action != REVEAL) || removes(action));
            declared.insert(PROBE);
        }
        Purpose::Rotate => {
            let rotated = kinds.iter().filter(|kind| ROTATED.contains(&kind.name()));
            let changes: Vec<&str> =
                rotated.flat_map(|kind| kind.actions()).copied().filter(|action| rotates(action)).collect();
            declared.retain(|action| is_reading(verb_of(action)));
            declared.extend(changes.into_iter().chain(ORDERING).chain([PROBE]));
        }
        Purpose::Deploy => return deploy::ACTIONS.into(),
        Purpose::History => return deploy::HISTORY.into(),
        Purpose::Logs => return events::ACTIONS.into(),
        Purpose::Exec => return exec::ACTIONS.into(),
    }
    declared
}

/// What an action is held to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Scope {
    /// Nothing: it names no resource, or one that does not bear our names or tags yet.
    Any,
    /// What bears the environment's suffix in its name.
    Names(Vec<String>),
    /// What bears the environment's tag.
    Tagged,
    /// What is given the environment's tag as it is made.
    Tagging,
}

/// Actions on EC2, KMS, Cloud Map and scalable targets that act on what is tagged, and for which IAM knows `aws:ResourceTag`. Not among them: what is done to a
/// key right after it was made, since its tags count for permissions up to five minutes later only (KMS Developer Guide, "ABAC for AWS KMS").
const BY_TAG: &[&str] = &[
    // Policies are their target's (Service Authorization Reference, AWS Application Auto Scaling).
    "application-autoscaling:DeleteScalingPolicy",
    "application-autoscaling:DeregisterScalableTarget",
    "application-autoscaling:PutScalingPolicy",
    "ec2:AssociateRouteTable",
    "ec2:AttachInternetGateway",
    "ec2:CreateRoute",
    "ec2:DeleteFlowLogs",
    "ec2:DeleteInternetGateway",
    "ec2:DeleteNatGateway",
    "ec2:DeleteRoute",
    "ec2:DeleteRouteTable",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteSubnet",
    "ec2:DeleteVpc",
    "ec2:DeleteVpcEndpoints",
    "ec2:DetachInternetGateway",
    "ec2:ModifyVpcAttribute",
    "ec2:ModifyVpcEndpoint",
    "ec2:ReleaseAddress",
    "ec2:ReplaceRoute",
    "kms:DisableKeyRotation",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:UpdateKeyDescription",
    "servicediscovery:DeleteNamespace",
    "servicediscovery:DeleteService",
    "servicediscovery:UpdateService",
];

/// Actions that only read, and what they read is not for everybody who may see that it is there.
const CONFIDENTIAL: &[&str] =
    &["iam:SimulatePrincipalPolicy", "logs:FilterLogEvents", "logs:GetLogEvents", "secretsmanager:GetSecretValue"];

/// Actions that tag as they create, and make nothing else than what they tag.
const WITH_TAG: &[&str] = &[
    "ec2:AllocateAddress",
    "ec2:CreateInternetGateway",
    "ec2:CreateVpc",
    "kms:CreateKey",
    "servicediscovery:CreatePrivateDnsNamespace",
];

/// What of these actions is held neither to names nor to tags.
pub fn unscoped<'a>(actions: &BTreeSet<&'a str>, owner: &Owner<'_>) -> BTreeSet<&'a str> {
    actions.iter().copied().filter(|action| matches!(owner.scope(action), Scope::Any | Scope::Tagging)).collect()
}

impl Owner<'_> {
    fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition, self.region, self.account)
    }

    fn global(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}::{}:{resource}", self.partition, self.account)
    }

    fn scope(&self, action: &str) -> Scope {
        let (service, verb) = action.split_once(':').unwrap_or((action, ""));
        let ours = self.suffix;
        if BY_TAG.contains(&action) {
            return Scope::Tagged;
        }
        if WITH_TAG.contains(&action) {
            return Scope::Tagging;
        }
        // Looks are batched: they list what there is, and IAM knows no resource for most of them. Images come from any repository.
        if is_reading(verb) && !CONFIDENTIAL.contains(&action) {
            return Scope::Any;
        }
        let each = |patterns: &[&str]| {
            Scope::Names(patterns.iter().map(|pattern| self.arn(service, &pattern.replace("{}", ours))).collect())
        };
        match service {
            "iam" if action == LINK => {
                let role = |(role, service)| self.global("iam", &format!("role/aws-service-role/{service}/{role}"));
                let app_mesh = ("AWSServiceRoleForAppMesh", "appmesh.amazonaws.com");
                Scope::Names(look::linked_roles::LINKED_ROLES.into_iter().chain([app_mesh]).map(role).collect())
            }
            "iam" => Scope::Names(vec![self.global("iam", &format!("role/*-{ours}"))]),
            "s3" => {
                let bucket = format!("arn:{}:s3:::*-{ours}-{}", self.partition, self.account);
                Scope::Names(vec![format!("{bucket}/*"), bucket])
            }
            // What is to be made has no random end yet; and RDS makes the master user's secret in the caller's name (Aurora User Guide,
            // "Password management with Amazon Aurora and AWS Secrets Manager").
            "secretsmanager" if matches!(verb, "CreateSecret" | "TagResource") => {
                each(&["secret:*-{}", "secret:*-{}-??????", "secret:rds!cluster-*"])
            }
            "secretsmanager" => each(&["secret:*-{}-??????"]),
            "logs" => each(&[
                "log-group:/aws/rds/cluster/db-cluster-{}/postgresql",
                "log-group:/aws/rds/cluster/db-cluster-{}/postgresql:*",
                "log-group:/aws/ecs/containerinsights/cluster-{}/performance",
                "log-group:/aws/ecs/containerinsights/cluster-{}/performance:*",
                // RDS names its log groups.
                "log-group:/aws/rds/cluster/*-{}/*",
                "log-group:/platformctl/{}/*",
            ]),
            "kms" if verb.ends_with("Alias") => each(&["alias/*-{}"]),
            "ecr" => each(&["repository/*-{}"]),
            "dynamodb" => each(&["table/*-{}"]),
            "sns" => each(&["*-{}", "*-{}:*"]),
            // A dashboard's ARN has no region. Application Auto Scaling makes alarms in the caller's name (its user guide, "Permissions required
            // for API actions on target services and CloudWatch").
            "cloudwatch" => Scope::Names(vec![
                self.global("cloudwatch", &format!("dashboard/*-{ours}")),
                self.arn("cloudwatch", &format!("alarm:*-{ours}")),
                self.arn("cloudwatch", &format!("alarm:TargetTracking-service/cluster-{ours}/*")),
            ]),
            "ecs" if verb == "DeregisterTaskDefinition" => Scope::Any,
            "ecs" if verb == "ExecuteCommand" => each(&["cluster/*-{}", "task/*-{}/*"]),
            "ecs" => each(&["cluster/*-{}", "service/*-{}/*", "service-deployment/*-{}/*", "task-definition/*-{}:*"]),
            "elasticloadbalancing" => each(&[
                "listener-rule/app/*-{}/*",
                "listener/app/*-{}/*",
                "loadbalancer/app/*-{}/*",
                "targetgroup/*-{}/*",
            ]),
            "appmesh" => each(&["mesh/*-{}", "mesh/*-{}/*"]),
            "lambda" => each(&["function:*-{}", "function:*-{}:*"]),
            // A cluster takes the default groups of parameters and options (Service Authorization Reference, Amazon RDS, CreateDBCluster).
            "rds" => {
                each(&["cluster-pg:default*", "cluster:*-{}", "db:*-{}", "og:default*", "pg:default*", "subgrp:*-{}"])
            }
            _ => Scope::Any,
        }
    }
}

/// A policy that allows exactly `actions`. The Sids tell what each statement is held to.
pub fn document(actions: &BTreeSet<&'static str>, owner: &Owner<'_>) -> Value {
    let mut scopes: BTreeMap<Scope, BTreeSet<&str>> = BTreeMap::new();
    for action in actions {
        scopes.entry(owner.scope(action)).or_default().insert(action);
        // An alias and its key are asked for both, and only the key bears tags.
        if action.starts_with("kms:") && action.ends_with("Alias") {
            scopes.entry(Scope::Tagged).or_default().insert(action);
        }
    }
    let tag = |key: &str| json!({ "StringEquals": { format!("{key}/{TAG_ENVIRONMENT}"): owner.suffix } });
    // Sids are unique in a policy: of one service's several statements, the later ones are told apart by their first action.
    let mut sids = BTreeSet::new();
    let mut statement = |(scope, actions): (Scope, BTreeSet<&str>)| {
        let (service, verb) = actions.first().and_then(|action| action.split_once(':')).unwrap_or_default();
        let mut sid: String = service.split('-').map(capital).collect();
        if matches!(scope, Scope::Names(_)) && !sids.insert(sid.clone()) {
            sid.push_str(verb);
        }
        match scope {
            Scope::Any => json!({ "Sid": "Unscoped", "Effect": "Allow", "Action": actions, "Resource": "*" }),
            Scope::Names(names) => {
                json!({ "Sid": format!("Named{sid}"), "Effect": "Allow", "Action": actions, "Resource": names })
            }
            Scope::Tagged => json!({
                "Sid": "Tagged", "Effect": "Allow", "Action": actions, "Resource": "*", "Condition": tag("aws:ResourceTag"),
            }),
            Scope::Tagging => json!({
                "Sid": "MadeWithTag", "Effect": "Allow", "Action": actions, "Resource": "*", "Condition": tag("aws:RequestTag"),
            }),
        }
    };
    let statements: Vec<Value> = scopes.into_iter().map(&mut statement).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A managed policy holds so many characters, white space not counted (IAM User Guide, "IAM and AWS STS quotas").
pub const LIMIT: usize = 6144;

/// The same policy in as many documents as it takes for each to be within [`LIMIT`].
pub fn parts(document: &Value) -> Vec<Value> {
    let statements = document["Statement"].as_array().cloned().unwrap_or_default();
    // Statements are split too: one of them lists everything that reads.
    let single = statements.iter().flat_map(|statement| {
        let actions = statement["Action"].as_array().cloned().unwrap_or_default();
        actions
            .chunks(40)
            .map(<[Value]>::to_vec)
            .enumerate()
            .map(|(index, chunk)| {
                let mut part = statement.clone();
                part["Action"] = chunk.into();
                if index > 0 {
                    part["Sid"] = format!("{}{}", statement["Sid"].as_str().unwrap_or_default(), index + 1).into();
                }
                part
            })
            .collect::<Vec<_>>()
    });
    let mut parts: Vec<Vec<Value>> = vec![Vec::new()];
    let whole = |statements: &[Value]| json!({ "Version": "2012-10-17", "Statement": statements });
    for statement in single {
        let last = parts.last_mut().expect("there is one at least");
        last.push(statement);
        if whole(last).to_string().len() > LIMIT && last.len() > 1 {
            let moved = last.pop();
            parts.push(moved.into_iter().collect());
        }
    }
    parts.iter().map(|statements| whole(statements)).collect()
}

#[cfg(test)]
mod resources;

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Owner<'_> = Owner { partition: "aws", account: "123456789012", region: "us-east-1", suffix: "dev" };

    #[test]
    fn actions_are_held_to_names_and_tags() {
        let actions = BTreeSet::from(["iam:CreateRole", "ec2:DeleteVpc", "ec2:CreateVpc", "ec2:DescribeVpcs"]);
        let document = document(&actions, &OWNER);
        let find = |sid: &str| {
            let statements = document["Statement"].as_array().expect("a list");
            statements.iter().find(|statement| statement["Sid"] == sid).expect("a statement").clone()
        };
        assert_eq!(find("NamedIam")["Resource"], json!(["arn:aws:iam::123456789012:role/*-dev"]));
        assert_eq!(find("Tagged")["Condition"], json!({ "StringEquals": { "aws:ResourceTag/Environment": "dev" } }));
        assert_eq!(find("MadeWithTag")["Action"], json!(["ec2:CreateVpc"]));
        assert_eq!(find("Unscoped")["Action"], json!(["ec2:DescribeVpcs"]));
    }

    #[test]
    fn parts_are_within_the_limit_and_lose_nothing() {
        let names: Vec<String> = (0..400).map(|number| format!("ec2:DescribeSomething{number}")).collect();
        let actions = names.iter().map(|name| &*name.clone().leak()).collect();
        let parts = parts(&document(&actions, &OWNER));
        assert!(parts.len() > 1 && parts.iter().all(|part| part.to_string().len() <= LIMIT));
        let count: usize = parts
            .iter()
            .flat_map(|part| part["Statement"].as_array().cloned().unwrap_or_default())
            .map(|statement| statement["Action"].as_array().map_or(0, Vec::len))
            .sum();
        assert_eq!(count, 400);
    }
}
