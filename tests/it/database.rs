//! The database and the rotation of its credentials, in virtual time on the simulated AWS: Secrets Manager calls the real rotator.

use std::time::Duration;

use platformctl::{
    aws::Aws,
    engine::Action,
    operation::{
        self, Intention, OperationError, Workspace,
        rotate::credentials::{self as rotation, Begin, News},
    },
    rotator::secret::Credentials,
};

use crate::lab::{EXAMPLE, Lab, assert_done, assert_settled, destroy, up, without_database};

const SECRET: &str = "db-credentials-payments-dev";
const DAY: Duration = Duration::from_secs(24 * 3600);

fn credentials(lab: &Lab, label: &str) -> Option<Credentials> {
    let look = lab.sandbox.look(|call| {
        let secret = call.world.secretsmanager.find(SECRET)?;
        let version = secret.versions.get(secret.stages.get(label)?)?;
        version.text.as_deref().and_then(Credentials::from_json)
    });
    look.expect("a readable account")
}

/// Whether the database lets these credentials in.
fn logs_in(lab: &Lab, credentials: &Credentials) -> bool {
    let look = lab.sandbox.look(|call| {
        let cluster = call.world.rds.clusters.get("db-cluster-dev").expect("the cluster");
        let role = cluster.roles.get(&credentials.username).and_then(|role| role.verifier.clone());
        role.is_some_and(|verifier| platformctl::rotator::scram::matches(&credentials.password, &verifier))
    });
    look.expect("a readable account")
}

fn deployments(lab: &Lab, service: &str) -> usize {
    let look = lab.sandbox.look(|call| {
        let ending = format!("/service-{service}-dev");
        call.world.ecs.deployments.values().filter(|it| it.service_arn.ends_with(&ending)).count()
    });
    look.expect("a readable account")
}

async fn rotate(aws: &Aws) -> Result<(), String> {
    let answer = aws.secrets.rotate_secret().secret_id(SECRET).send().await;
    answer.map(drop).map_err(|error| format!("{:?}", error.into_service_error()))
}

#[tokio::test(start_paused = true)]
async fn services_come_up_with_credentials_that_open_the_database() {
    let lab = Lab::new();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    let (current, previous) = (credentials(&lab, "AWSCURRENT"), credentials(&lab, "AWSPREVIOUS"));
    let (current, previous) = (current.expect("current"), previous.expect("previous"));
    assert_eq!((current.username.as_str(), previous.username.as_str()), ("payments_b", "payments_a"));
    assert!(logs_in(&lab, &current) && logs_in(&lab, &previous), "both work from the first rotation on");
    let place = current.database.expect("where the database is");
    assert!(place.host.contains("db-cluster-dev.cluster-") && place.port == 5432 && place.name == "platform");
    assert_eq!(deployments(&lab, "payments"), 1, "the first tasks had the right ones at once");
}

#[tokio::test(start_paused = true)]
async fn credentials_are_rotated_every_thirty_days_and_tasks_come_to_hold_them() {
    let lab = Lab::new();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    let before = credentials(&lab, "AWSCURRENT").expect("current");
    tokio::time::sleep(DAY * 29).await;
    assert_eq!(credentials(&lab, "AWSCURRENT"), Some(before.clone()), "not yet");
    tokio::time::sleep(DAY + Duration::from_secs(60)).await;
    let after = credentials(&lab, "AWSCURRENT").expect("current");
    assert_eq!(after.username, "payments_a");
    assert!(logs_in(&lab, &after) && logs_in(&lab, &before), "what running tasks hold goes on working");
    // Certificates have been renewed twice by now.
    assert_eq!(deployments(&lab, "payments"), 4, "a deployment gives the tasks the new ones");
    assert_eq!(deployments(&lab, "notifications"), 3, "nobody else is disturbed");
    tokio::time::sleep(Duration::from_secs(1200)).await;
    assert_settled(&workspace).await;
    tokio::time::sleep(DAY * 30).await;
    assert!(!logs_in(&lab, &before) && logs_in(&lab, &after), "those before the ones before are dead");
}

