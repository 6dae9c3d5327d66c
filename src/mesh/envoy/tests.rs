//! What every generated bootstrap promises.

use serde_json::{Value, json};

use super::{Layout, bootstrap, ingress_bootstrap, sds_leaf, sds_trust};
use crate::mesh::model::samples::{crowd, example};
use crate::mesh::{MeshError, MeshModel};

fn of(model: &MeshModel, service: &str) -> Value {
    bootstrap(model, service, &Layout::fargate()).expect("the service exists")
}

/// The listener, cluster or filter of that name.
fn named<'a>(list: &'a Value, name: &str) -> &'a Value {
    let found = list.as_array().expect("a list").iter().find(|item| item["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {list}"))
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().filter_map(|item| item["name"].as_str()).collect()
}

fn listeners(bootstrap: &Value) -> &Value {
    &bootstrap["static_resources"]["listeners"]
}

fn clusters(bootstrap: &Value) -> &Value {
    &bootstrap["static_resources"]["clusters"]
}

fn manager<'a>(bootstrap: &'a Value, listener: &str) -> &'a Value {
    &named(listeners(bootstrap), listener)["filter_chains"][0]["filters"][0]["typed_config"]
}

fn access_rules(bootstrap: &Value) -> &Value {
    &named(&manager(bootstrap, "mesh_inbound")["http_filters"], "envoy.filters.http.rbac")["typed_config"]["rules"]
}

#[test]
fn the_payments_sidecar_of_the_example() {
    insta::assert_json_snapshot!(of(&example(), "payments"));
}

#[test]
fn access_rules_list_exactly_the_declared_callers() {
    let bootstrap = of(&example(), "notifications");
    let rules = access_rules(&bootstrap);
    assert_eq!(rules["action"], "ALLOW");
    let policies = rules["policies"].as_object().expect("policies");
    assert_eq!(policies.keys().collect::<Vec<_>>(), ["accounts", "payments"]);
    for (caller, policy) in policies {
        let identity = format!("spiffe://dev.platform/{caller}");
        assert_eq!(policy["principals"], json!([{ "authenticated": { "principal_name": { "exact": identity } } }]));
        assert_eq!(policy["permissions"], json!([{ "any": true }]));
    }
}

#[test]
fn without_callers_nobody_is_let_in() {
    assert_eq!(access_rules(&of(&example(), "payments")), &json!({ "action": "ALLOW", "policies": {} }));
}

#[test]
fn access_is_decided_before_the_application_is_reached() {
    let bootstrap = of(&example(), "accounts");
    assert_eq!(
        names(&manager(&bootstrap, "mesh_inbound")["http_filters"]),
        ["envoy.filters.http.health_check", "envoy.filters.http.rbac", "envoy.filters.http.router"]
    );
}

#[test]
fn only_declared_peers_can_be_called() {
    let bootstrap = of(&example(), "accounts");
    assert_eq!(names(clusters(&bootstrap)), ["local_app", "peer_notifications"]);
    assert_eq!(names(listeners(&bootstrap)), ["mesh_inbound", "ingress", "egress", "egress_notifications"]);
    let hosts = &manager(&bootstrap, "egress")["route_config"]["virtual_hosts"];
    assert_eq!(names(hosts), ["notifications", "undeclared"]);
    assert_eq!(named(hosts, "undeclared")["routes"][0]["direct_response"]["status"], 421);
    assert!(!bootstrap.to_string().contains("peer_payments"));
}

#[test]
fn without_peers_there_is_no_way_out() {
    let bootstrap = of(&example(), "notifications");
    assert_eq!(names(listeners(&bootstrap)), ["mesh_inbound", "ingress"]);
    assert_eq!(names(clusters(&bootstrap)), ["local_app"]);
}

#[test]
fn every_edge_is_mutual_tls_1_3_with_names_checked_at_both_ends() {
    let bootstrap = of(&example(), "payments");
    let only_1_3 = json!({ "tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3" });
    let believed = |context: &Value| {
        context["common_tls_context"]["combined_validation_context"]["default_validation_context"]
            ["match_typed_subject_alt_names"]
            .clone()
    };
    let server = &named(listeners(&bootstrap), "mesh_inbound")["filter_chains"][0]["transport_socket"]["typed_config"];
    assert_eq!(server["require_client_certificate"], true);
    assert_eq!(server["common_tls_context"]["tls_params"], only_1_3);
    assert_eq!(believed(server), json!([{ "san_type": "URI", "matcher": { "prefix": "spiffe://dev.platform/" } }]));
    for peer in ["accounts", "notifications"] {
        let client = &named(clusters(&bootstrap), &format!("peer_{peer}"))["transport_socket"]["typed_config"];
        assert_eq!(client["common_tls_context"]["tls_params"], only_1_3);
        let identity = format!("spiffe://dev.platform/{peer}");
        assert_eq!(believed(client), json!([{ "san_type": "URI", "matcher": { "exact": identity } }]));
    }
}

