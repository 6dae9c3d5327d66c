//! Gateways, addresses, groups, tables, subnets and the VPC.

use aws_sdk_ec2::types::{IpPermission, UserIdGroupPair};

use super::ledger::Ledger;
use crate::sandbox::tests::bench::Bench;
use crate::sandbox::tests::estate::{Network, wait};
use crate::sandbox::tests::support;

pub async fn gateways_and_groups(ledger: &mut Ledger) {
    let bench = Bench::open().await;
    let before = bench.sandbox.inventory().expect("readable");
    let ec2 = &bench.aws.ec2;
    let net = Network::make(&bench.aws).await;
    let delete_gateway = || ec2.delete_internet_gateway().internet_gateway_id(&net.gateway).send();
    let detach = || ec2.detach_internet_gateway().internet_gateway_id(&net.gateway).vpc_id(&net.vpc).send();
    let delete_subnet = |at: usize| ec2.delete_subnet().subnet_id(&net.subnets[at]).send();
    let delete_vpc = || ec2.delete_vpc().vpc_id(&net.vpc).send();
    ledger.tried("ec2: delete attached IGW", delete_gateway().await);
    ledger.tried("ec2: VPC with subnets", delete_vpc().await);

    let other = support::group(ec2, &net.vpc, "other").await;
    let permission = IpPermission::builder().ip_protocol("tcp").from_port(443).to_port(443);
    let permission = permission.user_id_group_pairs(UserIdGroupPair::builder().group_id(&net.group).build()).build();
    let call = ec2.authorize_security_group_ingress().group_id(&other).ip_permissions(permission.clone());
    call.send().await.expect("a rule");
    let delete_group = || ec2.delete_security_group().group_id(&net.group).send();
    ledger.tried("ec2: group referenced by another group", delete_group().await);

    let table = support::route_table(ec2, &net.vpc).await;
    let call = ec2.associate_route_table().route_table_id(&table).subnet_id(&net.subnets[0]);
    let association = call.send().await.expect("an association").association_id.expect("its id");
    let delete_table = || ec2.delete_route_table().route_table_id(&table).send();
    ledger.tried("ec2: route table with associations", delete_table().await);
    ec2.disassociate_route_table().association_id(association).send().await.expect("disassociated");
    delete_table().await.expect("the table goes without associations");

    let address = support::address(ec2).await;
    let nat = support::nat_gateway(ec2, &net.subnets[0], &address).await;
    let balancer = net.load_balancer(&bench.aws, "main").await;
    let release = || ec2.release_address().allocation_id(&address).send();
    ledger.tried("ec2: subnet with a NAT gateway and ALB", delete_subnet(0).await);
    ledger.tried("ec2: address used by the NAT gateway", release().await);
    ledger.tried("ec2: detach IGW with mapped addresses", detach().await);

    ec2.delete_nat_gateway().nat_gateway_id(&nat).send().await.expect("deleted");
    // While it is deleted it still is in the way.
    ledger.tried("ec2: address used by the NAT gateway", release().await);
    wait(58).await;
    release().await.expect("the address goes after its NAT gateway");
    ledger.tried("ec2: subnet with a NAT gateway and ALB", delete_subnet(0).await);
    bench.aws.elb.delete_load_balancer().load_balancer_arn(balancer).send().await.expect("deleted");
    // Its network interfaces outlive it.
    ledger.tried("ec2: subnet with a NAT gateway and ALB", delete_subnet(0).await);
    ledger.tried("ec2: detach IGW with mapped addresses", detach().await);
    wait(41).await;
    detach().await.expect("the gateway is let go once no address needs it");
    delete_gateway().await.expect("a detached gateway goes");

    let call = ec2.revoke_security_group_ingress().group_id(&other).ip_permissions(permission);
    call.send().await.expect("revoked");
    delete_group().await.expect("the group goes once nothing names it");
    ec2.delete_security_group().group_id(&other).send().await.expect("deleted");
    ledger.tried("ec2: VPC with subnets", delete_vpc().await);
    delete_subnet(0).await.expect("an empty subnet goes");
    delete_subnet(1).await.expect("an empty subnet goes");
    delete_vpc().await.expect("an empty VPC goes");
    assert_eq!(bench.sandbox.inventory().expect("readable"), before);
}
