//! Certificates renewed by the function, in virtual time and without platformctl: none in service ever ends, whatever else goes on.

use std::time::Duration;

use aws_sdk_cloudwatch::types::StateValue;
use platformctl::{
    mesh::LeafNote,
    operation::{self, Intention, Workspace, rotate::authority::Phase},
    sandbox::SandboxOptions,
};
use time::OffsetDateTime;

use super::{
    turn::{self, PAIR, assert_nothing_secret, brought_up, settled},
    world::{Watch, issuer, keys, leaves, running, trusted, versions},
};
use crate::lab::{EXAMPLE, Lab, assert_done, carry_out, destroy, up};

/// After which a deployment is done: they bake for two minutes here.
const ROLLED: Duration = Duration::from_secs(900);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const ROTATOR_ALARM: &str = "alarm-rotator-errors-dev";

fn now(lab: &Lab) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::from_millis(lab.sandbox.now().as_millis())
}

/// Panics where a running task holds a certificate that has ended.
fn assert_nobody_holds_what_has_ended(lab: &Lab) {
    let now = now(lab);
    for held in running(&lab.sandbox) {
        assert!(held.leaf.not_after > now, "{} holds what ended {}", held.revision, held.leaf.not_after);
    }
}

/// Lets time pass, and looks at everything that runs every other hour.
async fn pass(lab: &Lab, time: Duration) {
    for _ in 0..time.as_secs() / (2 * HOUR).as_secs() {
        tokio::time::sleep(2 * HOUR).await;
        assert_nobody_holds_what_has_ended(lab);
    }
}

/// Failed invocations of the function.
fn errors(lab: &Lab) -> Vec<String> {
    let look = lab.sandbox.look(|call| call.world.lambda.functions["rotator-dev"].errors.clone());
    look.expect("a readable account").into_iter().map(|(_, error)| error).collect()
}

/// What a certificate's secret says of it, and whether the one in use is what it says.
fn note(lab: &Lab, service: &str) -> LeafNote {
    let name = format!("mesh-certificate-{service}-dev");
    let look = lab.sandbox.look(|call| call.world.secretsmanager.find(&name).map(|secret| secret.description.clone()));
    let note = LeafNote::read(&look.expect("a readable account").expect("the secret")).expect("a note");
    let leaf = &leaves(&lab.sandbox)[&name];
    assert_eq!(platformctl::mesh::fingerprint(&leaf.cert_chain).expect("readable"), note.fingerprint);
    note
}

async fn rotate(workspace: &Workspace, service: &str) -> Result<(), String> {
    let secret = format!("mesh-certificate-{service}-dev");
    let answer = workspace.aws.secrets.rotate_secret().secret_id(secret).send().await;
    answer.map(drop).map_err(|error| format!("{:?}", error.into_service_error()))
}

async fn alarm(workspace: &Workspace, name: &str) -> Option<StateValue> {
    let answer = workspace.aws.cloudwatch.describe_alarms().alarm_names(name).send().await.expect("alarms");
    answer.metric_alarms().first().and_then(|alarm| alarm.state_value().cloned())
}

fn deployments(lab: &Lab, service: &str) -> usize {
    let look = lab.sandbox.look(|call| {
        let ending = format!("/service-{service}-dev");
        call.world.ecs.deployments.values().filter(|it| it.service_arn.ends_with(&ending)).count()
    });
    look.expect("a readable account")
}

#[tokio::test(start_paused = true)]
async fn for_ninety_days_nobody_runs_platformctl_and_no_certificate_in_service_ends() {
    let lab = Lab::new();
    let before = lab.inventory();
    let workspace = brought_up(&lab, EXAMPLE).await;
    let ordered = note(&lab, "payments").fingerprint;
    let calls = lab.sandbox.calls().len();
    pass(&lab, 90 * DAY).await;
    assert_eq!(lab.sandbox.calls().len(), calls, "nobody called AWS");
    assert_eq!(errors(&lab), [""; 0]);
    for (name, count) in versions(&lab.sandbox).into_iter().filter(|(name, _)| name.contains("certificate")) {
        assert_eq!(count, 8, "{name}: every twelve days");
    }
    let note = note(&lab, "payments");
    assert_eq!((note.ordered(), note.fingerprint != ordered), (ordered.as_str(), true));
    let fresh = leaves(&lab.sandbox);
    assert!(running(&lab.sandbox).iter().all(|held| fresh.values().any(|leaf| *leaf == held.leaf)));
    assert_eq!(settled(&workspace).await, [""; 0], "a renewal is nobody's drift");
    assert_nothing_secret(&lab, "");
    let status = operation::status(&workspace).await.expect("a status");
    for service in &status.services {
        let certificate = service.certificate.as_ref().expect("a certificate");
        assert!(certificate.days_left > 20, "{}: {certificate:?}", service.name);
        let rotation = service.certificate_rotation.as_ref().expect("its rotation");
        assert!(
            rotation.rotates && rotation.last_rotated.is_some() && rotation.next_rotation.is_some(),
            "{rotation:?}"
        );
    }
    let (outcome, left, _) = destroy(&workspace).await.expect("destroy");
    assert_done(&outcome);
    assert_eq!((left, lab.inventory()), (vec![], before));
}

