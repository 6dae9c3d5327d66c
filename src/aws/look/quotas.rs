//! What the account may have.

use crate::{
    aws::{Answer, Aws},
    engine::{Class, Failure},
};

/// A quota of Service Quotas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Its name, as Service Quotas shows it.
    pub name: &'static str,
    /// The code of its service.
    pub service: &'static str,
    /// Its own code.
    pub code: &'static str,
}

/// Elastic IP addresses (Amazon VPC User Guide, "Amazon VPC quotas").
pub const ELASTIC_IPS: Quota = Quota { name: "EC2-VPC Elastic IPs", service: "ec2", code: "L-0263D0A3" };
/// VPCs (Amazon VPC User Guide, "Amazon VPC quotas").
pub const VPCS: Quota = Quota { name: "VPCs per Region", service: "vpc", code: "L-F678F1CE" };
/// Internet gateways (Amazon VPC User Guide, "Amazon VPC quotas").
pub const INTERNET_GATEWAYS: Quota = Quota { name: "Internet gateways per Region", service: "vpc", code: "L-A4707A72" };
/// Application Load Balancers (Elastic Load Balancing user guide, "Quotas").
pub const LOAD_BALANCERS: Quota =
    Quota { name: "Application Load Balancers per Region", service: "elasticloadbalancing", code: "L-53DA6B97" };
/// vCPUs of tasks on Fargate (Amazon ECS endpoints and quotas, AWS General Reference).
pub const FARGATE_ON_DEMAND: Quota =
    Quota { name: "Fargate On-Demand vCPU resource count", service: "fargate", code: "L-3032A538" };
/// vCPUs of tasks on Fargate Spot (Amazon ECS endpoints and quotas, AWS General Reference).
pub const FARGATE_SPOT: Quota =
    Quota { name: "Fargate Spot vCPU resource count", service: "fargate", code: "L-36FBB829" };

/// The value that applies to the account in its region: its own, else AWS's default.
///
/// # Errors
/// The calls' own.
pub async fn value(aws: &Aws, quota: Quota) -> Result<f64, Failure> {
    let call = aws.quotas.get_service_quota().service_code(quota.service).quota_code(quota.code);
    match call.send().await.of("servicequotas:GetServiceQuota") {
        Ok(answer) => answer.quota().and_then(|quota| quota.value()).ok_or_else(|| unknown(quota)),
        // "For some quotas, only the default values are available" (Service Quotas API reference, GetServiceQuota).
        Err(failure) if failure.class == Class::Absent => default(aws, quota).await.map_err(|_| failure),
        Err(failure) => Err(failure),
    }
}

async fn default(aws: &Aws, quota: Quota) -> Result<f64, Failure> {
    let call = aws.quotas.get_aws_default_service_quota().service_code(quota.service).quota_code(quota.code);
    let answer = call.send().await.of("servicequotas:GetAWSDefaultServiceQuota")?;
    answer.quota().and_then(|quota| quota.value()).ok_or_else(|| unknown(quota))
}

fn unknown(quota: Quota) -> Failure {
    Failure::new(Class::Absent, format!("Service Quotas gives no value for '{}' ({})", quota.name, quota.code))
}
