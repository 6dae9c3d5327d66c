//! What AWS's error codes mean for us: one table.
//!
//! The SDK's own retry is switched off. It repeats a create whose answer was lost, which for CreateVpc makes a second VPC; it repeats
//! quota errors, which never pass; and it doesn't repeat `DependencyViolation`, `ResourceInUse` or the refusals of a role that isn't visible
//! everywhere yet, which do. (Source of the SDK's lists: crate aws-runtime, `retries/classifiers.rs`.)

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};

use crate::engine::Class;

/// Codes that mean the same whatever the operation. A trailing `*` matches any rest, a leading one any beginning.
const CODES: &[(&str, Class)] = &[
    // Throttling, in each protocol's own spelling (AWS SDK reference guide, "Retry behavior").
    ("Throttling*", Class::Throttled),
    ("ThrottledException", Class::Throttled),
    ("RequestThrottled*", Class::Throttled),
    ("TooManyRequests*", Class::Throttled),
    ("RequestLimitExceeded", Class::Throttled),
    ("BandwidthLimitExceeded", Class::Throttled),
    ("PriorRequestNotComplete", Class::Throttled),
    ("SlowDown", Class::Throttled),
    ("ProvisionedThroughputExceededException", Class::Throttled),
    // The caller.
    ("AccessDenied*", Class::Denied),
    ("UnauthorizedOperation", Class::Denied),
    ("AuthorizationError*", Class::Denied),
    ("ForbiddenException", Class::Denied),
    ("ExpiredToken*", Class::Credentials),
    ("RequestExpired", Class::Credentials),
    ("InvalidClientTokenId", Class::Credentials),
    ("UnrecognizedClientException", Class::Credentials),
    ("SignatureDoesNotMatch", Class::Credentials),
    ("InvalidSignature*", Class::Credentials),
    ("RequestTimeTooSkewed", Class::Credentials),
    ("AuthFailure", Class::Credentials),
    ("MissingAuthenticationToken*", Class::Credentials),
    // Quotas: never pass by waiting, although the SDK believes so.
    ("*LimitExceeded", Class::Quota),
    ("*LimitExceededException", Class::Quota),
    ("LimitExceeded*", Class::Quota),
    ("ServiceQuotaExceeded*", Class::Quota),
    ("TooManyLoadBalancers", Class::Quota),
    ("TooManyTargetGroups", Class::Quota),
    ("TooManyRules", Class::Quota),
    ("TooManyListeners", Class::Quota),
    ("*QuotaExceeded", Class::Quota),
    ("*QuotaExceededFault", Class::Quota),
    ("TooManyBuckets", Class::Quota),
    ("NamespaceLimitExceeded", Class::Quota),
    // Somebody else is in the way, and goes.
    ("DependencyViolation", Class::Blocked),
    ("ResourceInUse*", Class::Blocked),
    ("ResourceInUse", Class::Blocked),
    ("DeleteConflict*", Class::Blocked),
    ("InvalidIPAddress.InUse", Class::Blocked),
    ("ClusterContains*", Class::Blocked),
    ("UpdateInProgress*", Class::Blocked),
    ("OperationAborted*", Class::Blocked),
    ("InvalidDBClusterState*", Class::Blocked),
    ("InvalidDBInstanceState*", Class::Blocked),
    ("InvalidDBSubnetGroupState*", Class::Blocked),
    ("ConcurrentUpdate*", Class::Blocked),
    ("ConcurrentModification*", Class::Blocked),
    ("ConflictException", Class::Blocked),
    ("IncorrectState", Class::Blocked),
    ("BucketNotEmpty", Class::Blocked),
    ("DuplicateRequest", Class::Blocked),
    // Our end.
    ("InternalFailure*", Class::Unavailable),
    ("InternalError*", Class::Unavailable),
    ("InternalServer*", Class::Unavailable),
    ("InternalServiceError*", Class::Unavailable),
    ("ServerException", Class::Unavailable),
    ("ServiceUnavailable*", Class::Unavailable),
    ("ServiceException", Class::Unavailable),
    ("RequestTimeout*", Class::Unavailable),
    ("Unavailable", Class::Unavailable),
    // Names that are taken.
    ("EntityAlreadyExists*", Class::Exists),
    ("ResourceAlreadyExists*", Class::Exists),
    ("RepositoryAlreadyExists*", Class::Exists),
    ("AlreadyExists*", Class::Exists),
    ("ResourceExists*", Class::Exists),
    ("BucketAlreadyOwnedByYou", Class::Exists),
    ("BucketAlreadyExists", Class::Exists),
    ("Duplicate*", Class::Exists),
    ("*AlreadyExistsFault", Class::Exists),
    ("DBSubnetGroupAlreadyExists", Class::Exists),
    ("DBInstanceAlreadyExists", Class::Exists),
    ("InvalidGroup.Duplicate", Class::Exists),
    ("InvalidPermission.Duplicate", Class::Exists),
    ("RouteAlreadyExists", Class::Exists),
    ("FlowLogAlreadyExists", Class::Exists),
    ("NamespaceAlreadyExists", Class::Exists),
    ("ServiceAlreadyExists", Class::Exists),
    ("PriorityInUse", Class::Exists),
    ("Resource.AlreadyAssociated", Class::Exists),
    // Things that are not there.
    ("*NotFound", Class::Absent),
    ("*NotFoundException", Class::Absent),
    // A bucket's settings that were never made (S3 API reference, "Error responses").
    ("*NotFoundError", Class::Absent),
    ("NotFoundException", Class::Absent),
    ("*.NotFound", Class::Absent),
    ("*NotFoundFault", Class::Absent),
    ("NoSuch*", Class::Absent),
    ("NotFound", Class::Absent),
    ("ServiceNotFound*", Class::Absent),
    ("ServiceNotActive*", Class::Absent),
    ("ClusterNotFound*", Class::Absent),
    ("InvalidInstanceID.Malformed", Class::Invalid),
    ("Gateway.NotAttached", Class::Absent),
];

