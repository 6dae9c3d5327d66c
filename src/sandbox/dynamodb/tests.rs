use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, SseSpecification,
};

use crate::aws::dynamodb::Table;
use crate::engine::{Class, Life, Resource};
use crate::sandbox::tests::bench::{Bench, Specimen};
use crate::sandbox::tests::keys::key;
use crate::sandbox::tests::support::code;

const NAME: &str = "table-payments-dev";

async fn table(bench: &Bench) -> Specimen<Table> {
    let spec = Table {
        partition_key: "account".into(),
        sort_key: Some("at".into()),
        key: key(bench, "main").await,
        point_in_time_recovery: true,
        deletion_protection: false,
    };
    Specimen::new("payments", NAME, spec)
}

#[tokio::test(start_paused = true)]
async fn a_table_lives_and_goes() {
    let bench = Bench::open().await;
    let it = table(&bench).await;
    let started = bench.sandbox.now();
    let made = bench.live(&it).await;
    assert!(bench.sandbox.now().since(started).as_secs() >= 10, "it takes its time");
    let tries = bench.aws.log.counts()[&("DynamoDB".to_owned(), "UpdateContinuousBackups".to_owned())];
    assert!(tries > 1, "recovery is refused at first");
    bench.end(&it, &made).await;
    assert!(bench.sandbox.inventory().expect("a look").iter().all(|line| !line.starts_with("dynamodb:")));
}

#[tokio::test(start_paused = true)]
async fn its_key_and_protection_are_changed_and_may_be_changed_again() {
    let bench = Bench::open().await;
    let mut it = table(&bench).await;
    let mut made = bench.make(&it).await;
    it.spec.key = key(&bench, "other").await;
    it.spec.deletion_protection = true;
    let seen = bench.see(&it, Some(&made.id), false).await;
    let differ = bench.differences(&it, &seen[0].observed);
    assert_eq!(differ, ["key", "deletion_protection"]);
    for _ in 0..2 {
        bench.change(&it, &mut made, differ.clone()).await;
    }
    let seen = bench.see(&it, Some(&made.id), false).await;
    assert!(bench.differences(&it, &seen[0].observed).is_empty());
    let failure = Table::delete(&bench.aws, &made).await.expect_err("protected");
    assert_eq!(failure.class, Class::Invalid);
}

#[tokio::test(start_paused = true)]
async fn a_table_that_is_going_takes_its_name_until_it_is_gone() {
    let bench = Bench::open().await;
    let it = table(&bench).await;
    let made = bench.make(&it).await;
    Table::delete(&bench.aws, &made).await.expect("ordered");
    let seen = bench.see(&it, None, false).await;
    assert!(matches!(&seen[0].life, Life::Ending(_)));
    let failure = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect_err("taken");
    assert_eq!(failure.class, Class::Blocked);
    bench.live(&it).await;
    let failure = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect_err("taken");
    assert_eq!(failure.class, Class::Exists);
}

#[tokio::test(start_paused = true)]
async fn what_dynamodb_refuses() {
    let bench = Bench::open().await;
    let attribute = |name: &str| {
        let definition = AttributeDefinition::builder().attribute_name(name);
        definition.attribute_type(ScalarAttributeType::S).build().expect("complete")
    };
    let element =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("complete");
    let create = |name: &str| {
        let call = bench.aws.dynamodb.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
        call.key_schema(element("id", KeyType::Hash))
    };
    let good = || create(NAME).attribute_definitions(attribute("id"));
    let unknown = SseSpecification::builder().enabled(true).kms_master_key_id("alias/none").build();
    for (call, why) in [
        (create("t!").attribute_definitions(attribute("id")), "a name with a mark"),
        (create(NAME), "a key that is not defined"),
        (good().attribute_definitions(attribute("extra")), "an attribute that is no key"),
        (good().key_schema(element("id", KeyType::Range)), "one attribute as both keys"),
        (good().sse_specification(unknown), "a key that does not exist"),
    ] {
        assert_eq!(code(call.send().await), "ValidationException", "{why}");
    }
    good().send().await.expect("created");
    let delete = || bench.aws.dynamodb.delete_table().table_name(NAME);
    assert_eq!(code(delete().send().await), "ResourceInUseException");
    let describe = bench.aws.dynamodb.describe_table().table_name(NAME);
    assert_eq!(code(describe.send().await), "ResourceNotFoundException", "it does not show at once");
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    delete().send().await.expect("ordered");
    delete().send().await.expect("ordering it again is no error");
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    assert_eq!(code(delete().send().await), "ResourceNotFoundException");
}
