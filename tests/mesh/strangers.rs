//! Whoever can't prove to be a service of this environment gets nothing, and the log says who came and why not.

use platformctl::mesh::{LeafRequest, LeafSecret, ports};
use rustls::AlertDescription;
use time::OffsetDateTime;

use crate::support::{
    Launch, Request, World,
    client::ask,
    tls::{self, Identity},
    until,
    world::identity,
};

#[test]
fn strangers_are_refused_at_the_door() {
    let world = World::new();
    let accounts = world.launch(Launch::of("accounts"));
    let host = world.model.host("accounts");
    let request = Request::get("/").host(&host);

    let plain = ask(accounts.address, ports::MESH, &request).expect_err("plain text");
    assert_ne!(plain.kind(), std::io::ErrorKind::ConnectionRefused, "the port is open, but not for plain text");

    let other = world.other_authority();
    let now = OffsetDateTime::now_utc();
    let trusting = |secret: &LeafSecret| identity(secret, &world.authority);
    let (_, expired) = world.expired("payments");
    // Expired, and else all right.
    let stale = world.issue_by(&world.authority, "payments", String::new(), now - time::Duration::days(31));
    let foreign = world.issue_by(&other, "payments", String::new(), now);
    let elsewhere =
        LeafRequest { trust_domain: "prod.platform".into(), ..LeafRequest::of(&world.model, "payments", 30) };
    let elsewhere = LeafSecret::new(world.authority.issue(&elsewhere, now).expect("a leaf"), String::new());
    let nothing = Identity { pair: None, ..world.identity("payments") };

    use AlertDescription::{CertificateExpired, CertificateRequired, UnknownCA};
    let cases = [
        ("no certificate", nothing, Some(CertificateRequired), "PEER_DID_NOT_RETURN_A_CERTIFICATE"),
        ("another authority's", trusting(&foreign), Some(UnknownCA), "CERTIFICATE_VERIFY_FAILED"),
        ("expired", trusting(&stale), Some(CertificateExpired), "CERTIFICATE_VERIFY_FAILED"),
        ("expired and another authority's", trusting(&expired), None, "CERTIFICATE_VERIFY_FAILED"),
        ("another trust domain's", trusting(&elsewhere), None, "CERTIFICATE_VERIFY_FAILED"),
    ];
    for (what, identity, expected, reason) in cases {
        let before = accounts.log().matches(reason).count();
        let config = tls::config(&identity);
        let mut client = tls::connect(&config, accounts.address, ports::MESH, &host).expect("a connection");
        let error = client.send(&request).expect_err(what);
        let alert = tls::alert(&error).unwrap_or_else(|| panic!("{what}: {error}"));
        assert!(expected.is_none_or(|expected| expected == alert), "{what}: {alert:?}");
        until(&format!("{what} in the log"), || (accounts.log().matches(reason).count() > before).then_some(()));
    }

    let old = tls::config_of(&world.identity("payments"), &rustls::version::TLS12);
    let mut client = tls::connect(&old, accounts.address, ports::MESH, &host).expect("a connection");
    let error = client.send(&request).expect_err("TLS 1.2");
    assert_eq!(tls::alert(&error), Some(AlertDescription::ProtocolVersion), "{error}");

    assert_eq!(accounts.served(), 0, "no stranger got through to the application");
    let mut known = tls::connect(&tls::config(&world.identity("payments")), accounts.address, ports::MESH, &host)
        .expect("a connection");
    assert_eq!(known.send(&request).expect("an answer").status, 200, "and it is not closed to everybody");
}

/// The other direction: a caller believes nobody but the service that it meant.
#[test]
fn a_caller_does_not_believe_an_impostor() {
    let world = World::new();
    // It has every right to be in the mesh, and a sidecar that answers to another's name.
    let impostor = world.issue("notifications");
    let impostor = world.launch(Launch { secret: Some(impostor), ..Launch::of("accounts") });
    let payments = world.launch(Launch::of("payments"));
    for _ in 0..10 {
        assert_eq!(payments.call("accounts", &Request::get("/")).status, 503);
    }
    assert_eq!(impostor.served(), 0);
    until("the mismatch to be counted", || {
        (payments.statistic("cluster.peer_accounts.ssl.fail_verify_san") > 0).then_some(())
    });
}
