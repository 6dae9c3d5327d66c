//! A callee dies; with another one there, its callers notice nothing.

use platformctl::mesh::ports;

use crate::support::{Client, Load, Request, Task, World, until};

/// Two callees, of which the caller knows both, and load along the edge.
fn two_callees(world: &World) -> ([Task<'_>; 3], Load) {
    let tasks = world.start(["accounts", "accounts", "payments"]);
    let payments = &tasks[2];
    until("payments to know both", || {
        (payments.statistic("cluster.peer_accounts.membership_healthy") == 2).then_some(())
    });
    let (loopback, port) = (payments.loopback, payments.url("accounts"));
    let load =
        Load::start(3, vec![Request::get("/"), Request::get("/slow/20")], move || Client::connect(loopback, port));
    until("both to serve", || tasks[..2].iter().all(|task| task.served() > 30).then_some(()));
    (tasks, load)
}

#[test]
fn an_application_that_dies_behind_its_sidecar_costs_its_callers_nothing() {
    let world = World::new();
    let ([mut dying, living, payments], load) = two_callees(&world);
    dying.application.as_mut().expect("it runs").kill();
    load.wait_for(200);
    load.finish().assert_whole("calls while an application dies", 250);
    assert!(payments.statistic("cluster.peer_accounts.upstream_rq_retry") > 0, "somebody met the dead one");

    // Its sidecar says that nothing was begun, so that even a POST goes elsewhere.
    let (loopback, port) = (payments.loopback, payments.url("accounts"));
    let load = Load::start(2, vec![Request::post("/")], move || Client::connect(loopback, port));
    load.wait_for(100);
    load.finish().assert_whole("POSTs after an application died", 100);

    // It comes back, and is called again.
    dying.start_application();
    until("it to be called again", || {
        payments.call("accounts", &Request::get("/"));
        (dying.served() > 0).then_some(())
    });
    assert!(living.served() > 0);
}

#[test]
fn a_task_that_vanishes_costs_its_callers_nothing() {
    let world = World::new();
    let ([mut vanishing, living, payments], load) = two_callees(&world);
    vanishing.vanish();
    let before = living.served();
    load.wait_for(200);
    load.finish().assert_whole("calls while a task vanishes", 250);
    assert!(living.served() >= before + 150);
    until("the dead one to be left out", || {
        (payments.statistic("cluster.peer_accounts.membership_healthy") == 1).then_some(())
    });
}

#[test]
fn a_callee_that_answers_with_errors_is_left_out_for_a_while() {
    let world = World::new();
    let [failing, payments] = world.start(["accounts", "payments"]);
    let [good] = world.start(["accounts"]);
    until("payments to know both", || {
        (payments.statistic("cluster.peer_accounts.membership_healthy") == 2).then_some(())
    });
    // One of the two answers 503 to everything: its sidecar is fine, and so is its health check.
    let (loopback, port) = (payments.loopback, payments.url("accounts"));
    failing.application.as_ref().expect("it runs").fail(true);
    let load = Load::start(3, vec![Request::get("/")], move || Client::connect(loopback, port));
    until("outlier detection", || {
        (payments.statistic("cluster.peer_accounts.outlier_detection.ejections_active") == 1).then_some(())
    });
    let met = failing.served();
    load.wait_for(100);
    load.finish().assert_whole("calls while one of two callees fails", 100);
    assert!(failing.served() <= met + 5, "a task that was left out is not called");
    assert!(good.served() > 50);
    assert_eq!(
        crate::support::client::ask(failing.address, ports::INGRESS, &Request::get("/healthz"))
            .expect("an answer")
            .status,
        200
    );
}
