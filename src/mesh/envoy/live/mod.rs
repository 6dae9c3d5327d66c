//! A real mesh of real Envoys on this machine: every task has a loopback address of its own and the production ports.
//!
//! Ignored by default, since it needs Envoy: `ENVOY=/path/to/envoy cargo test --lib mesh::envoy::live -- --ignored`.

mod names;
mod task;

use std::net::Ipv4Addr;

use task::{Answer, Credentials, Task, World, renew, request, request_until, until, validate};

use super::{Layout, bootstrap, ingress_bootstrap};
use crate::mesh::model::samples::{crowd, example, model};
use crate::mesh::{Authority, AuthorityRequest, MeshModel, ports};

const PAYMENTS: Ipv4Addr = Ipv4Addr::new(127, 15, 0, 11);
const ACCOUNTS: Ipv4Addr = Ipv4Addr::new(127, 15, 0, 12);
const NOTIFICATIONS: Ipv4Addr = Ipv4Addr::new(127, 15, 0, 13);
const INTRUDER: Ipv4Addr = Ipv4Addr::new(127, 15, 0, 14);
const STRANGERS: [Ipv4Addr; 2] = [Ipv4Addr::new(127, 15, 0, 15), Ipv4Addr::new(127, 15, 0, 16)];
const RENEWED: Ipv4Addr = Ipv4Addr::new(127, 15, 0, 17);

/// Of a new authority that trusts itself and, if there is one, the other.
fn credentials(other: Option<&Credentials>) -> Credentials {
    let request = AuthorityRequest { trust_domain: "dev.platform".into(), namespace: "dev.local".into(), days: 365 };
    let authority = Authority::create(&request, time::OffsetDateTime::now_utc()).expect("an authority");
    let others = other.map(|other| other.authority.cert_pem.as_str()).unwrap_or_default();
    Credentials { trusts: format!("{}{others}", authority.cert_pem), authority, days: 30 }
}

/// The example's mesh, were its callers to decide: everybody calls everybody.
fn everybody_calls_everybody() -> MeshModel {
    model(&[
        ("payments", &["accounts", "notifications"]),
        ("accounts", &["notifications", "payments"]),
        ("notifications", &["accounts", "payments"]),
    ])
    .expect("sound")
}

