//! What `status` and `doctor` say of an environment that comes, is tampered with, is forgotten and goes.

use platformctl::operation::{
    self, Verdict,
    status::report::{ChapterStatus, ServiceStatus, StatusReport, TargetCounts, TaskCounts},
};

use crate::lab::{EXAMPLE, Lab, assert_done, destroy, up};

async fn status(workspace: &operation::Workspace) -> StatusReport {
    operation::status(workspace).await.expect("a status")
}

/// A service as the first `up` leaves it: everything was read, and blue serves.
fn assert_runs(service: &ServiceStatus) {
    assert!(service.is_well() && service.configured, "{service:#?}");
    assert_eq!(service.status.as_deref(), Some("ACTIVE"));
    assert_eq!(service.tasks, Some(TaskCounts { desired: 2, running: 2, pending: 0 }));
    assert_eq!(service.blue, Some(TargetCounts { healthy: 2, total: 2, draining: 0 }));
    assert_eq!(service.green, Some(TargetCounts::default()));
    assert_eq!(service.serving.as_ref().map(|serving| serving.color), Some("blue"));
    let deployment = service.deployment.as_ref().expect("the first one");
    assert!(deployment.status == "SUCCESSFUL" && !deployment.in_progress && !deployment.failed, "{deployment:?}");
    assert!(service.image.is_some() && service.revision.as_ref().is_some_and(|revision| revision.ends_with(":1")));
    assert!(service.scaling.is_some_and(|range| range.min == 2 && !range.suspended), "{:?}", service.scaling);
    assert!(service.certificate.as_ref().is_some_and(|certificate| certificate.days_left > 0));
    // Those of a database rotate; the example's third service has none.
    let rotates = service.name != "notifications";
    assert!(service.credentials.as_ref().is_some_and(|secret| secret.rotates == rotates), "{:?}", service.credentials);
    assert!(service.alarms.as_ref().is_some_and(|alarms| alarms.total > 3), "{:?}", service.alarms);
}

#[tokio::test(start_paused = true)]
async fn status_follows_an_environment_through_its_life() {
    let lab = Lab::new();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    let nothing = status(&workspace).await;
    assert!(!nothing.exists && nothing.problems.is_empty(), "{nothing:#?}");
    assert!(nothing.summary.starts_with("nothing exists"), "{}", nothing.summary);

    assert_done(&up(&workspace).await.expect("up"));
    let whole = status(&workspace).await;
    assert_eq!((whole.problems.as_slice(), whole.differences.as_deref()), (&[][..], Some(&[][..])), "{whole:#?}");
    assert!(whole.exists && whole.state.present && whole.state.resources > 20);
    let all_ready = |chapter: &ChapterStatus| {
        chapter.phases.keys().all(|phase| phase == "ready")
            && chapter.phases.values().sum::<usize>() == chapter.resources
    };
    assert!(whole.state.chapters.iter().all(all_ready), "{:#?}", whole.state.chapters);
    let checks = operation::doctor(&workspace, false).await;
    let linked = checks.iter().filter(|check| check.name.starts_with("AWSServiceRoleFor"));
    assert!(linked.clone().count() == 4 && linked.into_iter().all(|check| check.verdict == Verdict::Ok), "{checks:#?}");
    let payments = whole.services.iter().find(|service| service.name == "payments").expect("the example has it");
    assert_runs(payments);
    let balancer = whole.load_balancer.as_ref().expect("a load balancer");
    assert_eq!(balancer.state, "active");
    assert!(payments.url.as_ref().zip(balancer.url.as_ref()).is_some_and(|(url, base)| url.starts_with(base)));

    // Somebody deletes a log group.
    let log = workspace.aws.logs.describe_log_groups().send().await.expect("log groups");
    let victim = log.log_groups().first().and_then(|group| group.log_group_name()).expect("a log group").to_owned();
    workspace.aws.logs.delete_log_group().log_group_name(&victim).send().await.expect("deleted");
    let tampered = status(&workspace).await;
    let differences = tampered.differences.expect("compared");
    assert_eq!(differences.len(), 1, "{differences:#?}");
    assert_eq!((differences[0].name.as_str(), differences[0].aws.as_str()), (victim.as_str(), "not there"));
    assert!(tampered.summary.contains("1 difference between state and AWS"), "{}", tampered.summary);
    assert_eq!(operation::status_with(&workspace, false).await.expect("a status").differences, None);

    // The state is lost: everything is found by its tags.
    std::fs::remove_dir_all(lab.state.path().join("dev")).expect("removed");
    let found = status(&workspace).await;
    assert!(found.exists && !found.state.present && found.problems.is_empty(), "{:#?}", found.problems);
    assert_eq!(found.environment.id, whole.environment.id);
    let vpcs = found.found.iter().find(|kind| kind.kind == "vpc").map(|kind| kind.resources);
    assert_eq!(vpcs, Some(1), "{:#?}", found.found);

    let (outcome, left, _) = destroy(&workspace).await.expect("destroy");
    assert_done(&outcome);
    assert_eq!(left, []);
    let gone = status(&workspace).await;
    assert!(!gone.exists, "{gone:#?}");
    assert_eq!(gone.doomed.len(), 1, "the key: {:#?}", gone.doomed);
}

#[tokio::test(start_paused = true)]
async fn the_doctor_finds_what_up_would_fail_at() {
    let lab = Lab::new();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    assert_eq!(operation::doctor_cheap(&workspace).await, [], "an empty account has room for one environment");
    let checks = operation::doctor(&workspace, true).await;
    let verdict = |name: &str| checks.iter().find(|check| check.name == name).map(|check| check.verdict);
    assert_eq!(verdict("EC2-VPC Elastic IPs"), Some(Verdict::Ok), "{checks:#?}");
    assert_eq!(verdict("AWSServiceRoleForECS"), Some(Verdict::Warning));
    assert_eq!(verdict("Fargate Spot vCPU resource count"), Some(Verdict::Ok), "{checks:#?}");
    assert_eq!(verdict("state"), Some(Verdict::Ok));
    assert!(!lab.state.path().join("dev").exists(), "the doctor leaves nothing behind");

    for _ in 0..3 {
        workspace.aws.ec2.allocate_address().send().await.expect("an address");
    }
    // What was just made doesn't show in lists for a moment.
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let failed = operation::doctor_cheap(&workspace).await;
    let names: Vec<&str> = failed.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(names, ["EC2-VPC Elastic IPs"], "{failed:#?}");
    assert!(failed[0].remedy.as_ref().is_some_and(|remedy| remedy.contains("L-0263D0A3")), "{failed:#?}");
    let _lock = workspace.store.lock("up").expect("free");
    let checks = operation::doctor(&workspace, false).await;
    let state = checks.iter().find(|check| check.name == "state").expect("checked");
    assert!(state.verdict == Verdict::Warning && state.detail.contains("'up' runs"), "{state:?}");
}
