//! A new authority in three phases.

use std::time::Duration;

use aws_sdk_cloudwatch::types::StateValue;
use platformctl::{
    blueprint::{self, Facts, Rotation},
    mesh::Stage,
    operation::{self, Intention, Verdict, Workspace, rotate::certificates},
    sandbox::SandboxOptions,
};

use super::{
    turn::{self, PAIR, assert_nothing_secret, brought_up, settled},
    world::{Watch, issuer, leaves, running, trusted},
};
use crate::lab::{EXAMPLE, Lab, assert_done, carry_out, destroy, up};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How many authorities all running tasks trust, and how many issued what they hold.
fn picture(lab: &Lab) -> (Vec<usize>, usize) {
    let mut issuers: Vec<String> = running(&lab.sandbox).iter().map(|held| issuer(&held.leaf, &lab.sandbox)).collect();
    issuers.sort();
    issuers.dedup();
    (trusted(&lab.sandbox).into_iter().collect(), issuers.len())
}

#[tokio::test(start_paused = true)]
async fn at_every_instant_every_task_trusts_every_other() {
    let lab = Lab::new();
    let before_all = lab.inventory();
    let workspace = brought_up(&lab, EXAMPLE).await;
    let old = leaves(&lab.sandbox);
    let old_issuer = issuer(old.values().next().expect("some"), &lab.sandbox);
    let watch = Watch::new(&lab.sandbox);
    let mut pictures = Vec::new();
    let change = turn::authority(&workspace, |phase, told| {
        let now = running(&lab.sandbox);
        let by_old = now.iter().filter(|held| issuer(&held.leaf, &lab.sandbox) == old_issuer).count();
        pictures.push((phase, picture(&lab), by_old == now.len(), by_old == 0));
        assert_nothing_secret(&lab, &told.events);
    });
    let (done, failed) = watch.during(change).await.expect("changed");
    assert!(failed.is_none() && done == [1, 2, 3]);
    // Who is trusted, by how many it was issued, all by the old one, none by the old one.
    assert_eq!(
        pictures,
        [(1, (vec![2], 1), true, false), (2, (vec![2], 1), false, true), (3, (vec![1], 1), false, true),]
    );
    assert!(watch.looks() > 300, "{}", watch.looks());
    assert!(settled(&workspace).await.is_empty());
    let new = leaves(&lab.sandbox);
    assert!(new.values().all(|leaf| !leaf.ca_bundle.contains(old["mesh-certificate-payments-dev"].ca_bundle.trim())));
    let (outcome, left, _) = destroy(&workspace).await.expect("destroy");
    assert_done(&outcome);
    assert_eq!((left, lab.inventory()), (vec![], before_all));
}

#[tokio::test(start_paused = true)]
async fn the_watch_sees_a_change_of_authority_in_one_step() {
    let lab = Lab::new();
    let workspace = brought_up(&lab, PAIR).await;
    // What nobody should do: the new authority issues before everybody trusts it.
    for phase in [1, 2] {
        let mut prepared = operation::prepare::prepare_with(&workspace, Intention::Rotate, |facts| {
            let rotation = Rotation { to: Some(Stage::of_phase(phase)), ..Rotation::default() };
            blueprint::build(&workspace.config, &workspace.suffix, &Facts { rotation, ..facts.clone() })
        })
        .await
        .expect("a plan");
        prepared.plan.steps.retain(|step| step.key.kind() == "mesh-authority");
        assert_done(&carry_out(&workspace, &prepared).await.expect("changed"));
    }
    let (outcome, wrong) = Watch::new(&lab.sandbox).see(up(&workspace)).await;
    assert_done(&outcome.expect("up"));
    assert!(!wrong.is_empty(), "old tasks don't trust the new authority");
}

