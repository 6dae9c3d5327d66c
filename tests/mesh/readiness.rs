//! A task is ready when its sidecar and its application are, and says so to ECS, to the load balancer and to its callers.

use platformctl::mesh::ports;

use crate::support::{Launch, Request, World, client::ask, tls, until};

#[test]
fn without_its_certificate_a_task_is_not_healthy_and_with_it_needs_no_restart() {
    let world = World::new();
    let accounts = world.begin(Launch { keys: false, ..Launch::of("accounts") });
    // Envoy itself says that it is live: that alone would let a task without a certificate count as healthy.
    until("Envoy to call itself live", || {
        let asked = ask(accounts.loopback, ports::ADMIN, &Request::get("/ready"));
        asked.is_ok_and(|answer| answer.status == 200).then_some(())
    });
    for _ in 0..5 {
        assert!(!accounts.healthy());
    }
    let process = accounts.envoy_process();
    accounts.renew(&world.issue("accounts"));
    accounts.wait_healthy();
    assert_eq!(accounts.envoy_process(), process, "the same process");
    let config = tls::config(&world.identity("payments"));
    let mut client = tls::connect(&config, accounts.address, ports::MESH, "accounts.dev.local").expect("a connection");
    assert_eq!(client.send(&Request::get("/").host("accounts.dev.local")).expect("an answer").status, 200);
}

#[test]
fn without_its_application_a_task_is_not_healthy() {
    let world = World::new();
    let mut accounts = world.begin(Launch { application: false, ..Launch::of("accounts") });
    let config = tls::config(&world.identity("payments"));
    // As callers' sidecars ask, and as the load balancer does.
    let asked_by_callers = |task: &crate::support::Task<'_>| {
        let mut client = tls::connect(&config, task.address, ports::MESH, "accounts.dev.local")?;
        client.send(&Request::get("/.mesh/health").host("accounts.dev.local")).map(|answer| answer.status)
    };
    let asked_by_balancer = |task: &crate::support::Task<'_>| {
        ask(task.address, ports::INGRESS, &Request::get("/healthz")).map(|answer| answer.status).unwrap_or_default()
    };
    let callers_hear = |task: &crate::support::Task<'_>, status: u16| {
        until(&format!("callers to hear {status}"), || {
            asked_by_callers(task).is_ok_and(|heard| heard == status).then_some(())
        });
    };
    callers_hear(&accounts, 503);
    assert!(!accounts.healthy());
    assert_eq!(asked_by_balancer(&accounts), 503);

    accounts.start_application();
    accounts.wait_healthy();
    callers_hear(&accounts, 200);
    until("the balancer's check to pass", || (asked_by_balancer(&accounts) == 200).then_some(()));

    accounts.application.as_ref().expect("it runs").well(false);
    callers_hear(&accounts, 503);
    assert!(!accounts.healthy());
    until("the balancer's check to fail", || (asked_by_balancer(&accounts) == 503).then_some(()));
}