#[test]
fn the_way_out_is_open_to_the_task_alone() {
    let bootstrap = of(&example(), "payments");
    for listener in listeners(&bootstrap).as_array().expect("listeners") {
        let name = listener["name"].as_str().expect("a name");
        let expected = if name.starts_with("egress") { "127.0.0.1" } else { "0.0.0.0" };
        assert_eq!(listener["address"]["socket_address"]["address"], expected, "{name}");
    }
    assert_eq!(bootstrap["admin"]["address"]["socket_address"]["address"], "127.0.0.1");
}

#[test]
fn a_request_that_may_have_been_processed_is_repeated_only_if_safe() {
    let bootstrap = of(&example(), "payments");
    let routes = &manager(&bootstrap, "egress_accounts")["route_config"]["virtual_hosts"][0]["routes"];
    let repeats = |route: &Value, reason: &str| {
        let retry_on = route["route"]["retry_policy"]["retry_on"].as_str().expect("reasons");
        retry_on.split(',').any(|part| part == reason)
    };
    assert_eq!(routes[0]["match"]["headers"][0]["string_match"]["safe_regex"]["regex"], "GET|HEAD|OPTIONS");
    assert!(repeats(&routes[0], "reset") && repeats(&routes[0], "gateway-error"));
    assert!(!repeats(&routes[1], "reset") && !repeats(&routes[1], "gateway-error"));
    assert!(repeats(&routes[1], "connect-failure"));
}

#[test]
fn the_load_balancer_may_be_met_with_tls_but_never_gets_an_identity() {
    let layout = Layout { ingress_tls: true, ..Layout::fargate() };
    let bootstrap = bootstrap(&example(), "payments", &layout).expect("the service exists");
    let chain = &named(listeners(&bootstrap), "ingress")["filter_chains"][0];
    let context = &chain["transport_socket"]["typed_config"];
    assert_eq!(context["common_tls_context"]["tls_certificate_sds_secret_configs"][0]["name"], "leaf");
    assert!(context.get("require_client_certificate").is_none());
    assert_eq!(manager(&bootstrap, "ingress")["forward_client_cert_details"], "SANITIZE");
}

#[test]
fn the_ingress_only_envoy_knows_no_peer() {
    let layout = Layout::beside_app_mesh();
    let bootstrap = ingress_bootstrap(&example(), "payments", &layout).expect("the service exists");
    assert_eq!(names(listeners(&bootstrap)), ["ingress"]);
    assert_eq!(names(clusters(&bootstrap)), ["local_app", "certificate"]);
    assert_eq!(bootstrap["admin"]["address"]["socket_address"]["port_value"], 9902);
}

#[test]
fn secrets_are_watched_at_both_levels() {
    let layout = Layout::fargate();
    assert_eq!(
        sds_leaf(&layout)["resources"][0]["tls_certificate"],
        json!({
            "certificate_chain": { "filename": "/keys/current/cert_chain.pem" },
            "private_key": { "filename": "/keys/current/private_key.pem" },
            "watched_directory": { "path": "/keys" },
        })
    );
    assert_eq!(
        sds_trust(&layout)["resources"][0]["validation_context"],
        json!({ "trusted_ca": { "filename": "/keys/current/ca_bundle.pem" }, "watched_directory": { "path": "/keys" } })
    );
    let text = of(&example(), "payments").to_string();
    let sources = text.matches(r#""path":"/etc/mesh/sds/"#).count();
    assert_eq!(sources, 6);
    assert_eq!(text.matches(r#"json","watched_directory":{"path":"/keys"}"#).count(), sources);
}

#[test]
fn a_service_that_is_not_there_has_no_sidecar() {
    let refused = bootstrap(&crowd(3), "ledger", &Layout::fargate());
    assert!(matches!(refused, Err(MeshError::UnknownService(name)) if name == "ledger"));
}
