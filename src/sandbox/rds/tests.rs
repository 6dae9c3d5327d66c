use aws_sdk_rds::types::ServerlessV2ScalingConfiguration;

use crate::aws::ec2::{SecurityGroup, Subnet, Vpc};
use crate::aws::rds::{DbCluster, DbInstance, DbSubnetGroup};
use crate::engine::{Class, Output, Physical, Resource};
use crate::rotator::names::Names;
use crate::rotator::secret::Credentials;
use crate::rotator::sql;
use crate::sandbox::tests::bench::{Bench, Specimen};
use crate::sandbox::tests::keys::key;
use crate::sandbox::tests::support::code;

/// Subnets of two zones, and a security group.
async fn network(bench: &Bench) -> (Vec<Output<crate::aws::ec2::shared::SubnetId>>, Physical) {
    let cidr = "10.20.0.0/16".parse().expect("a range");
    let vpc = Vpc { cidr, dns_support: true, dns_hostnames: true, default_group_rules: Vec::new() };
    let vpc = bench.make(&Specimen::new("main", "vpc-dev", vpc)).await;
    let mut subnets = Vec::new();
    for (letter, third) in [("a", 1), ("b", 2)] {
        let cidr = format!("10.20.{third}.0/24").parse().expect("a range");
        let subnet = Subnet { vpc: Output::known(&vpc.id), cidr, zone: format!("us-east-1{letter}") };
        let subnet = bench.make(&Specimen::new(letter, &format!("subnet-{letter}-dev"), subnet)).await;
        subnets.push(Output::known(subnet.id));
    }
    let group = SecurityGroup { vpc: Output::known(&vpc.id), description: "db".into(), unmanaged_rules: Vec::new() };
    let group = bench.make(&Specimen::new("database", "security-group-database-dev", group)).await;
    (subnets, group)
}

struct Set {
    group: Specimen<DbSubnetGroup>,
    cluster: Specimen<DbCluster>,
    writer: Specimen<DbInstance>,
    security_group: Physical,
}

async fn set(bench: &Bench) -> Set {
    let (subnets, security_group) = network(bench).await;
    let group = DbSubnetGroup { description: "Private subnets".into(), subnets };
    let cluster = DbCluster {
        engine: "aurora-postgresql".into(),
        engine_version: "16.8".into(),
        database: "platform".into(),
        master_user: "master".into(),
        key: key(bench, "main").await,
        subnet_group: Output::known("db-subnet-group-dev"),
        security_groups: vec![Output::known(&security_group.id)],
        min_capacity: 0.5,
        max_capacity: 4.0,
        pause_after_seconds: None,
        backup_days: 1,
        deletion_protection: false,
        iam_authentication: true,
        data_api: true,
        log_exports: vec!["postgresql".into()],
        after: Vec::new(),
    };
    let writer = DbInstance {
        cluster: Output::known("db-cluster-dev"),
        engine: "aurora-postgresql".into(),
        class: "db.serverless".into(),
        public: false,
        minor_upgrades: true,
    };
    Set {
        group: Specimen::new("main", "db-subnet-group-dev", group),
        cluster: Specimen::new("main", "db-cluster-dev", cluster),
        writer: Specimen::new("writer", "db-instance-dev", writer),
        security_group,
    }
}

