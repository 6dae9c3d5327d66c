//! All orders of deletion that AWS enforces, as far as a platform on ECS meets them: tried one by one, and counted.

use super::ledger::Ledger;
use super::{edge, network, storage, tasks};

/// What becomes of a row.
enum Row {
    /// AWS refuses with this error code, or with an entry in the list of failures.
    Refused(&'static str),
    /// The sandbox does not know the operation, for this reason.
    NotSimulated(&'static str),
}

use Row::{NotSimulated, Refused};

const NO_RDS: &str = "the environment has no database";
const NO_GATEWAY: &str = "the load balancer is the way in; nothing makes virtual gateways";

/// Each service's API reference, at the delete operation, under "Errors".
const ROWS: [(&str, Row); 33] = [
    ("ec2: subnet with a NAT gateway and ALB", Refused("DependencyViolation")),
    ("ec2: subnet with a VPC endpoint, DB and tasks", Refused("DependencyViolation")),
    ("ec2: delete attached IGW", Refused("DependencyViolation")),
    ("ec2: detach IGW with mapped addresses", Refused("DependencyViolation")),
    ("ec2: group referenced by another group", Refused("DependencyViolation")),
    ("ec2: group used by the DB cluster", NotSimulated(NO_RDS)),
    ("ec2: route table with associations", Refused("DependencyViolation")),
    ("ec2: address used by the NAT gateway", Refused("InvalidIPAddress.InUse")),
    ("ec2: VPC with subnets", Refused("DependencyViolation")),
    ("elbv2: target group in use", Refused("ResourceInUse")),
    ("elbv2: default rule", Refused("OperationNotPermitted")),
    ("elbv2: load balancer with deletion protection", Refused("OperationNotPermitted")),
    ("ecs: cluster with a service", Refused("ClusterContainsServicesException")),
    ("ecs: service with desiredCount 2, no force", Refused("InvalidParameterException")),
    ("ecs: delete of an ACTIVE task definition", Refused("failures[]")),
    ("iam: role with policies", Refused("DeleteConflict")),
    ("iam: attached policy", NotSimulated("roles have inline policies and AWS's managed ones; nothing makes policies")),
    ("rds: DB cluster with deletion protection", NotSimulated(NO_RDS)),
    ("rds: DB cluster with an instance", NotSimulated(NO_RDS)),
    ("rds: DB subnet group in use", NotSimulated(NO_RDS)),
    ("rds: cluster parameter group in use", NotSimulated(NO_RDS)),
    ("servicediscovery: namespace with a service", Refused("ResourceInUse")),
    ("servicediscovery: cloud map service with an instance", Refused("ResourceInUse")),
    ("appmesh: gateway with a gateway route", NotSimulated(NO_GATEWAY)),
    ("appmesh: virtual service used by a gateway route", NotSimulated(NO_GATEWAY)),
    ("appmesh: router with a route", Refused("ResourceInUseException")),
    ("appmesh: virtual node used by a route", Refused("ResourceInUseException")),
    ("appmesh: mesh with contents", Refused("ResourceInUseException")),
    ("ecr: repository with an image, no force", Refused("RepositoryNotEmptyException")),
    ("s3: bucket with versions", Refused("BucketNotEmpty")),
    ("dynamodb: table with deletion protection", Refused("ValidationException")),
    ("events: rule with a target", NotSimulated("nothing makes rules of EventBridge")),
    ("kms: encrypt with a key pending deletion", Refused("KMSInvalidStateException")),
];

#[tokio::test(start_paused = true)]
async fn what_is_needed_is_not_deleted_and_goes_once_it_is_not() {
    let mut ledger = Ledger::default();
    network::gateways_and_groups(&mut ledger).await;
    tasks::subnets_of_tasks(&mut ledger).await;
    tasks::clusters_services_and_definitions(&mut ledger).await;
    edge::load_balancers(&mut ledger).await;
    edge::names(&mut ledger).await;
    edge::meshes(&mut ledger).await;
    storage::roles(&mut ledger).await;
    storage::repositories_buckets_and_tables(&mut ledger).await;
    storage::keys(&mut ledger).await;

    let mut wrong = Vec::new();
    let (mut tried, mut left_out) = (0, 0);
    for (name, row) in &ROWS {
        let answer = ledger.0.remove(name);
        match (row, answer.as_deref()) {
            (Refused(code), Some(answer)) if *code == answer => tried += 1,
            (Refused(code), answer) => wrong.push(format!("{name}: {answer:?} instead of {code}")),
            (NotSimulated(_), None) => left_out += 1,
            (NotSimulated(why), Some(answer)) => wrong.push(format!("{name}: {answer}, though {why}")),
        }
        match row {
            Refused(code) => println!("{name}: {code}"),
            NotSimulated(why) => println!("{name}: not simulated, {why}"),
        }
    }
    println!("{tried} refused and then accepted, {left_out} not simulated, {} in all", ROWS.len());
    assert_eq!(wrong, Vec::<String>::new());
    assert!(ledger.0.is_empty(), "not in the table: {:?}", ledger.0);
}
