//! What AWS holds a call against is an ARN that bears our names; here are those that it forms, by the operation (Service Authorization
//! Reference, resource types of the actions).

use std::collections::BTreeSet;

use super::*;
use crate::{
    aws::rehearsal::Rehearsal,
    sandbox::iam::policy::{Caller, Decision, Grammar, Policy, Request},
};

const OWNER: Owner<'_> = Owner { partition: "aws", account: "123456789012", region: "us-east-1", suffix: "dev" };

/// Actions with the ARNs that AWS asks for in one call of an `up`: all must be allowed. `R` stands for `us-east-1:123456789012`.
const ASKED: &[(&str, &[&str])] = &[
    ("cloudwatch:PutDashboard", &["arn:aws:cloudwatch::123456789012:dashboard/dashboard-dev"]),
    ("cloudwatch:PutMetricAlarm", &["arn:aws:cloudwatch:R:alarm:alarm-payments-errors-dev"]),
    // Those of a scaling policy.
    (
        "cloudwatch:PutMetricAlarm",
        &["arn:aws:cloudwatch:R:alarm:TargetTracking-service/cluster-dev/service-payments-dev-AlarmHigh-1b2c"],
    ),
    ("dynamodb:CreateTable", &["arn:aws:dynamodb:R:table/table-payments-dev"]),
    ("ecr:CreateRepository", &["arn:aws:ecr:R:repository/ecr-payments-dev"]),
    ("ecs:CreateCluster", &["arn:aws:ecs:R:cluster/cluster-dev"]),
    ("ecs:CreateService", &["arn:aws:ecs:R:service/cluster-dev/service-payments-dev"]),
    ("ecs:RegisterTaskDefinition", &["arn:aws:ecs:R:task-definition/task-payments-dev:*"]),
    ("ecs:TagResource", &["arn:aws:ecs:R:task-definition/task-payments-dev:1"]),
    (
        "ecs:StopServiceDeployment",
        &[
            "arn:aws:ecs:R:service/cluster-dev/service-payments-dev",
            "arn:aws:ecs:R:service-deployment/cluster-dev/service-payments-dev/AbC",
        ],
    ),
    (
        "elasticloadbalancing:CreateListener",
        &["arn:aws:elasticloadbalancing:R:loadbalancer/app/alb-dev/50dc6c495c0c9188"],
    ),
    ("elasticloadbalancing:CreateLoadBalancer", &["arn:aws:elasticloadbalancing:R:loadbalancer/app/alb-dev/*"]),
    ("elasticloadbalancing:CreateTargetGroup", &["arn:aws:elasticloadbalancing:R:targetgroup/tg-payments-blue-dev/*"]),
    ("iam:CreateRole", &["arn:aws:iam::123456789012:role/role-task-payments-dev"]),
    (
        "iam:CreateServiceLinkedRole",
        &["arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"],
    ),
    ("iam:PassRole", &["arn:aws:iam::123456789012:role/role-rotator-dev"]),
    ("lambda:CreateFunction", &["arn:aws:lambda:R:function:rotator-dev"]),
    ("logs:CreateLogGroup", &["arn:aws:logs:R:log-group:/platformctl/dev/service/payments"]),
    ("logs:CreateLogGroup", &["arn:aws:logs:R:log-group:/aws/rds/cluster/db-cluster-dev/postgresql"]),
    ("logs:PutRetentionPolicy", &["arn:aws:logs:R:log-group:/aws/rds/cluster/db-cluster-dev/postgresql:*"]),
    (
        "logs:CreateLogGroup",
        &["arn:aws:logs:R:log-group:/aws/ecs/containerinsights/cluster-dev/performance:log-stream:"],
    ),
    (
        "rds:CreateDBCluster",
        &[
            "arn:aws:rds:R:cluster-pg:default.aurora-postgresql16",
            "arn:aws:rds:R:cluster:db-cluster-dev",
            "arn:aws:rds:R:og:default:aurora-postgresql-16",
            "arn:aws:rds:R:subgrp:db-subnet-group-dev",
        ],
    ),
    (
        "rds:CreateDBInstance",
        &[
            "arn:aws:rds:R:cluster:db-cluster-dev",
            "arn:aws:rds:R:db:db-instance-dev",
            "arn:aws:rds:R:pg:default.aurora-postgresql16",
        ],
    ),
    ("s3:CreateBucket", &["arn:aws:s3:::bucket-payments-dev-123456789012"]),
    ("secretsmanager:CreateSecret", &["arn:aws:secretsmanager:R:secret:mesh-authority-dev"]),
    // The one that RDS makes.
    (
        "secretsmanager:CreateSecret",
        &["arn:aws:secretsmanager:R:secret:rds!cluster-1b2c3d4e-5f60-7182-93a4-b5c6d7e8f901-AbCdEf"],
    ),
    ("secretsmanager:UpdateSecret", &["arn:aws:secretsmanager:R:secret:mesh-certificate-payments-dev-AbCdEf"]),
    ("sns:CreateTopic", &["arn:aws:sns:R:topic-alarms-dev"]),
];