/// Refusals whose code says nothing or too much: operation (empty: any), part of the code, part of the message. They come first.
const REFUSALS: &[(&str, &str, &str, Class)] = &[
    // EC2 answers AuthFailure for an address whose NAT gateway is still being deleted (EC2 API reference, ReleaseAddress).
    ("ec2:ReleaseAddress", "AuthFailure", "", Class::Blocked),
    ("ec2:DetachInternetGateway", "DependencyViolation", "", Class::Blocked),
    // A load balancer that somebody protected: it goes as soon as they take that back.
    ("elasticloadbalancing:DeleteLoadBalancer", "OperationNotPermitted", "", Class::Blocked),
    // Another rule is about to leave that priority.
    ("elasticloadbalancing:CreateRule", "PriorityInUse", "", Class::Blocked),
    ("elasticloadbalancing:SetRulePriorities", "PriorityInUse", "", Class::Blocked),
    // Elastic Load Balancing tests the bucket for access logs, whose policy S3 doesn't show everywhere at once.
    (
        "elasticloadbalancing:ModifyLoadBalancerAttributes",
        "InvalidConfigurationRequest",
        "access denied",
        Class::Settling,
    ),
    // What a load balancer or a target group is made in was made a moment ago; a certificate is the configuration's.
    ("elasticloadbalancing:Create", "CertificateNotFound", "", Class::Invalid),
    ("elasticloadbalancing:Create", "NotFound", "", Class::Settling),
    ("elasticloadbalancing:CreateLoadBalancer", "InvalidSecurityGroup", "", Class::Settling),
    ("elasticloadbalancing:CreateTargetGroup", "ValidationError", "vpc id", Class::Settling),
    ("rds:CreateDBSubnetGroup", "InvalidSubnet", "invalid", Class::Settling),
    ("rds:CreateDB", "NotFound", "", Class::Settling),
    // A role that was made a moment ago is not visible to the other services yet.
    ("", "", "unable to assume", Class::Settling),
    ("", "", "cannot be assumed", Class::Settling),
    ("", "", "service role being passed has the proper permissions", Class::Settling),
    ("", "", "service linked role", Class::Settling),
    ("", "MalformedPolicyDocument", "invalid principal", Class::Settling),
    ("", "", "does not have an associated load balancer", Class::Settling),
    ("", "", "provided execution role does not have permissions", Class::Settling),
    ("", "", "kms key is invalid for creategrant", Class::Settling),
    // CloudWatch Logs refuses a key whose policy it can't see yet (CloudWatch Logs user guide, "Encrypt log data using KMS").
    ("logs:", "InvalidParameter", "kms", Class::Settling),
    ("sns:", "InvalidParameter", "kms", Class::Settling),
    ("sns:", "KMS", "", Class::Settling),
    // A key that was made a moment ago (KMS developer guide, "AWS KMS eventual consistency").
    ("kms:CreateAlias", "NotFound", "", Class::Settling),
    ("kms:UpdateAlias", "NotFound", "key", Class::Settling),
    ("kms:EnableKeyRotation", "NotFound", "", Class::Settling),
    ("ecr:CreateRepository", "KmsException", "does not exist", Class::Settling),
    ("application-autoscaling:PutScalingPolicy", "ObjectNotFound", "", Class::Settling),
    ("application-autoscaling:RegisterScalableTarget", "", "not found", Class::Settling),
    ("application-autoscaling:RegisterScalableTarget", "Validation", "doesn't exist", Class::Settling),
    ("ecs:CreateService", "ClusterNotFound", "", Class::Settling),
    // A name whose former bearer is still being deleted (for secrets: Secrets Manager API reference, DeleteSecret).
    ("secretsmanager:CreateSecret", "InvalidRequest", "scheduled for deletion", Class::Blocked),
    ("secretsmanager:CreateSecret", "InvalidRequest", "was deleted", Class::Blocked),
    ("ecs:CreateService", "InvalidParameter", "still draining", Class::Blocked),
    ("ecs:DeleteService", "InvalidParameter", "deployments are active", Class::Blocked),
    ("sqs:", "QueueDeletedRecently", "", Class::Blocked),
    ("s3:CreateBucket", "OperationAborted", "", Class::Blocked),
    ("ecs:", "ClientException", "is not active", Class::Absent),
    ("ecs:", "InvalidParameter", "cluster was not found", Class::Absent),
    ("", "ValidationError", "does not exist", Class::Absent),
    ("secretsmanager:GetSecretValue", "ResourceNotFound", "", Class::Settling),
    // A function's name is taken; everything else that Lambda calls a conflict passes when its present change is done (Lambda developer
    // guide, "Lambda function states").
    ("lambda:CreateFunction", "ResourceConflict", "already exist", Class::Exists),
    ("lambda:AddPermission", "ResourceConflict", "already exists", Class::Exists),
    ("lambda:", "ResourceConflict", "", Class::Blocked),
    // Secrets Manager asks Lambda whether it may invoke the function, whose policy it may not see yet (Secrets Manager API reference,
    // RotateSecret); and a rotation that is under way comes first.
    ("secretsmanager:RotateSecret", "AccessDenied", "cannot invoke the specified lambda function", Class::Settling),
    ("secretsmanager:RotateSecret", "InvalidRequest", "previous rotation", Class::Blocked),
    // The function's role may not have its policy everywhere yet.
    ("secretsmanager:RotateSecret", "InvalidRequest", "function failed", Class::Settling),
    // A database that was paused, or whose instance is not there yet (RDS Data API reference, ExecuteStatement).
    ("rds-data:", "DatabaseResuming", "", Class::Settling),
    ("rds-data:", "DatabaseUnavailable", "", Class::Settling),
    ("rds-data:", "DatabaseNotFound", "", Class::Settling),
    ("rds-data:", "HttpEndpointNotEnabled", "", Class::Settling),
    // The KMS key that is to encrypt a database, a moment after it was made.
    ("rds:Create", "KMSKeyNotAccessible", "", Class::Settling),
    // "Table already exists" and "Table is being deleted" share a code (DynamoDB API reference, CreateTable).
    ("dynamodb:CreateTable", "ResourceInUse", "already exists", Class::Exists),
    ("dynamodb:UpdateContinuousBackups", "ContinuousBackupsUnavailable", "", Class::Settling),
    ("dynamodb:Update", "NotFound", "", Class::Settling),
    // A bucket's settings, a moment after the bucket.
    ("s3:Put", "NoSuchBucket", "", Class::Settling),
    // Routes and virtual nodes, a moment after what they refer to; the deletions mean what they say.
    ("appmesh:Create", "NotFound", "", Class::Settling),
    ("appmesh:Create", "ConflictException", "", Class::Exists),
    ("servicediscovery:CreateService", "NamespaceNotFound", "", Class::Settling),
    // Read-after-create on EC2: ids that were given out a second ago (EC2 developer guide, "Eventual consistency").
    ("ec2:Create", "NotFound", "", Class::Settling),
    ("ec2:Attach", "NotFound", "", Class::Settling),
    ("ec2:Associate", "NotFound", "", Class::Settling),
    ("ec2:Authorize", "NotFound", "", Class::Settling),
    ("ec2:Modify", "NotFound", "", Class::Settling),
    ("ec2:ReplaceRoute", "InvalidParameterValue", "no route defined", Class::Absent),
    ("ec2:CreateRoute", "InvalidParameterValue", "belong to different networks", Class::Settling),
];

