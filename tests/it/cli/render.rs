//! `render`: what would be sent, without credentials or network.

use serde_json::Value;

use super::bench::Bench;

fn render(arguments: &str) -> Value {
    let ran = Bench::new().run(&format!("render --env-suffix dev {arguments}"));
    ran.ended(0, &[]);
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.out))
}

#[test]
fn the_mesh_admits_only_declared_callers() {
    let mesh = render("mesh --mesh envoy");
    let services: Vec<&String> = mesh["envoy"].as_object().expect("services").keys().collect();
    assert_eq!(services, ["accounts", "notifications", "payments"]);
    let text = mesh["envoy"]["accounts"].to_string();
    assert!(text.contains("spiffe://dev.platform/payments") && !text.contains("spiffe://dev.platform/web"), "{text}");
}

#[test]
fn one_service_alone_can_be_rendered() {
    let bootstrap = render("mesh --service payments");
    assert_eq!(bootstrap["node"]["cluster"], "payments", "the file that its Envoy gets, and nothing around it");
    assert!(bootstrap["static_resources"]["listeners"].is_array());
    let app_mesh = render("mesh --service payments --mesh app-mesh");
    assert_eq!(app_mesh["envoy"].as_object().map(|services| services.len()), Some(1));
}

#[test]
fn app_mesh_gets_its_own_configuration() {
    let mesh = render("mesh --mesh app-mesh");
    assert!(mesh["app-mesh"].is_object());
    let ingress = mesh["envoy"]["payments"].to_string();
    assert!(!ingress.contains("spiffe://"), "beside App Mesh's Envoy there is only an entrance for the load balancer");
}

#[test]
fn certificates_are_shown_as_they_would_be_issued() {
    let certificates = render("certificates");
    let payments = &certificates["services"]["payments"];
    assert_eq!(payments["subject"], "CN=payments");
    assert_eq!(payments["names"], serde_json::json!(["URI:spiffe://dev.platform/payments", "DNS:payments.dev.local"]));
    assert_eq!((payments["valid_days"].as_i64(), payments["authority"].as_bool()), (Some(30), Some(false)));
    assert_eq!(certificates["authority"]["permitted_names"], serde_json::json!(["DNS:dev.local"]));
    assert!(!certificates.to_string().contains("PRIVATE KEY"));
}

#[test]
fn names_end_with_the_suffix_and_tell_their_limit() {
    let names = render("names --json");
    let rows = names.as_array().expect("a list");
    assert!(rows.iter().any(|row| row["name"].as_str().is_some_and(|name| name.ends_with("-dev"))), "{names}");
    for row in rows.iter().filter(|row| row["limit"].is_u64()) {
        assert!(row["length"].as_u64() <= row["limit"].as_u64(), "{row}");
    }
}