/// What no policy of ours may allow.
const REFUSED: &[(&str, &str)] = &[
    (
        "cloudwatch:DeleteAlarms",
        "arn:aws:cloudwatch:R:alarm:TargetTracking-service/cluster-dev-2/service-payments-dev-2-AlarmLow-1",
    ),
    ("ecs:CreateCluster", "arn:aws:ecs:R:cluster/cluster-prod"),
    ("iam:PassRole", "arn:aws:iam::123456789012:role/admin"),
    (
        "iam:CreateServiceLinkedRole",
        "arn:aws:iam::123456789012:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS",
    ),
    ("logs:CreateLogGroup", "arn:aws:logs:R:log-group:/aws/rds/cluster/db-cluster-prod/postgresql"),
    ("rds:DeleteDBCluster", "arn:aws:rds:R:cluster:db-cluster-prod"),
    ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:R:secret:rds!cluster-1b2c3d4e-AbCdEf"),
    ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:R:secret:mesh-authority-prod-AbCdEf"),
];

fn needed(purpose: Purpose) -> BTreeSet<&'static str> {
    actions(Rehearsal::new(OWNER.account, OWNER.region).kinds(), purpose)
}

fn policy(purpose: Purpose) -> Policy {
    let document = document(&needed(purpose), &OWNER);
    Policy::parse(&document.to_string(), Grammar::Identity).expect("a policy")
}

fn allows(policy: &Policy, action: &str, resource: &str) -> bool {
    let resource = resource.replace(":R:", ":us-east-1:123456789012:");
    let caller = Caller::Arn("arn:aws:iam::123456789012:user/platformctl");
    policy.decide(&Request { caller, action, resource: &resource, context: &[] }) == Decision::Allow
}

#[test]
fn all_that_aws_asks_for_is_allowed() {
    let up = policy(Purpose::Up);
    let asked = ASKED.iter().flat_map(|(action, resources)| resources.iter().map(move |resource| (*action, *resource)));
    let denied: Vec<_> = asked.filter(|(action, resource)| !allows(&up, action, resource)).collect();
    assert_eq!(denied, []);
}

#[test]
fn what_is_not_ours_is_not_allowed() {
    for purpose in [Purpose::Up, Purpose::Status, Purpose::Destroy] {
        let policy = policy(purpose);
        let allowed: Vec<_> = REFUSED.iter().filter(|(action, resource)| allows(&policy, action, resource)).collect();
        assert_eq!(allowed, Vec::<&(&str, &str)>::new(), "{purpose:?}");
    }
}

#[test]
fn who_only_looks_or_takes_away_reads_no_secrets() {
    for purpose in [Purpose::Status, Purpose::Destroy] {
        let actions = needed(purpose);
        assert!(!actions.contains("secretsmanager:GetSecretValue"), "{purpose:?}");
        assert!(!actions.contains("iam:CreateServiceLinkedRole"), "{purpose:?}");
    }
}