/// The class of a failed call.
pub fn class<E>(operation: &str, error: &SdkError<E, HttpResponse>, code: Option<&str>, message: &str) -> Class {
    match error {
        SdkError::ConstructionFailure(_) => credentials_or(message, Class::Invalid),
        SdkError::DispatchFailure(_) => credentials_or(message, Class::Unavailable),
        SdkError::ResponseError(context) if is_unreadable(context.raw()) => Class::Unreadable,
        // The older deserializers report what they can't read as an error of the service, without a code.
        SdkError::ServiceError(context) if code.is_none() && is_unreadable(context.raw()) => Class::Unreadable,
        SdkError::ServiceError(_) => by_code(operation, code.unwrap_or_default(), message),
        _ => Class::Unavailable,
    }
}

/// True where AWS said that all is well, and all of what it said arrived: that it could not be read lies in what it said. An answer that broke
/// off has no body.
fn is_unreadable(response: &HttpResponse) -> bool {
    response.status().is_success() && response.body().bytes().is_some()
}

/// The SDK reports missing credentials as a failure to build or dispatch the request.
fn credentials_or(message: &str, otherwise: Class) -> Class {
    let message = message.to_ascii_lowercase();
    let signs = ["credential", "token has expired", "sso", "identity", "profile"];
    if signs.iter().any(|sign| message.contains(sign)) { Class::Credentials } else { otherwise }
}

