//! Certificates and authorities change under load, without a restart and without a failed request.

use std::{sync::Arc, time::Duration};

use platformctl::mesh::{Authorities, LeafRequest, LeafSecret, PHASES, Stage, ports};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::support::{
    Launch, Load, Request, Task, World,
    task::NOTICED,
    tls::{self, Identity},
    until,
    world::authority_request,
};

/// Peers keep their connections for an hour, so that there would be two handshakes in a whole test. Here they keep them for a second.
fn short_connections(bootstrap: &mut Value) {
    for listener in bootstrap["static_resources"]["listeners"].as_array_mut().expect("listeners") {
        let manager = &mut listener["filter_chains"][0]["filters"][0]["typed_config"];
        if manager["stat_prefix"] == "mesh_inbound" {
            let duration = &mut manager["common_http_protocol_options"]["max_connection_duration"];
            assert_eq!(*duration, "3600s");
            *duration = json!("1s");
        }
    }
}

/// Callee and caller.
fn pair(world: &World) -> [Task<'_>; 2] {
    let [accounts, payments] = ["accounts", "payments"]
        .map(|service| world.launch(Launch { change: short_connections, ..Launch::of(service) }));
    payments.call_until(200, "accounts", &Request::get("/"));
    [accounts, payments]
}

/// The application's calls, sidecar to sidecar.
fn calls(payments: &Task<'_>) -> Load {
    let (loopback, port) = (payments.loopback, payments.url("accounts"));
    let requests = vec![Request::get("/"), Request::post("/")];
    Load::start(2, requests, move || crate::support::Client::connect(loopback, port))
}

/// A caller that shakes hands for each request with what the task has in its key volume at that moment.
fn handshakes(payments: &Task<'_>, accounts: &Task<'_>) -> Load {
    let identity = payments.key_volume();
    let address = accounts.address;
    let open = move || tls::connect(&tls::config(&identity()), address, ports::MESH, "accounts.dev.local");
    Load::start_with(2, vec![Request::get("/").host("accounts.dev.local")], 1, open)
}

/// When the certificate ends that Envoy shows to its callers.
fn ends(task: &Task<'_>) -> i64 {
    task.statistic("listener.mesh_inbound.ssl.certificate.leaf.expiration_unix_time_seconds")
}

#[test]
fn leaves_change_under_load_without_a_failed_request() {
    let world = World::new();
    let tasks = pair(&world);
    let [accounts, payments] = &tasks;
    let (calls, handshakes) = (calls(payments), handshakes(payments, accounts));
    let processes = [accounts.envoy_process(), payments.envoy_process()];
    for round in 1..=12 {
        for task in &tasks {
            // Each a minute younger, so that it can be told from the one before.
            let now = OffsetDateTime::now_utc() - time::Duration::minutes(20 - round);
            let secret = world.issue_by(&world.authority, &task.service, world.authority.cert_pem.clone(), now);
            task.renew(&secret);
            let end = secret.not_after.unix_timestamp();
            until(&format!("certificate {round} of {}", task.service), || (ends(task) == end).then_some(()));
        }
        calls.wait_for(20);
        handshakes.wait_for(10);
    }
    calls.finish().assert_whole("calls while leaves change", 250);
    handshakes.finish().assert_whole("handshakes while leaves change", 130);
    assert_eq!(processes, [accounts.envoy_process(), payments.envoy_process()], "nothing was restarted");
    assert!(accounts.statistic("listener.mesh_inbound.ssl.handshake") > 130);
    for task in &tasks {
        assert_eq!(task.statistic("sds.leaf.key_rotation_failed"), 0);
    }
}

/// One phase of a change of the authority: what every task gets, before any gets the next.
fn roll_out(world: &World, tasks: &[Task<'_>], authorities: &Authorities) {
    for task in tasks {
        let request = LeafRequest::of(&world.model, &task.service, 30);
        task.renew(&authorities.issue(&request, OffsetDateTime::now_utc()).expect("a leaf"));
    }
    // Trust has no statistic that says which it is.
    std::thread::sleep(NOTICED);
}

#[test]
fn the_authority_changes_in_three_phases_under_load_without_a_failed_request() {
    let world = World::new();
    let tasks = pair(&world);
    let [accounts, payments] = &tasks;
    let mut authorities = Authorities::try_from(&world.authority.secret()).expect("the environment's");
    let request = authority_request(&world.blueprint);

    let (load, opening) = (calls(payments), handshakes(payments, accounts));
    for phase in 1..=PHASES {
        let advanced = authorities.advance(Stage::of_phase(phase), &request, OffsetDateTime::now_utc());
        authorities = advanced.expect("the next phase");
        roll_out(&world, &tasks, &authorities);
        load.wait_for(100);
        opening.wait_for(40);
        // Until every connection between the sidecars is one that was opened after the phase.
        std::thread::sleep(Duration::from_millis(1500));
    }
    load.finish().assert_whole("calls while the authority changes", 300);
    opening.finish().assert_whole("handshakes while the authority changes", 120);
    let new = authorities.issuer().to_owned();
    assert_ne!(new, world.authority.cert_pem);

    // The old authority counts for nothing any more.
    let was = world.issue("payments");
    let was = Identity { pair: Some((was.cert_chain, was.private_key)), trusts: new };
    let mut client =
        tls::connect(&tls::config(&was), accounts.address, ports::MESH, "accounts.dev.local").expect("a connection");
    let error = client.send(&Request::get("/").host("accounts.dev.local")).expect_err("the old authority's");
    assert_eq!(tls::alert(&error), Some(rustls::AlertDescription::UnknownCA), "{error}");

    // All at once, task after task, is what the three phases are for: the same load fails.
    let (newest, opening) = (world.other_authority(), handshakes(payments, accounts));
    accounts.renew(&world.issue_by(&newest, "accounts", newest.cert_pem.clone(), OffsetDateTime::now_utc()));
    opening.wait_for(60);
    let tally = opening.finish();
    assert!(!tally.failures.is_empty(), "a change all at once would have been as good: {tally}");
}

#[test]
fn a_pair_that_does_not_fit_is_not_taken_up() {
    let world = World::new();
    let [accounts, payments] = pair(&world);
    let before = ends(&accounts);
    let (one, other) = (world.issue("accounts"), world.issue("accounts"));
    let garbled = LeafSecret { private_key: other.private_key, ..one };
    accounts.renew(&garbled);
    until("the refusal to be counted", || (accounts.statistic("sds.leaf.key_rotation_failed") > 0).then_some(()));
    assert_eq!(ends(&accounts), before);
    let open = handshakes(&payments, &accounts);
    open.wait_for(20);
    open.finish().assert_whole("handshakes with the pair before", 20);
    let good = world.issue_by(
        &world.authority,
        "accounts",
        world.authority.cert_pem.clone(),
        OffsetDateTime::now_utc() - time::Duration::hours(1),
    );
    accounts.renew(&good);
    until("the next good pair", || (ends(&accounts) == good.not_after.unix_timestamp()).then_some(()));
}

impl Task<'_> {
    /// Reads what is in the key volume, whenever it is asked.
    fn key_volume(&self) -> Arc<dyn Fn() -> Identity + Send + Sync> {
        let keys = self.keys();
        Arc::new(move || crate::support::task::read_keys(&keys))
    }
}
