//! Calls on VPC endpoints.

use aws_sdk_ec2::operation::create_vpc_endpoint::{CreateVpcEndpointInput, CreateVpcEndpointOutput};
use aws_sdk_ec2::operation::delete_vpc_endpoints::{DeleteVpcEndpointsInput, DeleteVpcEndpointsOutput};
use aws_sdk_ec2::operation::describe_vpc_endpoints::{DescribeVpcEndpointsInput, DescribeVpcEndpointsOutput};
use aws_sdk_ec2::operation::modify_vpc_endpoint::{ModifyVpcEndpointInput, ModifyVpcEndpointOutput};
use aws_sdk_ec2::types::{UnsuccessfulItem, UnsuccessfulItemError, VpcEndpointType};

use super::network_interface::{self, NewInterface, PublicAddress};
use super::record::{self, Meta, Record, View, find, find_mut, query, required, unsupported};
use super::route::{Route, Target};
use super::vpc::Vpc;
use super::vpc_endpoint::VpcEndpoint;
use super::{prefix_list, tags};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

/// Services with interface endpoints. AWS PrivateLink Guide, "AWS services that integrate with AWS PrivateLink".
const INTERFACE_SERVICES: [&str; 17] = [
    "dynamodb",
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "ecs",
    "ecs-agent",
    "ecs-telemetry",
    "elasticloadbalancing",
    "kms",
    "logs",
    "monitoring",
    "s3",
    "secretsmanager",
    "servicediscovery",
    "sns",
    "ssmmessages",
    "sts",
];

const OPEN_POLICY: &str =
    r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

/// EC2 API reference, CreateVpcEndpoint: honours its client token.
pub(super) fn create_vpc_endpoint(
    call: &mut Call<'_>,
    input: &CreateVpcEndpointInput,
) -> Result<CreateVpcEndpointOutput, ApiError> {
    unsupported(&[
        ("DryRun", input.dry_run() == Some(true)),
        ("endpoints across regions", input.service_region().is_some()),
        ("choosing endpoint addresses", !input.subnet_configurations().is_empty()),
    ])?;
    let output = |endpoint| {
        CreateVpcEndpointOutput::builder()
            .vpc_endpoint(endpoint)
            .set_client_token(input.client_token().map(str::to_owned))
            .build()
    };
    if let Some([id]) = call.world.ec2.tokens.earlier(input.client_token(), input)? {
        let endpoint = find(&call.world.ec2.vpc_endpoints, id)?;
        return Ok(output(endpoint.to_sdk(&View::of(call))));
    }
    let vpc = find(&call.world.ec2.vpcs, required(input.vpc_id(), "vpcId")?)?.clone();
    let service_name = required(input.service_name(), "serviceName")?;
    let is_gateway = is_gateway(input.vpc_endpoint_type())?;
    check_service(call, service_name, is_gateway)?;
    let policy = check_policy(input.policy_document())?;
    let tags = tags::specified(input.tag_specifications(), &VpcEndpoint::KIND)?;
    let mut endpoint = VpcEndpoint {
        meta: Meta::new(call, &VpcEndpoint::KIND, tags),
        vpc_id: vpc.meta.id.clone(),
        service_name: service_name.to_owned(),
        is_gateway,
        policy,
        route_table_ids: input.route_table_ids().to_vec(),
        subnet_ids: input.subnet_ids().to_vec(),
        group_ids: input.security_group_ids().to_vec(),
        interface_ids: Vec::new(),
        private_dns: !is_gateway && input.private_dns_enabled().unwrap_or(true),
        delete_asked_at: None,
    };
    if is_gateway {
        check_gateway(call, &endpoint)?;
        for table in &endpoint.route_table_ids {
            check_table(call, &endpoint, table)?;
        }
        for table in endpoint.route_table_ids.clone() {
            add_route(call, &endpoint, &table)?;
        }
    } else {
        if endpoint.group_ids.is_empty() {
            endpoint.group_ids.push(vpc.default_group.clone());
        }
        check_interface(call, &endpoint, &vpc)?;
        for subnet in endpoint.subnet_ids.clone() {
            endpoint.interface_ids.push(add_interface(call, &endpoint, &subnet)?);
        }
    }
    let answer = output(endpoint.to_sdk(&View::of(call)));
    call.world.ec2.tokens.remember(input.client_token(), input, vec![endpoint.meta.id.clone()]);
    call.world.ec2.vpc_endpoints.insert(endpoint.meta.id.clone(), endpoint);
    Ok(answer)
}

fn is_gateway(endpoint_type: Option<&VpcEndpointType>) -> Result<bool, ApiError> {
    match endpoint_type {
        None | Some(VpcEndpointType::Gateway) => Ok(true),
        Some(VpcEndpointType::Interface) => Ok(false),
        Some(other) => unsupported(&[(other.as_str(), true)]).map(|()| false),
    }
}

