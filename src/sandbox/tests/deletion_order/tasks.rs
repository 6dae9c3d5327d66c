//! Clusters, services, task definitions, and the subnets that tasks and endpoints are in.

use aws_sdk_ec2::types::VpcEndpointType;

use super::ledger::Ledger;
use crate::sandbox::tests::bench::Bench;
use crate::sandbox::tests::estate::{self, Network, wait};

/// A service of two tasks that run.
async fn service(bench: &Bench, net: &Network) -> String {
    let role = estate::role(&bench.aws, "tasks", "ecs-tasks.amazonaws.com").await;
    estate::cluster(&bench.aws, "main").await;
    let definition = estate::registered(&bench.aws, &role).await;
    let call = bench.aws.ecs.create_service().cluster("main").service_name("web").task_definition(&definition);
    let call = call.desired_count(2).network_configuration(net.of_tasks());
    call.send().await.expect("a service");
    wait(80).await;
    definition
}

pub async fn subnets_of_tasks(ledger: &mut Ledger) {
    const ROW: &str = "ec2: subnet with a VPC endpoint, DB and tasks";
    let bench = Bench::open().await;
    let net = Network::make(&bench.aws).await;
    service(&bench, &net).await;
    let ec2 = &bench.aws.ec2;
    let call = ec2.create_vpc_endpoint().vpc_id(&net.vpc).service_name("com.amazonaws.us-east-1.logs");
    let call = call.vpc_endpoint_type(VpcEndpointType::Interface).private_dns_enabled(false);
    let call = call.set_subnet_ids(Some(net.subnets.to_vec())).security_group_ids(&net.group);
    let made = call.send().await.expect("an endpoint");
    let endpoint = made.vpc_endpoint().and_then(|it| it.vpc_endpoint_id()).expect("its id").to_owned();
    let delete = || ec2.delete_subnet().subnet_id(&net.subnets[0]).send();
    ledger.tried(ROW, delete().await);
    let force = bench.aws.ecs.delete_service().cluster("main").service("web").force(true);
    force.send().await.expect("deleted");
    wait(60).await;
    // The tasks are gone, the endpoint is not.
    ledger.tried(ROW, delete().await);
    ec2.delete_vpc_endpoints().vpc_endpoint_ids(endpoint).send().await.expect("deleted");
    ledger.tried(ROW, delete().await);
    wait(10).await;
    delete().await.expect("an empty subnet goes");
}

pub async fn clusters_services_and_definitions(ledger: &mut Ledger) {
    let bench = Bench::open().await;
    let ecs = &bench.aws.ecs;
    let net = Network::make(&bench.aws).await;
    let definition = service(&bench, &net).await;
    let delete_cluster = || ecs.delete_cluster().cluster("main").send();
    let delete_service = || ecs.delete_service().cluster("main").service("web").send();
    ledger.tried("ecs: cluster with a service", delete_cluster().await);
    ledger.tried("ecs: service with desiredCount 2, no force", delete_service().await);

    let delete_definition = async || {
        let answer = ecs.delete_task_definitions().task_definitions(&definition).send().await.expect("answered");
        (answer.failures().len(), answer.task_definitions().len())
    };
    if delete_definition().await == (1, 0) {
        ledger.note("ecs: delete of an ACTIVE task definition", "failures[]".to_owned());
    }
    ecs.deregister_task_definition().task_definition(&definition).send().await.expect("deregistered");
    assert_eq!(delete_definition().await, (0, 1), "an inactive revision is deleted");

    ecs.update_service().cluster("main").service("web").desired_count(0).send().await.expect("scaled in");
    delete_service().await.expect("a service without tasks goes");
    // It drains; its name and its cluster are not free yet.
    ledger.tried("ecs: cluster with a service", delete_cluster().await);
    wait(60).await;
    delete_cluster().await.expect("an empty cluster goes");
}
