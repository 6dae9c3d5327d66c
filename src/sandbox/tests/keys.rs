//! A key for things to be encrypted with.

use serde_json::json;

use super::bench::{Bench, Specimen};
use crate::aws::kms::{KmsKey, KmsKeyArn};
use crate::engine::Output;

/// A key of that name, which the account's root may use.
pub async fn key(bench: &Bench, name: &str) -> Output<KmsKeyArn> {
    let root = format!("arn:aws:iam::{}:root", bench.aws.account);
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Principal": { "AWS": root }, "Action": "kms:*", "Resource": "*" },
            { "Effect": "Allow", "Principal": { "Service": "logs.us-east-1.amazonaws.com" }, "Action": "kms:*", "Resource": "*" },
        ],
    });
    let spec = KmsKey { description: "for tests".into(), policy, rotation: true, deletion_window_days: 7 };
    let made = bench.make(&Specimen::new(name, &format!("kms-key-{name}-dev"), spec)).await;
    Output::known(made.output("arn").expect("a key has an ARN"))
}