#[tokio::test(start_paused = true)]
async fn in_its_middle_plan_says_so_and_up_neither_undoes_nor_jumps() {
    let lab = Lab::new();
    let workspace = brought_up(&lab, PAIR).await;
    for (phase, stage) in [(1, "trust both"), (2, "issue all certificates"), (3, "drop the old")] {
        // Killed while the first service rolls.
        let killed = tokio::time::timeout(Duration::from_secs(60), turn::authority(&workspace, |_, _| ())).await;
        assert!(killed.is_err(), "the run was over before it could be killed");
        let plan = operation::prepare(&workspace, Intention::Plan).await.expect("plan");
        let told = format!("a change of authority is under way, phase {phase} of 3 ({stage}");
        assert!(plan.warnings.iter().any(|it| it.starts_with(&told)), "{told}: {:?}", plan.warnings);
        assert!(!plan.plan.is_empty(), "what the phase left undone");
        let status = operation::status(&workspace).await.expect("a status");
        let notices = &status.environment.certificates;
        assert!(notices.iter().any(|it| it.what.starts_with(&told)) && status.summary.contains(&told), "{notices:?}");
        assert!(status.environment.authority.is_some_and(|authority| authority.days_left > 300));
        let checks = operation::doctor(&workspace, false).await;
        let check = checks.iter().find(|check| check.name == "certificates").expect("a check");
        assert!(check.verdict == Verdict::Warning && check.detail.starts_with(&told), "{check:?}");
        let watch = Watch::new(&lab.sandbox);
        assert_done(&watch.during(up(&workspace)).await.expect("up"));
        let warnings = settled(&workspace).await;
        assert!(warnings.iter().any(|it| it.starts_with(&told)), "still phase {phase}: {warnings:?}");
        let refused = certificates::prepare(&workspace, None).await.err().expect("refused");
        assert!(refused.to_string().starts_with(&told), "{refused}");
    }
    let (done, failed) = turn::authority(&workspace, |_, _| ()).await.expect("changed");
    assert!(failed.is_none() && done == [3], "{done:?}");
    assert!(settled(&workspace).await.is_empty());
    assert_eq!(picture(&lab), (vec![1], 1));
}

#[tokio::test(start_paused = true)]
async fn with_the_state_lost_it_goes_on_from_what_aws_shows() {
    let lab = Lab::new();
    let workspace = brought_up(&lab, PAIR).await;
    let watch = Watch::new(&lab.sandbox);
    // Phase 2 has begun.
    let killed = tokio::time::timeout(Duration::from_secs(360), turn::authority(&workspace, |_, _| ())).await;
    assert!(killed.is_err(), "the run was over before it could be killed");
    assert_eq!(picture(&lab).0, [2]);
    std::fs::remove_dir_all(lab.state.path().join("dev")).expect("lost");
    let refused = turn::authority(&workspace, |_, _| ()).await.err().expect("refused");
    assert!(refused.remedy().unwrap_or_default().contains("platformctl up"), "{refused}");
    assert_done(&watch.during(up(&workspace)).await.expect("adopted"));
    let (done, failed) = watch.during(turn::authority(&workspace, |_, _| ())).await.expect("changed");
    assert!(failed.is_none() && done == [2, 3], "{done:?}");
    assert!(settled(&workspace).await.is_empty());
    assert_eq!(picture(&lab), (vec![1], 1));
}

