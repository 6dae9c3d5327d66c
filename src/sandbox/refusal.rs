//! How each service says "not allowed", "expired", "no more of these", "your clock is wrong" and "I am broken": every protocol has codes of its own.

use super::error::ApiError;
use super::registry::Operation;
use super::throttle::Limits;

/// How a service writes its answers. (AWS SDK reference, service models: the `protocol` trait.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Ec2,
    Query,
    Json,
    Rest,
}

fn protocol(operation: &Operation) -> Protocol {
    match operation.service.name {
        "ec2" => Protocol::Ec2,
        // CloudWatch's clients speak Smithy RPC by now; its codes are those of the query protocol.
        "iam" | "elasticloadbalancing" | "sns" | "sts" | "cloudwatch" | "rds" => Protocol::Query,
        "s3" => Protocol::Rest,
        _ => Protocol::Json,
    }
}

/// The service's own way to say "too many calls".
pub(super) fn throttled(operation: &Operation) -> ApiError {
    let Limits { code, status, .. } = operation.service.limits;
    ApiError::new(code, "Rate exceeded").with_status(status)
}

/// The caller lacks the permission for this operation.
pub(super) fn denied(operation: &Operation, action: &str, resource: &str) -> ApiError {
    let caller = "arn:aws:iam::123456789012:user/platformctl";
    let message = format!(
        "User: {caller} is not authorized to perform: {action} on resource: {resource} because no identity-based policy allows the {action} action"
    );
    match (protocol(operation), operation.service.name) {
        // EC2 API reference, "Error codes": UnauthorizedOperation.
        (Protocol::Ec2, _) => ApiError::new(
            "UnauthorizedOperation",
            format!("You are not authorized to perform this operation. {message}"),
        )
        .with_status(403),
        // SNS API reference, "Common errors".
        (_, "sns") => ApiError::new("AuthorizationError", message).with_status(403),
        (_, "appmesh") => ApiError::new("ForbiddenException", message).with_status(403),
        (Protocol::Query | Protocol::Rest, _) => ApiError::new("AccessDenied", message).with_status(403),
        (Protocol::Json, _) => ApiError::new("AccessDeniedException", message),
    }
}

/// The session that signed the call has ended.
pub(super) fn expired(operation: &Operation) -> ApiError {
    let message = "The security token included in the request is expired";
    match protocol(operation) {
        // EC2 API reference, "Error codes": RequestExpired.
        Protocol::Ec2 => ApiError::new("RequestExpired", "Request has expired.").with_status(400),
        Protocol::Query => ApiError::new("ExpiredToken", message).with_status(403),
        Protocol::Rest => ApiError::new("ExpiredToken", "The provided token has expired.").with_status(400),
        Protocol::Json => ApiError::new("ExpiredTokenException", message),
    }
}

/// The client's clock and AWS's are too far apart for the signature (IAM User Guide, "Troubleshoot Signature Version 4").
pub(super) fn skewed(operation: &Operation, signed: &str, now: &str, limit: u64) -> ApiError {
    let message = if signed < now {
        format!("Signature expired: {signed} is now earlier than {now} - {limit} min.")
    } else {
        format!("Signature not yet current: {signed} is still later than {now} + {limit} min.")
    };
    match protocol(operation) {
        Protocol::Ec2 => ApiError::new("RequestExpired", "Request has expired.").with_status(400),
        Protocol::Query => ApiError::new("SignatureDoesNotMatch", message).with_status(403),
        Protocol::Rest => ApiError::new(
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        )
        .with_status(403),
        Protocol::Json => ApiError::new("InvalidSignatureException", message),
    }
}

/// AWS is broken: HTTP 500.
pub(super) fn broken(operation: &Operation) -> ApiError {
    let code = match (protocol(operation), operation.service.name) {
        (_, "ecs" | "ecr") => "ServerException",
        (_, "secretsmanager") => "InternalServiceError",
        (_, "kms") => "KMSInternalException",
        (_, "iam") => "ServiceFailure",
        (_, "dynamodb") => "InternalServerError",
        (Protocol::Json, _) => "InternalServiceException",
        (Protocol::Query, _) => "InternalFailure",
        (Protocol::Ec2 | Protocol::Rest, _) => "InternalError",
    };
    ApiError::new(code, "An internal error has occurred").with_status(500)
}

