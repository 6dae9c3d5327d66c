use std::collections::BTreeMap;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, CreateBucketConfiguration, ExpirationStatus, LifecycleRule, LifecycleRuleFilter,
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use serde_json::{Value, json};

use super::state::Version;
use crate::aws::s3::{Bucket, Lifecycle};
use crate::engine::{Class, Life, Physical, Resource};
use crate::sandbox::tests::bench::{Bench, Specimen, settle};
use crate::sandbox::tests::keys::key;
use crate::sandbox::tests::support::code;

const NAME: &str = "bucket-payments-dev-123456789012";

fn policy(bucket: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{
        "Sid": "DenyPlainText", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    }] })
}

fn plain() -> Specimen<Bucket> {
    let spec = Bucket {
        ownership: "BucketOwnerEnforced".to_owned(),
        key: None,
        versioning: false,
        public_access_blocked: true,
        policy: policy(NAME),
        lifecycle: Lifecycle { expire_days: Some(90), expire_older_versions_days: None, abort_uploads_days: 7 },
    };
    Specimen::new("payments", NAME, spec)
}

/// How often each operation of S3 was called.
fn calls(bench: &Bench) -> BTreeMap<String, u64> {
    let counts = bench.aws.log.counts().into_iter().filter(|((service, _), _)| service == "S3");
    counts.map(|((_, operation), count)| (operation, count)).collect()
}

async fn put(bench: &Bench, key: &str) {
    let call = bench.aws.s3.put_object().bucket(NAME).key(key).body(ByteStream::from_static(b"content"));
    call.send().await.expect("written");
}

#[tokio::test(start_paused = true)]
async fn a_bucket_lives_and_goes_with_all_that_is_in_it() {
    let bench = Bench::open().await;
    let mut it = plain();
    it.spec.key = Some(key(&bench, "main").await);
    it.spec.versioning = true;
    let made = bench.live(&it).await;
    assert_eq!(made.outputs["arn"], format!("arn:aws:s3:::{NAME}"));

    for object in ["a", "a", "b"] {
        put(&bench, object).await;
    }
    bench.aws.s3.delete_object().bucket(NAME).key("a").send().await.expect("hidden");
    bench.aws.s3.create_multipart_upload().bucket(NAME).key("c").send().await.expect("begun");
    assert_eq!(code(bench.aws.s3.delete_bucket().bucket(NAME).send().await), "BucketNotEmpty");
    let blockers = Bucket::blockers(&bench.aws, &made).await.expect("a look");
    assert!(blockers.len() == 4 && blockers.iter().all(|text| text.starts_with("object ")), "{blockers:?}");

    bench.end(&it, &made).await;
    assert!(bench.sandbox.inventory().expect("a look").iter().all(|line| !line.starts_with("s3:")));
}

