//! Names change, lie and fail; calls go on.

use crate::support::{Launch, Request, World, dns::Mood, until};

const NAME: &str = "accounts.dev.local";

#[test]
fn tasks_come_and_go_by_name() {
    let world = World::new();
    let [first, payments] = world.start(["accounts", "payments"]);
    payments.call_until(200, "accounts", &Request::get("/"));
    let second = world.launch(Launch { registered: false, ..Launch::of("accounts") });
    for _ in 0..20 {
        assert_eq!(payments.call("accounts", &Request::get("/")).status, 200);
    }
    assert_eq!(second.served(), 0, "nobody has heard of it");
    world.dns.add(NAME, second.address);
    until("the second to be called", || {
        assert_eq!(payments.call("accounts", &Request::get("/")).status, 200);
        (second.served() > 0).then_some(())
    });

    // Cloud Map answers with some of the addresses, and others the next time: none is lost by that.
    world.dns.set(NAME, &[first.address]);
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(payments.statistic("cluster.peer_accounts.membership_healthy"), 2, "who passes its checks stays");
}

#[test]
fn a_name_server_that_fails_takes_nobody_along() {
    let world = World::new();
    let [accounts, payments] = world.start(["accounts", "payments"]);
    payments.call_until(200, "accounts", &Request::get("/"));
    for mood in [Mood::Fails, Mood::Silent] {
        world.dns.mood(mood);
        std::thread::sleep(std::time::Duration::from_millis(2500));
        assert_eq!(payments.call("accounts", &Request::get("/")).status, 200, "{mood:?}");
    }
    world.dns.mood(Mood::Answers);
    world.dns.set(NAME, &[]);
    std::thread::sleep(std::time::Duration::from_millis(2500));
    assert_eq!(payments.call("accounts", &Request::get("/")).status, 200, "NXDOMAIN");
    assert!(accounts.served() >= 4);
}

#[test]
fn a_name_that_lies_leads_nobody_astray() {
    let world = World::new();
    let [notifications, accounts, payments] = world.start(["notifications", "accounts", "payments"]);
    payments.call_until(200, "accounts", &Request::get("/"));
    world.dns.set(NAME, &[notifications.address]);
    until("the lie to be seen", || {
        assert_eq!(payments.call("accounts", &Request::get("/")).status, 200);
        (payments.statistic("cluster.peer_accounts.ssl.fail_verify_san") > 0).then_some(())
    });
    for _ in 0..50 {
        let answer = payments.call("accounts", &Request::get("/"));
        assert!(answer.status == 200 && answer.body.starts_with("accounts got"), "{answer:?}");
    }
    assert_eq!(notifications.served(), 0);
    assert!(accounts.served() > 50);
}