fn check_service(call: &Call<'_>, name: &str, is_gateway: bool) -> Result<(), ApiError> {
    let known = if is_gateway {
        prefix_list::of_service(call.region(), name).is_some()
    } else {
        let short = name.strip_prefix(&format!("com.amazonaws.{}.", call.region()));
        short.is_some_and(|short| INTERFACE_SERVICES.contains(&short))
    };
    if known {
        return Ok(());
    }
    Err(ApiError::new("InvalidServiceName", format!("The Vpc Endpoint Service '{name}' does not exist")))
}

fn check_policy(policy: Option<&str>) -> Result<String, ApiError> {
    let policy = policy.unwrap_or(OPEN_POLICY);
    match serde_json::from_str::<serde_json::Value>(policy) {
        Ok(serde_json::Value::Object(_)) => Ok(policy.to_owned()),
        _ => Err(ApiError::new("InvalidPolicyDocument", "The policy document is not valid JSON")),
    }
}

/// A gateway endpoint has route tables, and neither subnets nor groups.
fn check_gateway(call: &Call<'_>, endpoint: &VpcEndpoint) -> Result<(), ApiError> {
    if !endpoint.subnet_ids.is_empty() || !endpoint.group_ids.is_empty() {
        let message = "Subnets and security groups cannot be specified for gateway endpoints.";
        return Err(ApiError::new("InvalidParameter", message));
    }
    let is_other = |other: &VpcEndpoint| {
        other.vpc_id == endpoint.vpc_id
            && other.service_name == endpoint.service_name
            && other.is_gateway
            && other.route_table_ids.iter().any(|table| endpoint.route_table_ids.contains(table))
    };
    if call.world.ec2.vpc_endpoints.values().any(is_other) {
        let message = format!("A route table already has a route to {}", endpoint.service_name);
        return Err(ApiError::new("RouteAlreadyExists", message));
    }
    Ok(())
}

fn check_table(call: &Call<'_>, endpoint: &VpcEndpoint, table_id: &str) -> Result<(), ApiError> {
    let table = find(&call.world.ec2.route_tables, table_id)?;
    if table.vpc_id != endpoint.vpc_id {
        let message = format!("Route table {table_id} does not belong to vpc {}", endpoint.vpc_id);
        return Err(ApiError::new("InvalidParameter", message));
    }
    let list = prefix_list::of_service(call.region(), &endpoint.service_name).unwrap_or_default();
    if table.routes.iter().any(|route| route.destination == list) {
        let message = format!("route table {table_id} already has a route with destination-prefix-list-id {list}");
        return Err(ApiError::new("RouteAlreadyExists", message));
    }
    Ok(())
}

fn add_route(call: &mut Call<'_>, endpoint: &VpcEndpoint, table_id: &str) -> Result<(), ApiError> {
    let destination = prefix_list::of_service(call.region(), &endpoint.service_name).unwrap_or_default();
    let target = Target::Endpoint(endpoint.meta.id.clone());
    find_mut(&mut call.world.ec2.route_tables, table_id)?.routes.push(Route { destination, target });
    Ok(())
}

fn remove_routes(call: &mut Call<'_>, endpoint_id: &str, of_table: impl Fn(&str) -> bool) {
    let target = Target::Endpoint(endpoint_id.to_owned());
    for table in call.world.ec2.route_tables.values_mut().filter(|table| of_table(&table.meta.id)) {
        table.routes.retain(|route| route.target != target);
    }
}

/// An interface endpoint has one subnet per zone; private names need both DNS attributes of the VPC.
fn check_interface(call: &Call<'_>, endpoint: &VpcEndpoint, vpc: &Vpc) -> Result<(), ApiError> {
    if !endpoint.route_table_ids.is_empty() {
        let message = "Route table IDs are only supported for Gateway type VPC Endpoint.";
        return Err(ApiError::new("InvalidParameter", message));
    }
    network_interface::check_groups(call, &vpc.meta.id, &endpoint.group_ids)?;
    let mut zones = Vec::new();
    for id in &endpoint.subnet_ids {
        let subnet = find(&call.world.ec2.subnets, id)?;
        if subnet.vpc_id != vpc.meta.id {
            let message = format!("The subnet ID '{id}' is not in vpc {}", vpc.meta.id);
            return Err(ApiError::new("InvalidParameter", message));
        }
        if zones.contains(&&subnet.zone) {
            let message = format!("Found another VPC endpoint subnet in the availability zone of {id}");
            return Err(ApiError::new("DuplicateSubnetsInSameZone", message));
        }
        zones.push(&subnet.zone);
    }
    if endpoint.private_dns && !(vpc.dns_support && vpc.dns_hostnames) {
        let message = format!(
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true \
             for {}",
            vpc.meta.id
        );
        return Err(ApiError::new("InvalidParameter", message));
    }
    Ok(())
}