#[tokio::test(start_paused = true)]
async fn a_renewal_is_one_deployment_of_one_service_and_up_and_rotate_go_on_as_before() {
    let lab = Lab::new();
    let workspace = brought_up(&lab, PAIR).await;
    // The first deployment bakes for a while.
    pass(&lab, 2 * HOUR).await;
    let watch = Watch::new(&lab.sandbox);
    let first = note(&lab, "payments");
    rotate(&workspace, "payments").await.expect("ordered");
    watch.during(tokio::time::sleep(ROLLED)).await;
    let second = note(&lab, "payments");
    assert_eq!((second.in_place_of.as_deref(), deployments(&lab, "payments")), (Some(first.fingerprint.as_str()), 2));
    assert_eq!(deployments(&lab, "accounts"), 1);
    assert!(settled(&workspace).await.is_empty());
    assert_done(&watch.during(up(&workspace)).await.expect("up"));
    assert_eq!(deployments(&lab, "payments"), 2, "up finds nothing to do");
    // By hand it is an order, with a revision of its own.
    assert_done(&watch.during(turn::certificates(&workspace, Some("payments"))).await.expect("rotated").outcome);
    let third = note(&lab, "payments");
    assert_eq!((third.in_place_of.as_ref(), deployments(&lab, "payments")), (None, 3));
    rotate(&workspace, "payments").await.expect("ordered");
    watch.during(tokio::time::sleep(ROLLED)).await;
    assert_eq!(note(&lab, "payments").ordered(), third.fingerprint);
    assert!(settled(&workspace).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn both_at_once_do_each_other_no_harm() {
    for wait in [0, 3, 6, 9, 30, 200] {
        let lab = Lab::new();
        let workspace = brought_up(&lab, PAIR).await;
        let watch = Watch::new(&lab.sandbox);
        let function = async {
            tokio::time::sleep(Duration::from_secs(wait)).await;
            rotate(&workspace, "payments").await.expect("ordered");
        };
        let both = async { tokio::join!(turn::certificates(&workspace, None), function).0 };
        assert_done(&watch.during(both).await.expect("rotated").outcome);
        watch.during(tokio::time::sleep(ROLLED)).await;
        note(&lab, "payments");
        assert!(settled(&workspace).await.is_empty(), "{wait}");
        // A later renewal finds nothing in its way.
        rotate(&workspace, "payments").await.expect("ordered");
        watch.during(tokio::time::sleep(ROLLED)).await;
        assert!(settled(&workspace).await.is_empty(), "{wait}");
        assert_eq!(versions(&lab.sandbox)["mesh-certificate-accounts-dev"], 2);
    }
}

/// Renewals come in every phase of a change of authority: after it, and at several moments of it.
#[tokio::test(start_paused = true)]
async fn renewals_in_each_phase_of_a_change_of_authority_leave_everybody_trusting_everybody() {
    for wait in [None, Some(0), Some(4), Some(8), Some(60)] {
        let lab = Lab::new();
        let workspace = brought_up(&lab, PAIR).await;
        let watch = Watch::new(&lab.sandbox);
        let renew = async |wait: u64| {
            tokio::time::sleep(Duration::from_secs(wait)).await;
            for service in ["accounts", "payments"] {
                // One that was given up is taken up again, and ends.
                rotate(&workspace, service).await.ok();
            }
        };
        let mut next = Some(Phase::first(&workspace).await.expect("the first phase"));
        while let Some(phase) = next {
            let number = phase.number;
            let outcome = match wait {
                Some(wait) => {
                    watch.during(async { tokio::join!(carry_out(&workspace, &phase.prepared), renew(wait)).0 }).await
                }
                None => watch.during(carry_out(&workspace, &phase.prepared)).await,
            };
            assert_done(&outcome.expect("carried out"));
            watch.during(tokio::time::sleep(ROLLED)).await;
            if wait.is_none() {
                watch.during(renew(0)).await;
                watch.during(tokio::time::sleep(ROLLED)).await;
                let plan = operation::prepare(&workspace, Intention::Plan).await.expect("plan");
                assert!(plan.plan.steps.is_empty(), "phase {number}: {:#?}", plan.plan.steps);
            }
            next = watch.during(phase.next(&workspace, &|_| ())).await.expect("the next phase");
        }
        assert!(settled(&workspace).await.is_empty());
        let mut issuers: Vec<String> = running(&lab.sandbox).iter().map(|it| issuer(&it.leaf, &lab.sandbox)).collect();
        issuers.dedup();
        assert_eq!((trusted(&lab.sandbox).into_iter().collect::<Vec<_>>(), issuers.len()), (vec![1], 1), "{wait:?}");
        assert!(["accounts", "payments"].iter().all(|service| !note(&lab, service).trust.contains('+')));
    }
}

/// The change of authority is begun and left alone: renewals take part in the stage that is reached, and the change goes on from there.
#[tokio::test(start_paused = true)]
async fn a_change_of_authority_that_was_left_alone_goes_on_after_renewals() {
    let lab = Lab::new();
    let workspace = brought_up(&lab, PAIR).await;
    let watch = Watch::new(&lab.sandbox);
    for seconds in [20, 60, 400, 700] {
        let killed = tokio::time::timeout(Duration::from_secs(seconds), turn::authority(&workspace, |_, _| ())).await;
        if killed.is_ok() {
            break;
        }
        pass(&lab, 13 * DAY).await;
        let (_, wrong) = watch.see(std::future::ready(())).await;
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
    let (_, failed) = watch.during(turn::authority(&workspace, |_, _| ())).await.expect("changed");
    assert!(failed.is_none());
    assert!(settled(&workspace).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_rotation_that_fails_is_an_alarm_and_changes_nothing_that_is_in_use() {
    let lab = Lab::new();
    let workspace = brought_up(&lab, PAIR).await;
    tokio::time::sleep(HOUR).await;
    assert_eq!(alarm(&workspace, ROTATOR_ALARM).await, Some(StateValue::Ok));
    let (before, policies) = (leaves(&lab.sandbox), "role-rotator-dev");
    lab.sandbox
        .look(|call| call.world.iam.roles.get_mut(policies).expect("the role").policies.clear())
        .expect("a changed account");
    tokio::time::sleep(Duration::from_secs(60)).await;
    rotate(&workspace, "payments").await.expect("ordered");
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(alarm(&workspace, ROTATOR_ALARM).await, Some(StateValue::Alarm));
    pass(&lab, DAY).await;
    let said = errors(&lab);
    assert!(said.len() >= 5 && said.iter().all(|error| error.contains("not authorized")), "{said:?}");
    assert_eq!((leaves(&lab.sandbox), deployments(&lab, "payments")), (before.clone(), 1));
    let keys = keys(&lab.sandbox);
    assert!(!said.iter().any(|error| error.contains("-----BEGIN") || keys.iter().any(|key| error.contains(key))));
    // Nobody mends it: what is left of the first day's certificates is renewed by `up`, as it was before there was a function.
    pass(&lab, 20 * DAY).await;
    let plan = operation::prepare(&workspace, Intention::Plan).await.expect("plan");
    assert!(plan.plan.steps.iter().any(|step| step.key.to_string() == "iam-role/rotator"), "{:#?}", plan.plan.steps);
    drop(plan);
    assert_done(&up(&workspace).await.expect("up"));
    let after = leaves(&lab.sandbox);
    assert!(after.iter().all(|(name, leaf)| *leaf != before[name]));
    // The rotation that was left pending gives way to it, and the function goes on as before.
    rotate(&workspace, "payments").await.ok();
    tokio::time::sleep(HOUR).await;
    assert_eq!(alarm(&workspace, ROTATOR_ALARM).await, Some(StateValue::Ok));
    pass(&lab, 40 * DAY).await;
    assert!(leaves(&lab.sandbox).iter().all(|(name, leaf)| *leaf != after[name]));
    assert!(settled(&workspace).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_fails_is_made_up_for_before_what_the_tasks_hold_ends() {
    let lab = Lab::new();
    let workspace = brought_up(&lab, PAIR).await;
    let ring = async |state: StateValue| {
        let call = workspace.aws.cloudwatch.set_alarm_state().alarm_name("alarm-payments-errors-dev");
        call.state_value(state).state_reason("a test").send().await.expect("set");
    };
    pass(&lab, 2 * HOUR).await;
    let old = leaves(&lab.sandbox)["mesh-certificate-payments-dev"].clone();
    pass(&lab, 11 * DAY).await;
    for _ in 0..2 * 24 * 60 {
        tokio::time::sleep(Duration::from_secs(60)).await;
        if deployments(&lab, "payments") == 2 {
            break;
        }
    }
    // In the middle of the bake: what rings before a deployment begins, ECS doesn't look at, and a state that was set lasts until the next look.
    tokio::time::sleep(Duration::from_secs(140)).await;
    ring(StateValue::Alarm).await;
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_secs(10)).await;
        operation::status(&workspace).await.expect("a status");
    }
    ring(StateValue::Ok).await;
    let holds =
        |leaf: &platformctl::mesh::LeafSecret| running(&lab.sandbox).iter().filter(|held| held.leaf == *leaf).count();
    assert!(holds(&old) >= 2, "the deployment was taken back, and the tasks hold what they held");
    assert_ne!(leaves(&lab.sandbox)["mesh-certificate-payments-dev"], old);
    pass(&lab, 12 * DAY).await;
    assert_eq!(holds(&old), 0, "the next renewal brought another deployment");
    assert!(settled(&workspace).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_function_comes_and_goes_with_the_configuration() {
    let lab = Lab::new();
    let before = lab.inventory();
    let by_hand = turn::by_hand();
    let workspace = brought_up(&lab, &by_hand).await;
    assert!(!lab.inventory().iter().any(|item| item.starts_with("lambda:")));
    let revisions = || {
        let mut all: Vec<String> = running(&lab.sandbox).into_iter().map(|held| held.revision).collect();
        all.sort();
        all
    };
    let former = revisions();
    drop(workspace);
    let workspace = brought_up(&lab, PAIR).await;
    assert!(lab.inventory().contains(&"lambda:function rotator-dev".to_owned()));
    assert!(!lab.inventory().iter().any(|item| item.starts_with("rds:")), "no database is needed for it");
    assert!(settled(&workspace).await.is_empty());
    pass(&lab, 13 * DAY).await;
    assert_eq!((versions(&lab.sandbox)["mesh-certificate-payments-dev"], errors(&lab)), (2, Vec::new()));
    let workspace = lab.workspace(&by_hand, "dev").await;
    assert_done(&up(&workspace).await.expect("without again"));
    assert!(!lab.inventory().iter().any(|item| item.starts_with("lambda:")));
    pass(&lab, 15 * DAY).await;
    assert_eq!(versions(&lab.sandbox)["mesh-certificate-payments-dev"], 2, "nobody renews it but up");
    assert_eq!(revisions(), former, "none of it is another revision");
    // In the middle of a rotation everything goes.
    let workspace = brought_up(&lab, PAIR).await;
    rotate(&workspace, "accounts").await.expect("ordered");
    let (outcome, left, _) = destroy(&workspace).await.expect("destroy");
    assert_done(&outcome);
    assert_eq!((left, lab.inventory()), (vec![], before));
}

#[tokio::test(start_paused = true)]
async fn with_app_mesh_certificates_are_renewed_the_same_way() {
    let lab = Lab::with(SandboxOptions { app_mesh: true, ..SandboxOptions::in_memory() });
    let text = PAIR.replace("[services.accounts]", "[mesh]\nprovider = \"app-mesh\"\n\n[services.accounts]");
    let workspace = brought_up(&lab, &text).await;
    pass(&lab, 40 * DAY).await;
    assert_eq!((versions(&lab.sandbox)["mesh-certificate-payments-dev"], errors(&lab)), (4, Vec::new()));
    assert!(settled(&workspace).await.is_empty());
}
