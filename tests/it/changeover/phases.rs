//! The change as `up` makes it.

use std::time::Duration;

use platformctl::{
    blueprint::{self, Facts},
    engine::Action,
    mesh::DataPlane,
    operation::{
        self, Intention, OperationError, Verdict, Workspace, changeover,
        deploy::{self, Limit},
        rotate::certificates,
    },
    sandbox::{Sandbox, SandboxOptions},
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

use super::watch::{Watch, kinds};
use crate::lab::{Lab, assert_done, assert_settled, carry_out, destroy, up_with};

/// Three services: two that call each other, and one that both call and that calls nobody.
fn circle(provider: &str) -> String {
    format!(
        "[platform]\nteam = \"platform\"\ncost_center = \"42\"\n[mesh]\nprovider = \"{provider}\"\n\
         [services.accounts]\ncalls = [\"payments\", \"ledger\"]\nbake_minutes = 2\n\
         [services.payments]\ncalls = [\"accounts\", \"ledger\"]\nbake_minutes = 2\n\
         [services.ledger]\nbake_minutes = 2\nport = 7000\n"
    )
}

fn with_app_mesh() -> Lab {
    Lab::with(SandboxOptions { app_mesh: true, ..SandboxOptions::in_memory() })
}

/// Brings an environment up, phase after phase where there are some; gives the phases.
async fn up(workspace: &Workspace, mut after: impl FnMut(u8)) -> Result<Vec<u8>, OperationError> {
    let mut done = Vec::new();
    let mut next = Some(operation::prepare(workspace, Intention::Up).await?);
    while let Some(prepared) = next {
        let phase = prepared.found.changeover.as_ref().map(changeover::Changeover::phase);
        assert_done(&carry_out(workspace, &prepared).await?);
        next = changeover::on_from(workspace, prepared, &|_| ()).await?;
        done.extend(phase);
        phase.into_iter().for_each(&mut after);
    }
    Ok(done)
}

async fn brought_up(lab: &Lab, provider: &str) -> Workspace {
    let workspace = lab.workspace(&circle(provider), "dev").await;
    assert!(up(&workspace, |_| ()).await.expect("up").is_empty(), "a new environment needs no change");
    lab.workspace(&circle(provider), "dev").await
}

/// The Envoys of every service's tasks: `1` App Mesh's, `2` ours, `3` both.
fn all_are(lab: &Lab, kind: u8) -> bool {
    let kinds = kinds(&lab.sandbox);
    kinds.len() == 3 && kinds.iter().all(|(_, it)| *it == kind)
}

async fn changed(from: &str, to: &str, kinds_after: [u8; 3]) {
    let lab = with_app_mesh();
    let before = lab.inventory();
    brought_up(&lab, from).await;
    let workspace = lab.workspace(&circle(to), "dev").await;
    let watch = Watch::new(&lab.sandbox, &workspace.config);
    let mut seen = Vec::new();
    let phases =
        watch.during(up(&workspace, |phase| seen.push(all_are(&lab, kinds_after[usize::from(phase) - 1])))).await;
    assert_eq!(phases.expect("changed"), [1, 2, 3]);
    assert_eq!(seen, [true; 3], "each phase is complete everywhere when it ends");
    let (looks, pairs) = watch.seen();
    assert!(looks > 300 && pairs > 20, "{looks} looks, {pairs} pairs");
    assert_settled(&workspace).await;
    let (outcome, left, _) = destroy(&workspace).await.expect("destroy");
    assert_done(&outcome);
    assert_eq!((left, lab.inventory()), (vec![], before));
}

#[tokio::test(start_paused = true)]
async fn from_app_mesh_to_envoy_every_call_finds_its_way_at_every_instant() {
    changed("app-mesh", "envoy", [3, 3, 2]).await;
}

#[tokio::test(start_paused = true)]
async fn from_envoy_to_app_mesh_as_well() {
    changed("envoy", "app-mesh", [3, 3, 1]).await;
}

/// What the three phases are for: the watch sees the calls that a change in one step cuts.
#[tokio::test(start_paused = true)]
async fn the_watch_sees_a_change_in_one_step() {
    let lab = with_app_mesh();
    brought_up(&lab, "app-mesh").await;
    let workspace = lab.workspace(&circle("envoy"), "dev").await;
    let at_once = up_with(&workspace, |facts| {
        let facts = Facts { mesh: DataPlane::Envoy, ..facts.clone() };
        blueprint::build(&workspace.config, &workspace.suffix, &facts)
    });
    let watch = Watch::new(&lab.sandbox, &workspace.config);
    let (outcome, wrong) = watch.see(at_once).await;
    assert_done(&outcome.expect("changed"));
    assert!(wrong.len() >= 8, "both directions of each call: {wrong:#?}");
}

/// Killed at drawn moments, again and again, and each time run again; services roll in other orders then.
#[tokio::test(start_paused = true)]
async fn killed_anywhere_it_goes_on_from_the_phase_that_was_reached() {
    for (seed, from, to) in [(1, "app-mesh", "envoy"), (2, "envoy", "app-mesh"), (3, "app-mesh", "envoy")] {
        let lab = Lab::with(SandboxOptions { app_mesh: true, seed, ..SandboxOptions::in_memory() });
        brought_up(&lab, from).await;
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let (mut kills, mut phases) = (0, Vec::new());
        let workspace = lab.workspace(&circle(to), "dev").await;
        let watch = Watch::new(&lab.sandbox, &workspace.config);
        loop {
            let workspace = lab.workspace(&circle(to), "dev").await;
            let limit = Duration::from_millis(random.random_range(500..250_000));
            match watch.during(tokio::time::timeout(limit, up(&workspace, |phase| phases.push(phase)))).await {
                Err(_) => kills += 1,
                Ok(done) => break drop(done.expect("changed")),
            }
            assert!(kills < 60, "it gets nowhere: {phases:?}");
        }
        assert!(kills >= 3, "seed {seed}: {kills}");
        // The last phase may have been cut off when all but the end of App Mesh was done.
        assert!(phases.is_sorted() && phases.last() >= Some(&2), "{phases:?}");
        assert_settled(&workspace).await;
        assert!(all_are(&lab, if to == "envoy" { 2 } else { 1 }));
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_is_told_which_phase_it_is_and_how_far() {
    let lab = with_app_mesh();
    brought_up(&lab, "app-mesh").await;
    let workspace = lab.workspace(&circle("envoy"), "dev").await;
    for (phase, title) in [(1, "accept calls both ways"), (2, "call by Envoy"), (3, "leave App Mesh")] {
        let plan = operation::prepare(&workspace, Intention::Plan).await.expect("a plan");
        let explained = plan.found.changeover.as_ref().expect("a change").explain();
        let told = format!("phase {phase} of 3 ({title})");
        assert!(explained.starts_with("the mesh changes from App Mesh to Envoy in three phases"), "{explained}");
        assert!(explained.contains(&told), "{explained}");
        assert!(!plan.plan.is_empty());
        let steps = plan.plan.steps.iter().filter(|step| step.key.kind() == "virtual-node");
        assert!(steps.clone().all(|step| phase == 3 && step.action == Action::Delete), "App Mesh goes last");
        assert_eq!(steps.count(), if phase == 3 { 3 } else { 0 });
        drop(plan);
        // Killed while the services roll.
        let killed = tokio::time::timeout(Duration::from_secs(100), up(&workspace, |_| ())).await;
        assert!(killed.is_err(), "the run was over before it could be killed");
        let status = operation::status(&workspace).await.expect("a status");
        let change = status.environment.mesh_change.clone().expect("a change").what;
        assert!(change.contains(&told) && status.summary.contains(&change), "{change}; {}", status.summary);
        let checks = operation::doctor(&workspace, false).await;
        let check = checks.iter().find(|check| check.name == "mesh provider");
        if phase < 3 {
            let check = check.expect("a check");
            assert!(check.verdict == Verdict::Warning && check.detail.contains("phase"), "{check:?}");
        }
        let refused = certificates::prepare(&workspace, None).await.err();
        if let Some(refused) = refused {
            assert!(refused.remedy().is_some_and(|remedy| remedy.contains("platformctl up")), "{refused}");
        }
        // This phase alone.
        let prepared = operation::prepare(&workspace, Intention::Up).await.expect("a plan");
        assert_eq!(prepared.found.changeover.as_ref().map(changeover::Changeover::phase), Some(phase));
        assert_done(&carry_out(&workspace, &prepared).await.expect("carried out"));
        drop(prepared);
        tokio::time::sleep(Duration::from_secs(300)).await;
    }
    assert_settled(&workspace).await;
    let status = operation::status(&workspace).await.expect("a status");
    assert_eq!(status.environment.mesh_change, None);
    assert!(operation::doctor(&workspace, false).await.iter().all(|check| check.name != "mesh provider"));
}

#[tokio::test(start_paused = true)]
async fn whoever_changes_his_mind_in_the_middle_is_led_back_by_the_same_phases() {
    let lab = with_app_mesh();
    brought_up(&lab, "app-mesh").await;
    let workspace = lab.workspace(&circle("envoy"), "dev").await;
    let watch = Watch::new(&lab.sandbox, &workspace.config);
    // The second phase has begun.
    let killed = watch.during(tokio::time::timeout(Duration::from_secs(550), up(&workspace, |_| ()))).await;
    assert!(killed.is_err(), "the run was over before it could be killed");
    assert!(all_are(&lab, 3), "{:?}", kinds(&lab.sandbox));
    let workspace = lab.workspace(&circle("app-mesh"), "dev").await;
    let phases = watch.during(up(&workspace, |_| ())).await.expect("led back");
    assert!(phases == [2, 3] || phases == [3], "{phases:?}");
    assert!(all_are(&lab, 1));
    assert_settled(&workspace).await;
}

#[tokio::test(start_paused = true)]
async fn with_the_state_lost_it_goes_on_from_what_runs() {
    let lab = with_app_mesh();
    brought_up(&lab, "app-mesh").await;
    let workspace = lab.workspace(&circle("envoy"), "dev").await;
    let watch = Watch::new(&lab.sandbox, &workspace.config);
    let killed = watch.during(tokio::time::timeout(Duration::from_secs(550), up(&workspace, |_| ()))).await;
    assert!(killed.is_err(), "the run was over before it could be killed");
    std::fs::remove_dir_all(lab.state.path().join("dev")).expect("lost");
    // Without a state and with `auto`, what carries the calls of most is gone on with.
    let workspace = lab.workspace(&circle("auto"), "dev").await;
    let phases = watch.during(up(&workspace, |_| ())).await.expect("changed");
    assert_eq!(phases, [2, 3]);
    assert!(all_are(&lab, 2));
    assert_settled(&workspace).await;
}

/// What `auto` found stays, whatever the account answers later; what was configured meanwhile, too.
#[tokio::test(start_paused = true)]
async fn auto_stays_with_what_there_is() {
    let lab = with_app_mesh();
    brought_up(&lab, "envoy").await;
    std::fs::remove_dir_all(lab.state.path().join("dev")).expect("lost");
    let workspace = lab.workspace(&circle("auto"), "dev").await;
    let prepared = operation::prepare(&workspace, Intention::Up).await.expect("a plan");
    assert_eq!(prepared.found.mesh_reason, "Envoy, because it carries the calls of what runs");
    assert_eq!(prepared.found.changeover, None);
    assert_done(&carry_out(&workspace, &prepared).await.expect("adopted"));
    drop(prepared);
    assert_settled(&workspace).await;
}

/// An account on disk, so that App Mesh can be ended between two runs.
fn account(directory: &TempDir, app_mesh: bool) -> Sandbox {
    let options = SandboxOptions { app_mesh, seed: 1, ..SandboxOptions::in_directory(directory.path()) };
    Sandbox::open(options).expect("a sandbox")
}

/// The change from App Mesh, cut off after so many phases, when App Mesh is ended.
async fn ended_after(phases: usize, directory: &TempDir) -> Lab {
    let lab = Lab::at(account(directory, true));
    brought_up(&lab, "app-mesh").await;
    let workspace = lab.workspace(&circle("envoy"), "dev").await;
    for _ in 0..phases {
        let prepared = operation::prepare(&workspace, Intention::Up).await.expect("a plan");
        assert_done(&carry_out(&workspace, &prepared).await.expect("a phase"));
        drop(prepared);
        tokio::time::sleep(Duration::from_secs(300)).await;
    }
    drop(workspace);
    let Lab { sandbox, state } = lab;
    drop(sandbox);
    Lab { sandbox: account(directory, false), state }
}

#[tokio::test(start_paused = true)]
async fn where_app_mesh_is_gone_it_is_one_step_and_the_plan_says_which_calls_fail() {
    for (phases, fails) in [(0, true), (1, true), (2, false)] {
        let directory = TempDir::new().expect("a directory");
        let lab = ended_after(phases, &directory).await;
        let workspace = lab.workspace(&circle("envoy"), "dev").await;
        let prepared = operation::prepare(&workspace, Intention::Up).await.expect("a plan");
        let change = prepared.found.changeover.clone().expect("a change");
        let explained = change.explain();
        assert!(explained.contains("at once: App Mesh does not answer (ForbiddenException)"), "{explained}");
        assert_eq!(change.at_once.as_ref().is_some_and(|it| !it.failing.is_empty()), fails, "{explained}");
        assert_eq!(
            explained.contains("accounts → payments") && explained.contains("about 7 minutes"),
            fails,
            "{explained}"
        );
        assert_eq!(explained.contains("so no call fails"), !fails, "{explained}");
        drop(prepared);
        let watch = Watch::new(&lab.sandbox, &workspace.config);
        let (done, wrong) = watch.see(up(&workspace, |_| ())).await;
        assert_eq!(done.expect("changed"), [3]);
        assert_eq!(!wrong.is_empty(), fails, "after {phases} phases: {wrong:#?}");
        assert!(all_are(&lab, 2));
        assert_settled(&workspace).await;
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_goes_back_to_a_revision_that_its_peers_would_not_reach() {
    let lab = with_app_mesh();
    brought_up(&lab, "app-mesh").await;
    let workspace = lab.workspace(&circle("envoy"), "dev").await;
    let first = operation::prepare(&workspace, Intention::Up).await.expect("a plan");
    assert_done(&carry_out(&workspace, &first).await.expect("the first phase"));
    let next = changeover::on_from(&workspace, first, &|_| ()).await.expect("settled").expect("a phase");
    assert_done(&carry_out(&workspace, &next).await.expect("the second phase"));
    drop(next);
    // Its peers call by Envoy now, which the first revision doesn't accept.
    let refused = deploy::rollback::rollback(&workspace, "ledger", Some(1), Limit::Usual).await.expect_err("refused");
    assert!(refused.to_string().contains("the call accounts → ledger would fail"), "{refused}");
    assert_eq!(up(&workspace, |_| ()).await.expect("changed"), [3]);
    let refused = deploy::rollback::rollback(&workspace, "payments", Some(2), Limit::Usual).await.expect_err("refused");
    assert!(refused.to_string().contains("it needs App Mesh, which this environment has left"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_task_too_small_for_both_envoys_is_refused_before_anything_changes() {
    let lab = with_app_mesh();
    brought_up(&lab, "app-mesh").await;
    let small = circle("envoy").replace("port = 7000", "port = 7000\ncpu = 256\nmemory = 512");
    let workspace = lab.workspace(&small, "dev").await;
    let refused = operation::prepare(&workspace, Intention::Up).await.err().expect("refused");
    assert!(refused.to_string().contains("512 MiB of ledger are too little for both Envoys"), "{refused}");
    assert!(refused.remedy().is_some_and(|remedy| remedy.contains("services.ledger.memory")), "{refused}");
}
