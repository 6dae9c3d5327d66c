use serde_json::json;

use crate::aws::kms::KmsKey;
use crate::aws::logs::LogGroup;
use crate::engine::{Class, Gone, Output, Resource};
use crate::sandbox::tests::bench::{Bench, Specimen, settle};
use crate::sandbox::tests::support::code;

/// A key that CloudWatch Logs may use for the groups of the environment `dev`; its ARN.
async fn key(bench: &Bench) -> String {
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::123456789012:root" }, "Action": "kms:*", "Resource": "*" },
        { "Effect": "Allow", "Principal": { "Service": "logs.us-east-1.amazonaws.com" }, "Resource": "*",
          "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
          "Condition": { "ArnLike": { "kms:EncryptionContext:aws:logs:arn": bench.arn("logs", "log-group:/platformctl/dev/*") } } },
    ]});
    let spec = KmsKey { description: String::new(), policy, rotation: false, deletion_window_days: 7 };
    bench.make(&Specimen::new("main", "kms-key-dev", spec)).await.outputs["arn"].clone()
}

fn group(name: &str, key: &str) -> Specimen<LogGroup> {
    Specimen::new("app", name, LogGroup { retention_days: 30, key: Output::known(key) })
}

#[tokio::test(start_paused = true)]
async fn a_log_group_lives() {
    let bench = Bench::open().await;
    let mut it = group("/platformctl/dev/payments", &key(&bench).await);
    let mut made = bench.live(&it).await;
    assert_eq!(made.outputs["arn"], bench.arn("logs", "log-group:/platformctl/dev/payments"));

    it.spec.retention_days = 7;
    it.spec.key = Output::known(key(&bench).await);
    let seen = bench.see(&it, Some(&made.id), false).await;
    let differ = bench.differences(&it, &seen[0].observed);
    assert_eq!(differ, ["retention_days", "key"]);
    bench.change(&it, &mut made, differ).await;
    let seen = bench.see(&it, Some(&made.id), false).await;
    assert!(bench.differences(&it, &seen[0].observed).is_empty());
    assert_eq!(bench.end(&it, &made).await, Gone::Yes);
}

#[tokio::test(start_paused = true)]
async fn a_log_group_with_a_name_of_aws_is_found_too_and_its_neighbours_are_not() {
    let bench = Bench::open().await;
    let key = key(&bench).await;
    let logs = &bench.aws.logs;
    let name = "/aws/ecs/containerinsights/cluster-dev/performance";
    logs.create_log_group().log_group_name(format!("{name}-2")).send().await.expect("a neighbour");
    logs.create_log_group().log_group_name(name).send().await.expect("AWS writes it");
    settle().await;
    let it = group(name, &key);
    let seen = bench.see(&it, None, false).await;
    assert_eq!(seen.len(), 1);
    let unclaimed = crate::engine::Tags::from([("platformctl:environment-id".to_owned(), String::new())]);
    assert_eq!((seen[0].name.as_str(), seen[0].tags.clone()), (name, Some(unclaimed)), "it is there to be taken up");
    assert_eq!(bench.differences(&it, &seen[0].observed), ["retention_days", "key"]);
}

#[tokio::test(start_paused = true)]
async fn a_log_group_of_somebody_else_shows_that_it_has_no_tags_of_ours() {
    let bench = Bench::open().await;
    let it = group("/platformctl/dev/payments", &key(&bench).await);
    bench.aws.logs.create_log_group().log_group_name(&it.name).send().await.expect("somebody else's");
    settle().await;
    assert_eq!(bench.see(&it, None, false).await[0].tags, Some(Default::default()));
    let refused = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect_err("the name is taken");
    assert_eq!(refused.class, Class::Exists);
}

#[tokio::test(start_paused = true)]
async fn logs_sees_a_new_key_policy_a_moment_later() {
    let bench = Bench::open().await;
    let it = group("/platformctl/dev/payments", &key(&bench).await);
    let refused = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect_err("too early");
    assert_eq!(refused.class, Class::Settling, "{refused}");
    bench.make(&it).await;
}

#[tokio::test(start_paused = true)]
async fn logs_refuses_what_aws_refuses() {
    let bench = Bench::open().await;
    let key = key(&bench).await;
    settle().await;
    let logs = &bench.aws.logs;
    let create = |name: &str| logs.create_log_group().log_group_name(name);
    let invalid = "InvalidParameterException";
    assert_eq!(code(create("no spaces").send().await), invalid);
    assert_eq!(
        code(create("/platformctl/prod/x").kms_key_id(&key).send().await),
        invalid,
        "not what the policy allows"
    );
    assert_eq!(code(create("/platformctl/dev/x").kms_key_id("alias/key-dev").send().await), invalid);
    create("/platformctl/dev/x").kms_key_id(&key).send().await.expect("created");
    assert_eq!(code(create("/platformctl/dev/x").send().await), "ResourceAlreadyExistsException");
    let retention = |name: &str, days| logs.put_retention_policy().log_group_name(name).retention_in_days(days);
    assert_eq!(code(retention("/platformctl/dev/x", 31).send().await), invalid);
    assert_eq!(code(retention("/platformctl/dev/y", 30).send().await), "ResourceNotFoundException");
    bench.aws.kms.schedule_key_deletion().key_id(&key).send().await.expect("scheduled");
    assert_eq!(
        code(create("/platformctl/dev/y").kms_key_id(&key).send().await),
        invalid,
        "a key that is pending deletion"
    );
}
