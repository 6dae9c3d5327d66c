//! The provider of the mesh changes under load, in the three phases, without a failed call. App Mesh's Envoy is a stand-in: see
//! [`app_mesh`](crate::support::app_mesh).

use std::{collections::BTreeMap, time::Duration};

use platformctl::{engine::Blueprint, mesh::DataPlane};

use crate::support::{Client, Launch, Load, Request, Task, World, until, world::generate_for};

/// Two services that call each other, with patience for a machine that is busy with other things.
const CIRCLE: &str = "[platform]\nteam = \"a\"\ncost_center = \"b\"\n\
                      [mesh]\nrequest_timeout_seconds = 90\noutlier_ejection_seconds = 300\n\
                      [services.accounts]\ncalls = [\"payments\"]\n[services.payments]\ncalls = [\"accounts\"]\n";

fn peer(service: &str) -> &'static str {
    if service == "accounts" { "payments" } else { "accounts" }
}

/// The calls of one task's application to its peer, in the way that it was told.
fn calls(task: &Task<'_>) -> Load {
    let (address, port, host) = task.way(peer(&task.service));
    let requests = vec![Request::get("/").host(&host), Request::post("/").host(&host)];
    Load::start(2, requests, move || Client::connect(address, port))
}

fn launch<'w>(world: &'w World, service: &'static str, blueprint: &Blueprint) -> Task<'w> {
    world.launch(Launch { blueprint: Some(blueprint), ..Launch::of(service) })
}

/// A new task takes over from the old one, as in each roll-out: both are called for a while.
fn roll<'w>(
    world: &'w World,
    running: &mut BTreeMap<&'static str, (Task<'w>, Load)>,
    service: &'static str,
    to: &Blueprint,
) -> u64 {
    let new = launch(world, service, to);
    new.reach(200, peer(service));
    let load = calls(&new);
    until(&format!("the new task of {service} to serve"), || (new.served() > 20).then_some(()));
    let (mut old, old_load) = running.insert(service, (new, load)).expect("one that runs");
    old_load.wait_for(20);
    // Its application ends its calls when it is told to stop, and finishes what others asked of it.
    let tally = old_load.finish();
    let sent = tally.sent;
    tally.assert_whole(&format!("calls of a task of {service} that leaves"), 40);
    world.dns.remove(&world.model.host(service), old.address);
    old.stop();
    sent
}

/// Calls each other's services through every phase, the services rolling in one order and then in the other.
fn changes(planes: [DataPlane; 4]) {
    let world = World::of(CIRCLE);
    let blueprints = planes.map(|plane| generate_for(CIRCLE, plane).0);
    let services = ["accounts", "payments"];
    let started: Vec<Task<'_>> = services.iter().map(|service| launch(&world, service, &blueprints[0])).collect();
    for task in &started {
        task.reach(200, peer(&task.service));
    }
    let mut running: BTreeMap<&str, (Task<'_>, Load)> = BTreeMap::new();
    for (service, task) in services.into_iter().zip(started) {
        let load = calls(&task);
        running.insert(service, (task, load));
    }
    let mut sent = 0;
    for (phase, blueprint) in blueprints.iter().enumerate().skip(1) {
        let mut order = services;
        if phase % 2 == 0 {
            order.reverse();
        }
        for service in order {
            sent += roll(&world, &mut running, service, blueprint);
        }
    }
    // All calls end before any task does.
    let (tasks, loads): (Vec<_>, Vec<_>) =
        running.into_iter().map(|(service, (task, load))| (task, (service, load))).unzip();
    for (service, load) in loads {
        load.wait_for(20);
        let tally = load.finish();
        sent += tally.sent;
        tally.assert_whole(&format!("calls of {service} at the end"), 40);
    }
    drop(tasks);
    println!("the provider changes from {} to {}: 0 of {sent} calls failed", planes[0], planes[3]);
    assert!(sent > 600, "{sent}");
}

#[test]
fn from_app_mesh_to_envoy_under_load_without_a_failed_call() {
    changes(DataPlane::ALL);
}

#[test]
fn from_envoy_to_app_mesh_under_load_without_a_failed_call() {
    let mut planes = DataPlane::ALL;
    planes.reverse();
    changes(planes);
}

/// What the phases are for: between rows that are no neighbours, calls fail in at least one direction.
#[test]
fn a_service_that_leaps_is_not_reached() {
    let world = World::of(CIRCLE);
    let [first, _, _, last] = DataPlane::ALL.map(|plane| generate_for(CIRCLE, plane).0);
    let accounts = launch(&world, "accounts", &last);
    let payments = launch(&world, "payments", &first);
    // Longer than either caller takes to find its peer.
    std::thread::sleep(Duration::from_secs(3));
    for (task, peer) in [(&accounts, "payments"), (&payments, "accounts")] {
        let (address, port, host) = task.way(peer);
        let answer = crate::support::client::ask(address, port, &Request::get("/").host(&host)).expect("an answer");
        assert_eq!(answer.status, 503, "{} calls {peer}: {answer:?}", task.service);
    }
}
