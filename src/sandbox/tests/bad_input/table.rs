//! All bad inputs, counted by service.

use std::collections::BTreeMap;

use super::trial::{Case, Trial};
use super::{ecs_definitions, ecs_services, elbv2, identity, network, observability, places, storage};

/// How many bad inputs of each service are tried at least, and why none where the sandbox does not simulate the service.
const LEAST: [(&str, usize, Option<&str>); 18] = [
    ("ec2", 9, None),
    ("kms", 3, None),
    ("logs", 2, None),
    ("ecr", 2, None),
    ("iam", 4, None),
    ("lambda", 4, Some("the environment has no functions")),
    ("secretsmanager", 4, None),
    ("rds", 7, Some("the environment has no database")),
    ("servicediscovery", 2, None),
    ("appmesh", 5, None),
    ("elbv2", 8, None),
    ("ecs", 22, None),
    ("application-autoscaling", 2, None),
    ("cloudwatch", 2, None),
    ("events", 2, Some("nothing makes rules of EventBridge")),
    ("s3", 1, None),
    ("dynamodb", 1, None),
    ("sns", 1, None),
];

#[tokio::test(start_paused = true)]
async fn each_is_refused_with_the_code_of_aws_before_anything_changes() {
    let mut trial = Trial::default();
    network::ec2(&mut trial).await;
    identity::keys_roles_and_secrets(&mut trial).await;
    storage::logs_repositories_buckets_and_tables(&mut trial).await;
    places::names(&mut trial).await;
    places::meshes(&mut trial).await;
    elbv2::load_balancing(&mut trial).await;
    ecs_definitions::task_definitions(&mut trial).await;
    ecs_services::clusters_and_services(&mut trial).await;
    observability::alarms_and_scaling(&mut trial).await;

    let mut by_service: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in &trial.0 {
        println!("{:<24} {:<60} {}", case.service, case.what, case.answer);
        by_service.entry(case.service).or_default().push(case);
    }
    let wrong = |case: &&Case| case.answer != case.wanted || !case.untouched;
    let wrong: Vec<String> = trial
        .0
        .iter()
        .filter(wrong)
        .map(|case| {
            let changed = if case.untouched { "" } else { ", and something changed" };
            format!("{}: {}: {} instead of {}{changed}", case.service, case.what, case.answer, case.wanted)
        })
        .collect();
    let mut short = Vec::new();
    for (service, least, why_none) in LEAST {
        let tried = by_service.remove(service).map_or(0, |cases| cases.len());
        match why_none {
            Some(why) => println!("{service}: not simulated ({least} in the list), {why}"),
            None => println!("{service}: {tried} of at least {least}"),
        }
        if why_none.is_none() == (tried < least) {
            short.push(format!("{service}: {tried} of {least}"));
        }
    }
    println!("{} in all", trial.0.len());
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(short, Vec::<String>::new());
    assert!(by_service.is_empty(), "services that are not in the list: {:?}", by_service.keys());
}
