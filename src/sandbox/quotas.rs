//! Account quotas: what Service Quotas reports and what the simulated services enforce.
//!
//! The simulated account is one whose owner has asked for more Fargate vCPUs, as everybody has who deploys by blue/green: with a new
//! account's six the example starts and can't be changed. All other quotas are AWS's defaults. Each can be set: [`SandboxOptions::quotas`].
//!
//! [`SandboxOptions::quotas`]: super::SandboxOptions::quotas

/// One quota.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    /// Service code, as Service Quotas writes it.
    pub service: &'static str,
    /// Quota code.
    pub code: &'static str,
    /// Name.
    pub name: &'static str,
    /// AWS's default: the value in a new account.
    pub default: f64,
    /// The value that the owner of the simulated account has asked for.
    pub raised: Option<f64>,
}

impl Quota {
    /// The quota of that code.
    pub fn find(code: &str) -> Option<&'static Quota> {
        QUOTAS.iter().find(|quota| quota.code == code)
    }

    /// The value in the simulated account where nothing else is said.
    pub fn value(&self) -> f64 {
        self.raised.unwrap_or(self.default)
    }
}

/// VPCs per Region.
pub const VPCS: &str = "L-F678F1CE";
/// EC2-VPC Elastic IPs.
pub const ELASTIC_IPS: &str = "L-0263D0A3";
/// Internet gateways per Region.
pub const INTERNET_GATEWAYS: &str = "L-A4707A72";
/// NAT gateways per Availability Zone.
pub const NAT_GATEWAYS_PER_ZONE: &str = "L-FE5A380F";
/// Inbound or outbound rules per security group.
pub const RULES_PER_GROUP: &str = "L-0EA8095F";
/// Security groups per network interface.
pub const GROUPS_PER_INTERFACE: &str = "L-2AFB9258";
/// Subnets per VPC.
pub const SUBNETS_PER_VPC: &str = "L-407747CB";
/// VPC security groups per Region.
pub const SECURITY_GROUPS: &str = "L-E79EC296";
/// Route tables per VPC.
pub const ROUTE_TABLES_PER_VPC: &str = "L-589F43AA";
/// Routes per route table.
pub const ROUTES_PER_TABLE: &str = "L-93826ACB";
/// Fargate On-Demand vCPU resource count.
pub const FARGATE_ON_DEMAND_VCPU: &str = "L-3032A538";
/// Fargate Spot vCPU resource count.
pub const FARGATE_SPOT_VCPU: &str = "L-36FBB829";
/// Application Load Balancers per Region.
pub const APPLICATION_LOAD_BALANCERS: &str = "L-53DA6B97";

const fn quota(service: &'static str, code: &'static str, name: &'static str, default: f64) -> Quota {
    Quota { service, code, name, default, raised: None }
}

const fn raised(quota: Quota, value: f64) -> Quota {
    Quota { raised: Some(value), ..quota }
}

/// The quotas that bear on a platform. Amazon VPC User Guide, "Amazon VPC quotas"; AWS General Reference, "Amazon ECS endpoints and
/// quotas" and "Elastic Load Balancing endpoints and quotas".
pub const QUOTAS: &[Quota] = &[
    quota("vpc", VPCS, "VPCs per Region", 5.0),
    quota("ec2", ELASTIC_IPS, "EC2-VPC Elastic IPs", 5.0),
    quota("vpc", INTERNET_GATEWAYS, "Internet gateways per Region", 5.0),
    quota("vpc", NAT_GATEWAYS_PER_ZONE, "NAT gateways per Availability Zone", 5.0),
    quota("vpc", RULES_PER_GROUP, "Inbound or outbound rules per security group", 60.0),
    quota("vpc", GROUPS_PER_INTERFACE, "Security groups per network interface", 5.0),
    quota("vpc", SUBNETS_PER_VPC, "Subnets per VPC", 200.0),
    quota("vpc", SECURITY_GROUPS, "VPC security groups per Region", 2500.0),
    quota("vpc", ROUTE_TABLES_PER_VPC, "Route tables per VPC", 200.0),
    quota("vpc", ROUTES_PER_TABLE, "Routes per route table", 50.0),
    raised(quota("fargate", FARGATE_ON_DEMAND_VCPU, "Fargate On-Demand vCPU resource count", 6.0), 100.0),
    raised(quota("fargate", FARGATE_SPOT_VCPU, "Fargate Spot vCPU resource count", 6.0), 100.0),
    quota("elasticloadbalancing", APPLICATION_LOAD_BALANCERS, "Application Load Balancers per Region", 50.0),
];
