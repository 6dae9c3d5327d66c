//! KMS, IAM, Secrets Manager.

use super::trial::{Trial, refused};
use crate::sandbox::tests::bench::Bench;
use crate::sandbox::tests::estate;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const LOCKED_OUT: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"logs.us-east-1.amazonaws.com"},"Action":"kms:*","Resource":"*"}]}"#;
const GHOST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/ghost"},"Action":"kms:*","Resource":"*"}]}"#;

/// The services' API references, each operation, "Errors" and the constraints of its parameters.
pub async fn keys_roles_and_secrets(trial: &mut Trial) {
    let bench = Bench::open().await;
    let (kms, iam, secrets) = (&bench.aws.kms, &bench.aws.iam, &bench.aws.secrets);
    let made = kms.create_key().send().await.expect("a key");
    let key = made.key_metadata().expect("the key").key_id().to_owned();
    kms.create_alias().alias_name("alias/dev").target_key_id(&key).send().await.expect("an alias");
    estate::role(&bench.aws, "tasks", "ecs-tasks.amazonaws.com").await;
    let token = "0123456789abcdef0123456789abcdef";
    let call = secrets.create_secret().name("present").secret_string("{}").client_request_token(token);
    call.send().await.expect("a secret");

    let alias = |name: &str| kms.create_alias().alias_name(name).target_key_id(&key);
    refused!(trial, bench, "kms",
        "a policy that is not JSON", "MalformedPolicyDocumentException" => kms.create_key().policy("{");
        "a policy that locks everybody out", "MalformedPolicyDocumentException" => kms.create_key().policy(LOCKED_OUT);
        "a principal that is not there", "MalformedPolicyDocumentException" => kms.create_key().policy(GHOST);
        "a waiting time of 6 days", "ValidationException" => kms.schedule_key_deletion().key_id(&key).pending_window_in_days(6);
        "a waiting time of 31 days", "ValidationException" => kms.schedule_key_deletion().key_id(&key).pending_window_in_days(31);
        "an alias without its prefix", "InvalidAliasNameException" => alias("dev");
        "an alias of AWS", "NotAuthorizedException" => alias("alias/aws/dev");
        "an alias twice", "AlreadyExistsException" => alias("alias/dev");
        "an alias of an alias", "ValidationException" => kms.create_alias().alias_name("alias/two").target_key_id("alias/dev");
        "a key that is not there", "NotFoundException" => kms.enable_key_rotation().key_id("1234abcd-12ab-34cd-56ef-1234567890ab");
        "a description of 8193 characters", "ValidationException" => kms.create_key().description("x".repeat(8193));
        "a page of 1001", "ValidationException" => kms.list_keys().limit(1001);
    );

    let role = |name: &str| iam.create_role().role_name(name).assume_role_policy_document(TRUST);
    let policy = |document: &str| iam.put_role_policy().role_name("tasks").policy_name("p").policy_document(document);
    let long = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::{}"}}]}}"#,
        "x".repeat(10_240)
    );
    refused!(trial, bench, "iam",
        "a role name of 65 characters", "ValidationError" => role(&"x".repeat(65));
        "a role name with a slash", "ValidationError" => role("a/b");
        "a role twice, in capitals", "EntityAlreadyExists" => role("TASKS");
        "a description of 1001 characters", "ValidationError" => role("new").description("x".repeat(1001));
        "a trust policy that is not JSON", "MalformedPolicyDocument" => role("new").assume_role_policy_document("{");
        "a trust policy with a resource", "MalformedPolicyDocument" => role("new").assume_role_policy_document(GHOST);
        "a policy without actions", "MalformedPolicyDocument" => policy(r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*"}]}"#);
        "a policy of another version", "MalformedPolicyDocument" => policy(r#"{"Version":"2020-01-01","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#);
        "a policy with a principal", "MalformedPolicyDocument" => policy(GHOST);
        "policies of more than 10,240 characters", "LimitExceeded" => policy(&long);
        "a policy of a role that is not there", "NoSuchEntity" => policy(TRUST).role_name("ghost");
        "a managed policy that is not there", "NoSuchEntity" => iam.attach_role_policy().role_name("tasks").policy_arn("arn:aws:iam::aws:policy/Ghost");
        "a page of 1001", "ValidationError" => iam.list_role_policies().role_name("tasks").max_items(1001);
    );

    let secret = |name: &str| secrets.create_secret().name(name).secret_string("{}");
    refused!(trial, bench, "secretsmanager",
        "a name with a blank", "ValidationException" => secret("a b");
        "a name of 513 characters", "ValidationException" => secret(&"x".repeat(513));
        "no value", "InvalidParameterException" => secret("new").set_secret_string(None);
        "a value of 65,537 bytes", "InvalidParameterException" => secret("new").secret_string("x".repeat(65_537));
        "a token of 31 characters", "InvalidParameterException" => secret("new").client_request_token("x".repeat(31));
        "a key that is not there", "EncryptionFailure" => secret("new").kms_key_id("alias/ghost");
        "a secret twice", "ResourceExistsException" => secret("present");
        "another value for a version", "ResourceExistsException" => secrets.update_secret().secret_id("present").secret_string("[]").client_request_token(token);
        "a waiting time of 6 days", "InvalidParameterException" => secrets.delete_secret().secret_id("present").recovery_window_in_days(6);
        "a waiting time and none", "InvalidParameterException" => secrets.delete_secret().secret_id("present").recovery_window_in_days(7).force_delete_without_recovery(true);
        "a secret that is not there", "ResourceNotFoundException" => secrets.get_secret_value().secret_id("ghost");
        "a page of 101", "InvalidParameterException" => secrets.list_secrets().max_results(101);
    );
}
