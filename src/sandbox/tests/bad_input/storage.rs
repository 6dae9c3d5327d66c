//! CloudWatch Logs, ECR, S3, DynamoDB.

use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use aws_sdk_ecr::types::{EncryptionConfiguration, EncryptionType};
use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, BucketVersioningStatus, ExpirationStatus, LifecycleExpiration, LifecycleRule,
    LifecycleRuleFilter, VersioningConfiguration,
};

use super::trial::{Trial, refused};
use crate::sandbox::tests::bench::Bench;
use crate::sandbox::tests::estate::wait;

const BUCKET: &str = "bucket-dev-123456789012";
const OTHERS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::another"}]}"#;
const PUBLIC: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket-dev-123456789012/*"}]}"#;

fn rule(days: i32) -> BucketLifecycleConfiguration {
    let rule = LifecycleRule::builder()
        .id("old")
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("").build())
        .expiration(LifecycleExpiration::builder().days(days).build());
    BucketLifecycleConfiguration::builder().rules(rule.build().expect("complete")).build().expect("complete")
}

fn attribute(name: &str) -> AttributeDefinition {
    let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
    attribute.build().expect("complete")
}

fn schema(name: &str, role: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(role).build().expect("complete")
}

/// The services' API references, each operation, "Errors" and the constraints of its parameters.
pub async fn logs_repositories_buckets_and_tables(trial: &mut Trial) {
    let bench = Bench::open().await;
    logs_and_repositories(trial, &bench).await;
    buckets_and_tables(trial, &bench).await;
}

async fn logs_and_repositories(trial: &mut Trial, bench: &Bench) {
    let (logs, ecr) = (&bench.aws.logs, &bench.aws.ecr);
    let made = bench.aws.kms.create_key().send().await.expect("a key");
    let key = made.key_metadata().expect("the key").arn().expect("its ARN").to_owned();
    logs.create_log_group().log_group_name("/dev").send().await.expect("a group");
    ecr.create_repository().repository_name("payments").send().await.expect("a repository");
    wait(3).await;

    let retention = |days: i32| logs.put_retention_policy().log_group_name("/dev").retention_in_days(days);
    let reserved = || logs.create_log_group().log_group_name("new").tags("aws:mine", "1");
    refused!(trial, bench, "logs",
        "a retention of 31 days", "InvalidParameterException" => retention(31);
        "no retention", "InvalidParameterException" => retention(0);
        "a name with a blank", "InvalidParameterException" => logs.create_log_group().log_group_name("/a b");
        "a name of 513 characters", "InvalidParameterException" => logs.create_log_group().log_group_name("x".repeat(513));
        "a name of AWS", "InvalidParameterException" => logs.create_log_group().log_group_name("aws/dev");
        "a name twice", "ResourceAlreadyExistsException" => logs.create_log_group().log_group_name("/dev");
        "a key that may not be used", "InvalidParameterException" => logs.create_log_group().log_group_name("new").kms_key_id(&key);
        "a tag that is reserved", "InvalidParameterException" => reserved();
        "a group that is not there", "ResourceNotFoundException" => retention(30).log_group_name("/ghost");
        "a page of 51", "InvalidParameterException" => logs.describe_log_groups().limit(51);
    );

    let repository = |name: &str| ecr.create_repository().repository_name(name);
    let encryption = |kind: EncryptionType, key: &str| {
        EncryptionConfiguration::builder().encryption_type(kind).kms_key(key).build().expect("complete")
    };
    let lifecycle = |text: &str| ecr.put_lifecycle_policy().repository_name("payments").lifecycle_policy_text(text);
    refused!(trial, bench, "ecr",
        "a name in capitals", "InvalidParameterException" => repository("Payments");
        "a name with two hyphens in a row", "InvalidParameterException" => repository("a--b");
        "a name of one letter", "InvalidParameterException" => repository("a");
        "a name twice", "RepositoryAlreadyExistsException" => repository("payments");
        "a key that is not there", "KmsException" => repository("new").encryption_configuration(encryption(EncryptionType::Kms, "alias/ghost"));
        "a key without KMS", "InvalidParameterException" => repository("new").encryption_configuration(encryption(EncryptionType::Aes256, &key));
        "a lifecycle policy without rules", "InvalidParameterException" => lifecycle("{}");
        "a lifecycle policy that is not JSON", "InvalidParameterException" => lifecycle("{");
        "a repository that is not there", "RepositoryNotFoundException" => lifecycle("{}").repository_name("ghost");
        "a page of 1001", "InvalidParameterException" => ecr.describe_repositories().max_results(1001);
    );
}

async fn buckets_and_tables(trial: &mut Trial, bench: &Bench) {
    let (s3, dynamodb) = (&bench.aws.s3, &bench.aws.dynamodb);
    s3.create_bucket().bucket(BUCKET).send().await.expect("a bucket");
    let table = |name: &str| {
        let call = dynamodb.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
        call.key_schema(schema("id", KeyType::Hash)).attribute_definitions(attribute("id"))
    };
    table("present").send().await.expect("a table");
    wait(20).await;

    let policy = |text: &str| s3.put_bucket_policy().bucket(BUCKET).policy(text);
    let lifecycle =
        |days: i32| s3.put_bucket_lifecycle_configuration().bucket(BUCKET).lifecycle_configuration(rule(days));
    let versions = VersioningConfiguration::builder().status(BucketVersioningStatus::from("Off")).build();
    refused!(trial, bench, "s3",
        "a name in capitals", "InvalidBucketName" => s3.create_bucket().bucket("Bucket-Dev");
        "a name that is an address", "InvalidBucketName" => s3.create_bucket().bucket("192.168.5.4");
        "a name of 64 characters", "InvalidBucketName" => s3.create_bucket().bucket("x".repeat(64));
        "a policy for another bucket", "MalformedPolicy" => policy(OTHERS);
        "a policy that is not JSON", "MalformedPolicy" => policy("{");
        "a public policy, though that is blocked", "AccessDenied" => policy(PUBLIC);
        "versioning off", "IllegalVersioningConfigurationException" => s3.put_bucket_versioning().bucket(BUCKET).versioning_configuration(versions.clone());
        "a lifecycle of no days", "InvalidArgument" => lifecycle(0);
        "a bucket that is not there", "NoSuchBucket" => policy(OTHERS).bucket("bucket-ghost");
    );

    refused!(trial, bench, "dynamodb",
        "a name of two letters", "ValidationException" => table("ab");
        "a name with a blank", "ValidationException" => table("a b c");
        "a key that is not defined", "ValidationException" => table("new").set_attribute_definitions(Some(vec![attribute("other")]));
        "an attribute that is no key", "ValidationException" => table("new").attribute_definitions(attribute("other"));
        "a sort key alone", "ValidationException" => table("new").set_key_schema(Some(vec![schema("id", KeyType::Range)]));
        "a table twice", "ResourceInUseException" => table("present");
        "a change of nothing", "ValidationException" => dynamodb.update_table().table_name("present");
        "a table that is not there", "ResourceNotFoundException" => dynamodb.delete_table().table_name("ghost");
    );
}