fn add_interface(call: &mut Call<'_>, endpoint: &VpcEndpoint, subnet_id: &str) -> Result<String, ApiError> {
    network_interface::create(
        call,
        NewInterface {
            subnet_id,
            description: format!("VPC Endpoint Interface {}", endpoint.meta.id),
            interface_type: "vpc_endpoint",
            requester: "amazon-aws",
            groups: &endpoint.group_ids,
            public: PublicAddress::None,
            tags: Tags::new(),
        },
    )
}

pub(super) fn describe_vpc_endpoints(
    call: &mut Call<'_>,
    input: &DescribeVpcEndpointsInput,
) -> Result<DescribeVpcEndpointsOutput, ApiError> {
    let query = query!(input, vpc_endpoint_ids, filters);
    let (endpoints, next_token) = record::describe(call, &call.world.ec2.vpc_endpoints, &query)?;
    let view = View::of(call);
    let endpoints = endpoints.into_iter().map(|endpoint| endpoint.to_sdk(&view)).collect();
    Ok(DescribeVpcEndpointsOutput::builder().set_vpc_endpoints(Some(endpoints)).set_next_token(next_token).build())
}

/// EC2 API reference, ModifyVpcEndpoint: policy and route tables of a gateway endpoint; policy and private names of an
/// interface endpoint.
pub(super) fn modify_vpc_endpoint(
    call: &mut Call<'_>,
    input: &ModifyVpcEndpointInput,
) -> Result<ModifyVpcEndpointOutput, ApiError> {
    unsupported(&[
        ("DryRun", input.dry_run() == Some(true)),
        ("moving interface endpoints", !input.add_subnet_ids().is_empty() || !input.remove_subnet_ids().is_empty()),
        (
            "changing the groups of an endpoint",
            !input.add_security_group_ids().is_empty() || !input.remove_security_group_ids().is_empty(),
        ),
    ])?;
    let endpoint = find(&call.world.ec2.vpc_endpoints, required(input.vpc_endpoint_id(), "vpcEndpointId")?)?.clone();
    let id = &endpoint.meta.id;
    if endpoint.delete_asked_at.is_some() {
        return Err(VpcEndpoint::KIND.not_found(id));
    }
    let policy = match (input.policy_document(), input.reset_policy()) {
        (Some(policy), _) => check_policy(Some(policy))?,
        (None, Some(true)) => OPEN_POLICY.to_owned(),
        (None, _) => endpoint.policy.clone(),
    };
    let added: Vec<&String> =
        input.add_route_table_ids().iter().filter(|table| !endpoint.route_table_ids.contains(table)).collect();
    let moves_routes = !added.is_empty() || !input.remove_route_table_ids().is_empty();
    if moves_routes && !endpoint.is_gateway {
        let message = "Route table IDs are only supported for Gateway type VPC Endpoint.";
        return Err(ApiError::new("InvalidParameter", message));
    }
    for table in &added {
        check_table(call, &endpoint, table)?;
    }
    for table in &added {
        add_route(call, &endpoint, table)?;
    }
    remove_routes(call, id, |table| input.remove_route_table_ids().iter().any(|removed| removed == table));
    let changed = find_mut(&mut call.world.ec2.vpc_endpoints, id)?;
    changed.policy = policy;
    changed.private_dns = input.private_dns_enabled().unwrap_or(changed.private_dns);
    changed.route_table_ids.extend(added.into_iter().cloned());
    changed.route_table_ids.retain(|table| !input.remove_route_table_ids().contains(table));
    Ok(ModifyVpcEndpointOutput::builder().r#return(true).build())
}

/// EC2 API reference, DeleteVpcEndpoints: takes the routes with it; what fails is listed in the answer.
pub(super) fn delete_vpc_endpoints(
    call: &mut Call<'_>,
    input: &DeleteVpcEndpointsInput,
) -> Result<DeleteVpcEndpointsOutput, ApiError> {
    let gone_at = call.now + call.durations().vpc_endpoint_available;
    let mut unsuccessful = Vec::new();
    for id in required(input.vpc_endpoint_ids.as_deref(), "VpcEndpointIds")? {
        let now = call.now;
        match find_mut(&mut call.world.ec2.vpc_endpoints, id) {
            Err(error) => {
                let error = UnsuccessfulItemError::builder().code(error.code).message(error.message).build();
                unsuccessful.push(UnsuccessfulItem::builder().resource_id(id).error(error).build());
            }
            Ok(endpoint) => {
                endpoint.delete_asked_at = endpoint.delete_asked_at.or(Some(now));
                endpoint.route_table_ids.clear();
                let interfaces = endpoint.interface_ids.clone();
                remove_routes(call, id, |_| true);
                network_interface::expire(call, gone_at, |interface| interfaces.contains(&interface.meta.id));
            }
        }
    }
    Ok(DeleteVpcEndpointsOutput::builder().set_unsuccessful(Some(unsuccessful)).build())
}
