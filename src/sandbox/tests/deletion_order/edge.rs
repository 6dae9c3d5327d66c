//! Load balancers, names and meshes.

use aws_sdk_appmesh::types::{
    HttpRoute, HttpRouteAction, HttpRouteMatch, MeshSpec, PortMapping, PortProtocol, RouteSpec, VirtualNodeSpec,
    VirtualRouterListener, VirtualRouterSpec, WeightedTarget,
};
use aws_sdk_elasticloadbalancingv2::types::LoadBalancerAttribute;
use aws_sdk_servicediscovery::types::{DnsConfig, DnsRecord, RecordType};

use super::ledger::Ledger;
use crate::sandbox::SandboxOptions;
use crate::sandbox::tests::bench::Bench;
use crate::sandbox::tests::estate::{self, Network, forward, wait};
use crate::sandbox::tests::support;

pub async fn load_balancers(ledger: &mut Ledger) {
    let bench = Bench::open().await;
    let elb = &bench.aws.elb;
    let net = Network::make(&bench.aws).await;
    let balancer = net.load_balancer(&bench.aws, "main").await;
    let (blue, green) = (net.target_group(&bench.aws, "blue").await, net.target_group(&bench.aws, "green").await);
    let listener = estate::listener(&bench.aws, &balancer, 80).await;
    let rule = estate::rule(&bench.aws, &listener, 1, "/a/*", forward(&[(&blue, 100), (&green, 0)])).await;

    let delete_group = |arn: &str| elb.delete_target_group().target_group_arn(arn).send();
    ledger.tried("elbv2: target group in use", delete_group(&blue).await);
    // With weight 0 too: the colour that doesn't serve.
    ledger.tried("elbv2: target group in use", delete_group(&green).await);
    let rules = elb.describe_rules().listener_arn(&listener).send().await.expect("rules");
    let default = rules.rules().iter().find(|rule| rule.is_default() == Some(true)).expect("a default rule");
    let default = default.rule_arn().expect("its ARN").to_owned();
    ledger.tried("elbv2: default rule", elb.delete_rule().rule_arn(&default).send().await);

    let protect = |on: &str| {
        let attribute = LoadBalancerAttribute::builder().key("deletion_protection.enabled").value(on).build();
        elb.modify_load_balancer_attributes().load_balancer_arn(&balancer).attributes(attribute).send()
    };
    let delete_balancer = || elb.delete_load_balancer().load_balancer_arn(&balancer).send();
    protect("true").await.expect("protected");
    ledger.tried("elbv2: load balancer with deletion protection", delete_balancer().await);

    elb.delete_rule().rule_arn(rule).send().await.expect("deleted");
    delete_group(&blue).await.expect("a group goes once no rule names it");
    delete_group(&green).await.expect("a group goes once no rule names it");
    elb.delete_listener().listener_arn(&listener).send().await.expect("a listener goes, with its default rule");
    assert_eq!(support::code(elb.describe_rules().rule_arns(default).send().await), "RuleNotFound");
    protect("false").await.expect("not protected");
    delete_balancer().await.expect("what isn't protected goes");
}

pub async fn names(ledger: &mut Ledger) {
    let bench = Bench::open().await;
    let map = &bench.aws.cloudmap;
    let vpc = support::vpc(&bench.aws.ec2).await;
    map.create_private_dns_namespace().name("dev.local").vpc(&vpc).send().await.expect("a namespace");
    wait(45).await;
    let found = map.list_namespaces().send().await.expect("namespaces");
    let namespace = found.namespaces()[0].id().expect("its id").to_owned();
    let record = DnsRecord::builder().r#type(RecordType::A).ttl(10).build().expect("complete");
    let dns = DnsConfig::builder().dns_records(record).build().expect("complete");
    let call = map.create_service().name("payments").namespace_id(&namespace).dns_config(dns);
    let made = call.send().await.expect("a service");
    let service = made.service().and_then(|it| it.id()).expect("its id").to_owned();
    let call = map.register_instance().service_id(&service).instance_id("one");
    call.attributes("AWS_INSTANCE_IPV4", "10.0.0.4").send().await.expect("an instance");
    wait(5).await;

    let delete_namespace = || map.delete_namespace().id(&namespace).send();
    let delete_service = || map.delete_service().id(&service).send();
    ledger.tried("servicediscovery: namespace with a service", delete_namespace().await);
    ledger.tried("servicediscovery: cloud map service with an instance", delete_service().await);
    map.deregister_instance().service_id(&service).instance_id("one").send().await.expect("on its way");
    ledger.tried("servicediscovery: cloud map service with an instance", delete_service().await);
    wait(10).await;
    delete_service().await.expect("a service without instances goes");
    delete_namespace().await.expect("a namespace without services goes");
}

pub async fn meshes(ledger: &mut Ledger) {
    let bench = Bench::with(SandboxOptions { app_mesh: true, ..SandboxOptions::in_memory() }).await;
    let mesh = &bench.aws.appmesh;
    mesh.create_mesh().mesh_name("mesh").spec(MeshSpec::builder().build()).send().await.expect("a mesh");
    let call = mesh.create_virtual_node().mesh_name("mesh").virtual_node_name("node");
    call.spec(VirtualNodeSpec::builder().build()).send().await.expect("a node");
    let port = PortMapping::builder().port(80).protocol(PortProtocol::Http).build().expect("complete");
    let spec = VirtualRouterSpec::builder().listeners(VirtualRouterListener::builder().port_mapping(port).build());
    let call = mesh.create_virtual_router().mesh_name("mesh").virtual_router_name("router");
    call.spec(spec.build()).send().await.expect("a router");
    let target = WeightedTarget::builder().virtual_node("node").weight(1).build().expect("complete");
    let http = HttpRoute::builder()
        .action(HttpRouteAction::builder().weighted_targets(target).build().expect("complete"))
        .r#match(HttpRouteMatch::builder().prefix("/").build())
        .build();
    let call = mesh.create_route().mesh_name("mesh").virtual_router_name("router").route_name("route");
    call.spec(RouteSpec::builder().http_route(http).build()).send().await.expect("a route");

    let delete_mesh = || mesh.delete_mesh().mesh_name("mesh").send();
    let delete_node = || mesh.delete_virtual_node().mesh_name("mesh").virtual_node_name("node").send();
    let delete_router = || mesh.delete_virtual_router().mesh_name("mesh").virtual_router_name("router").send();
    ledger.tried("appmesh: mesh with contents", delete_mesh().await);
    ledger.tried("appmesh: virtual node used by a route", delete_node().await);
    ledger.tried("appmesh: router with a route", delete_router().await);
    let call = mesh.delete_route().mesh_name("mesh").virtual_router_name("router").route_name("route");
    call.send().await.expect("nothing needs a route");
    delete_router().await.expect("a router without routes goes");
    ledger.tried("appmesh: mesh with contents", delete_mesh().await);
    delete_node().await.expect("a node without routes to it goes");
    delete_mesh().await.expect("an empty mesh goes");
}
