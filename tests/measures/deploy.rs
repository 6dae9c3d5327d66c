//! Deployments: from command to verdict, calls while watching, and how soon a failure is noticed.

use std::{fmt::Write as _, sync::Mutex, time::Duration};

use platformctl::{
    engine::{Interrupt, retry::Jitter},
    operation::{
        Workspace,
        deploy::{
            DeployEvent, DeployObserver, Image, Limit, Outcome, Request, preflight::Demands, request::Strategy, run,
            run::Verdicts,
        },
    },
    sandbox::clock::Moment,
};
use tokio::time::Instant;

use crate::lab::{EXAMPLE, Lab, assert_done, up};

/// When it was first seen that a deployment goes back, by the sandbox's clock.
struct Watcher<'a> {
    lab: &'a Lab,
    noticed: Mutex<Option<Moment>>,
}

impl DeployObserver for Watcher<'_> {
    fn tell(&self, event: &DeployEvent) {
        if let DeployEvent::Looked { progress, .. } = event
            && progress.status.starts_with("ROLLBACK")
        {
            self.noticed.lock().expect("no panics").get_or_insert(self.lab.sandbox.now());
        }
    }
}

/// What one command came to.
struct Came {
    elapsed: Duration,
    verdicts: Verdicts,
    calls_a_minute: f64,
    noticed: Option<Moment>,
}

async fn workspace(lab: &Lab, text: &str) -> Workspace {
    let mut workspace = lab.workspace(text, "dev").await;
    workspace.jitter = Jitter::seeded(1);
    workspace
}

async fn deploy(lab: &Lab, text: &str, services: &[String], image: &str) -> Came {
    let workspace = workspace(lab, text).await;
    let services = services.iter().map(|name| (name.clone(), Image::Reference(image.to_owned()))).collect();
    let request = Request { services, demands: Demands::default(), strategy: Strategy::default() };
    let watcher = Watcher { lab, noticed: Mutex::default() };
    let (start, before) = (Instant::now(), workspace.aws.log.totals().0);
    let interrupt = Interrupt::default();
    let verdicts = run::deploy(&workspace, &request, Limit::Usual, true, &watcher, &interrupt).await.expect("begun");
    let (elapsed, calls) = (start.elapsed(), workspace.aws.log.totals().0 - before);
    Came {
        elapsed,
        verdicts,
        calls_a_minute: calls as f64 / (elapsed.as_secs_f64() / 60.0),
        noticed: watcher.noticed.into_inner().expect("no panics"),
    }
}

/// When ECS itself began to go back.
fn began_to_go_back(lab: &Lab) -> Moment {
    let look = |call: &mut platformctl::sandbox::call::Call<'_>| {
        call.world.ecs.deployments.values().filter_map(|it| it.rollback.as_ref().map(|(at, _)| *at)).max()
    };
    lab.sandbox.look(look).expect("a look").expect("one was rolled back")
}

const GOOD: &str = "public.ecr.aws/nginx/nginx:1";
const EXITS: &str = "public.ecr.aws/sandbox/exits:1";

#[tokio::test(start_paused = true)]
async fn deployments() {
    let mut table =
        String::from("\ndeployments, virtual time       command to verdict  least by stages   ratio  calls a minute\n");
    let many = super::services(30);
    let names = |count: usize| (1..=count).map(|index| format!("s{index:02}")).collect::<Vec<_>>();
    let example = ["payments", "accounts", "notifications"].map(str::to_owned);
    for (what, text, services) in [
        ("one of three services", EXAMPLE, example[..1].to_vec()),
        ("three services at once", EXAMPLE, example.to_vec()),
        ("thirty services at once", many.as_str(), names(30)),
    ] {
        let lab = super::lab();
        assert_done(&up(&workspace(&lab, text).await).await.expect("up"));
        let came = deploy(&lab, text, &services, GOOD).await;
        assert!(came.verdicts.iter().all(|(_, it)| it.outcome == Outcome::Succeeded), "{:?}", came.verdicts);
        let least = came.verdicts.iter().map(|(_, it)| it.seconds).max().unwrap_or_default() as f64;
        let (elapsed, calls) = (came.elapsed.as_secs_f64(), came.calls_a_minute);
        let _ = writeln!(table, "{what:<26} {elapsed:>22.1} {least:>16.1} {:>7.3} {calls:>15.1}", elapsed / least);
        // What was reached, with a little room: worse is a regression. Before it begins, each service takes some ten calls of its own.
        assert!(elapsed / least < 1.1, "{what}: {elapsed} s for {least} s");
        assert!(calls < 80.0 + 3.0 * services.len() as f64, "{what}: {calls} calls a minute");
    }
    let lab = super::lab();
    assert_done(&up(&workspace(&lab, EXAMPLE).await).await.expect("up"));
    let came = deploy(&lab, EXAMPLE, &example[..1], EXITS).await;
    let late = came.noticed.expect("noticed").since(began_to_go_back(&lab)).as_secs_f64();
    let _ = writeln!(table, "a failure is noticed {late:.1} s after ECS began to go back (a look every 5 s)");
    println!("{table}");
    assert!(late <= 6.0, "{late}");
}
