use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_servicediscovery::types::{DnsConfig, DnsRecord, HealthCheckConfig, HealthCheckType, RecordType};

use crate::aws::cloudmap::{DiscoveryService, Namespace};
use crate::aws::ec2::Vpc;
use crate::engine::{Class, Gone, Life, Output, Physical, Readiness, Resource};
use crate::sandbox::tests::bench::{Bench, Specimen, settle};
use crate::sandbox::tests::support::code;

async fn vpc(bench: &Bench) -> String {
    let spec = Vpc {
        cidr: "10.20.0.0/16".parse().expect("a range"),
        dns_support: true,
        dns_hostnames: true,
        default_group_rules: Vec::new(),
    };
    bench.make(&Specimen::new("main", "vpc-dev", spec)).await.id
}

async fn namespace(bench: &Bench) -> Specimen<Namespace> {
    Specimen::new("services", "dev.local", Namespace { vpc: Output::known(vpc(bench).await) })
}

fn service(namespace: &Physical) -> Specimen<DiscoveryService> {
    let namespace = Output::known(namespace.output("id").expect("a namespace has an id"));
    Specimen::new("payments", "payments", DiscoveryService { namespace, ttl_seconds: 10 })
}

async fn register(bench: &Bench, service: &str, id: &str) {
    let call = bench.aws.cloudmap.register_instance().service_id(service).instance_id(id);
    call.attributes("AWS_INSTANCE_IPV4", "10.20.1.1").send().await.expect("registered");
}

