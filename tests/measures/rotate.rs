//! Changes that roll every service three times: how long, and how many calls.

use std::{fmt::Write as _, time::Duration};

use platformctl::{
    operation::{self, Intention, Workspace, changeover, rotate::authority::Phase},
    sandbox::SandboxOptions,
};
use tokio::time::Instant;

use crate::lab::{EXAMPLE, Lab, assert_done, carry_out, up};

/// What a change came to.
struct Came {
    elapsed: Duration,
    reading: u64,
}

async fn authority(workspace: &Workspace) {
    let mut next = Some(Phase::first(workspace).await.expect("a plan"));
    while let Some(phase) = next {
        assert_done(&carry_out(workspace, &phase.prepared).await.expect("a phase"));
        next = phase.next(workspace, &|_| ()).await.expect("settled");
    }
}

async fn provider(workspace: &Workspace) {
    let mut next = Some(operation::prepare(workspace, Intention::Up).await.expect("a plan"));
    while let Some(prepared) = next {
        assert_done(&carry_out(workspace, &prepared).await.expect("a phase"));
        next = changeover::on_from(workspace, prepared, &|_| ()).await.expect("settled");
    }
}

async fn measured(workspace: &Workspace, change: impl Future<Output = ()>) -> Came {
    let (start, before) = (Instant::now(), workspace.aws.log.totals().0);
    change.await;
    Came { elapsed: start.elapsed(), reading: workspace.aws.log.totals().0 - before }
}

#[tokio::test(start_paused = true)]
async fn three_roll_outs_of_every_service() {
    let lab = Lab::with(SandboxOptions { app_mesh: true, ..SandboxOptions::in_memory() });
    let with = |provider: &str| EXAMPLE.replace("provider = \"auto\"", &format!("provider = \"{provider}\""));
    assert_done(&up(&lab.workspace(&with("app-mesh"), "dev").await).await.expect("up"));
    let workspace = lab.workspace(&with("envoy"), "dev").await;
    let provider = measured(&workspace, provider(&workspace)).await;
    let workspace = lab.workspace(&with("envoy"), "dev").await;
    let authority = measured(&workspace, authority(&workspace)).await;
    let mut table = String::from("\nthree roll-outs of three services            minutes  reading  a minute\n");
    let all = [("rotate certificates --authority", &authority), ("up from App Mesh to Envoy", &provider)];
    for (what, came) in all {
        let minutes = came.elapsed.as_secs_f64() / 60.0;
        let a_minute = came.reading as f64 / minutes;
        let _ = writeln!(table, "{what:<42} {minutes:>9.1} {:>8} {a_minute:>9.1}", came.reading);
    }
    println!("{table}");
    // What was reached, with a little room: worse is a regression.
    for (what, came) in all {
        assert!(came.reading <= 900, "{what}: {}", came.reading);
    }
}
