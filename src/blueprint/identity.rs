//! Roles: what ECS does for a service, what a service may do itself, and what AWS does for the environment.

mod execution;
pub(super) mod statement;
mod task;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use self::statement::{document, statement};
use super::{Data, Draft, Encryption, Facts, Mesh, Registry, Secrets, network};
use crate::{
    aws::iam::Role,
    engine::{Chapter, Handle},
};

/// The roles.
pub struct Identity {
    /// What ECS assumes to start each service's tasks.
    pub execution: BTreeMap<String, Handle<Role>>,
    /// What each service's tasks assume.
    pub task: BTreeMap<String, Handle<Role>>,
    /// What ECS assumes to move traffic between target groups.
    pub load_balancers: Handle<Role>,
    /// What the VPC's flow logs assume to write.
    pub flow_logs: Handle<Role>,
}

/// What the roles speak of.
struct Things<'a> {
    encryption: &'a Encryption,
    registry: &'a Registry,
    data: &'a Data,
    secrets: &'a Secrets,
    mesh: &'a Mesh,
}

/// Adds the roles.
pub fn add(
    draft: &mut Draft<'_>,
    encryption: &Encryption,
    registry: &Registry,
    data: &Data,
    secrets: &Secrets,
    mesh: &Mesh,
) -> Identity {
    let things = Things { encryption, registry, data, secrets, mesh };
    let (mut execution, mut task) = (BTreeMap::new(), BTreeMap::new());
    for service in draft.services() {
        let role = execution::role(draft, &things, &service);
        let name = format!("execution-{service}");
        let role = draft.add(Chapter::Identity, &name, &["role-execution", &service], role);
        execution.insert(service.clone(), role);
        let role = task::role(draft, &things, &service);
        let role = draft.add(Chapter::Identity, &format!("task-{service}"), &["role-task", &service], role);
        task.insert(service, role);
    }
    let load_balancers = load_balancers(draft.facts);
    let load_balancers =
        draft.add(Chapter::Identity, "ecs-load-balancers", &["role-ecs-load-balancers"], load_balancers);
    let flow_logs = flow_logs(draft);
    let flow_logs = draft.add(Chapter::Identity, "flow-logs", &["role-flow-logs"], flow_logs);
    Identity { execution, task, load_balancers, flow_logs }
}

/// Lets a service assume a role, for things of this account alone where AWS tells on whose behalf it asks.
pub(super) fn trust(service: &str, condition: Option<Value>) -> Value {
    let mut statement = json!({
        "Sid": "AllowAssume",
        "Effect": "Allow",
        "Principal": { "Service": service },
        "Action": "sts:AssumeRole",
    });
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

/// What the service's tasks themselves are, as far as they run in this account and region (ECS Developer Guide, "Amazon ECS task IAM role").
fn trust_tasks(facts: &Facts) -> Value {
    trust("ecs-tasks.amazonaws.com", Some(on_behalf_of(facts, &facts.arn("ecs", "*"))))
}

fn on_behalf_of(facts: &Facts, source: &str) -> Value {
    json!({
        "StringEquals": { "aws:SourceAccount": facts.account },
        "ArnLike": { "aws:SourceArn": source },
    })
}

/// What ECS needs for blue/green deployments. ECS documents no source account for this role (ECS Developer Guide, "Amazon ECS
/// infrastructure IAM role for load balancers"), and its managed policy changes as ECS does.
fn load_balancers(facts: &Facts) -> Role {
    let policy = "policy/AmazonECSInfrastructureRolePolicyForLoadBalancers";
    Role {
        description: "Lets ECS move traffic between target groups".to_owned(),
        trust: trust("ecs.amazonaws.com", None),
        policies: BTreeMap::new(),
        managed: BTreeSet::from([format!("arn:{}:iam::aws:{policy}", facts.partition)]),
    }
}

/// What flow logs need (VPC user guide, "IAM role for publishing flow logs to CloudWatch Logs").
fn flow_logs(draft: &Draft<'_>) -> Role {
    let facts = draft.facts;
    let group = facts.arn("logs", &format!("log-group:{}:*", network::flow_logs_group(draft.suffix.as_str())));
    // Listing is of all log groups of the account or of none (Service Authorization Reference, CloudWatch Logs).
    let all = facts.arn("logs", "log-group:*");
    let write = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"];
    let policy = document([
        statement("WriteFlowLogs", &write, json!(group), None),
        statement("FindLogGroups", &["logs:DescribeLogGroups"], json!(all), None),
    ]);
    let source = facts.arn("ec2", "vpc-flow-log/*");
    Role {
        description: "Lets the VPC's flow logs write".to_owned(),
        trust: trust("vpc-flow-logs.amazonaws.com", Some(on_behalf_of(facts, &source))),
        policies: BTreeMap::from([("flow-logs".to_owned(), policy)]),
        managed: BTreeSet::new(),
    }
}