#[tokio::test(start_paused = true)]
async fn settings_are_changed_one_by_one_and_again() {
    let bench = Bench::open().await;
    let mut it = plain();
    let mut made = bench.make(&it).await;
    it.spec.key = Some(key(&bench, "main").await);
    it.spec.versioning = true;
    it.spec.lifecycle.expire_older_versions_days = Some(30);
    it.spec.policy["Statement"][0]["Sid"] = json!("Changed");
    for _ in 0..2 {
        let fields = ["key", "lifecycle", "policy", "versioning"].map(str::to_owned).to_vec();
        bench.change(&it, &mut made, fields).await;
        let seen = bench.see(&it, None, false).await;
        assert!(bench.differences(&it, &seen[0].observed).is_empty(), "{:?}", seen[0].observed);
    }
    it.spec.versioning = false;
    bench.change(&it, &mut made, vec!["versioning".into()]).await;
    let seen = bench.see(&it, None, false).await;
    assert!(bench.differences(&it, &seen[0].observed).is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_recorded_is_seen_with_a_call_for_each_setting() {
    let bench = Bench::open().await;
    let it = plain();
    let made = bench.live(&it).await;
    let before = calls(&bench);
    assert_eq!(bench.see(&it, Some(&made.id), false).await.len(), 1);
    let mut after = calls(&bench);
    after.retain(|operation, count| {
        *count -= before.get(operation).copied().unwrap_or_default();
        *count > 0
    });
    let settings = ["Encryption", "LifecycleConfiguration", "OwnershipControls", "Policy", "Versioning"];
    let mut expected: BTreeMap<String, u64> = settings.map(|one| (format!("GetBucket{one}"), 1)).into();
    expected.insert("GetPublicAccessBlock".to_owned(), 1);
    assert_eq!(after, expected);
}

#[tokio::test(start_paused = true)]
async fn a_full_bucket_is_emptied_page_by_page() {
    let bench = Bench::open().await;
    let it = plain();
    let made = bench.make(&it).await;
    let fill = |call: &mut crate::sandbox::call::Call<'_>| {
        let now = call.now;
        let bucket = call.world.s3.buckets.get_mut(NAME).expect("the bucket");
        for object in 0..2500 {
            let version = Version { id: "null".into(), at: now, size: Some(1) };
            bucket.objects.insert(format!("logs/{object:04}"), vec![version]);
        }
    };
    bench.sandbox.look(fill).expect("filled");
    Bucket::delete(&bench.aws, &made).await.expect("deleted");
    let calls = calls(&bench);
    assert_eq!((calls["DeleteObjects"], calls["ListObjectVersions"], calls["DeleteBucket"]), (3, 4, 1));
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_bucket_of_our_name_is_shown_as_such() {
    let bench = Bench::open().await;
    bench.aws.s3.create_bucket().bucket(NAME).send().await.expect("created");
    let seen = bench.see(&plain(), None, false).await;
    assert_eq!(seen[0].tags.as_ref().map(BTreeMap::len), Some(0));
    assert_eq!(seen[0].life, Life::Live);
}

#[tokio::test(start_paused = true)]
async fn a_name_is_not_to_be_had_while_another_account_has_it_or_right_after_its_end() {
    let bench = Bench::open().await;
    let it = plain();
    let taken = |call: &mut crate::sandbox::call::Call<'_>| {
        call.world.s3.taken.insert(NAME.into());
    };
    bench.sandbox.look(taken).expect("taken");
    let identity = bench.identity(&it);
    let failure = it.spec.create(&bench.aws, &identity).await.expect_err("taken");
    assert_eq!((failure.class, failure.code.as_deref()), (Class::Exists, Some("BucketAlreadyExists")));
    bench.sandbox.look(|call| call.world.s3.taken.clear()).expect("freed");

    it.spec.create(&bench.aws, &identity).await.expect("created");
    it.spec.create(&bench.aws, &identity).await.expect("in us-east-1, creating it again is no error");
    let made = Physical { key: it.key.clone(), name: NAME.into(), id: NAME.into(), outputs: Default::default() };
    bench.end(&it, &made).await;
    let failure = it.spec.create(&bench.aws, &identity).await.expect_err("too early");
    assert_eq!(failure.class, Class::Blocked);
    bench.live(&it).await;
}

#[tokio::test(start_paused = true)]
async fn the_load_balancer_writes_to_a_bucket_that_lets_it() {
    let bench = Bench::open().await;
    let mut it = plain();
    let accepts = |bench: &Bench| {
        let look = bench.sandbox.look(|call| call.world.s3.accepts_access_logs(NAME, "", "123456789012"));
        look.expect("a look")
    };
    let mut made = bench.make(&it).await;
    assert!(!accepts(&bench), "its policy lets nobody in");
    let statements = it.spec.policy["Statement"].as_array_mut().expect("statements");
    statements.push(json!({
        "Effect": "Allow", "Principal": { "Service": "logdelivery.elasticloadbalancing.amazonaws.com" },
        "Action": "s3:PutObject", "Resource": format!("arn:aws:s3:::{NAME}/AWSLogs/123456789012/*"),
    }));
    bench.change(&it, &mut made, vec!["policy".into()]).await;
    assert!(accepts(&bench));
    it.spec.key = Some(key(&bench, "main").await);
    bench.change(&it, &mut made, vec!["key".into()]).await;
    assert!(!accepts(&bench), "log delivery has no key");
}

#[tokio::test(start_paused = true)]
async fn what_s3_refuses() {
    let bench = Bench::open().await;
    let s3 = &bench.aws.s3;
    assert_eq!(code(s3.create_bucket().bucket("Bucket").send().await), "InvalidBucketName");
    let here = CreateBucketConfiguration::builder().location_constraint("us-east-1".into()).build();
    let placed = s3.create_bucket().bucket(NAME).create_bucket_configuration(here);
    assert_eq!(code(placed.send().await), "InvalidLocationConstraint");
    let elsewhere = CreateBucketConfiguration::builder().location_constraint("eu-west-1".into()).build();
    let placed = s3.create_bucket().bucket(NAME).create_bucket_configuration(elsewhere);
    assert_eq!(code(placed.send().await), "IllegalLocationConstraintException");
    assert_eq!(code(s3.delete_bucket().bucket(NAME).send().await), "NoSuchBucket");

    s3.create_bucket().bucket(NAME).send().await.expect("created");
    let early = s3.put_bucket_policy().bucket(NAME).policy(policy(NAME).to_string());
    assert_eq!(code(early.send().await), "NoSuchBucket", "its settings can't be changed at once");
    settle().await;
    assert_eq!(code(s3.get_bucket_policy().bucket(NAME).send().await), "NoSuchBucketPolicy");
    assert_eq!(code(s3.get_bucket_tagging().bucket(NAME).send().await), "NoSuchTagSet");
    let lifecycle = s3.get_bucket_lifecycle_configuration().bucket(NAME);
    assert_eq!(code(lifecycle.send().await), "NoSuchLifecycleConfiguration");

    let policies = [
        ("not JSON".to_owned(), "MalformedPolicy"),
        (policy("another-bucket").to_string(), "MalformedPolicy"),
        (policy(NAME).to_string().replace("s3:*", "ec2:*"), "MalformedPolicy"),
        (
            policy(NAME).to_string().replace("Deny\"", "Allow\"").replace("\"Condition\"", "\"NotThere\""),
            "MalformedPolicy",
        ),
    ];
    for (text, expected) in policies {
        assert_eq!(code(s3.put_bucket_policy().bucket(NAME).policy(&text).send().await), expected, "{text}");
    }
    let mut open = policy(NAME);
    open["Statement"][0]["Effect"] = json!("Allow");
    open["Statement"][0].as_object_mut().expect("a statement").remove("Condition");
    assert_eq!(code(s3.put_bucket_policy().bucket(NAME).policy(open.to_string()).send().await), "AccessDenied");

    let default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(ServerSideEncryption::Aes256)
        .kms_master_key_id("arn:aws:kms:us-east-1:123456789012:key/x");
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(default.build().expect("complete"))
        .build();
    let encryption = ServerSideEncryptionConfiguration::builder().rules(rule).build().expect("complete");
    let call = s3.put_bucket_encryption().bucket(NAME).server_side_encryption_configuration(encryption);
    assert_eq!(code(call.send().await), "InvalidArgument");

    let rule = LifecycleRule::builder().status(ExpirationStatus::Enabled).id("x");
    let rule = rule.filter(LifecycleRuleFilter::builder().prefix("").build()).build().expect("complete");
    let rules = BucketLifecycleConfiguration::builder().rules(rule).build().expect("complete");
    let call = s3.put_bucket_lifecycle_configuration().bucket(NAME).lifecycle_configuration(rules);
    assert_eq!(code(call.send().await), "InvalidRequest");
}
