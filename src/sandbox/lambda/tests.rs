use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Write};

use serde_json::json;
use zip::write::SimpleFileOptions;

use crate::aws::iam::Role;
use crate::aws::lambda::{Function, Invoker};
use crate::aws::logs::LogGroup;
use crate::engine::{Class, Output, Resource};
use crate::sandbox::tests::bench::{Bench, Specimen};
use crate::sandbox::tests::keys::key;

const LOG: &str = "/platformctl/dev/rotator";

fn package(bench: &Bench, content: &str) -> String {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("bootstrap", SimpleFileOptions::default().unix_permissions(0o755)).expect("a file");
    archive.write_all(content.as_bytes()).expect("written");
    bench.aws.packages.keep(archive.finish().expect("an archive").into_inner())
}

async fn function(bench: &Bench) -> Specimen<Function> {
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole",
    }]});
    let (policies, managed) = (BTreeMap::new(), BTreeSet::new());
    let role = Role { description: "r".into(), trust, policies, managed };
    let role = bench.make(&Specimen::new("rotator", "role-rotator-dev", role)).await;
    let log = LogGroup { retention_days: 30, key: key(bench, "main").await };
    bench.make(&Specimen::new("rotator", LOG, log)).await;
    let invoker = Invoker { service: "secretsmanager.amazonaws.com".into(), account: bench.aws.account.clone() };
    let spec = Function {
        description: "Rotates".into(),
        code: package(bench, "one"),
        architecture: "x86_64".into(),
        runtime: "provided.al2023".into(),
        role: Output::known(&role.outputs["arn"]),
        memory: 256,
        timeout_seconds: 60,
        environment: BTreeMap::from([("A".to_owned(), Output::known("b"))]),
        log_group: Output::known(LOG),
        invokers: BTreeMap::from([("secrets-manager".to_owned(), invoker)]),
    };
    Specimen::new("rotator", "rotator-dev", spec)
}

#[tokio::test(start_paused = true)]
async fn a_function_lives_and_goes() {
    let bench = Bench::open().await;
    let it = function(&bench).await;
    let made = bench.live(&it).await;
    let tries = bench.aws.log.counts()[&("Lambda".to_owned(), "CreateFunction".to_owned())];
    assert!(tries > 1, "the new role can't be assumed at first");
    let twice = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect_err("taken");
    assert_eq!(twice.class, Class::Exists, "{twice}");
    bench.end(&it, &made).await;
}

#[tokio::test(start_paused = true)]
async fn code_settings_and_invokers_are_changed_one_after_the_other() {
    let bench = Bench::open().await;
    let mut it = function(&bench).await;
    let mut made = bench.make(&it).await;
    it.spec.code = package(&bench, "two");
    it.spec.timeout_seconds = 30;
    it.spec.environment.insert("C".to_owned(), Output::known("d"));
    it.spec.invokers.clear();
    let seen = bench.see(&it, Some(&made.id), false).await;
    let differ = bench.differences(&it, &seen[0].observed);
    assert_eq!(differ, ["code", "timeout_seconds", "environment", "invokers"]);
    bench.change(&it, &mut made, differ).await;
    let seen = bench.see(&it, Some(&made.id), false).await;
    assert_eq!(bench.differences(&it, &seen[0].observed), Vec::<String>::new(), "{:?}", seen[0].observed);
    let counts = bench.aws.log.counts();
    assert!(counts[&("Lambda".to_owned(), "UpdateFunctionConfiguration".to_owned())] > 1, "it waits for the code");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_package_is_refused() {
    let bench = Bench::open().await;
    let mut it = function(&bench).await;
    it.spec.code = bench.aws.packages.keep(b"no archive".to_vec());
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    let refused = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect_err("no archive");
    assert_eq!(refused.class, Class::Invalid, "{refused}");
    it.spec.code = "never kept".into();
    let unknown = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect_err("unknown");
    assert_eq!(unknown.class, Class::Internal, "{unknown}");
}
