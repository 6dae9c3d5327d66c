//! The database: cluster, instance, subnet group, and the network that they are in.

use aws_sdk_rds::types::ServerlessV2ScalingConfiguration;

use super::ledger::Ledger;
use crate::sandbox::tests::bench::Bench;
use crate::sandbox::tests::estate::{Network, wait};

pub async fn clusters_and_instances(ledger: &mut Ledger) {
    const SUBNET: &str = "ec2: subnet with a VPC endpoint, DB and tasks";
    let bench = Bench::open().await;
    let rds = &bench.aws.rds;
    let net = Network::make(&bench.aws).await;
    let made = bench.aws.kms.create_key().send().await.expect("a key");
    let key = made.key_metadata().expect("the key").arn().expect("its ARN").to_owned();
    let call = rds.create_db_subnet_group().db_subnet_group_name("main").db_subnet_group_description("main");
    call.set_subnet_ids(Some(net.subnets.to_vec())).send().await.expect("a subnet group");
    let capacity = ServerlessV2ScalingConfiguration::builder().min_capacity(0.5).max_capacity(2.0).build();
    let call = rds.create_db_cluster().db_cluster_identifier("main").engine("aurora-postgresql").engine_version("16.6");
    let call =
        call.manage_master_user_password(true).master_username("owner").kms_key_id(&key).deletion_protection(true);
    let call = call.db_subnet_group_name("main").vpc_security_group_ids(&net.group);
    call.serverless_v2_scaling_configuration(capacity).send().await.expect("a cluster");
    wait(120).await;
    let call = rds.create_db_instance().db_instance_identifier("one").db_cluster_identifier("main");
    call.engine("aurora-postgresql").db_instance_class("db.serverless").send().await.expect("an instance");
    wait(360).await;

    let delete_cluster = || rds.delete_db_cluster().db_cluster_identifier("main").skip_final_snapshot(true).send();
    let delete_subnets = || rds.delete_db_subnet_group().db_subnet_group_name("main").send();
    let delete_group = || bench.aws.ec2.delete_security_group().group_id(&net.group).send();
    // The instance is in the first one.
    let delete_subnet = || bench.aws.ec2.delete_subnet().subnet_id(&net.subnets[0]).send();
    ledger.tried("rds: DB cluster with deletion protection", delete_cluster().await);
    let call = rds.modify_db_cluster().db_cluster_identifier("main").deletion_protection(false).apply_immediately(true);
    call.send().await.expect("not protected");
    ledger.tried("rds: DB cluster with an instance", delete_cluster().await);
    ledger.tried("rds: DB subnet group in use", delete_subnets().await);
    ledger.tried("ec2: group used by the DB cluster", delete_group().await);
    ledger.tried(SUBNET, delete_subnet().await);

    let call = rds.delete_db_instance().db_instance_identifier("one").skip_final_snapshot(true);
    call.send().await.expect("deleted");
    delete_cluster().await.expect("a cluster goes once its instances are on their way");
    ledger.tried("rds: DB subnet group in use", delete_subnets().await);
    ledger.tried("ec2: group used by the DB cluster", delete_group().await);
    wait(400).await;
    delete_subnets().await.expect("the subnet group goes after the cluster");
    delete_group().await.expect("the security group goes after the instance");
    delete_subnet().await.expect("an empty subnet goes");
}
