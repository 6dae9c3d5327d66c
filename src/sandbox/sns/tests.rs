use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::sns::{Subscription, Topic};
use crate::engine::{Gone, Output, Resource};
use crate::sandbox::tests::bench::{Bench, Specimen, settle};
use crate::sandbox::tests::support::code;

async fn key(bench: &Bench) -> Output<crate::aws::kms::KmsKeyArn> {
    let key = bench.aws.kms.create_key().send().await.expect("a key").key_metadata.and_then(|key| key.arn);
    Output::known(key.expect("its ARN"))
}

fn policy(bench: &Bench, service: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": service }, "Action": "sns:Publish", "Resource": bench.arn("sns", "topic-alarms-dev"),
    }]})
}

async fn topic(bench: &Bench) -> Specimen<Topic> {
    let spec = Topic { key: key(bench).await, policy: policy(bench, "cloudwatch.amazonaws.com") };
    Specimen::new("alarms", "topic-alarms-dev", spec)
}

#[tokio::test(start_paused = true)]
async fn a_topic_lives() {
    let bench = Bench::open().await;
    let mut it = topic(&bench).await;
    let mut made = bench.live(&it).await;
    let again = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect("the same topic");
    assert_eq!(again.id, made.id);

    it.spec.key = key(&bench).await;
    it.spec.policy = policy(&bench, "events.amazonaws.com");
    let seen = bench.see(&it, Some(&made.id), false).await;
    let differ = bench.differences(&it, &seen[0].observed);
    assert_eq!(differ, ["key", "policy"]);
    bench.change(&it, &mut made, differ).await;
    let seen = bench.see(&it, Some(&made.id), false).await;
    assert!(bench.differences(&it, &seen[0].observed).is_empty());
    assert_eq!(bench.end(&it, &made).await, Gone::Yes);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_is_pending_until_somebody_confirms() {
    let bench = Bench::open().await;
    let topic = bench.make(&topic(&bench).await).await;
    let arn = Output::known(&topic.id);
    let spec = Subscription { topic: arn, protocol: "email".into(), endpoint: "ops@example.com".into() };
    let it = Specimen::new("alarms-1", "sns-subscription-alarms-1-dev", spec);
    let made = bench.live(&it).await;
    assert_eq!(made.outputs["state"], "pending confirmation");

    // Nobody can take back what was not confirmed.
    Subscription::delete(&bench.aws, &made).await.expect("nothing to do");
    assert_eq!(bench.see(&it, Some(&made.id), false).await.len(), 1);

    let confirm = |call: &mut crate::sandbox::call::Call<'_>| {
        call.world.sns.topics.get_mut(&topic.id).map(|topic| topic.subscriptions[0].confirmed = true)
    };
    bench.sandbox.look(confirm).expect("a look");
    let seen = bench.see(&it, Some(&made.id), false).await;
    assert_eq!((seen[0].id.as_str(), seen[0].outputs["state"].as_str()), (made.id.as_str(), "confirmed"));
    assert_eq!(bench.end(&it, &made).await, Gone::Yes);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_confirms_goes_by_itself() {
    let bench = Bench::open().await;
    let topic = bench.make(&topic(&bench).await).await;
    let subscribe = || bench.aws.sns.subscribe().topic_arn(&topic.id).protocol("email").endpoint("ops@example.com");
    subscribe().send().await.expect("subscribed");
    subscribe().send().await.expect("the same");
    let count = async || {
        let list = bench.aws.sns.list_subscriptions_by_topic().topic_arn(&topic.id).send().await.expect("a list");
        list.subscriptions().len()
    };
    assert_eq!(count().await, 1);
    tokio::time::sleep(Duration::from_secs(49 * 3600)).await;
    assert_eq!(count().await, 0);
}

#[tokio::test(start_paused = true)]
async fn sns_refuses_what_aws_refuses() {
    let bench = Bench::open().await;
    let sns = &bench.aws.sns;
    let invalid = "InvalidParameter";
    assert_eq!(code(sns.create_topic().name("no spaces").send().await), invalid);
    let foreign = policy(&bench, "cloudwatch.amazonaws.com").to_string();
    assert_eq!(code(sns.create_topic().name("other").attributes("Policy", foreign).send().await), invalid);
    let keyless = sns.create_topic().name("other").attributes("KmsMasterKeyId", "nothing");
    assert_eq!(code(keyless.send().await), "KMSInvalidState");
    let arn = sns.create_topic().name("other").send().await.expect("a topic").topic_arn.expect("its ARN");
    let named = sns.create_topic().name("other").attributes("DisplayName", "Other");
    assert_eq!(code(named.send().await), invalid, "the same name with other attributes");
    for (protocol, endpoint) in [("email", "ops"), ("email", "ops@example"), ("pigeon", "x"), ("https", "http://x")] {
        let call = sns.subscribe().topic_arn(&arn).protocol(protocol).endpoint(endpoint);
        assert_eq!(code(call.send().await), invalid, "{protocol} {endpoint}");
    }
    let pending = sns.subscribe().topic_arn(&arn).protocol("email").endpoint("a@b.c").return_subscription_arn(true);
    let pending = pending.send().await.expect("subscribed").subscription_arn.expect("its ARN");
    assert_eq!(code(sns.unsubscribe().subscription_arn(pending).send().await), invalid);
    sns.delete_topic().topic_arn(&arn).send().await.expect("deleted");
    sns.delete_topic().topic_arn(&arn).send().await.expect("deleted again");
    settle().await;
    assert_eq!(code(sns.get_topic_attributes().topic_arn(&arn).send().await), "NotFound");
}