#[tokio::test(start_paused = true)]
async fn a_database_lives_and_goes_from_the_inside_out() {
    let bench = Bench::open().await;
    let it = set(&bench).await;
    let before = bench.sandbox.inventory().expect("a look");
    let group = bench.live(&it.group).await;
    let cluster = bench.live(&it.cluster).await;
    let writer = bench.live(&it.writer).await;
    assert!(cluster.outputs["endpoint"].starts_with("db-cluster-dev.cluster-"));
    let group_in_use = DbSubnetGroup::delete(&bench.aws, &group).await.expect_err("in use");
    assert_eq!(group_in_use.class, Class::Blocked, "{group_in_use}");
    assert_eq!(DbSubnetGroup::blockers(&bench.aws, &group).await.expect("a look"), ["cluster db-cluster-dev"]);
    let cluster_in_use = DbCluster::delete(&bench.aws, &cluster).await.expect_err("in use");
    assert_eq!(cluster_in_use.class, Class::Blocked, "{cluster_in_use}");
    assert_eq!(DbCluster::blockers(&bench.aws, &cluster).await.expect("a look"), ["instance db-instance-dev"]);
    let interface = SecurityGroup::delete(&bench.aws, &it.security_group).await.expect_err("its interface is there");
    assert_eq!(interface.class, Class::Blocked);
    let started = bench.sandbox.now();
    bench.end(&it.writer, &writer).await;
    bench.end(&it.cluster, &cluster).await;
    assert!(bench.sandbox.now().since(started).as_secs() >= 390, "both take their time");
    bench.end(&it.group, &group).await;
    assert_eq!(bench.sandbox.inventory().expect("a look"), before);
    let master = bench.sandbox.look(|call| call.world.secretsmanager.find(&cluster.outputs["master_secret"]).is_some());
    assert!(!master.expect("a look"), "the master user's secret goes with the cluster");
    SecurityGroup::delete(&bench.aws, &it.security_group).await.expect("free again");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_is_changed_in_place() {
    let bench = Bench::open().await;
    let mut it = set(&bench).await;
    bench.make(&it.group).await;
    let mut made = bench.make(&it.cluster).await;
    it.cluster.spec.min_capacity = 0.0;
    it.cluster.spec.pause_after_seconds = Some(600);
    it.cluster.spec.max_capacity = 8.0;
    it.cluster.spec.backup_days = 7;
    it.cluster.spec.data_api = false;
    it.cluster.spec.log_exports = Vec::new();
    let seen = bench.see(&it.cluster, Some(&made.id), false).await;
    let differ = bench.differences(&it.cluster, &seen[0].observed);
    assert_eq!(
        differ,
        ["min_capacity", "max_capacity", "pause_after_seconds", "backup_days", "data_api", "log_exports"]
    );
    bench.change(&it.cluster, &mut made, differ).await;
    let seen = bench.see(&it.cluster, Some(&made.id), false).await;
    assert_eq!(bench.differences(&it.cluster, &seen[0].observed), Vec::<String>::new(), "{:?}", seen[0].observed);
}

#[tokio::test(start_paused = true)]
async fn what_rds_refuses_is_refused() {
    let bench = Bench::open().await;
    let it = set(&bench).await;
    let one_zone = bench.aws.rds.create_db_subnet_group().db_subnet_group_name("x").db_subnet_group_description("x");
    let one_zone = one_zone.subnet_ids(it.group.spec.subnets[0].get().expect("known")).send().await;
    assert_eq!(code(one_zone), "DBSubnetGroupDoesNotCoverEnoughAZs");
    bench.make(&it.group).await;
    let early = it.writer.spec.create(&bench.aws, &bench.identity(&it.writer)).await.expect_err("no cluster");
    assert_eq!(early.class, Class::Settling, "it may have been made a moment ago");
    it.cluster.spec.create(&bench.aws, &bench.identity(&it.cluster)).await.expect("created");
    let twice = it.cluster.spec.create(&bench.aws, &bench.identity(&it.cluster)).await.expect_err("taken");
    assert_eq!(twice.class, Class::Exists);
    let early = it.writer.spec.create(&bench.aws, &bench.identity(&it.writer)).await.expect_err("still creating");
    assert_eq!(early.class, Class::Blocked, "{early}");
    tokio::time::sleep(std::time::Duration::from_secs(121)).await;
    let odd = bench.aws.rds.modify_db_cluster().db_cluster_identifier("db-cluster-dev").apply_immediately(true);
    let capacity = ServerlessV2ScalingConfiguration::builder().min_capacity(0.3).max_capacity(4.0).build();
    assert_eq!(code(odd.serverless_v2_scaling_configuration(capacity).send().await), "InvalidParameterValue");
    let snapshot = bench.aws.rds.delete_db_cluster().db_cluster_identifier("db-cluster-dev").send().await;
    assert_eq!(code(snapshot), "InvalidParameterCombination");
}

#[tokio::test(start_paused = true)]
async fn the_data_api_logs_in_with_what_a_secret_holds() {
    let bench = Bench::open().await;
    let it = set(&bench).await;
    bench.make(&it.group).await;
    let cluster = bench.make(&it.cluster).await;
    let (arn, master) = (cluster.outputs["arn"].clone(), cluster.outputs["master_secret"].clone());
    let run = |secret: &str, sql: &str| {
        bench.aws.data.execute_statement().resource_arn(&arn).secret_arn(secret).sql(sql).database("platform").send()
    };
    assert_eq!(code(run(&master, "SELECT 1").await), "DatabaseUnavailableException");
    bench.make(&it.writer).await;
    let names = Names::of("payments");
    let user = Credentials { database: None, username: "payments_a".into(), password: "it's".into() };
    for statement in [sql::prepare(&names, "platform"), sql::set_user(&names, "platform", &user)].concat() {
        run(&master, &statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
    let keep = |name: &'static str, password: &str| {
        let text = Credentials { password: password.to_owned(), ..user.clone() }.to_json();
        let made =
            bench.sandbox.look(|call| crate::sandbox::secretsmanager::keep_for_service(call, name, "", text, "t"));
        made.expect("a look")
    };
    let (right, wrong) = (keep("x!right", "it's"), keep("x!wrong", "its"));
    let answer = run(&right, &sql::who(&names)).await.expect("logged in");
    let row: Vec<_> = answer.records()[0].iter().filter_map(|field| field.as_string_value().ok()).collect();
    assert_eq!(row, ["payments_a", "true"]);
    assert_eq!(code(run(&wrong, &sql::who(&names)).await), "DatabaseErrorException");
    assert_eq!(code(run(&right, "DROP ROLE payments").await), "DatabaseErrorException");
}

#[tokio::test(start_paused = true)]
async fn a_database_that_may_pause_is_woken_by_the_first_request() {
    let bench = Bench::open().await;
    let mut it = set(&bench).await;
    (it.cluster.spec.min_capacity, it.cluster.spec.pause_after_seconds) = (0.0, Some(300));
    bench.make(&it.group).await;
    let cluster = bench.make(&it.cluster).await;
    bench.make(&it.writer).await;
    let (arn, master) = (cluster.outputs["arn"].clone(), cluster.outputs["master_secret"].clone());
    let run = || {
        let sql = "REVOKE ALL ON SCHEMA public FROM PUBLIC";
        bench.aws.data.execute_statement().resource_arn(&arn).secret_arn(&master).sql(sql).database("platform").send()
    };
    let pass = |seconds| tokio::time::sleep(std::time::Duration::from_secs(seconds));
    run().await.expect("awake");
    pass(290).await;
    run().await.expect("still awake, and awake for longer now");
    pass(290).await;
    run().await.expect("still awake");
    for (asleep, resuming) in [(400, 14), (100_000, 39)] {
        pass(asleep).await;
        assert_eq!(code(run().await), "DatabaseResumingException");
        pass(resuming).await;
        assert_eq!(code(run().await), "DatabaseResumingException");
        pass(2).await;
        run().await.expect("it has resumed");
        pass(200).await;
        run().await.expect("and stays awake");
    }
}
