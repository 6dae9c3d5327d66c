//! `render`: what would be sent, without credentials or network.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::read::GzDecoder;
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
    assert_eq!(bootstrap, packed_bootstrap(&render("task-definition --service payments")));
    let app_mesh = render("mesh --service payments --mesh app-mesh");
    assert_eq!(app_mesh["envoy"].as_object().map(|services| services.len()), Some(1));
}

/// What the init container of a task definition unpacks for Envoy.
fn packed_bootstrap(definition: &Value) -> Value {
    let named = |list: &Value, name: &str| {
        let found = list.as_array().expect("a list").iter().find(|one| one["name"] == name).cloned();
        found.unwrap_or_else(|| panic!("no {name}"))
    };
    let init = named(&definition["containerDefinitions"], "mesh-init");
    let packed = named(&init["environment"], "MESH_BOOTSTRAP")["value"].as_str().expect("a text").to_owned();
    let bytes = STANDARD.decode(packed).expect("base64");
    serde_json::from_reader(GzDecoder::new(&*bytes)).expect("JSON")
}

#[test]
fn app_mesh_gets_its_own_configuration() {
    let mesh = render("mesh --mesh app-mesh");
    assert!(mesh["app-mesh"].is_object());
    let ingress = mesh["envoy"]["payments"].to_string();
    assert!(!ingress.contains("spiffe://"), "beside App Mesh's Envoy there is only an entrance for the load balancer");
}

#[test]
fn a_task_definition_is_what_the_api_takes() {
    let one = render("task-definition --service payments");
    assert_eq!(one["family"], "task-payments-dev");
    assert_eq!(one["executionRoleArn"], "${iam-role/execution-payments.arn}");
    assert_eq!((one["cpu"].as_str(), one["memory"].as_str()), (Some("1024"), Some("2048")));
    let names: Vec<_> =
        one["containerDefinitions"].as_array().expect("containers").iter().map(|it| &it["name"]).collect();
    assert!(names.contains(&&"app".into()) && names.contains(&&"envoy".into()), "{names:?}");
    assert!(
        one["tags"].as_array().expect("tags").contains(&serde_json::json!({ "key": "Environment", "value": "dev" }))
    );
    let all = render("task-definition");
    assert_eq!(all["task-definition/payments"], one);
    assert_eq!(all.as_object().map(serde_json::Map::len), Some(3));
}

#[test]
fn alarms_dashboard_and_key_policy_are_what_the_api_takes() {
    let alarms = render("alarms --service payments");
    let errors = &alarms["alarm/payments-errors"];
    assert_eq!((errors["TreatMissingData"].as_str(), errors["Threshold"].as_f64()), (Some("notBreaching"), Some(5.0)));
    assert!(errors["Metrics"].as_array().is_some_and(|metrics| metrics.len() > 1), "{errors}");
    assert!(render("dashboard")["widgets"].is_array());
    assert_eq!(render("key-policy")["Version"], "2012-10-17");
}

#[test]
fn app_mesh_is_told_in_its_own_form() {
    let mesh = render("mesh --mesh app-mesh --service payments");
    let node = &mesh["app-mesh"]["virtual-node/payments"];
    assert_eq!(node["spec"]["listeners"][0]["tls"]["mode"], "STRICT");
    assert_eq!(node["virtualNodeName"].as_str().map(|name| name.ends_with("-dev")), Some(true));
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