#[tokio::test(start_paused = true)]
async fn a_rotation_waits_for_the_tasks_that_hold_the_password_it_would_change() {
    let lab = Lab::new();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    tokio::time::sleep(Duration::from_secs(1200)).await;
    rotate(&workspace.aws).await.expect("a rotation");
    tokio::time::sleep(Duration::from_secs(15)).await;
    let (first, held) = (credentials(&lab, "AWSCURRENT").expect("current"), credentials(&lab, "AWSPREVIOUS"));
    let held = held.expect("what running tasks hold");
    rotate(&workspace.aws).await.expect("another, while the tasks are being replaced");
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(logs_in(&lab, &held), "tasks that are about to go are still let in");
    assert_eq!(credentials(&lab, "AWSCURRENT"), Some(first.clone()));
    // Secrets Manager repeats it for a while, and takes it up again when it is told to: once the tasks are replaced, it goes through.
    let mut second = first.clone();
    for look in 1..=90 {
        tokio::time::sleep(Duration::from_secs(20)).await;
        second = credentials(&lab, "AWSCURRENT").expect("current");
        if second != first {
            break;
        }
        if look % 30 == 0 {
            rotate(&workspace.aws).await.ok();
        }
    }
    assert_ne!(second, first);
    assert!(logs_in(&lab, &second) && logs_in(&lab, &first) && !logs_in(&lab, &held));
}

#[tokio::test(start_paused = true)]
async fn a_rotation_that_fails_changes_nothing_that_is_in_use() {
    let lab = Lab::new();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    tokio::time::sleep(Duration::from_secs(1200)).await;
    let before = credentials(&lab, "AWSCURRENT").expect("current");
    let switch = |on: bool| {
        let change = lab.sandbox.look(|call| {
            call.world.rds.clusters.get_mut("db-cluster-dev").expect("the cluster").http = on;
        });
        change.expect("a changed account");
    };
    switch(false);
    rotate(&workspace.aws).await.expect("ordered");
    tokio::time::sleep(Duration::from_secs(900)).await;
    assert_eq!(credentials(&lab, "AWSCURRENT"), Some(before.clone()));
    assert!(logs_in(&lab, &before));
    let errors = lab.sandbox.look(|call| call.world.lambda.functions["rotator-dev"].errors.len()).expect("a look");
    assert!(errors >= 5, "Secrets Manager tried again and again: {errors}");
    switch(true);
    rotate(&workspace.aws).await.expect_err("the one before is taken up again");
    tokio::time::sleep(Duration::from_secs(60)).await;
    let after = credentials(&lab, "AWSCURRENT").expect("current");
    assert!(after != before && logs_in(&lab, &after) && logs_in(&lab, &before));
}

#[tokio::test(start_paused = true)]
async fn a_database_comes_and_goes_with_the_configuration() {
    let lab = Lab::new();
    let before = lab.inventory();
    let plain = without_database();
    let workspace = lab.workspace(&plain, "dev").await;
    assert_done(&up(&workspace).await.expect("up without"));
    assert!(!lab.inventory().iter().any(|item| item.starts_with("rds:")));
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    let plan = operation::prepare(&workspace, Intention::Plan).await.expect("plan");
    let replaced: Vec<_> = plan
        .plan
        .steps
        .iter()
        .filter(|step| matches!(step.action, Action::Replace | Action::Delete))
        .map(|step| step.key.to_string())
        .filter(|key| !key.starts_with("task-definition/"))
        .collect();
    assert_eq!(replaced, Vec::<String>::new(), "nothing that serves goes away for it");
    drop(plan);
    assert_done(&up(&workspace).await.expect("up with"));
    let workspace = lab.workspace(&plain, "dev").await;
    assert_done(&up(&workspace).await.expect("up without again"));
    assert!(!lab.inventory().iter().any(|item| item.starts_with("rds:")));
    let (outcome, left, _) = destroy(&workspace).await.expect("destroy");
    assert_done(&outcome);
    assert_eq!(left, []);
    assert_eq!(lab.inventory(), before);
}

