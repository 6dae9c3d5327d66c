use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::kms::{KmsAlias, KmsKey};
use crate::engine::{Class, Gone, Life, Output, Resource};
use crate::sandbox::tests::bench::{Bench, Specimen, settle};
use crate::sandbox::tests::support::code;

pub fn policy(statements: &[Value]) -> Value {
    let root = json!({ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::123456789012:root" }, "Action": "kms:*", "Resource": "*" });
    let statements: Vec<Value> = std::iter::once(root).chain(statements.iter().cloned()).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn key() -> Specimen<KmsKey> {
    let spec = KmsKey { description: "for tests".into(), policy: policy(&[]), rotation: true, deletion_window_days: 9 };
    Specimen::new("main", "kms-key-dev", spec)
}

#[tokio::test(start_paused = true)]
async fn a_key_lives_and_is_doomed() {
    let bench = Bench::open().await;
    let mut it = key();
    let mut made = bench.live(&it).await;

    it.spec.description = "changed".into();
    it.spec.rotation = false;
    it.spec.policy = policy(&[json!({
        "Effect": "Allow", "Principal": { "Service": "sns.amazonaws.com" }, "Action": "kms:Decrypt", "Resource": "*",
    })]);
    let seen = bench.see(&it, Some(&made.id), false).await;
    let differ = bench.differences(&it, &seen[0].observed);
    assert_eq!(differ, ["description", "policy", "rotation"]);
    bench.change(&it, &mut made, differ).await;
    let seen = bench.see(&it, Some(&made.id), false).await;
    assert!(bench.differences(&it, &seen[0].observed).is_empty());

    let Gone::Scheduled(until) = bench.end(&it, &made).await else { panic!("a key is never gone at once") };
    assert!(until.starts_with("pending deletion until 20"), "{until}");
    let window =
        bench.sandbox.look(|call| call.world.kms.keys[&made.id].deletion_date.map(|date| date.since(call.now)));
    let window = window.expect("a look").expect("a date");
    assert!(window > Duration::from_secs(8 * 86_400) && window <= Duration::from_secs(9 * 86_400), "{window:?}");

    tokio::time::sleep(Duration::from_secs(10 * 86_400)).await;
    assert!(bench.see(&it, Some(&made.id), true).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_key_whose_create_was_not_answered_is_found_before_the_tag_search_knows_it() {
    let bench = Bench::open().await;
    let it = key();
    let made = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect("created");
    assert!(bench.see(&it, None, false).await.is_empty(), "not even KMS shows it yet");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let seen = bench.see(&it, None, false).await;
    assert_eq!(seen.iter().map(|seen| seen.id.as_str()).collect::<Vec<_>>(), [made.id]);
}

#[tokio::test(start_paused = true)]
async fn a_doomed_predecessor_is_told_from_the_key() {
    let bench = Bench::open().await;
    let it = key();
    let old = bench.make(&it).await;
    settle().await;
    bench.end(&it, &old).await;
    let new = bench.make(&it).await;
    settle().await;
    let seen = bench.see(&it, None, false).await;
    let live: Vec<_> = seen.iter().filter(|seen| seen.life == Life::Live).map(|seen| &seen.id).collect();
    assert_eq!(live, [&new.id]);
    assert!(seen.iter().any(|seen| seen.id == old.id && matches!(seen.life, Life::Doomed(_))));
}

#[tokio::test(start_paused = true)]
async fn an_alias_names_a_key_and_then_another() {
    let bench = Bench::open().await;
    let (first, second) = (bench.make(&key()).await, bench.make(&key()).await);
    let mut it = Specimen::new("main", "alias/key-dev", KmsAlias { key: Output::known(&first.id) });
    let mut made = bench.live(&it).await;
    let refused = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect_err("the name is taken");
    assert_eq!(refused.class, Class::Exists);

    it.spec.key = Output::known(&second.id);
    let seen = bench.see(&it, Some(&made.id), false).await;
    assert_eq!(bench.differences(&it, &seen[0].observed), ["key"]);
    bench.change(&it, &mut made, vec!["key".into()]).await;
    let seen = bench.see(&it, Some(&made.id), false).await;
    assert!(bench.differences(&it, &seen[0].observed).is_empty());
    assert_eq!(bench.end(&it, &made).await, Gone::Yes);
}

#[tokio::test(start_paused = true)]
async fn kms_refuses_what_aws_refuses() {
    let bench = Bench::open().await;
    let kms = &bench.aws.kms;
    let locked_out = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": "sns.amazonaws.com" }, "Action": "kms:*", "Resource": "*",
    }]});
    let stranger = policy(&[json!({
        "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::123456789012:role/nobody" }, "Action": "kms:Decrypt", "Resource": "*",
    })]);
    for bad in ["{".to_owned(), locked_out.to_string(), stranger.to_string()] {
        assert_eq!(code(kms.create_key().policy(bad).send().await), "MalformedPolicyDocumentException");
    }
    assert_eq!(code(kms.describe_key().key_id("nothing").send().await), "NotFoundException");
    let made = bench.make(&key()).await;
    let id = made.id.as_str();
    for days in [6, 31] {
        let call = kms.schedule_key_deletion().key_id(id).pending_window_in_days(days);
        assert_eq!(code(call.send().await), "ValidationException");
    }
    for (alias, error) in [
        ("key-dev", "InvalidAliasNameException"),
        ("alias/aws/mine", "NotAuthorizedException"),
        ("alias/", "InvalidAliasNameException"),
    ] {
        assert_eq!(code(kms.create_alias().alias_name(alias).target_key_id(id).send().await), error, "{alias}");
    }
    KmsKey::delete(&bench.aws, &made).await.expect("scheduled");
    let name = "alias/late";
    assert_eq!(code(kms.create_alias().alias_name(name).target_key_id(id).send().await), "KMSInvalidStateException");
    assert_eq!(code(kms.enable_key_rotation().key_id(id).send().await), "KMSInvalidStateException");
    assert_eq!(code(kms.schedule_key_deletion().key_id(id).send().await), "KMSInvalidStateException");
}

#[tokio::test(start_paused = true)]
async fn lists_come_in_pages() {
    let bench = Bench::open().await;
    for _ in 0..3 {
        bench.make(&key()).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let first = bench.aws.kms.list_keys().limit(2).send().await.expect("a page");
    assert_eq!((first.keys().len(), first.truncated()), (2, true));
    let second = bench.aws.kms.list_keys().limit(2).set_marker(first.next_marker).send().await.expect("a page");
    assert_eq!((second.keys().len(), second.truncated()), (1, false));
    assert_eq!(code(bench.aws.kms.list_keys().marker("nonsense").send().await), "InvalidMarkerException");
}