fn get(address: Ipv4Addr, port: u16, host: &str) -> Answer {
    request(address, port, &format!("GET /v1/things HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
}

#[test]
#[ignore = "needs Envoy: set ENVOY to its path"]
fn the_example_mesh_carries_declared_calls_and_no_others() {
    let ours = credentials(None);
    let world = World::new(&[("payments", PAYMENTS), ("accounts", ACCOUNTS), ("notifications", NOTIFICATIONS)]);
    let example = example();
    let tasks: Vec<Task> = [("notifications", NOTIFICATIONS), ("accounts", ACCOUNTS), ("payments", PAYMENTS)]
        .map(|(service, address)| Task::start(&world, &example, service, address, &ours))
        .into();

    // A declared call by the peer's own port arrives with the caller's proven identity.
    let answer = request_until(200, || get(PAYMENTS, 15101, "127.0.0.1:15101"));
    assert!(answer.body.starts_with("accounts got GET /v1/things"), "{answer:?}");
    assert!(answer.body.contains("URI=spiffe://dev.platform/payments"), "{answer:?}");
    assert!(answer.body.to_lowercase().contains("host: accounts.dev.local"), "{answer:?}");
    let answer = request_until(200, || get(PAYMENTS, 15102, "whatever.example"));
    assert!(answer.body.starts_with("notifications got"), "{answer:?}");

    // By name, too; an undeclared name does not leave the task.
    assert_eq!(get(PAYMENTS, ports::EGRESS, "accounts.dev.local").status, Some(200));
    assert_eq!(get(ACCOUNTS, ports::EGRESS, "payments.dev.local").status, Some(421));

    // The load balancer's way in: no identity, not even a claimed one.
    let claimed = "GET / HTTP/1.1\r\nHost: x\r\nx-forwarded-client-cert: URI=spiffe://dev.platform/payments\r\n\
                   x-envoy-max-retries: 9\r\nConnection: close\r\n\r\n";
    let answer = request(ACCOUNTS, ports::INGRESS, claimed);
    assert_eq!(answer.status, Some(200));
    assert!(!answer.body.contains("spiffe") && !answer.body.contains("x-envoy-max-retries"), "{answer:?}");

    // The mesh port speaks nothing but mutual TLS.
    assert_eq!(get(ACCOUNTS, ports::MESH, "accounts.dev.local").status, None);

    // A sidecar that was told that it may call everybody is still refused by the callee, and by none that declares it.
    let intruder = Task::start(&world, &everybody_calls_everybody(), "notifications", INTRUDER, &ours);
    let answer = request_until(403, || get(INTRUDER, ports::EGRESS, "payments.dev.local"));
    assert_eq!(answer.body, "RBAC: access denied");
    let answer = request_until(403, || get(INTRUDER, ports::EGRESS, "accounts.dev.local"));
    assert_eq!(answer.body, "RBAC: access denied");

    // The same name under another authority counts for nothing, whether caller or callee is the one to notice: the first
    // stranger does not believe the callee, the second does and is not believed. The callees' logs tell both apart.
    for (address, theirs) in STRANGERS.into_iter().zip([credentials(None), credentials(Some(&ours))]) {
        let stranger = Task::start(&world, &example, "payments", address, &theirs);
        let answer = get(address, 15101, "127.0.0.1:15101");
        assert_eq!(answer.status, Some(503), "{answer:?}");
        let _ = stranger.stop();
    }

    let _ = intruder.stop();
    let logs: String = tasks.into_iter().map(Task::stop).collect();
    for expected in ["ALERT_UNKNOWN_CA", "CERTIFICATE_VERIFY_FAILED", "HTTP_REQUEST", "rbac_access_denied"] {
        assert!(logs.contains(expected), "no {expected} in {logs}");
    }
    let complaints = logs.lines().filter(|line| line.contains("][warning]") || line.contains("][error]"));
    assert_eq!(complaints.filter(|line| !line.contains("caught ENVOY_SIGTERM")).collect::<Vec<_>>(), [""; 0]);
}

#[test]
#[ignore = "needs Envoy: set ENVOY to its path"]
fn a_running_envoy_takes_up_a_new_certificate() {
    let (world, example, ours) = (World::new(&[]), example(), credentials(None));
    let task = Task::start(&world, &example, "notifications", RENEWED, &ours);
    let ends = || {
        let gauge = "/stats?filter=^listener.mesh_inbound.ssl.certificate.leaf.expiration_unix_time_seconds$";
        let answer =
            request(RENEWED, ports::ADMIN, &format!("GET {gauge} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        answer.body.lines().find_map(|line| line.rsplit_once(": ")?.1.parse::<i64>().ok())
    };
    let first = until("the first certificate's end", ends);
    renew(&world, &example, "notifications", RENEWED, &Credentials { days: 31, ..ours });
    let second = until("another certificate's end", || ends().filter(|end| *end != first));
    let day = 24 * 60 * 60;
    assert!((day..day + 60).contains(&(second - first)), "{first} {second}");
    let _ = task.stop();
}

#[test]
#[ignore = "needs Envoy: set ENVOY to its path"]
fn envoy_validates_every_kind_of_bootstrap() {
    let (world, ours, example, crowd) = (World::new(&[]), credentials(None), example(), crowd(30));
    let of = |model: &MeshModel, service: &str, layout: &Layout| bootstrap(model, service, layout).expect("it exists");
    let with_tls = |layout: &Layout| Layout { ingress_tls: true, ..layout.clone() };
    let kinds = [
        validate(&world, "payments", &ours, |layout| of(&example, "payments", layout)),
        validate(&world, "accounts", &ours, |layout| of(&example, "accounts", layout)),
        validate(&world, "notifications", &ours, |layout| of(&example, "notifications", &with_tls(layout))),
        validate(&world, "service-number-00", &ours, |layout| of(&crowd, "service-number-00", layout)),
        validate(&world, "accounts", &ours, |layout| {
            ingress_bootstrap(&example, "accounts", &with_tls(layout)).expect("it exists")
        }),
    ];
    for said in kinds {
        assert!(said.contains("etc/mesh/envoy.json' OK"), "{said}");
        assert!(!said.contains("[warning]") && !said.contains("deprecated"), "{said}");
    }
}
