//! The mesh's provider changes: new tasks take over from old ones, and nothing that serves is deleted before.

use std::{collections::BTreeMap, time::Duration};

use platformctl::{
    engine::{Action, Event, Interrupt},
    operation::{self, Intention, Prepared, Workspace, changeover},
    sandbox::SandboxOptions,
};

use crate::lab::{EXAMPLE, Lab, Recorder, assert_done, destroy, up};

const SERVICES: [&str; 3] = ["accounts", "notifications", "payments"];

fn with_provider(provider: &str) -> String {
    EXAMPLE.replace("provider = \"auto\"", &format!("provider = \"{provider}\""))
}

async fn plan(workspace: &Workspace) -> Prepared {
    operation::prepare(workspace, Intention::Up).await.expect("a plan")
}

/// The fewest tasks that any service had at any time, looked at every few seconds while `change` goes on.
async fn fewest_running<T>(workspace: &Workspace, change: impl Future<Output = T>) -> (T, i32) {
    let mut change = std::pin::pin!(change);
    let mut fewest = i32::MAX;
    loop {
        tokio::select! {
            done = &mut change => return (done, fewest),
            () = tokio::time::sleep(Duration::from_secs(3)) => {}
        }
        let names = SERVICES.map(|name| format!("service-{name}-dev"));
        let call = workspace.aws.ecs.describe_services().cluster("cluster-dev").set_services(Some(names.to_vec()));
        let answer = call.send().await.expect("described");
        assert_eq!(answer.services().len(), SERVICES.len());
        for service in answer.services() {
            assert_eq!(service.status(), Some("ACTIVE"), "{:?}", service.service_name());
            fewest = fewest.min(service.running_count());
        }
    }
}

/// Where in the run something happened last.
fn last(events: &[Event], wanted: impl Fn(&Event) -> bool) -> usize {
    events.iter().rposition(wanted).expect("it happened")
}

/// Where in the run something happened to a resource.
fn moment(events: &[Event], wanted: impl Fn(&Event) -> bool) -> usize {
    events.iter().position(wanted).expect("it happened")
}

#[tokio::test(start_paused = true)]
async fn from_app_mesh_to_envoy_the_services_keep_running() {
    let lab = Lab::with(SandboxOptions { app_mesh: true, ..SandboxOptions::in_memory() });
    let before = lab.inventory();
    let workspace = lab.workspace(&with_provider("app-mesh"), "dev").await;
    assert_done(&up(&workspace).await.expect("up with App Mesh"));

    let workspace = lab.workspace(&with_provider("envoy"), "dev").await;
    let prepared = plan(&workspace).await;
    assert_eq!(prepared.found.mesh_reason, "Envoy, as configured");
    let (recorder, interrupt) = (Recorder::default(), Interrupt::default());
    let (mut next, mut deleted) = (Some(prepared), Vec::new());
    while let Some(prepared) = next {
        let actions: BTreeMap<&str, Action> =
            prepared.plan.steps.iter().map(|step| (step.key.as_str(), step.action)).collect();
        deleted
            .push(actions.iter().filter(|(_, it)| **it == Action::Delete).map(|(key, _)| (*key).to_owned()).collect());
        let run = operation::apply(&workspace, &prepared, &recorder, &interrupt);
        let (outcome, fewest) = fewest_running(&workspace, run).await;
        assert_done(&outcome.expect("a run"));
        assert_eq!(fewest, 2, "no service ever had fewer tasks than it needs");
        next = changeover::on_from(&workspace, prepared, &|_| ()).await.expect("the next phase");
    }
    // What goes is App Mesh's and the rules of its ports, and all of it goes last.
    let [first, second, third]: [Vec<String>; 3] = deleted.try_into().expect("three phases");
    assert!(first.is_empty() && second.is_empty(), "{first:?} {second:?}");
    let kinds = ["mesh", "virtual-node", "virtual-router", "mesh-route", "virtual-service"];
    let is_its =
        |key: &&String| kinds.contains(&key.split('/').next().unwrap_or_default()) || key.ends_with(".app-mesh");
    let foreign: Vec<_> = third.iter().filter(|key| !is_its(key)).collect();
    assert!(foreign.is_empty(), "{foreign:?}");

    let events = recorder.0.lock().expect("no test panics while it tells").clone();
    let done = |key: String| last(&events, |event| matches!(event, Event::Done { key: it, .. } if it.as_str() == key));
    let begun =
        |key: String| moment(&events, |event| matches!(event, Event::Started { key: it, .. } if it.as_str() == key));
    for service in SERVICES {
        let moved = done(format!("ecs-service/{service}"));
        assert!(moved < begun(format!("virtual-node/{service}")), "{service}: its node goes when its tasks have gone");
    }
    let opened = moment(
        &events,
        |event| matches!(event, Event::Done { key, .. } if key.as_str() == "security-group-rule/accounts.from.payments"),
    );
    assert!(opened < begun("ecs-service/accounts".to_owned()), "the new way is open before there are tasks to call");
    let closed = begun("security-group-rule/accounts.from.payments.app-mesh".to_owned());
    assert!(done("ecs-service/accounts".to_owned()) < closed, "the old one is closed when nobody is called by it");

    assert!(plan(&workspace).await.plan.steps.is_empty());
    let (outcome, left, _) = destroy(&workspace).await.expect("destroy");
    assert_done(&outcome);
    assert_eq!(left, []);
    assert_eq!(lab.inventory(), before);
}

#[tokio::test(start_paused = true)]
async fn what_auto_chose_stays_until_it_is_changed_and_says_why() {
    let lab = Lab::new();
    let workspace = lab.workspace(EXAMPLE, "dev").await;
    assert_done(&up(&workspace).await.expect("up"));
    let prepared = plan(&workspace).await;
    let reason = prepared.found.mesh_reason.clone();
    assert!(reason.starts_with("Envoy, because App Mesh does not answer this account ("), "{reason}");
    assert!(prepared.plan.steps.is_empty());
    drop(prepared);
    // Saying what was found changes nothing.
    let workspace = lab.workspace(&with_provider("envoy"), "dev").await;
    assert!(plan(&workspace).await.plan.steps.is_empty());
}
