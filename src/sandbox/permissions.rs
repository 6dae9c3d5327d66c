//! Which IAM actions a call needs (Service Authorization Reference), and the caller's policy that grants them or doesn't.

mod asked;
mod resources;

use asked::Asked;

use super::engine::Sandbox;
use super::error::ApiError;
use super::iam::policy::{Caller, Decision, Grammar, Policy, Request};
use super::interceptor::Question;
use super::refusal;

/// Whoever first uses a service in an account has its service-linked role made (IAM User Guide, "Service-linked role permissions"). The
/// sandbox asks for it at every use.
const LINK: &str = "iam:CreateServiceLinkedRole";

/// The IAM actions of an operation as we call it: with tags where it makes something, with roles where it passes them on.
pub fn actions_of(service: &str, operation: &str) -> Vec<String> {
    let main = match (service, operation) {
        // Anybody may ask who they are.
        ("sts", "GetCallerIdentity") => return Vec::new(),
        // Registries and presigned addresses are none of IAM's.
        ("web", _) => return Vec::new(),
        ("tagging", _) => format!("tag:{operation}"),
        // S3 names its permissions after what they guard, not after the call.
        ("s3", "ListBuckets") => "s3:ListAllMyBuckets".to_owned(),
        ("s3", "HeadBucket" | "ListObjectsV2") => "s3:ListBucket".to_owned(),
        ("s3", "ListObjectVersions") => "s3:ListBucketVersions".to_owned(),
        ("s3", "ListMultipartUploads") => "s3:ListBucketMultipartUploads".to_owned(),
        ("s3", "DeleteObjects") => "s3:DeleteObject".to_owned(),
        ("s3", "GetBucketEncryption") => "s3:GetEncryptionConfiguration".to_owned(),
        ("s3", "PutBucketEncryption") => "s3:PutEncryptionConfiguration".to_owned(),
        ("s3", "GetPublicAccessBlock") => "s3:GetBucketPublicAccessBlock".to_owned(),
        ("s3", "PutPublicAccessBlock") => "s3:PutBucketPublicAccessBlock".to_owned(),
        ("s3", "GetBucketLifecycleConfiguration") => "s3:GetLifecycleConfiguration".to_owned(),
        ("s3", "PutBucketLifecycleConfiguration") => "s3:PutLifecycleConfiguration".to_owned(),
        _ => format!("{service}:{operation}"),
    };
    let more: &[&str] = match (service, operation) {
        (
            "ec2",
            "AllocateAddress"
            | "CreateFlowLogs"
            | "CreateInternetGateway"
            | "CreateNatGateway"
            | "CreateRouteTable"
            | "CreateSecurityGroup"
            | "CreateSubnet"
            | "CreateVpc"
            | "CreateVpcEndpoint"
            | "AuthorizeSecurityGroupEgress"
            | "AuthorizeSecurityGroupIngress",
        ) => {
            if operation == "CreateFlowLogs" {
                &["ec2:CreateTags", "iam:PassRole"]
            } else {
                &["ec2:CreateTags"]
            }
        }
        ("elasticloadbalancing", "CreateLoadBalancer") => &["elasticloadbalancing:AddTags", LINK],
        ("elasticloadbalancing", "CreateListener" | "CreateRule" | "CreateTargetGroup") => {
            &["elasticloadbalancing:AddTags"]
        }
        ("ecs", "CreateCluster") => &["ecs:TagResource", LINK],
        ("ecs", "CreateService" | "RegisterTaskDefinition") => &["ecs:TagResource", "iam:PassRole"],
        // The session is encrypted with a key of the user's (ECS Developer Guide, "Monitor Amazon ECS containers with ECS Exec").
        ("ecs", "ExecuteCommand") => &["kms:GenerateDataKey"],
        ("ecs", "UpdateService") => &["iam:PassRole"],
        // Scaling looks at and changes the service, and keeps alarms, in the caller's name (Application Auto Scaling User Guide, "Permissions
        // required for API actions on target services and CloudWatch").
        ("application-autoscaling", "RegisterScalableTarget") => {
            &["application-autoscaling:TagResource", "ecs:DescribeServices", "ecs:UpdateService", LINK]
        }
        ("application-autoscaling", "PutScalingPolicy") => {
            &["ecs:DescribeServices", "ecs:UpdateService", "cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm"]
        }
        ("application-autoscaling", "DeleteScalingPolicy" | "DeregisterScalableTarget") => &["cloudwatch:DeleteAlarms"],
        ("cloudwatch", "PutMetricAlarm") => &["cloudwatch:TagResource"],
        ("dynamodb", "CreateTable") => {
            &["dynamodb:TagResource", "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
        }
        ("ecr", "CreateRepository") => &["ecr:TagResource", "kms:CreateGrant", "kms:DescribeKey"],
        ("ecr", "DeleteRepository") => &["kms:RetireGrant"],
        ("iam", "CreateRole") => &["iam:TagRole"],
        ("kms", "CreateKey") => &["kms:TagResource"],
        ("lambda", "CreateFunction") => &["lambda:TagResource", "iam:PassRole"],
        ("logs", "CreateLogGroup") => &["logs:TagResource"],
        // RDS makes the master user's secret in the caller's name, and takes the key (Aurora User Guide, "Password management with Amazon
        // Aurora and AWS Secrets Manager").
        ("rds", "CreateDBCluster") => &[
            "rds:AddTagsToResource",
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:GenerateDataKey",
            "secretsmanager:CreateSecret",
            "secretsmanager:TagResource",
            LINK,
        ],
        ("rds", "CreateDBInstance" | "CreateDBSubnetGroup") => &["rds:AddTagsToResource"],
        ("s3", "CreateBucket") => &["s3:TagResource"],
        // We delete versions, for which both are needed (S3 API reference, DeleteObjects).
        ("s3", "DeleteObjects") => &["s3:DeleteObjectVersion"],
        // Those of the service that the thing belongs to (Resource Groups Tagging API reference, TagResources).
        ("tagging", "TagResources") => &[
            "appmesh:TagResource",
            "dynamodb:TagResource",
            "lambda:TagResource",
            "rds:AddTagsToResource",
            "s3:PutBucketTagging",
            "servicediscovery:TagResource",
        ],
        // A secret under a customer managed key is encrypted with the caller's rights (Secrets Manager User Guide, "Secret encryption").
        ("secretsmanager", "CreateSecret") => &["secretsmanager:TagResource", "kms:Decrypt", "kms:GenerateDataKey"],
        ("secretsmanager", "UpdateSecret" | "PutSecretValue") => &["kms:Decrypt", "kms:GenerateDataKey"],
        ("secretsmanager", "GetSecretValue") => &["kms:Decrypt"],
        // Secrets Manager User Guide, "Permissions for rotation".
        ("secretsmanager", "RotateSecret") => &["lambda:InvokeFunction"],
        // Cloud Map makes a hosted zone in the caller's name (AWS Cloud Map API reference, CreatePrivateDnsNamespace).
        ("servicediscovery", "CreatePrivateDnsNamespace") => {
            &["servicediscovery:TagResource", "route53:CreateHostedZone", "ec2:DescribeVpcs"]
        }
        ("servicediscovery", "CreateService") => &["servicediscovery:TagResource"],
        ("servicediscovery", "DeleteNamespace") => &["route53:DeleteHostedZone"],
        ("sns", "CreateTopic") => &["sns:TagResource"],
        _ => &[],
    };
    std::iter::once(main).chain(more.iter().map(|action| (*action).to_owned())).collect()
}

impl Sandbox {
    /// From now on the caller may do what this identity policy allows; everything, if `None`.
    ///
    /// # Errors
    /// What AWS would say to the document.
    pub fn enforce(&self, document: Option<&str>) -> Result<(), String> {
        let policy = document.map(|text| Policy::parse(text, Grammar::Identity)).transpose()?;
        self.set_policy(policy);
        Ok(())
    }

    /// The refusal of a call that the caller's policy doesn't allow: each of its actions on each thing that it names.
    pub(super) fn forbidden(&self, question: &Question) -> Option<ApiError> {
        let policy = self.policy()?;
        let operation = &question.operation;
        let asked = Asked::read(&operation.show(&question.input));
        let given = asked.tags();
        let missing = self.look(|call| {
            actions_of(operation.service.name, operation.name).into_iter().find_map(|action| {
                let found = resources::of(call, operation.name, &action, &asked);
                let refused = found.into_iter().find(|resource| {
                    let has = resource.tags.iter().map(|(key, value)| (format!("aws:ResourceTag/{key}"), value));
                    let gets = given.iter().map(|(key, value)| (format!("aws:RequestTag/{key}"), value));
                    let context: Vec<(String, &String)> = has.chain(gets).collect();
                    let context: Vec<(&str, &str)> =
                        context.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
                    let caller = Caller::Arn("arn:aws:iam::123456789012:user/platformctl");
                    let request = Request { caller, action: &action, resource: &resource.arn, context: &context };
                    policy.decide(&request) != Decision::Allow
                })?;
                Some((action, refused.arn))
            })
        });
        // An account that can't be read fails the call itself.
        let (action, resource) = missing.ok().flatten()?;
        Some(refusal::denied(operation, &action, &resource))
    }
}
