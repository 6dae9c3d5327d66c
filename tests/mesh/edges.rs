//! Declared calls pass and arrive with the caller's name; what isn't declared doesn't leave the task.

use platformctl::mesh::ports;

use crate::support::{Request, World, client::ask};

#[test]
fn every_declared_call_arrives_with_the_callers_proven_name() {
    let world = World::new();
    let mut tasks = world.start(["notifications", "accounts", "payments"]);
    let mut edges = Vec::new();
    for caller in &tasks {
        for peer in world.model.peers_of(&caller.service) {
            let answer = caller.call_until(200, &peer.name, &Request::get("/v1/things"));
            assert!(answer.body.starts_with(&format!("{} got GET /v1/things", peer.name)), "{answer:?}");
            let identities = format!("URI={}", world.model.spiffe(&caller.service));
            assert!(answer.body.contains(&identities), "{answer:?}");
            assert!(answer.body.contains(&format!("By={}", world.model.spiffe(&peer.name))), "{answer:?}");
            assert!(answer.body.contains(&format!("host: {}", peer.host)), "{answer:?}");
            edges.push((caller.service.clone(), peer.name));
        }
    }
    let expected = [("accounts", "notifications"), ("payments", "accounts"), ("payments", "notifications")];
    assert_eq!(edges, expected.map(|(caller, callee)| (caller.to_owned(), callee.to_owned())));

    // Nothing in this life is worth a complaint of Envoy's.
    let logs: String = tasks.iter_mut().rev().map(|task| task.stop()).collect();
    let complaints = logs.lines().filter(|line| line.contains("][warning]") || line.contains("][error]"));
    assert_eq!(complaints.filter(|line| !line.contains("caught ENVOY_SIGTERM")).collect::<Vec<_>>(), [""; 0]);
    // The access log names both ends of a call, and is not full of checks.
    assert!(!logs.contains("/.mesh/health"), "{logs}");
    let call = |peer: &str, upstream: &str| {
        logs.lines().any(|line| {
            line.contains("\"path\":\"/v1/things\"") && line.contains(peer) && line.contains(&format!("\"{upstream}\""))
        })
    };
    assert!(call("spiffe://dev.platform/payments", "local_app"), "{logs}");
    assert!(call("\"service\":\"payments\"", "peer_accounts"), "{logs}");
}

#[test]
fn peers_are_reached_by_name_and_nobody_else_is() {
    let world = World::new();
    let [notifications, accounts, payments] = world.start(["notifications", "accounts", "payments"]);
    payments.call_until(200, "accounts", &Request::get("/"));
    let by_name = |request: Request| ask(payments.loopback, ports::EGRESS, &request).expect("an answer");
    assert_eq!(by_name(Request::get("/").host("accounts.dev.local")).status, 200);
    assert_eq!(by_name(Request::get("/").host("accounts:80")).status, 200);
    let proxied = by_name(Request::get("http://accounts.dev.local/by/proxy").host("accounts.dev.local"));
    assert!(proxied.status == 200 && proxied.body.starts_with("accounts got GET /by/proxy"), "{proxied:?}");

    let served = (notifications.served(), accounts.served());
    for host in ["payments.dev.local", "example.com", "169.254.169.254", "accounts.dev.local.example.com"] {
        let refused = by_name(Request::get("/").host(host));
        assert_eq!((refused.status, refused.body.as_str()), (421, "not a declared peer of payments\n"), "{host}");
    }
    let backwards = ask(accounts.loopback, ports::EGRESS, &Request::get("/").host("payments.dev.local"));
    assert_eq!(backwards.expect("an answer").status, 421, "accounts may not call payments");
    assert_eq!((notifications.served(), accounts.served()), served, "nothing left the task");
}

#[test]
fn what_an_application_claims_of_itself_is_dropped() {
    let world = World::new();
    let [_notifications, accounts] = world.start(["notifications", "accounts"]);
    let claims = Request::get("/claims")
        .header("x-forwarded-client-cert", "URI=spiffe://dev.platform/payments")
        .header("x-envoy-max-retries", "9")
        .header("x-envoy-upstream-rq-timeout-ms", "1");
    let answer = accounts.call_until(200, "notifications", &claims);
    assert!(answer.body.contains("URI=spiffe://dev.platform/accounts"), "{answer:?}");
    for claim in ["spiffe://dev.platform/payments", "x-envoy-max-retries", "x-envoy-upstream-rq-timeout-ms"] {
        assert!(!answer.body.contains(claim), "{claim}: {answer:?}");
    }
    // The listener that peers call drops them, too, whoever sends them.
    let config = crate::support::tls::config(&world.identity("payments"));
    let mut direct = crate::support::tls::connect(&config, accounts.address, ports::MESH, "accounts.dev.local")
        .expect("a connection");
    let forged = claims.header("x-envoy-original-path", "/forged");
    let answer = direct.send(&forged.host("accounts.dev.local")).expect("an answer");
    assert!(answer.status == 200 && answer.body.contains("URI=spiffe://dev.platform/payments"), "{answer:?}");
    for claim in ["x-envoy-max-retries", "/forged", "spiffe://dev.platform/notifications"] {
        assert!(!answer.body.contains(claim), "{claim}: {answer:?}");
    }
}

#[test]
fn only_what_may_be_repeated_is_and_as_often_as_configured() {
    let text = crate::support::world::EXAMPLE.replace("\nretries = 2\n", "\nretries = 1\n").replace(
        "[services.accounts]\n",
        "[services.payments.edges.notifications]\nretries = 0\nrequest_timeout_seconds = 1\n\n[services.accounts]\n",
    );
    let world = World::of(&text);
    let [notifications, accounts, payments] = world.start(["notifications", "accounts", "payments"]);
    payments.call_until(200, "accounts", &Request::get("/"));
    payments.call_until(200, "notifications", &Request::get("/"));

    let tries = |task: &crate::support::Task<'_>, peer: &str, request: Request, status: u16| {
        let before = task.served();
        let answer = payments.call(peer, &request);
        assert_eq!(answer.status, status, "{answer:?}");
        task.served() - before
    };
    assert_eq!(tries(&accounts, "accounts", Request::get("/status/503"), 503), 2, "[mesh] says one retry");
    assert_eq!(tries(&accounts, "accounts", Request::post("/status/503"), 503), 1, "a POST may have done its work");
    assert_eq!(tries(&notifications, "notifications", Request::get("/status/503"), 503), 1, "the edge says none");
    assert_eq!(tries(&notifications, "notifications", Request::get("/slow/1500"), 504), 1, "the edge grants a second");
    assert_eq!(tries(&accounts, "accounts", Request::post("/slow/1500"), 200), 1, "[mesh] grants five");
}
