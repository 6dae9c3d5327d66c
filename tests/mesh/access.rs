//! Who has a valid certificate is known; whether it may call is another question.

use platformctl::mesh::ports;

use crate::support::{Request, World, client::ask, tls};

#[test]
fn who_is_not_declared_is_refused_and_counted() {
    let world = World::new();
    let tasks = world.start(["notifications", "accounts", "payments"]);
    let mut refused = 0;
    for callee in &tasks {
        let host = world.model.host(&callee.service);
        let declared = world.model.callers_of(&callee.service);
        for caller in world.model.services().keys() {
            let config = tls::config(&world.identity(caller));
            let mut client = tls::connect(&config, callee.address, ports::MESH, &host).expect("a connection");
            let (served, denied) = (callee.served(), callee.statistic("http.mesh_inbound.rbac.denied"));
            let answer = client.send(&Request::post("/admin").host(&host)).expect("an answer");
            let may = declared.contains(&caller.as_str());
            assert_eq!(answer.status, if may { 200 } else { 403 }, "{caller} → {}: {answer:?}", callee.service);
            assert_eq!(callee.served() - served, u64::from(may), "the application sees who may call, and nobody else");
            let counted = callee.statistic("http.mesh_inbound.rbac.denied") - denied;
            assert_eq!(counted, i64::from(!may), "{caller} → {}", callee.service);
            if !may {
                refused += 1;
                assert_eq!(answer.body, "RBAC: access denied");
                let told =
                    |line: &str| line.contains("rbac_access_denied") && line.contains(&world.model.spiffe(caller));
                crate::support::until("the refusal in the log", || callee.log().lines().any(told).then_some(()));
            }
        }
    }
    assert_eq!(refused, 6, "of nine pairs, three are declared");
}

#[test]
fn the_sidecar_is_the_only_way_in() {
    let world = World::new();
    let [_notifications, accounts] = world.start(["notifications", "accounts"]);
    let port =
        |name: &str| accounts.environment[name].as_str().and_then(|port| port.parse::<u16>().ok()).expect("a port");
    // What stands for the task's network interface answers on two ports and on no other.
    for closed in [port("PORT"), ports::ADMIN, ports::EGRESS, ports::STATSD, accounts.url("notifications")] {
        let refused = ask(accounts.address, closed, &Request::get("/")).expect_err("a closed port");
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused, "{closed}");
    }
    assert_eq!(ask(accounts.address, ports::INGRESS, &Request::get("/")).expect("an answer").status, 200);
    // The application shares the loopback with the admin interface, which tells it nothing that it shouldn't know.
    for path in ["/config_dump", "/certs", "/logging?level=debug", "/runtime", "/clusters", "/"] {
        assert_eq!(accounts.admin(&Request::get(path)).status, 403, "{path}");
    }
    assert_eq!(accounts.admin(&Request::post("/quitquitquit")).status, 403);
    assert!(accounts.healthy());
}
