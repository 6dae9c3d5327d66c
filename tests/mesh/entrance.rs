//! The load balancer's port: no certificate, no name, no way to anybody else.

use platformctl::mesh::ports;

use crate::support::{Request, World, client::ask};

#[test]
fn the_load_balancer_comes_in_without_a_certificate_and_gets_nowhere_else() {
    let world = World::new();
    let [notifications, accounts] = world.start(["notifications", "accounts"]);
    accounts.call_until(200, "notifications", &Request::get("/"));
    let others = notifications.served();
    let ask = |request: Request| ask(accounts.address, ports::INGRESS, &request).expect("an answer");

    let ways = [
        Request::get("/v1/things").host("alb.example.com"),
        Request::get("/").host("notifications.dev.local"),
        Request::get("/").host("notifications"),
        Request::get("/").host("notifications.dev.local:15006"),
        Request::get("http://notifications.dev.local/"),
        Request::get("//notifications.dev.local/"),
        Request::get("/").header("x-envoy-original-dst-host", &format!("{}:15006", notifications.address)),
        Request::get("/").header("x-forwarded-host", "notifications.dev.local"),
        Request::get("/").header("x-envoy-original-path", "/").host("notifications.dev.local"),
    ];
    for request in ways {
        let answer = ask(request.clone());
        assert!(answer.status == 200 && answer.body.starts_with("accounts got GET"), "{request:?}: {answer:?}");
    }
    assert_eq!(ask(Request::get("/a/..%2f..%2fb")).status, 400, "slashes in disguise");
    assert_eq!(notifications.served(), others, "nothing came through to another service");
}

#[test]
fn nobody_has_a_name_there_and_the_clients_address_is_the_load_balancers_word() {
    let world = World::new();
    let [_notifications, accounts] = world.start(["notifications", "accounts"]);
    let request = Request::get("/")
        .header("x-forwarded-client-cert", "URI=spiffe://dev.platform/payments")
        .header("x-envoy-max-retries", "9")
        .header("x-envoy-retry-on", "5xx")
        .header("x-forwarded-for", "6.6.6.6, 203.0.113.7");
    let answer = ask(accounts.address, ports::INGRESS, &request).expect("an answer");
    assert_eq!(answer.status, 200);
    for claim in ["spiffe", "x-envoy-max-retries", "x-envoy-retry-on"] {
        assert!(!answer.body.contains(claim), "{claim}: {answer:?}");
    }
    assert!(
        answer.body.contains("x-envoy-external-address: 203.0.113.7"),
        "the last entry is the load balancer's: {answer:?}"
    );
    // The name of Envoy and its timings stay inside.
    assert!(answer.head.iter().all(|line| !line.starts_with("x-envoy")), "{answer:?}");
    assert_eq!(answer.header("server"), Some("accounts"));
}