/// The class of an error that AWS answered with.
pub fn by_code(operation: &str, code: &str, message: &str) -> Class {
    let message = message.to_ascii_lowercase();
    let refusal = REFUSALS
        .iter()
        .find(|(on, part, text, _)| operation.starts_with(on) && code.contains(part) && message.contains(text));
    if let Some((.., class)) = refusal {
        return *class;
    }
    CODES
        .iter()
        .find(|(pattern, _)| matches(pattern, code))
        .map_or_else(|| if code.is_empty() { Class::Unavailable } else { Class::Invalid }, |(_, class)| *class)
}

fn matches(pattern: &str, code: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => code.ends_with(end),
        (_, Some(start)) => code.starts_with(start),
        _ => code == pattern,
    }
}

/// What a person can do about it, where the class alone tells.
pub fn remedy(class: Class, operation: &str, message: &str) -> Option<String> {
    // IAM user guide, "Troubleshoot Signature Version 4": five minutes are borne, by S3 fifteen.
    const CLOCK: [&str; 4] =
        ["Signature expired", "Signature not yet current", "request time and the current time", "Request has expired"];
    match class {
        Class::Credentials if CLOCK.iter().any(|sign| message.contains(sign)) => Some(
            "set this machine's clock (AWS refuses signatures that are off by five minutes), or sign in again if the session is old, and run \
             the same command again"
                .to_owned(),
        ),
        Class::Denied => Some(format!("allow {operation} to the identity that runs platformctl")),
        Class::Credentials => Some(
            "sign in (aws sso login, or set AWS_PROFILE) and run the same command again; platformctl doctor checks it"
                .to_owned(),
        ),
        Class::Quota => Some(
            "raise the quota in Service Quotas, or free what you don't need; platformctl doctor lists them".to_owned(),
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_apart() {
        for (operation, code, message, class) in [
            ("ec2:CreateVpc", "VpcLimitExceeded", "", Class::Quota),
            ("ec2:CreateVpc", "RequestLimitExceeded", "", Class::Throttled),
            ("iam:CreateRole", "LimitExceeded", "", Class::Quota),
            ("ec2:DeleteSubnet", "DependencyViolation", "", Class::Blocked),
            ("ec2:DeleteSubnet", "InvalidSubnetID.NotFound", "", Class::Absent),
            ("ec2:CreateSubnet", "InvalidVpcID.NotFound", "", Class::Settling),
            ("ec2:ReleaseAddress", "AuthFailure", "", Class::Blocked),
            ("ec2:CreateVpc", "AuthFailure", "", Class::Credentials),
            ("iam:GetRole", "NoSuchEntity", "", Class::Absent),
            (
                "ecs:CreateService",
                "InvalidParameterException",
                "Unable to assume the service linked role",
                Class::Settling,
            ),
            ("ecs:CreateService", "InvalidParameterException", "bad", Class::Invalid),
            ("kms:CreateAlias", "NotFoundException", "Key 'x' does not exist", Class::Settling),
            ("kms:DescribeKey", "NotFoundException", "Key 'x' does not exist", Class::Absent),
            ("kms:CreateKey", "MalformedPolicyDocumentException", "… one or more invalid principals.", Class::Settling),
            ("elasticloadbalancing:DeleteTargetGroup", "ResourceInUse", "", Class::Blocked),
            ("ecs:DescribeServices", "ServerException", "", Class::Unavailable),
            ("s3:PutObject", "", "", Class::Unavailable),
        ] {
            assert_eq!(by_code(operation, code, message), class, "{operation} {code} {message}");
        }
    }
}
