//! Which IAM actions a call needs (Service Authorization Reference), and the caller's policy that grants them or doesn't.

use super::engine::Sandbox;
use super::error::ApiError;
use super::iam::policy::pattern::fits;
use super::iam::policy::{Grammar, Policy};
use super::refusal;
use super::registry::Operation;

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
        ("s3", "DeleteObjects") => "s3:DeleteObjectVersion".to_owned(),
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
        ("elasticloadbalancing", "CreateListener" | "CreateLoadBalancer" | "CreateRule" | "CreateTargetGroup") => {
            &["elasticloadbalancing:AddTags"]
        }
        ("ecs", "CreateCluster") => &["ecs:TagResource"],
        ("ecs", "CreateService" | "RegisterTaskDefinition") => &["ecs:TagResource", "iam:PassRole"],
        ("application-autoscaling", "RegisterScalableTarget") => &["application-autoscaling:TagResource"],
        ("cloudwatch", "PutMetricAlarm") => &["cloudwatch:TagResource"],
        ("dynamodb", "CreateTable") => &["dynamodb:TagResource"],
        ("ecr", "CreateRepository") => &["ecr:TagResource"],
        ("iam", "CreateRole") => &["iam:TagRole"],
        ("kms", "CreateKey") => &["kms:TagResource"],
        ("logs", "CreateLogGroup") => &["logs:TagResource"],
        // A secret under a customer managed key is encrypted with the caller's rights (Secrets Manager User Guide, "Secret encryption").
        ("secretsmanager", "CreateSecret" | "UpdateSecret" | "PutSecretValue") => {
            &["kms:Decrypt", "kms:GenerateDataKey"]
        }
        ("secretsmanager", "GetSecretValue") => &["kms:Decrypt"],
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
    /// From now on the caller may do what this identity policy allows; everything, if `None`. Actions are held against it, not resources.
    ///
    /// # Errors
    /// What AWS would say to the document.
    pub fn enforce(&self, document: Option<&str>) -> Result<(), String> {
        let policy = document.map(|text| Policy::parse(text, Grammar::Identity)).transpose()?;
        self.set_policy(policy);
        Ok(())
    }

    /// The refusal of a call that the caller's policy doesn't allow.
    pub(super) fn forbidden(&self, operation: &Operation) -> Option<ApiError> {
        self.with_policy(|policy| {
            let missing = actions_of(operation.service.name, operation.name).into_iter().find(|action| {
                let action = action.to_ascii_lowercase();
                !policy.actions().any(|pattern| fits(&pattern.to_ascii_lowercase(), &action))
            })?;
            Some(refusal::denied(operation, &missing, "*"))
        })
    }
}