#[tokio::test(start_paused = true)]
async fn a_namespace_takes_its_time_both_ways() {
    let bench = Bench::open().await;
    let it = namespace(&bench).await;
    let started = bench.sandbox.now();
    let made = bench.make(&it).await;
    assert!(bench.sandbox.now().since(started) >= Duration::from_secs(45));
    assert!(made.outputs["id"].starts_with("ns-") && made.outputs["arn"].ends_with(&made.outputs["id"]));
    settle().await;

    let seen = bench.see(&it, Some(&made.id), false).await;
    assert_eq!((seen.len(), &seen[0].id, &seen[0].key), (1, &made.id, &it.key), "what is recorded keeps its id");
    assert_eq!(seen[0].tags, Some(bench.identity(&it).tags));
    let seen = bench.see(&it, None, false).await;
    assert_eq!((seen.len(), &seen[0].id), (1, &made.outputs["id"]), "what is found has its own");
    let found = Physical { id: seen[0].id.clone(), outputs: seen[0].outputs.clone(), ..made.clone() };
    let ready = it.spec.ready(&bench.aws, &found).await.expect("a look");
    assert!(matches!(ready, Readiness::Ready(outputs) if outputs["arn"] == made.outputs["arn"]));

    let ordered = bench.sandbox.now();
    bench.end(&it, &found).await;
    assert!(bench.sandbox.now().since(ordered) >= Duration::from_secs(45));
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_is_being_made_is_neither_lost_nor_made_twice() {
    let bench = Bench::open().await;
    let it = namespace(&bench).await;
    let created = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect("begun");
    let failure = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect_err("under way");
    assert_eq!(failure.class, Class::Blocked);
    let seen = bench.see(&it, Some(&created.id), false).await;
    assert_eq!((seen.len(), &seen[0].id, &seen[0].life), (1, &created.id, &Life::Live));
    assert!(bench.see(&it, None, false).await.is_empty(), "without the record, there is nothing to be seen yet");
    let made = Physical { key: it.key.clone(), name: it.name.clone(), id: created.id, outputs: created.outputs };
    let ready = it.spec.ready(&bench.aws, &made).await.expect("a look");
    assert!(matches!(ready, Readiness::Waiting(_)));
    let failure = Namespace::delete(&bench.aws, &made).await.expect_err("under way");
    assert_eq!(failure.class, Class::Blocked);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let failure = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect_err("done");
    assert_eq!(failure.class, Class::Exists);
    bench.end(&it, &made).await;
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_was_left_behind_is_in_the_way() {
    let bench = Bench::open().await;
    let it = namespace(&bench).await;
    let zone = (it.spec.vpc.get().expect("known").to_owned(), "dev.local".to_owned());
    let leave = |call: &mut crate::sandbox::call::Call<'_>| {
        call.world.servicediscovery.orphaned_zones.insert(zone.clone());
    };
    bench.sandbox.look(leave).expect("left");
    let created = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect("begun");
    tokio::time::sleep(Duration::from_secs(60)).await;
    let made = Physical { key: it.key.clone(), name: it.name.clone(), id: created.id, outputs: created.outputs };
    let Readiness::Failed(failure) = it.spec.ready(&bench.aws, &made).await.expect("a look") else {
        panic!("it can't be made");
    };
    assert!(failure.message.contains("ConflictingDomainExists") && failure.remedy.is_some(), "{failure}");
    assert_eq!(Namespace::delete(&bench.aws, &made).await.expect_err("nothing is there").class, Class::Absent);
    assert_eq!(Namespace::gone(&bench.aws, &made).await.expect("a look"), Gone::Yes);
}

#[tokio::test(start_paused = true)]
async fn the_same_name_in_another_vpc_is_nobodys_business() {
    let bench = Bench::open().await;
    let it = namespace(&bench).await;
    let other = vpc(&bench).await;
    let call = bench.aws.cloudmap.create_private_dns_namespace().name("dev.local").vpc(other);
    call.send().await.expect("begun");
    let made = bench.make(&it).await;
    settle().await;
    let seen = bench.see(&it, Some(&made.id), true).await;
    assert_eq!(seen.iter().map(|seen| &seen.outputs["id"]).collect::<Vec<_>>(), [&made.outputs["id"]]);
}

#[tokio::test(start_paused = true)]
async fn a_service_lives_changes_and_goes_with_its_instances() {
    let bench = Bench::open().await;
    let home = namespace(&bench).await;
    let within = bench.make(&home).await;
    let mut it = service(&within);
    let mut made = bench.live(&it).await;
    it.spec.ttl_seconds = 30;
    let seen = bench.see(&it, Some(&made.id), false).await;
    let differ = bench.differences(&it, &seen[0].observed);
    assert_eq!(differ, ["ttl_seconds"]);
    bench.change(&it, &mut made, differ).await;
    assert!(bench.differences(&it, &bench.see(&it, None, false).await[0].observed).is_empty());

    register(&bench, &made.id, "task-1").await;
    let blockers = DiscoveryService::blockers(&bench.aws, &made).await.expect("a look");
    assert_eq!(blockers, ["instance task-1 (10.20.1.1)"]);
    assert_eq!(Namespace::blockers(&bench.aws, &within).await.expect("a look"), ["service payments"]);
    let failure = Namespace::delete(&bench.aws, &within).await.expect_err("it has a service");
    assert_eq!((failure.class, failure.code.as_deref()), (Class::Blocked, Some("ResourceInUse")));
    let failure = DiscoveryService::delete(&bench.aws, &made).await.expect_err("it is being emptied");
    assert_eq!(failure.class, Class::Blocked);
    let failure = DiscoveryService::delete(&bench.aws, &made).await.expect_err("it still is");
    assert_eq!(failure.class, Class::Blocked);
    bench.end(&it, &made).await;
    bench.end(&home, &within).await;
    assert!(bench.sandbox.inventory().expect("a look").iter().all(|line| !line.starts_with("servicediscovery:")));
}

#[tokio::test(start_paused = true)]
async fn a_service_is_found_by_its_id_where_nothing_tells_its_namespace() {
    let bench = Bench::open().await;
    let within = bench.make(&namespace(&bench).await).await;
    let it = service(&within);
    let made = bench.make(&it).await;
    let target = crate::engine::Target {
        key: it.key.clone(),
        name: it.name.clone(),
        id: Some(made.id.clone()),
        recorded: made.outputs.clone(),
        spec: serde_json::Value::Null,
    };
    let targets = [target];
    let scope = crate::engine::Scope {
        suffix: "dev",
        environment_id: None,
        targets: &targets,
        tagged: &[],
        sweep: false,
        answers: &crate::engine::Answers::default(),
    };
    let seen = DiscoveryService::find(&bench.aws, &scope).await.expect("a look");
    assert_eq!(seen.iter().map(|seen| &seen.id).collect::<Vec<_>>(), [&made.id]);
}

#[tokio::test(start_paused = true)]
async fn tasks_are_attached_and_detached_without_calls() {
    let bench = Bench::open().await;
    let within = bench.make(&namespace(&bench).await).await;
    let made = bench.make(&service(&within)).await;
    let arn = made.outputs["arn"].clone();
    let discovered = async || {
        let call = bench.aws.cloudmap.discover_instances().namespace_name("dev.local").service_name("payments");
        let found = call.send().await.expect("found");
        found
            .instances()
            .iter()
            .map(|instance| instance.instance_id().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let attach = |call: &mut crate::sandbox::call::Call<'_>| {
        let (now, state) = (call.now, &mut call.world.servicediscovery);
        for id in ["one", "two"] {
            let attributes = BTreeMap::from([("AWS_INSTANCE_IPV4".to_owned(), "10.20.1.1".to_owned())]);
            assert!(state.attach(&arn, id, attributes, now));
        }
        assert!(!state.attach("srv-none", "x", BTreeMap::new(), now));
    };
    bench.sandbox.look(attach).expect("attached");
    assert_eq!(discovered().await, ["one", "two"]);
    bench.sandbox.look(|call| call.world.servicediscovery.set_health(&arn, "one", false)).expect("unwell");
    assert_eq!(discovered().await, ["two"]);
    let detach = |call: &mut crate::sandbox::call::Call<'_>| {
        let at = call.now + Duration::from_secs(60);
        call.world.servicediscovery.detach(&arn, "two", at)
    };
    assert!(bench.sandbox.look(detach).expect("detached"));
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert_eq!(discovered().await, ["two"]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(discovered().await, ["one"], "where none is well, all are told");
}

#[tokio::test(start_paused = true)]
async fn what_cloud_map_refuses() {
    let bench = Bench::open().await;
    let cloudmap = &bench.aws.cloudmap;
    let within = bench.make(&namespace(&bench).await).await;
    let id = within.outputs["id"].clone();
    let create = |name: &str, vpc: &str| cloudmap.create_private_dns_namespace().name(name).vpc(vpc);
    assert_eq!(code(create("x.local", "vpc-0123456789abcdef0").send().await), "InvalidInput");
    let vpc = bench.sandbox.look(|call| call.world.servicediscovery.namespaces[&id].vpc.clone()).expect("a look");
    assert_eq!(code(create("-x.local", &vpc).send().await), "InvalidInput");
    assert_eq!(code(create("dev.local", &vpc).send().await), "NamespaceAlreadyExists");

    let dns = |kind, ttl| {
        let record = DnsRecord::builder().r#type(kind).ttl(ttl).build().expect("complete");
        DnsConfig::builder().dns_records(record).build().expect("complete")
    };
    let service = |namespace: &str| cloudmap.create_service().name("a").namespace_id(namespace);
    let good = || service(&id).dns_config(dns(RecordType::A, 10));
    assert_eq!(code(service("ns-none").dns_config(dns(RecordType::A, 10)).send().await), "NamespaceNotFound");
    assert_eq!(code(service(&id).dns_config(dns(RecordType::A, -1)).send().await), "InvalidInput");
    let check = HealthCheckConfig::builder().r#type(HealthCheckType::Http).build().expect("complete");
    assert_eq!(code(good().health_check_config(check).send().await), "InvalidInput");
    let made = good().send().await.expect("made").service.and_then(|made| made.id).expect("an id");
    assert_eq!(code(good().send().await), "ServiceAlreadyExists");

    let instance = cloudmap.register_instance().service_id(&made).instance_id("one");
    assert_eq!(code(instance.attributes("AWS_INSTANCE_IPV4", "one").send().await), "InvalidInput");
    register(&bench, &made, "one").await;
    let deregister = || cloudmap.deregister_instance().service_id(&made).instance_id("one");
    deregister().send().await.expect("begun");
    assert_eq!(code(deregister().send().await), "DuplicateRequest");
    assert_eq!(code(cloudmap.delete_service().id(&made).send().await), "ResourceInUse");
    settle().await;
    assert_eq!(code(deregister().send().await), "InstanceNotFound");
    cloudmap.delete_service().id(&made).send().await.expect("deleted");
    assert_eq!(code(cloudmap.get_service().id(&made).send().await), "ServiceNotFound");
    assert_eq!(code(cloudmap.get_operation().operation_id("none").send().await), "OperationNotFound");
}