#[tokio::test(start_paused = true)]
async fn a_rotator_that_can_not_run_on_lambda_stops_before_anything_is_made() {
    let lab = Lab::new();
    let before = lab.inventory();
    let mut workspace = lab.workspace(EXAMPLE, "dev").await;
    let directory = tempfile::TempDir::new().expect("a directory");
    std::fs::write(directory.path().join("platformctl-rotator"), "#!/bin/sh\n").expect("written");
    workspace.rotator = operation::package::Source::Directory(directory.path().to_path_buf());
    let Err(OperationError::Failure(failure)) = operation::prepare(&workspace, Intention::Up).await else {
        panic!("it is no program for Linux")
    };
    assert!(failure.message.contains("platformctl-rotator"), "{failure}");
    assert!(failure.remedy.as_ref().is_some_and(|remedy| remedy.contains("cargo")), "{failure:?}");
    assert_eq!(lab.inventory(), before);
    let checks = operation::doctor(&workspace, false).await;
    let check = checks.iter().find(|check| check.name == "rotator").expect("a check");
    assert!(check.verdict == operation::Verdict::Failed && check.detail.contains("platformctl-rotator"), "{check:?}");
    operation::prepare(&workspace, Intention::Destroy).await.expect("destroy needs no rotator");
}

/// Invocations of the function that failed.
fn errors(lab: &Lab) -> Vec<String> {
    let look = lab.sandbox.look(|call| call.world.lambda.functions["rotator-dev"].errors.clone());
    look.expect("a readable account").into_iter().map(|(_, error)| error).collect()
}

