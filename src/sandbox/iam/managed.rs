//! AWS's own managed policies, as far as a platform on ECS would attach them. AWS Managed Policy Reference Guide.

/// The document of a managed policy; `None` where AWS has none of that ARN.
pub(super) fn document(arn: &str) -> Option<&'static str> {
    let name = arn.strip_prefix("arn:aws:iam::aws:policy/")?;
    POLICIES.iter().find(|(known, _)| *known == name).map(|(_, document)| *document)
}

const POLICIES: &[(&str, &str)] = &[
    (
        "AmazonECSInfrastructureRolePolicyForLoadBalancers",
        r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Resource": "*", "Action": [
                "elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules",
                "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth"]},
            {"Effect": "Allow", "Resource": "arn:aws:elasticloadbalancing:*:*:targetgroup/*/*", "Action": [
                "elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"]},
            {"Effect": "Allow", "Action": "elasticloadbalancing:ModifyListener", "Resource": [
                "arn:aws:elasticloadbalancing:*:*:listener/app/*/*/*", "arn:aws:elasticloadbalancing:*:*:listener/net/*/*/*"]},
            {"Effect": "Allow", "Action": "elasticloadbalancing:ModifyRule", "Resource": [
                "arn:aws:elasticloadbalancing:*:*:listener-rule/app/*/*/*/*"]}]}"#,
    ),
    (
        "service-role/AmazonECSTaskExecutionRolePolicy",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", "Action": [
            "ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage",
            "logs:CreateLogStream", "logs:PutLogEvents"]}]}"#,
    ),
    (
        "AWSAppMeshEnvoyAccess",
        r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["appmesh:StreamAggregatedResources"], "Resource": ["*"]}]}"#,
    ),
    (
        "CloudWatchAgentServerPolicy",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", "Action": [
            "cloudwatch:PutMetricData", "ec2:DescribeVolumes", "ec2:DescribeTags", "logs:PutLogEvents",
            "logs:PutRetentionPolicy", "logs:DescribeLogStreams", "logs:DescribeLogGroups", "logs:CreateLogStream",
            "logs:CreateLogGroup"]}]}"#,
    ),
];

#[cfg(test)]
mod tests {
    use super::super::policy::{Grammar, Policy};
    use super::*;

    #[test]
    fn every_document_is_one() {
        for (name, document) in POLICIES {
            assert!(Policy::parse(document, Grammar::Identity).is_ok(), "{name}");
        }
        assert!(
            document("arn:aws:iam::aws:policy/service-role/AmazonECSInfrastructureRolePolicyForLoadBalancers")
                .is_none()
        );
    }
}
