//! Roles, repositories, buckets, tables and keys.

use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};

use super::ledger::Ledger;
use crate::sandbox::tests::bench::Bench;
use crate::sandbox::tests::estate::{self, wait};
use crate::sandbox::tests::support::{self, push};

pub async fn roles(ledger: &mut Ledger) {
    const ROW: &str = "iam: role with policies";
    const MANAGED: &str = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
    let bench = Bench::open().await;
    let iam = &bench.aws.iam;
    estate::role(&bench.aws, "tasks", "ecs-tasks.amazonaws.com").await;
    let document =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;
    let call = iam.put_role_policy().role_name("tasks").policy_name("read").policy_document(document);
    call.send().await.expect("an inline policy");
    iam.attach_role_policy().role_name("tasks").policy_arn(MANAGED).send().await.expect("attached");
    let delete = || iam.delete_role().role_name("tasks").send();
    ledger.tried(ROW, delete().await);
    iam.detach_role_policy().role_name("tasks").policy_arn(MANAGED).send().await.expect("detached");
    ledger.tried(ROW, delete().await);
    iam.delete_role_policy().role_name("tasks").policy_name("read").send().await.expect("deleted");
    delete().await.expect("a bare role goes");
}

pub async fn repositories_buckets_and_tables(ledger: &mut Ledger) {
    let bench = Bench::open().await;
    let ecr = &bench.aws.ecr;
    ecr.create_repository().repository_name("payments").send().await.expect("a repository");
    push(ecr, "payments", "1", "{}").await;
    let delete = || ecr.delete_repository().repository_name("payments");
    ledger.tried("ecr: repository with an image, no force", delete().send().await);
    delete().force(true).send().await.expect("force takes the images along");

    let (s3, bucket) = (&bench.aws.s3, "bucket-dev-123456789012");
    s3.create_bucket().bucket(bucket).send().await.expect("a bucket");
    wait(2).await;
    let versions = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    s3.put_bucket_versioning().bucket(bucket).versioning_configuration(versions).send().await.expect("versioned");
    let body = ByteStream::from_static(b"{}");
    s3.put_object().bucket(bucket).key("a").body(body).send().await.expect("an object");
    let delete = || s3.delete_bucket().bucket(bucket).send();
    ledger.tried("s3: bucket with versions", delete().await);
    // Deleted, as it seems: the version is still there, and a marker.
    s3.delete_object().bucket(bucket).key("a").send().await.expect("hidden");
    ledger.tried("s3: bucket with versions", delete().await);
    let listed = s3.list_object_versions().bucket(bucket).send().await.expect("versions");
    let versions = listed.versions().iter().map(|it| it.version_id());
    let all: Vec<_> = versions.chain(listed.delete_markers().iter().map(|it| it.version_id())).collect();
    assert_eq!(all.len(), 2);
    for id in all {
        let call = s3.delete_object().bucket(bucket).key("a").set_version_id(id.map(str::to_owned));
        call.send().await.expect("deleted");
    }
    delete().await.expect("an empty bucket goes");

    let dynamodb = &bench.aws.dynamodb;
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().expect("complete");
    let attribute = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S);
    let call = dynamodb.create_table().table_name("table-dev").billing_mode(BillingMode::PayPerRequest).key_schema(key);
    let call = call.attribute_definitions(attribute.build().expect("complete")).deletion_protection_enabled(true);
    call.send().await.expect("a table");
    wait(10).await;
    let delete = || dynamodb.delete_table().table_name("table-dev").send();
    ledger.tried("dynamodb: table with deletion protection", delete().await);
    let call = dynamodb.update_table().table_name("table-dev").deletion_protection_enabled(false);
    call.send().await.expect("not protected");
    delete().await.expect("what isn't protected goes");
}

/// Our own code never encrypts; the services that it hands the key to do. KMS itself refuses whatever it is asked of such a key.
pub async fn keys(ledger: &mut Ledger) {
    let bench = Bench::open().await;
    let kms = &bench.aws.kms;
    let made = kms.create_key().send().await.expect("a key");
    let key = made.key_metadata().expect("the key").arn().expect("its ARN").to_owned();
    let secret = |name: &str| bench.aws.secrets.create_secret().name(name).secret_string("{}").kms_key_id(&key).send();
    secret("before").await.expect("a live key encrypts");
    kms.enable_key_rotation().key_id(&key).send().await.expect("a live key can be changed");
    kms.schedule_key_deletion().key_id(&key).pending_window_in_days(7).send().await.expect("scheduled");
    let row = "kms: encrypt with a key pending deletion";
    ledger.tried(row, kms.enable_key_rotation().key_id(&key).send().await);
    ledger.tried(row, kms.update_key_description().key_id(&key).description("x").send().await);
    ledger.tried(row, kms.schedule_key_deletion().key_id(&key).send().await);
    assert_eq!(support::code(secret("after").await), "EncryptionFailure");
    let read = bench.aws.secrets.get_secret_value().secret_id("before").send().await;
    assert_eq!(support::code(read), "DecryptionFailure", "what it encrypted can't be read any more");
}