#[tokio::test(start_paused = true)]
async fn a_paused_database_is_woken_and_waited_for() {
    let lab = Lab::new();
    let text = EXAMPLE.replace("min_capacity = 0.5", "min_capacity = 0");
    assert_ne!(text, EXAMPLE);
    let workspace = lab.workspace(&text, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    let resumed = || {
        let look = lab.sandbox.look(|call| call.world.rds.clusters["db-cluster-dev"].resumes_at);
        look.expect("a readable account")
    };
    assert_eq!(resumed(), None, "it has not slept yet");
    let before = credentials(&lab, "AWSCURRENT").expect("current");
    tokio::time::sleep(DAY * 30 + Duration::from_secs(600)).await;
    let after = credentials(&lab, "AWSCURRENT").expect("current");
    assert!(after != before && logs_in(&lab, &after) && logs_in(&lab, &before));
    assert!(resumed().is_some(), "it slept");
    assert_eq!(errors(&lab), [""; 0], "the function waited for it");
    // A further service comes to the database while it sleeps again.
    tokio::time::sleep(DAY * 2).await;
    let more = text.replace("[services.notifications]", "[services.notifications]\ndatabase = true");
    let workspace = lab.workspace(&more, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    let last = resumed().expect("it was woken");
    assert!(lab.sandbox.now().since(last) < Duration::from_secs(3600), "for that");
    assert_eq!(errors(&lab), [""; 0]);
    assert_settled(&workspace).await;
}

/// `rotate credentials`: what it tells, and how it ends.
async fn rotate_here(workspace: &Workspace, chosen: &[rotation::Credentials]) -> (Vec<News>, Result<(), String>) {
    let told = std::cell::RefCell::new(Vec::new());
    let verdicts = rotation::rotate(workspace, chosen, &|_, news| told.borrow_mut().push(news.clone())).await;
    let failed = verdicts.into_iter().find_map(|it| it.outcome.err());
    (told.into_inner(), failed.map_or(Ok(()), |trouble| Err(trouble.to_string())))
}

/// What tasks that run were started with is what is current.
fn all_hold_the_current_ones(lab: &Lab) -> bool {
    let look = lab.sandbox.look(|call| {
        let world = &call.world;
        let current = world.secretsmanager.find(SECRET).and_then(|secret| secret.stages.get("AWSCURRENT").cloned());
        let alive = world.ecs.tasks.values().filter(|task| task.stopping_at.is_none() && task.stopped_at.is_none());
        let held: Vec<_> = alive
            .flat_map(|task| task.secrets.iter())
            .filter(|(arn, _)| arn.contains(SECRET))
            .map(|(_, version)| Some(version.clone()))
            .collect();
        !held.is_empty() && held.iter().all(|version| *version == current)
    });
    look.expect("a readable account")
}

#[tokio::test(start_paused = true)]
async fn a_rotation_that_was_begun_is_brought_to_its_end_and_not_followed_by_another() {
    let lab = Lab::new();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    tokio::time::sleep(Duration::from_secs(1200)).await;
    rotate(&workspace.aws).await.expect("a rotation that somebody began");
    tokio::time::sleep(Duration::from_secs(20)).await;
    let current = credentials(&lab, "AWSCURRENT");
    let chosen = rotation::chosen(&workspace, Some("payments")).await.expect("nothing is in the way");
    assert!(matches!(chosen[0].begin, Begin::Following(_)), "{chosen:?}");
    assert!(!all_hold_the_current_ones(&lab));
    let (told, outcome) = rotate_here(&workspace, &chosen).await;
    assert_eq!(outcome, Ok(()));
    assert!(matches!(told.first(), Some(News::TakenUp(_))) && told.last() == Some(&News::Done), "{told:?}");
    assert!(!told.iter().any(|news| matches!(news, News::Step(_))), "{told:?}");
    assert_eq!(credentials(&lab, "AWSCURRENT"), current, "no other one was begun");
    assert!(all_hold_the_current_ones(&lab));
    // The next one is another.
    let chosen = rotation::chosen(&workspace, Some("payments")).await.expect("nothing is in the way");
    assert_eq!(chosen[0].begin, Begin::Anew);
    let (_, outcome) = rotate_here(&workspace, &chosen).await;
    assert_eq!(outcome, Ok(()));
    assert!(credentials(&lab, "AWSCURRENT") != current && all_hold_the_current_ones(&lab));
}

#[tokio::test(start_paused = true)]
async fn a_roll_out_that_failed_is_repeated_before_anything_is_rotated_again() {
    let lab = Lab::new();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    tokio::time::sleep(Duration::from_secs(1200)).await;
    let chosen = rotation::chosen(&workspace, Some("payments")).await.expect("nothing is in the way");
    let stop = async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        let ecs = &workspace.aws.ecs;
        let listed = ecs.list_service_deployments().cluster("cluster-dev").service("service-payments-dev").send().await;
        let newest = listed.expect("listed").service_deployments.unwrap_or_default().swap_remove(0);
        let arn = newest.service_deployment_arn.expect("an arn");
        ecs.stop_service_deployment().service_deployment_arn(arn).send().await.expect("stopped");
    };
    let ((_, outcome), ()) = tokio::join!(rotate_here(&workspace, &chosen), stop);
    let trouble = outcome.expect_err("it was stopped");
    assert!(trouble.contains("work until the next rotation"), "{trouble}");
    tokio::time::sleep(Duration::from_secs(1200)).await;
    let (current, held) = (credentials(&lab, "AWSCURRENT"), credentials(&lab, "AWSPREVIOUS").expect("previous"));
    assert!(!all_hold_the_current_ones(&lab) && logs_in(&lab, &held));
    let chosen = rotation::chosen(&workspace, Some("payments")).await.expect("nothing is in the way");
    assert!(matches!(chosen[0].begin, Begin::RollingOut(_)), "{chosen:?}");
    let (_, outcome) = rotate_here(&workspace, &chosen).await;
    assert_eq!(outcome, Ok(()));
    assert_eq!(credentials(&lab, "AWSCURRENT"), current);
    assert!(all_hold_the_current_ones(&lab) && logs_in(&lab, &held));
}

#[tokio::test(start_paused = true)]
async fn a_deployment_of_somebody_else_is_not_ended_by_a_rotation() {
    let lab = Lab::new();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    let chosen = rotation::chosen(&workspace, Some("payments")).await.expect("nothing is in the way");
    assert_eq!(rotate_here(&workspace, &chosen).await.1, Ok(()));
    let update = workspace.aws.ecs.update_service().cluster("cluster-dev").service("service-payments-dev");
    update.force_new_deployment(true).send().await.expect("a deployment");
    let refused = rotation::chosen(&workspace, Some("payments")).await.expect_err("somebody is deploying");
    assert!(refused.to_string().contains("would end"), "{refused}");
    tokio::time::sleep(Duration::from_secs(1200)).await;
    assert_eq!(rotation::chosen(&workspace, Some("payments")).await.expect("it is done")[0].begin, Begin::Anew);
}
