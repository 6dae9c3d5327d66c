//! Account quotas: what Service Quotas reports and what the simulated services enforce.

/// One quota with AWS's default for a new account.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    /// Service code, as Service Quotas writes it.
    pub service: &'static str,
    /// Quota code.
    pub code: &'static str,
    /// Name.
    pub name: &'static str,
    /// Value in a new account.
    pub default: f64,
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

/// The quotas that bear on a platform. Amazon VPC User Guide, "Amazon VPC quotas"; AWS General Reference.
pub const QUOTAS: &[Quota] = &[
    Quota { service: "vpc", code: VPCS, name: "VPCs per Region", default: 5.0 },
    Quota { service: "ec2", code: ELASTIC_IPS, name: "EC2-VPC Elastic IPs", default: 5.0 },
    Quota { service: "vpc", code: INTERNET_GATEWAYS, name: "Internet gateways per Region", default: 5.0 },
    Quota { service: "vpc", code: NAT_GATEWAYS_PER_ZONE, name: "NAT gateways per Availability Zone", default: 5.0 },
    Quota {
        service: "vpc",
        code: RULES_PER_GROUP,
        name: "Inbound or outbound rules per security group",
        default: 60.0,
    },
    Quota { service: "vpc", code: GROUPS_PER_INTERFACE, name: "Security groups per network interface", default: 5.0 },
    Quota { service: "vpc", code: SUBNETS_PER_VPC, name: "Subnets per VPC", default: 200.0 },
    Quota { service: "vpc", code: SECURITY_GROUPS, name: "VPC security groups per Region", default: 2500.0 },
    Quota { service: "vpc", code: ROUTE_TABLES_PER_VPC, name: "Route tables per VPC", default: 200.0 },
    Quota { service: "vpc", code: ROUTES_PER_TABLE, name: "Routes per route table", default: 50.0 },
    Quota {
        service: "fargate",
        code: FARGATE_ON_DEMAND_VCPU,
        name: "Fargate On-Demand vCPU resource count",
        default: 6.0,
    },
    Quota { service: "fargate", code: FARGATE_SPOT_VCPU, name: "Fargate Spot vCPU resource count", default: 6.0 },
    Quota {
        service: "elasticloadbalancing",
        code: APPLICATION_LOAD_BALANCERS,
        name: "Application Load Balancers per Region",
        default: 50.0,
    },
];
