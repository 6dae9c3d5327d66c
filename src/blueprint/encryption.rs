//! The environment's key, and who may use it.

use serde_json::{Value, json};

use super::{Draft, Facts, database};
use crate::{
    aws::{
        kms::{KmsAlias, KmsKey},
        logs,
    },
    engine::{Chapter, Handle},
};

/// The environment's key.
pub struct Encryption {
    /// What everything is encrypted with.
    pub key: Handle<KmsKey>,
}

/// Adds the key and its name.
pub fn add(draft: &mut Draft<'_>) -> Encryption {
    let key = KmsKey {
        description: format!("Encrypts what the environment {} keeps", draft.suffix),
        policy: policy(draft.facts, draft.suffix.as_str()),
        rotation: true,
        deletion_window_days: draft.config.encryption.key_deletion_days,
    };
    let key = draft.add(Chapter::Encryption, "main", &["kms-key"], key);
    draft.add(Chapter::Encryption, "main", &["alias/key"], KmsAlias { key: key.id() });
    Encryption { key }
}

/// Nobody but the account and three services that act in their own name. The services of the environment come in through policies
/// of their roles, which the account's statement lets count (KMS Developer Guide, "Default key policy"); S3, DynamoDB, ECR and Secrets
/// Manager use the key in the name of whoever calls them.
fn policy(facts: &Facts, suffix: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            allow_account(facts),
            allow_logs(facts, suffix),
            allow_topics(facts, suffix),
            allow_alarms(facts),
        ],
    })
}

/// Without it nobody could change the policy, or delete the key (KMS Developer Guide, "Default key policy"). A key policy speaks of its own
/// key only, as `*`.
fn allow_account(facts: &Facts) -> Value {
    json!({
        "Sid": "AllowAccount",
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:{}:iam::{}:root", facts.partition, facts.account) },
        "Action": "kms:*",
        "Resource": "*",
    })
}

/// CloudWatch Logs, for this environment's log groups: those that it names, and those that Container Insights and RDS name (CloudWatch
/// Logs user guide, "Encrypt log data in CloudWatch Logs using AWS KMS").
fn allow_logs(facts: &Facts, suffix: &str) -> Value {
    json!({
        "Sid": "AllowLogs",
        "Effect": "Allow",
        "Principal": { "Service": format!("logs.{}.amazonaws.com", facts.region) },
        "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        "Resource": "*",
        "Condition": { "ArnLike": { "kms:EncryptionContext:aws:logs:arn": [
            facts.arn("logs", &format!("log-group:{}*", logs::prefix(suffix))),
            facts.arn("logs", &format!("log-group:/aws/ecs/containerinsights/cluster-{suffix}/*")),
            facts.arn("logs", &format!("log-group:{}", database::log_group(suffix))),
        ] } },
    })
}

/// SNS, for this environment's topics (SNS developer guide, "Key management").
fn allow_topics(facts: &Facts, suffix: &str) -> Value {
    json!({
        "Sid": "AllowTopics",
        "Effect": "Allow",
        "Principal": { "Service": "sns.amazonaws.com" },
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {
            "StringEquals": { "aws:SourceAccount": facts.account },
            "ArnLike": { "kms:EncryptionContext:aws:sns:topicArn": facts.arn("sns", &format!("topic-*-{suffix}")) },
        },
    })
}

/// CloudWatch, whose alarms publish to the encrypted topic (SNS developer guide, "Enable compatibility between event sources from AWS
/// services and encrypted topics").
fn allow_alarms(facts: &Facts) -> Value {
    json!({
        "Sid": "AllowAlarms",
        "Effect": "Allow",
        "Principal": { "Service": "cloudwatch.amazonaws.com" },
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {
            "StringEquals": { "aws:SourceAccount": facts.account },
            "ArnLike": { "aws:SourceArn": facts.arn("cloudwatch", "alarm:*") },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        blueprint::examples::{config, facts, suffix},
        sandbox::iam::policy::{Caller, Decision, Grammar, Policy, Request},
    };

    fn asks(service: &str, action: &str, context: &[(&str, &str)]) -> bool {
        let policy = Policy::parse(&policy(&facts(), "dev").to_string(), Grammar::Resource).expect("a key policy");
        let caller = Caller::Service(service);
        policy.decide(&Request { caller, action, resource: "*", context }) == Decision::Allow
    }

    #[test]
    fn logs_uses_it_for_this_environment_only() {
        let asks = |group: &str| {
            let arn = facts().arn("logs", &format!("log-group:{group}"));
            asks("logs.us-east-1.amazonaws.com", "kms:GenerateDataKey", &[("kms:EncryptionContext:aws:logs:arn", &arn)])
        };
        assert!(asks("/platformctl/dev/service/payments"));
        assert!(asks("/aws/ecs/containerinsights/cluster-dev/performance"));
        assert!(asks("/aws/rds/cluster/db-cluster-dev/postgresql"));
        assert!(!asks("/aws/rds/cluster/db-cluster-dev-2/postgresql"));
        assert!(!asks("/platformctl/prod/service/payments"));
        assert!(!asks("/platformctl/dev-2/service/payments"));
        assert!(!asks("/aws/ecs/containerinsights/cluster-dev-2/performance"));
    }

    #[test]
    fn alarms_and_topics_of_this_account_use_it_and_no_other_service() {
        let alarm = facts().arn("cloudwatch", "alarm:alarm-payments-errors-dev");
        let ours = [("aws:SourceAccount", "123456789012"), ("aws:SourceArn", alarm.as_str())];
        assert!(asks("cloudwatch.amazonaws.com", "kms:Decrypt", &ours));
        assert!(!asks("cloudwatch.amazonaws.com", "kms:Decrypt", &[("aws:SourceAccount", "210987654321"), ours[1]]));
        assert!(!asks("cloudwatch.amazonaws.com", "kms:ScheduleKeyDeletion", &ours));
        assert!(!asks("events.amazonaws.com", "kms:Decrypt", &ours));
        let topic = facts().arn("sns", "topic-alarms-dev");
        let context =
            [("aws:SourceAccount", "123456789012"), ("kms:EncryptionContext:aws:sns:topicArn", topic.as_str())];
        assert!(asks("sns.amazonaws.com", "kms:GenerateDataKey", &context));
        assert!(!asks("sns.amazonaws.com", "kms:GenerateDataKey", &context[..1]));
    }

    #[test]
    fn the_key_is_as_configured() {
        let (config, facts, suffix) = (config("[encryption]\nkey_deletion_days = 30"), facts(), suffix());
        let mut draft = Draft::new(&config, &suffix, &facts);
        let key = add(&mut draft).key;
        assert_eq!(draft.blueprint.check(), Ok(()));
        let spec = &draft.blueprint.get(key.key()).expect("the key").spec;
        assert_eq!((&spec["rotation"], &spec["deletion_window_days"]), (&json!(true), &json!(30)));
        let names: Vec<&str> = draft.blueprint.nodes().iter().map(|node| node.name.as_str()).collect();
        assert_eq!(names, ["kms-key-dev", "alias/key-dev"]);
    }
}
