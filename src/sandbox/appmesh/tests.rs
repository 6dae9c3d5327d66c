use std::time::Duration;

use aws_sdk_appmesh::types::{PortMapping, PortProtocol, VirtualRouterListener, VirtualRouterSpec};
use serde::Serialize;
use serde_json::Value;

use crate::aws::appmesh::{Mesh, Route, VirtualNode, VirtualRouter, VirtualService, probe::probe};
use crate::engine::{Class, Output, Resource};
use crate::mesh::{
    Edge, MeshModel, MeshService,
    app_mesh::{self, KeyFiles},
};
use crate::sandbox::SandboxOptions;
use crate::sandbox::tests::bench::{Bench, Specimen};
use crate::sandbox::tests::support::code;

fn model() -> MeshModel {
    let service = |calls: &[&str]| MeshService {
        app_port: 8080,
        health_path: "/healthz".into(),
        calls: calls.iter().map(|&callee| (callee.to_owned(), Edge::default())).collect(),
        application_timeout: Duration::from_secs(30),
        access_log_percent: 100,
    };
    let services = [("accounts".to_owned(), service(&[])), ("payments".to_owned(), service(&["accounts"]))];
    MeshModel::new("dev.platform", "dev.local", services.into()).expect("a sound model")
}

fn json(spec: impl Serialize) -> Value {
    serde_json::to_value(spec).expect("plain data")
}

async fn bench() -> Bench {
    Bench::with(SandboxOptions { app_mesh: true, ..SandboxOptions::in_memory() }).await
}

fn mesh() -> Specimen<Mesh> {
    Specimen::new("services", "mesh-dev", Mesh { spec: json(app_mesh::mesh()) })
}

fn node() -> Specimen<VirtualNode> {
    let files = KeyFiles { keys_dir: "/keys".into() };
    let spec = json(app_mesh::virtual_node(&model(), "payments", &files).expect("a service of the model"));
    Specimen::new("payments", "virtual-node-payments-dev", VirtualNode { mesh: Output::known("mesh-dev"), spec })
}

fn router() -> Specimen<VirtualRouter> {
    let spec = json(app_mesh::virtual_router(&model(), "payments").expect("a service of the model"));
    Specimen::new("payments", "virtual-router-payments-dev", VirtualRouter { mesh: Output::known("mesh-dev"), spec })
}

fn route() -> Specimen<Route> {
    let spec = json(app_mesh::route(&model(), "payments", "virtual-node-payments-dev").expect("a service"));
    let router = Output::known("virtual-router-payments-dev");
    Specimen::new("payments", "route-payments-dev", Route { mesh: Output::known("mesh-dev"), router, spec })
}

fn service() -> Specimen<VirtualService> {
    let spec = json(app_mesh::virtual_service("virtual-router-payments-dev"));
    Specimen::new("payments", "payments.dev.local", VirtualService { mesh: Output::known("mesh-dev"), spec })
}

#[tokio::test(start_paused = true)]
async fn a_mesh_lives_part_by_part_and_goes_the_other_way() {
    let bench = bench().await;
    let (mesh, node, router, route, service) = (mesh(), node(), router(), route(), service());
    let whole = bench.live(&mesh).await;
    let node_made = bench.live(&node).await;
    let router_made = bench.live(&router).await;
    let route_made = bench.live(&route).await;
    let service_made = bench.live(&service).await;
    assert_eq!(node_made.outputs["name"], "virtual-node-payments-dev");

    let blocked = |result: Result<(), crate::engine::Failure>| result.expect_err("in use").class == Class::Blocked;
    assert!(blocked(Mesh::delete(&bench.aws, &whole).await), "a mesh with parts");
    assert!(blocked(VirtualNode::delete(&bench.aws, &node_made).await), "a node that a route leads to");
    assert!(blocked(VirtualRouter::delete(&bench.aws, &router_made).await), "a router with a route");
    bench.end(&route, &route_made).await;
    assert!(blocked(VirtualRouter::delete(&bench.aws, &router_made).await), "a router that provides for a service");
    bench.end(&service, &service_made).await;
    bench.end(&router, &router_made).await;
    bench.end(&node, &node_made).await;
    bench.end(&mesh, &whole).await;
    assert!(bench.sandbox.inventory().expect("a look").iter().all(|line| !line.starts_with("appmesh:")));
}