async fn ring(workspace: &Workspace, alarm: &str, state: StateValue) {
    let call = workspace.aws.cloudwatch.set_alarm_state().alarm_name(alarm).state_value(state);
    call.state_reason("a test").send().await.expect("set");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_fails_in_a_phase_keeps_the_next_one_from_beginning() {
    let lab = Lab::new();
    let workspace = brought_up(&lab, PAIR).await;
    let watch = Watch::new(&lab.sandbox);
    let alarm = "alarm-payments-errors-dev";
    let in_the_bake = async {
        tokio::time::sleep(Duration::from_secs(170)).await;
        ring(&workspace, alarm, StateValue::Alarm).await;
    };
    let change = async { tokio::join!(turn::authority(&workspace, |_, _| ()), in_the_bake).0 };
    let (done, failed) = watch.during(change).await.expect("a run");
    let failed = failed.expect("the first phase failed");
    let said: Vec<String> = failed.outcome.failed.iter().map(|(key, failure)| format!("{key}: {failure}")).collect();
    assert!(
        done.is_empty() && said.len() == 1 && said[0].starts_with("ecs-service/payments") && said[0].contains(alarm),
        "{said:?}"
    );
    let book = workspace.load().expect("readable").expect("there").book;
    let stage = book.records.values().find(|record| record.key.kind() == "mesh-authority").expect("there");
    assert_eq!(stage.outputs["stage"], "introduced");
    ring(&workspace, alarm, StateValue::Ok).await;
    let (done, failed) = watch.during(turn::authority(&workspace, |_, _| ())).await.expect("changed");
    assert!(failed.is_none() && done == [1, 2, 3], "{done:?}");
    assert!(settled(&workspace).await.is_empty());
    assert_eq!(picture(&lab), (vec![1], 1));
}

#[tokio::test(start_paused = true)]
async fn with_app_mesh_the_same_command_rolls_the_same_phases() {
    let lab = Lab::with(SandboxOptions { app_mesh: true, ..SandboxOptions::in_memory() });
    let before_all = lab.inventory();
    let text = PAIR.replace("[services.accounts]", "[mesh]\nprovider = \"app-mesh\"\n\n[services.accounts]");
    let workspace = brought_up(&lab, &text).await;
    let watch = Watch::new(&lab.sandbox);
    let calls = lab.sandbox.calls().len();
    let (done, failed) = watch.during(turn::authority(&workspace, |_, _| ())).await.expect("changed");
    assert!(failed.is_none() && done == [1, 2, 3]);
    let changes: Vec<_> = lab.sandbox.calls().into_iter().skip(calls).filter(|call| call.mutating).collect();
    assert!(changes.iter().all(|call| call.service != "appmesh"), "paths of files don't change");
    assert!(settled(&workspace).await.is_empty());
    assert_eq!(picture(&lab), (vec![1], 1));
    let (outcome, left, _) = destroy(&workspace).await.expect("destroy");
    assert_done(&outcome);
    assert_eq!((left, lab.inventory()), (vec![], before_all));
}

#[tokio::test(start_paused = true)]
async fn an_end_that_nears_is_told_and_a_setting_waits_for_the_next_change() {
    let lab = Lab::new();
    brought_up(&lab, PAIR).await;
    let text = PAIR.replace("[services.accounts]", "[mesh]\nauthority_days = 90\n\n[services.accounts]");
    let workspace = lab.workspace(&text, "dev").await;
    let warnings = settled(&workspace).await;
    assert_eq!(
        warnings,
        [
            "mesh.authority_days is 90, and the authority was made for 365 days: it takes effect with the next `platformctl rotate \
          certificates --authority`"
        ]
    );
    tokio::time::sleep(340 * DAY).await;
    let workspace = lab.workspace(&text, "dev").await;
    assert_done(&up(&workspace).await.expect("renewed as far as the authority lasts"));
    let warnings = settled(&workspace).await;
    assert!(warnings.iter().any(|it| it.starts_with("the mesh's authority ends in 24 days")), "{warnings:?}");
    tokio::time::sleep(20 * DAY).await;
    assert!(!settled(&workspace).await.is_empty(), "another one would not last longer, so none is issued");
    let (done, _) = turn::authority(&workspace, |_, _| ()).await.expect("changed");
    assert_eq!(done, [1, 2, 3]);
    assert!(settled(&workspace).await.is_empty(), "and with it the days take effect");
    let book = workspace.load().expect("readable").expect("there").book;
    let authority = book.records.values().find(|record| record.key.kind() == "mesh-authority").expect("there");
    assert_eq!(authority.outputs["days"], "90");
}

/// However long the services take: what is waited for is looked at for all of them together, six times a minute.
#[tokio::test(start_paused = true)]
async fn a_change_of_authority_asks_little_while_it_waits() {
    let lab = Lab::new();
    brought_up(&lab, EXAMPLE).await;
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    let (start, before) = (tokio::time::Instant::now(), workspace.aws.log.totals().0);
    let (done, failed) = turn::authority(&workspace, |_, _| ()).await.expect("changed");
    assert!(failed.is_none() && done == [1, 2, 3]);
    let (calls, minutes) = (workspace.aws.log.totals().0 - before, start.elapsed().as_secs() / 60);
    println!("a change of authority: {calls} reading calls in {minutes} minutes");
    // Three plans look at everything; the rest is waiting.
    let plans = {
        let before = workspace.aws.log.totals().0;
        operation::prepare(&workspace, Intention::Plan).await.expect("a plan");
        3 * (workspace.aws.log.totals().0 - before)
    };
    let waiting = calls.saturating_sub(plans);
    assert!(waiting <= 20 * minutes, "{calls} calls, of which {plans} for the plans, in {minutes} minutes");
    assert!(calls < 900, "{calls}");
}