/// AWS is overloaded or in maintenance: HTTP 503.
pub(super) fn unavailable(operation: &Operation) -> ApiError {
    let code = match (protocol(operation), operation.service.name) {
        (Protocol::Ec2, _) => "Unavailable",
        (_, "logs" | "appmesh") => "ServiceUnavailableException",
        _ => "ServiceUnavailable",
    };
    ApiError::new(code, "The service is temporarily unavailable").with_status(503)
}

/// The account may not have more of these; `None` where the operation makes nothing that a quota counts.
pub(super) fn quota(operation: &Operation) -> Option<ApiError> {
    let code = quota_code(operation.service.name, operation.name)?;
    let message = format!("The maximum number for this account has been reached ({})", operation.name);
    Some(ApiError::new(code, message))
}

/// The code of that error.
pub(super) fn quota_code(service: &str, operation: &str) -> Option<&'static str> {
    Some(match (service, operation) {
        // EC2 API reference, "Error codes": client errors.
        ("ec2", "CreateVpc") => "VpcLimitExceeded",
        ("ec2", "CreateSubnet") => "SubnetLimitExceeded",
        ("ec2", "CreateInternetGateway") => "InternetGatewayLimitExceeded",
        ("ec2", "AllocateAddress") => "AddressLimitExceeded",
        ("ec2", "CreateNatGateway") => "NatGatewayLimitExceeded",
        ("ec2", "CreateRouteTable") => "RouteTableLimitExceeded",
        ("ec2", "CreateRoute") => "RouteLimitExceeded",
        ("ec2", "CreateSecurityGroup") => "SecurityGroupLimitExceeded",
        ("ec2", "AuthorizeSecurityGroupIngress" | "AuthorizeSecurityGroupEgress") => {
            "RulesPerSecurityGroupLimitExceeded"
        }
        ("ec2", "CreateVpcEndpoint") => "VpcEndpointLimitExceeded",
        ("ec2", "CreateFlowLogs") => "FlowLogsLimitExceeded",
        // Elastic Load Balancing API reference, 2015-12-01, the errors of each operation.
        ("elasticloadbalancing", "CreateLoadBalancer") => "TooManyLoadBalancers",
        ("elasticloadbalancing", "CreateTargetGroup") => "TooManyTargetGroups",
        ("elasticloadbalancing", "CreateListener") => "TooManyListeners",
        ("elasticloadbalancing", "CreateRule") => "TooManyRules",
        ("iam", "CreateRole" | "PutRolePolicy" | "AttachRolePolicy") => "LimitExceeded",
        ("s3", "CreateBucket") => "TooManyBuckets",
        ("sns", "CreateTopic") => "TopicLimitExceeded",
        ("sns", "Subscribe") => "SubscriptionLimitExceeded",
        ("cloudwatch", "PutMetricAlarm") => "LimitExceeded",
        ("servicediscovery", "CreateService" | "CreatePrivateDnsNamespace") => "ResourceLimitExceeded",
        ("ecr", "CreateRepository") => "LimitExceededException",
        ("ecs", "CreateCluster" | "CreateService" | "RegisterTaskDefinition") => "LimitExceededException",
        ("rds", "CreateDBCluster") => "DBClusterQuotaExceededFault",
        ("rds", "CreateDBInstance") => "InstanceQuotaExceeded",
        ("lambda", "CreateFunction") => "CodeStorageExceededException",
        (
            "kms" | "logs" | "dynamodb" | "secretsmanager" | "application-autoscaling" | "appmesh",
            "CreateKey"
            | "CreateAlias"
            | "CreateLogGroup"
            | "CreateTable"
            | "CreateSecret"
            | "RegisterScalableTarget"
            | "PutScalingPolicy"
            | "CreateMesh"
            | "CreateVirtualNode"
            | "CreateVirtualRouter"
            | "CreateVirtualService"
            | "CreateRoute",
        ) => "LimitExceededException",
        _ => return None,
    })
}