#[tokio::test(start_paused = true)]
async fn specifications_are_changed_and_arrive_whole() {
    let bench = bench().await;
    bench.make(&mesh()).await;
    let mut it = node();
    let mut made = bench.make(&it).await;
    let sent = |bench: &Bench, path: &str| {
        let look = bench.sandbox.look(|call| call.world.appmesh.pieces[path].clone());
        look.expect("a look")
    };
    let path = "mesh/mesh-dev/virtualNode/virtual-node-payments-dev";
    let piece = sent(&bench, path);
    for part in [
        "accounts.dev.local",
        "spiffe://dev.platform/accounts",
        "/keys/current/cert_chain.pem",
        "/keys/current/ca_bundle.pem",
        "\"enforce\":true",
        "\"mode\":\"STRICT\"",
        "\"maxServerErrors\":5",
        "/dev/stdout",
        "/healthz",
    ] {
        assert!(piece.spec.contains(part), "{part} is missing in {}", piece.spec);
    }
    it.spec.spec["listeners"][0]["healthCheck"]["path"] = "/ready".into();
    bench.change(&it, &mut made, vec!["spec".into()]).await;
    let piece = sent(&bench, path);
    assert!(piece.spec.contains("/ready") && piece.version == 2);
    it.spec.spec["color"] = "blue".into();
    let failure = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect_err("nothing is dropped silently");
    assert!(failure.message.contains("color"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn a_repeated_create_is_recognised_and_another_is_refused() {
    let bench = bench().await;
    bench.make(&mesh()).await;
    let mut it = router();
    let first = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect("made");
    let again = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect("the same request");
    assert_eq!(first.id, again.id);
    it.spec.spec["listeners"][0]["portMapping"]["port"] = 8081.into();
    let failure = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect_err("another specification");
    assert_eq!(failure.class, Class::Exists);
}

#[tokio::test(start_paused = true)]
async fn what_app_mesh_refuses() {
    let bench = bench().await;
    let create = |name: &str, port: i32| {
        let mapping = PortMapping::builder().port(port).protocol(PortProtocol::Http).build().expect("complete");
        let listener = VirtualRouterListener::builder().port_mapping(mapping).build();
        let spec = VirtualRouterSpec::builder().listeners(listener).build();
        bench.aws.appmesh.create_virtual_router().mesh_name("mesh-dev").virtual_router_name(name).spec(spec)
    };
    assert_eq!(code(create("r", 80).send().await), "NotFoundException", "there is no mesh");
    bench.make(&mesh()).await;
    assert_eq!(code(create("r!", 80).send().await), "BadRequestException");
    assert_eq!(code(create("r", 70_000).send().await), "BadRequestException");
    let failure = route().spec.create(&bench.aws, &bench.identity(&route())).await.expect_err("no router, no node");
    assert_eq!(failure.class, Class::Settling);
    let failure = service().spec.create(&bench.aws, &bench.identity(&service())).await.expect_err("no router");
    assert_eq!(failure.class, Class::Settling);
    let mut sick = node();
    sick.spec.spec["listeners"][0]["healthCheck"]["intervalMillis"] = 1000.into();
    let failure = sick.spec.create(&bench.aws, &bench.identity(&sick)).await.expect_err("too often");
    assert_eq!((failure.class, failure.code.as_deref()), (Class::Invalid, Some("BadRequestException")));
}

#[tokio::test(start_paused = true)]
async fn where_it_has_ended_nothing_answers_and_nothing_is_asked_in_vain() {
    let bench = Bench::open().await;
    assert_eq!(probe(&bench.aws).await.expect_err("ended").class, Class::Denied);
    let failure = mesh().spec.create(&bench.aws, &bench.identity(&mesh())).await.expect_err("ended");
    assert_eq!(failure.class, Class::Denied);
    let before = bench.aws.log.counts();
    let scope = crate::engine::Scope {
        suffix: "dev",
        environment_id: None,
        targets: &[],
        tagged: &[],
        sweep: true,
        answers: &crate::engine::Answers::default(),
    };
    assert!(Mesh::find(&bench.aws, &scope).await.expect("no call").is_empty());
    assert!(Route::find(&bench.aws, &scope).await.expect("no call").is_empty());
    assert_eq!(bench.aws.log.counts(), before);
}
