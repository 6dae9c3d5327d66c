//! Cloud Map and App Mesh.

use std::collections::HashMap;

use aws_sdk_appmesh::types::{
    HealthCheckPolicy, HttpRoute, HttpRouteAction, HttpRouteMatch, Listener, MeshSpec, PortMapping, PortProtocol,
    RouteSpec, VirtualNodeSpec, VirtualRouterSpec, VirtualServiceProvider, VirtualServiceSpec, WeightedTarget,
};
use aws_sdk_servicediscovery::types::{DnsConfig, DnsRecord, RecordType};

use super::trial::{Trial, refused};
use crate::sandbox::SandboxOptions;
use crate::sandbox::tests::bench::Bench;
use crate::sandbox::tests::estate::wait;
use crate::sandbox::tests::support;

fn dns(ttl: i64) -> DnsConfig {
    let record = DnsRecord::builder().r#type(RecordType::A).ttl(ttl).build().expect("complete");
    DnsConfig::builder().dns_records(record).build().expect("complete")
}

/// Cloud Map API reference, each operation, "Errors" and the constraints of its parameters.
pub async fn names(trial: &mut Trial) {
    let bench = Bench::open().await;
    let map = &bench.aws.cloudmap;
    let vpc = support::vpc(&bench.aws.ec2).await;
    map.create_private_dns_namespace().name("dev.local").vpc(&vpc).send().await.expect("a namespace");
    wait(46).await;
    let found = map.list_namespaces().send().await.expect("namespaces");
    let id = found.namespaces()[0].id().expect("its id").to_owned();
    let service = |name: &str| map.create_service().name(name).namespace_id(&id).dns_config(dns(10));
    let made = service("present").send().await.expect("a service");
    let present = made.service().and_then(|it| it.id()).expect("its id").to_owned();

    let namespace = |name: &str| map.create_private_dns_namespace().name(name).vpc(&vpc);
    let instance = |id: &str, address: &str| {
        let attributes = HashMap::from([("AWS_INSTANCE_IPV4".to_owned(), address.to_owned())]);
        map.register_instance().service_id(&present).instance_id(id).set_attributes(Some(attributes))
    };
    refused!(trial, bench, "servicediscovery",
        "a name with a blank", "InvalidInput" => namespace("dev local");
        "a name of 254 characters", "InvalidInput" => namespace(&"a.".repeat(127));
        "a VPC that is not there", "InvalidInput" => namespace("new.local").vpc("vpc-0123456789abcdef0");
        "a token of 65 characters", "InvalidInput" => namespace("new.local").creator_request_id("x".repeat(65));
        "a namespace twice", "NamespaceAlreadyExists" => namespace("dev.local");
        "a service in no namespace", "NamespaceNotFound" => service("new").namespace_id("ns-0123456789abcdef");
        "a service twice, in capitals", "ServiceAlreadyExists" => service("Present");
        "a service's name with a slash", "InvalidInput" => service("a/b");
        "a negative time to live", "InvalidInput" => service("new").dns_config(dns(-1));
        "an instance without an address", "InvalidInput" => instance("one", "").set_attributes(Some(HashMap::new()));
        "an address that is none", "InvalidInput" => instance("one", "10.0.0");
        "an instance's id with a blank", "InvalidInput" => instance("o ne", "10.0.0.4");
        "an instance that is not there", "InstanceNotFound" => map.deregister_instance().service_id(&present).instance_id("ghost");
        "a page of 101", "InvalidInput" => map.list_services().max_results(101);
    );
}

fn mapping(port: i32) -> PortMapping {
    PortMapping::builder().port(port).protocol(PortProtocol::Http).build().expect("complete")
}

/// A node that listens, checked every so many milliseconds.
fn node(port: i32, interval: i64) -> VirtualNodeSpec {
    let check = HealthCheckPolicy::builder()
        .protocol(PortProtocol::Http)
        .healthy_threshold(2)
        .unhealthy_threshold(2)
        .interval_millis(interval)
        .timeout_millis(2000)
        .build()
        .expect("complete");
    let listener = Listener::builder().port_mapping(mapping(port)).health_check(check).build();
    VirtualNodeSpec::builder().listeners(listener).build()
}

fn route(prefix: &str, node: &str, weight: i32) -> RouteSpec {
    let target = WeightedTarget::builder().virtual_node(node).weight(weight).build().expect("complete");
    let http = HttpRoute::builder()
        .action(HttpRouteAction::builder().weighted_targets(target).build().expect("complete"))
        .r#match(HttpRouteMatch::builder().prefix(prefix).build());
    RouteSpec::builder().http_route(http.build()).build()
}

/// App Mesh API reference, each operation, "Errors" and the constraints of its data types.
pub async fn meshes(trial: &mut Trial) {
    let bench = Bench::with(SandboxOptions { app_mesh: true, ..SandboxOptions::in_memory() }).await;
    let mesh = &bench.aws.appmesh;
    mesh.create_mesh().mesh_name("mesh").spec(MeshSpec::builder().build()).send().await.expect("a mesh");
    let node_of = |name: &str, spec: VirtualNodeSpec| {
        mesh.create_virtual_node().mesh_name("mesh").virtual_node_name(name).spec(spec)
    };
    node_of("node", VirtualNodeSpec::builder().build()).send().await.expect("a node");
    let router = mesh.create_virtual_router().mesh_name("mesh").virtual_router_name("router");
    router.spec(VirtualRouterSpec::builder().build()).send().await.expect("a router");
    let route_of = |spec: RouteSpec| {
        mesh.create_route().mesh_name("mesh").virtual_router_name("router").route_name("route").spec(spec)
    };
    let ghost = aws_sdk_appmesh::types::VirtualRouterServiceProvider::builder().virtual_router_name("ghost");
    let provider = VirtualServiceProvider::VirtualRouter(ghost.build().expect("complete"));
    let provided = VirtualServiceSpec::builder().provider(provider).build();
    refused!(trial, bench, "appmesh",
        "a mesh's name with a dot", "BadRequestException" => mesh.create_mesh().mesh_name("a.b").spec(MeshSpec::builder().build());
        "a mesh's name of 256 characters", "BadRequestException" => mesh.create_mesh().mesh_name("x".repeat(256)).spec(MeshSpec::builder().build());
        "a mesh twice", "ConflictException" => mesh.create_mesh().mesh_name("mesh").spec(MeshSpec::builder().build());
        "a node in no mesh", "NotFoundException" => node_of("new", VirtualNodeSpec::builder().build()).mesh_name("ghost");
        "port 0", "BadRequestException" => node_of("new", node(0, 5000));
        "a check every 4 seconds", "BadRequestException" => node_of("new", node(80, 4000));
        "a node that listens and can't be found", "BadRequestException" => node_of("new", node(80, 5000));
        "a weight of 101", "BadRequestException" => route_of(route("/", "node", 101));
        "a prefix without a slash", "BadRequestException" => route_of(route("a", "node", 1));
        "a route to a node that is not there", "NotFoundException" => route_of(route("/", "ghost", 1));
        "a service of a router that is not there", "NotFoundException" => mesh.create_virtual_service().mesh_name("mesh").virtual_service_name("a.local").spec(provided.clone());
        "a page of 101", "BadRequestException" => mesh.list_meshes().limit(101);
    );
}
