//! Buckets and tables.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Draft, Encryption, Facts};
use crate::{
    aws::{
        dynamodb::Table,
        s3::{Bucket, Lifecycle},
    },
    config,
    engine::{Chapter, Handle},
};

/// The account owns every object, whoever wrote it, and access control lists mean nothing (S3 user guide, "Controlling ownership of objects").
const OWNERSHIP: &str = "BucketOwnerEnforced";
/// Days that the load balancer's access logs are kept.
const ACCESS_LOG_DAYS: u32 = 90;
/// Days that replaced and deleted objects can be brought back.
const OLDER_VERSION_DAYS: u32 = 90;
/// Days that a multipart upload may take.
const UPLOAD_DAYS: u32 = 7;

/// What services keep their data in.
pub struct Data {
    /// The bucket of each service that has one.
    pub buckets: BTreeMap<String, Handle<Bucket>>,
    /// The table of each service that has one.
    pub tables: BTreeMap<String, Handle<Table>>,
    /// Where the load balancer writes its access logs, if it does.
    pub alb_logs: Option<Handle<Bucket>>,
}

/// Adds the buckets and tables.
pub fn add(draft: &mut Draft<'_>, encryption: &Encryption) -> Data {
    let (mut buckets, mut tables) = (BTreeMap::new(), BTreeMap::new());
    for (name, service) in &draft.config.services {
        if service.bucket {
            buckets.insert(name.clone(), add_bucket(draft, encryption, name));
        }
        if let Some(table) = &service.table {
            tables.insert(name.clone(), add_table(draft, encryption, name, table));
        }
    }
    let alb_logs = draft.config.ingress.access_logs.then(|| add_alb_logs(draft));
    Data { buckets, tables, alb_logs }
}

/// Bucket names are unique in the whole partition, so that they hold the account too.
fn bucket_name(draft: &Draft<'_>, what: &str) -> String {
    format!("{}-{}", draft.name(&["bucket", what]), draft.facts.account)
}

fn add_bucket(draft: &mut Draft<'_>, encryption: &Encryption, service: &str) -> Handle<Bucket> {
    let name = bucket_name(draft, service);
    let bucket = Bucket {
        ownership: OWNERSHIP.to_owned(),
        key: Some(encryption.key.arn()),
        versioning: true,
        public_access_blocked: true,
        policy: policy(vec![deny_plain_text(draft.facts, &name)]),
        lifecycle: Lifecycle {
            expire_days: None,
            expire_older_versions_days: Some(OLDER_VERSION_DAYS),
            abort_uploads_days: UPLOAD_DAYS,
        },
    };
    draft.blueprint.add(Chapter::Data, service, name, bucket)
}

fn add_table(draft: &mut Draft<'_>, encryption: &Encryption, service: &str, table: &config::Table) -> Handle<Table> {
    let table = Table {
        partition_key: table.partition_key.clone(),
        sort_key: table.sort_key.clone(),
        key: encryption.key.arn(),
        point_in_time_recovery: true,
        deletion_protection: false,
    };
    draft.add(Chapter::Data, service, &["table", service], table)
}

/// The bucket of the access logs. S3's own keys encrypt it, and it keeps no older versions: the load balancer can write to no
/// other kind of bucket, and never replaces an object (Elastic Load Balancing user guide, "Enable access logs").
fn add_alb_logs(draft: &mut Draft<'_>) -> Handle<Bucket> {
    let name = bucket_name(draft, "alb-logs");
    let bucket = Bucket {
        ownership: OWNERSHIP.to_owned(),
        key: None,
        versioning: false,
        public_access_blocked: true,
        policy: policy(vec![deny_plain_text(draft.facts, &name), allow_log_delivery(draft.facts, &name)]),
        lifecycle: Lifecycle {
            expire_days: Some(ACCESS_LOG_DAYS),
            expire_older_versions_days: None,
            abort_uploads_days: UPLOAD_DAYS,
        },
    };
    draft.blueprint.add(Chapter::Data, "alb-logs", name, bucket)
}

fn policy(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn bucket_arn(facts: &Facts, bucket: &str) -> String {
    format!("arn:{}:s3:::{bucket}", facts.partition)
}

/// Nobody reads or writes without TLS (S3 user guide, "Security best practices").
fn deny_plain_text(facts: &Facts, bucket: &str) -> Value {
    let arn = bucket_arn(facts, bucket);
    json!({
        "Sid": "DenyPlainText",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, format!("{arn}/*")],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    })
}

/// Elastic Load Balancing writes logs of this account's load balancers. The regions that are older than its service principal
/// deliver from an account of the region's own; the others know the service principal only (Elastic Load Balancing user guide,
/// "Enable access logs").
fn allow_log_delivery(facts: &Facts, bucket: &str) -> Value {
    let mut principal = json!({ "Service": "logdelivery.elasticloadbalancing.amazonaws.com" });
    if let Some(account) = delivery_account(&facts.region) {
        principal["AWS"] = json!(format!("arn:{}:iam::{account}:root", facts.partition));
    }
    json!({
        "Sid": "AllowLogDelivery",
        "Effect": "Allow",
        "Principal": principal,
        "Action": "s3:PutObject",
        "Resource": format!("{}/AWSLogs/{}/*", bucket_arn(facts, bucket), facts.account),
    })
}

/// The account that delivers access logs in a region that is older than August 2022.
fn delivery_account(region: &str) -> Option<&'static str> {
    Some(match region {
        "us-east-1" => "127311923021",
        "us-east-2" => "033677994240",
        "us-west-1" => "027434742980",
        "us-west-2" => "797873946194",
        "af-south-1" => "098369216593",
        "ap-east-1" => "754344448648",
        "ap-northeast-1" => "582318560864",
        "ap-northeast-2" => "600734575887",
        "ap-northeast-3" => "383597477331",
        "ap-south-1" => "718504428378",
        "ap-southeast-1" => "114774131450",
        "ap-southeast-2" => "783225319266",
        "ap-southeast-3" => "589379963580",
        "ca-central-1" => "985666609251",
        "cn-north-1" => "638102146993",
        "cn-northwest-1" => "037604701340",
        "eu-central-1" => "054676820928",
        "eu-north-1" => "897822967062",
        "eu-south-1" => "635631232127",
        "eu-west-1" => "156460612806",
        "eu-west-2" => "652711504416",
        "eu-west-3" => "009996457667",
        "me-south-1" => "076674570225",
        "sa-east-1" => "507241528517",
        "us-gov-east-1" => "190560391635",
        "us-gov-west-1" => "048591011584",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        blueprint::samples::{encryption, facts, parse},
        config::EnvSuffix,
        engine::{Blueprint, Key},
    };

    const MORE: &str = "[services.payments]\nbucket = true\ntable = { partition_key = \"id\", sort_key = \"at\" }";

    fn write(more: &str, region: &str) -> (Blueprint, Data) {
        let (config, suffix) = (parse(more), EnvSuffix::parse("dev").expect("a suffix"));
        let facts = Facts { region: region.to_owned(), ..facts() };
        let mut draft = Draft::new(&config, &suffix, &facts);
        let encryption = encryption(&mut draft);
        let data = add(&mut draft, &encryption);
        draft.blueprint.check().expect("references point backwards and keys are unique");
        (draft.blueprint, data)
    }

    #[test]
    fn services_get_what_they_ask_for() {
        let (blueprint, data) = write(&format!("{MORE}\n[services.accounts]"), "us-east-1");
        assert_eq!(data.buckets.keys().chain(data.tables.keys()).collect::<Vec<_>>(), ["payments", "payments"]);
        let bucket = blueprint.get(data.buckets["payments"].key()).expect("the bucket");
        assert_eq!(bucket.name, "bucket-payments-dev-123456789012");
        assert_eq!(bucket.dependencies(), [Key::new("kms-key", "main")]);
        let statements = bucket.spec["policy"]["Statement"].as_array().expect("statements");
        assert!(statements.len() == 1 && statements[0]["Effect"] == "Deny");
        let table = blueprint.get(data.tables["payments"].key()).expect("the table");
        assert_eq!(table.name, "table-payments-dev");
        assert_eq!((&table.spec["sort_key"], &table.spec["point_in_time_recovery"]), (&json!("at"), &json!(true)));
    }

    #[test]
    fn access_logs_have_a_bucket_that_their_delivery_can_write_to() {
        let principal = |region: &str| {
            let (blueprint, data) = write("[services.payments]", region);
            let bucket = blueprint.get(data.alb_logs.expect("they are on by default").key()).expect("the bucket");
            assert!(bucket.spec["key"].is_null() && bucket.spec["lifecycle"]["expire_days"] == 90);
            let allowance = &bucket.spec["policy"]["Statement"][1];
            let resource = "arn:aws:s3:::bucket-alb-logs-dev-123456789012/AWSLogs/123456789012/*";
            assert_eq!((&allowance["Effect"], &allowance["Resource"]), (&json!("Allow"), &json!(resource)));
            allowance["Principal"].clone()
        };
        let service = "logdelivery.elasticloadbalancing.amazonaws.com";
        let account = "arn:aws:iam::127311923021:root";
        assert_eq!(principal("us-east-1"), json!({ "Service": service, "AWS": account }));
        assert_eq!(principal("eu-central-2"), json!({ "Service": service }));
        let (_, without) = write("[ingress]\naccess_logs = false\n[services.payments]", "us-east-1");
        assert!(without.alb_logs.is_none());
    }
}
