//! What all kinds of secrets have in common: how they are found, made, changed and deleted.

use std::{collections::BTreeSet, sync::Arc};

use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType, Tag};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Map, Value};

use crate::{
    aws::{Answer, Aws, tags},
    engine::{
        Failure, Field, Gone, Identity, Key, Life, Manner, Naming, Outputs, Physical, Repeat, Scope, Sighting, Tags,
        Target, Wait, When, environment::TAG_ENVIRONMENT_ID, failure::absent_is_fine,
    },
    markers, tag_list,
};

markers! {
    /// A secret's ARN, with the six characters that AWS adds to its name.
    SecretArn,
    /// SHA-256 of a certificate, lower-case hexadecimal.
    Fingerprint,
    /// When a certificate ends (RFC 3339).
    NotAfter,
    /// SHA-256 of each of several certificates, lower-case hexadecimal, joined by `+`.
    Trusted,
}

/// How many secrets are described at once.
const AT_ONCE: usize = 4;

/// A secret as AWS shows it, without its value.
#[derive(Clone, Debug)]
pub(super) struct Secret {
    pub arn: String,
    pub name: String,
    pub description: String,
    /// As it was given to AWS.
    pub key: Option<String>,
    pub tags: Tags,
    /// It has been deleted and can be restored for a while, in which it still takes its name.
    pub doomed: bool,
}

/// How all kinds of secrets behave.
pub(super) fn manner() -> Manner {
    Manner {
        naming: Naming::Unique,
        // The token makes AWS refuse a second create instead of making a second secret; it does refuse, because the value is
        // another one each time ("you can't modify an existing version": Secrets Manager API reference, CreateSecret).
        repeat: Repeat::Safe,
        usable: When::Created,
        // A name whose secret is being deleted is free only when that is done.
        create: Wait::seconds(1, 300),
        delete: Wait::seconds(2, 600),
    }
}

/// The treatment of the fields that all kinds have.
pub(super) fn field(name: &str) -> Option<Field> {
    (name == "key").then_some(Field::UPDATE)
}

/// The outputs of any secret.
pub(super) fn outputs(arn: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned())])
}

fn read_tags(tags: &[Tag]) -> Tags {
    tags::collect(tags.iter().map(|tag| (tag.key(), tag.value())))
}

/// One secret by ARN or name.
pub(super) async fn describe(aws: &Aws, id: &str) -> Result<Option<Secret>, Failure> {
    let answer = aws.secrets.describe_secret().secret_id(id).send().await.of("secretsmanager:DescribeSecret");
    absent_is_fine(answer.map(Some)).map(|answer| {
        answer.map(|found| Secret {
            tags: read_tags(found.tags()),
            arn: found.arn.unwrap_or_default(),
            name: found.name.unwrap_or_default(),
            description: found.description.unwrap_or_default(),
            key: found.kms_key_id,
            doomed: found.deleted_date.is_some(),
        })
    })
}

/// The environment's secrets, by their tags. What changed in the last minutes may not show yet
/// (Secrets Manager API reference, ListSecrets).
async fn list(aws: &Aws, suffix: &str) -> Result<Vec<Secret>, Failure> {
    let filter = |key: FilterNameStringType, value: &str| Filter::builder().key(key).values(value).build();
    let mut pages = aws
        .secrets
        .list_secrets()
        .filters(filter(FilterNameStringType::TagKey, TAG_ENVIRONMENT_ID))
        .filters(filter(FilterNameStringType::TagValue, suffix))
        .include_planned_deletion(true)
        .max_results(100)
        .into_paginator()
        .send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        for entry in page.of("secretsmanager:ListSecrets")?.secret_list.unwrap_or_default() {
            found.push(Secret {
                tags: read_tags(entry.tags()),
                arn: entry.arn.unwrap_or_default(),
                name: entry.name.unwrap_or_default(),
                description: entry.description.unwrap_or_default(),
                key: entry.kms_key_id,
                doomed: entry.deleted_date.is_some(),
            });
        }
    }
    Ok(found)
}

/// What a look at a kind believes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// The list, which may be minutes old: right where only names and keys are read off it.
    List,
    /// The list where it shows what is recorded, else each secret's own description: right where it tells what another secret
    /// depends on.
    Recorded,
}

/// Finds all secrets of one kind by one list, where it can be believed about any of them. Only what that list can't be believed about is described: what is wanted but not
/// listed (it may be new), what is listed but not recorded or on its way out (it may be gone), and with [`Trust::Recorded`] what is
/// listed as something else than is recorded (either may be the older). `observe` adds to outputs and settings what the kind reads
/// off the secret.
pub(super) async fn find(
    aws: &Aws,
    scope: &Scope<'_>,
    kind: &'static str,
    trust: Trust,
    observe: impl Fn(&Secret, Option<&Target>, &mut Outputs, &mut Map<String, Value>),
) -> Result<Vec<Sighting>, Failure> {
    if scope.targets.is_empty() && !scope.sweep {
        return Ok(Vec::new());
    }
    let lists = trust == Trust::List || scope.sweep || scope.targets.iter().any(|target| !target.recorded.is_empty());
    let listed = match lists {
        // All kinds read the same list.
        true => scope.answers.once("secretsmanager:ListSecrets", || list(aws, scope.suffix)).await?,
        false => Arc::default(),
    };
    let of_kind = |secret: &&Secret| tags::key_of(&secret.tags, scope.suffix).is_some_and(|key| key.kind() == kind);
    let believed = |secret: &Secret| {
        let Some(target) = scope.by_id(&secret.arn).filter(|_| !secret.doomed) else { return false };
        trust == Trust::List || shows_what_is_recorded(secret, target, &observe)
    };
    let (mut found, doubtful): (Vec<Secret>, Vec<Secret>) = listed.iter().filter(of_kind).cloned().partition(believed);
    let known: BTreeSet<&str> = found.iter().flat_map(|secret| [secret.arn.as_str(), secret.name.as_str()]).collect();
    let wanted = scope.targets.iter().map(|target| target.id.as_deref().unwrap_or(&target.name));
    let ask: BTreeSet<String> = wanted
        .filter(|id| !known.contains(id))
        .chain(doubtful.iter().map(|secret| secret.arn.as_str()))
        .map(str::to_owned)
        .collect();
    let described: Vec<Option<Secret>> =
        stream::iter(ask).map(async |id| describe(aws, &id).await).buffered(AT_ONCE).try_collect().await?;
    for secret in described.into_iter().flatten() {
        if !found.iter().any(|other| other.arn == secret.arn) {
            found.push(secret);
        }
    }
    Ok(found.iter().filter_map(|secret| sighting(scope, kind, secret, &observe)).collect())
}

/// True where all that the kind reads off the secret is recorded just so, and nothing was under way when it was recorded.
fn shows_what_is_recorded(
    secret: &Secret,
    target: &Target,
    observe: &impl Fn(&Secret, Option<&Target>, &mut Outputs, &mut Map<String, Value>),
) -> bool {
    let mut shown = Outputs::new();
    observe(secret, None, &mut shown, &mut Map::new());
    !shown.is_empty() && shown.iter().all(|(name, value)| target.recorded.get(name) == Some(value))
}

fn sighting(
    scope: &Scope<'_>,
    kind: &'static str,
    secret: &Secret,
    observe: &impl Fn(&Secret, Option<&Target>, &mut Outputs, &mut Map<String, Value>),
) -> Option<Sighting> {
    let seen = Sighting {
        key: Key::new(kind, "?"),
        name: secret.name.clone(),
        id: secret.arn.clone(),
        outputs: outputs(&secret.arn),
        observed: Map::new(),
        tags: None,
        life: match secret.doomed {
            // Its name stays taken until it is deleted again, without recovery.
            true => Life::Broken("scheduled for deletion".to_owned()),
            false => Life::Live,
        },
    };
    let mut seen = tags::identify(scope, seen, &secret.tags)?;
    // AWS gives the key back as it was given: an id or an alias can't be compared with an ARN.
    if let Some(key) = secret.key.as_ref().filter(|key| key.starts_with("arn:")) {
        seen.observed.insert("key".into(), key.as_str().into());
    }
    let target = scope.targets.iter().find(|target| target.key == seen.key);
    observe(secret, target, &mut seen.outputs, &mut seen.observed);
    Some(seen)
}

/// Makes a secret. Returns its ARN.
pub(super) async fn create(
    aws: &Aws,
    identity: &Identity,
    key: &str,
    description: &str,
    value: String,
) -> Result<String, Failure> {
    let call = aws.secrets.create_secret().name(&identity.name).client_request_token(&identity.token);
    let call = call.kms_key_id(key).description(description).secret_string(value);
    let call = call.set_tags(Some(tag_list!(aws_sdk_secretsmanager, identity.tags)));
    Ok(call.send().await.of("secretsmanager:CreateSecret")?.arn.unwrap_or_default())
}

/// Encrypts it with another key from now on.
pub(super) async fn set_key(aws: &Aws, arn: &str, key: &str) -> Result<(), Failure> {
    let call = aws.secrets.update_secret().secret_id(arn).kms_key_id(key);
    call.send().await.of("secretsmanager:UpdateSecret")?;
    Ok(())
}

/// Describes it in other words.
pub(super) async fn set_description(aws: &Aws, arn: &str, description: &str) -> Result<(), Failure> {
    let call = aws.secrets.update_secret().secret_id(arn).description(description);
    call.send().await.of("secretsmanager:UpdateSecret")?;
    Ok(())
}

/// Gives it another value, and a description that fits it.
pub(super) async fn set_value(aws: &Aws, arn: &str, description: &str, value: String) -> Result<(), Failure> {
    let call = aws.secrets.update_secret().secret_id(arn).description(description).secret_string(value);
    call.send().await.of("secretsmanager:UpdateSecret")?;
    Ok(())
}

/// Its value.
pub(super) async fn value(aws: &Aws, arn: &str) -> Result<String, Failure> {
    let answer = aws.secrets.get_secret_value().secret_id(arn).send().await.of("secretsmanager:GetSecretValue")?;
    answer.secret_string.ok_or_else(|| Failure::internal(format!("secret {arn} holds no text")))
}

/// Sets tags.
pub(super) async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
    tags::tag_arn(aws, &it.id, tags).await
}

/// Deletes it at once and for good: what the platform generated, it generates again. AWS takes this for a secret that is
/// already scheduled for deletion too.
pub(super) async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
    let call = aws.secrets.delete_secret().secret_id(&it.id).force_delete_without_recovery(true);
    call.send().await.of("secretsmanager:DeleteSecret")?;
    Ok(())
}

/// Whether it is gone: deletion without recovery is asynchronous (Secrets Manager API reference, DeleteSecret).
pub(super) async fn gone(aws: &Aws, it: &Physical) -> Result<Gone, Failure> {
    Ok(match describe(aws, &it.id).await? {
        None => Gone::Yes,
        Some(_) => Gone::NotYet("being deleted".to_owned()),
    })
}

/// The IAM actions that all kinds of secrets need, and those that AWS needs of the caller to use a customer-managed key
/// (Secrets Manager user guide, "Secret encryption and decryption").
#[macro_export]
macro_rules! secret_actions {
    ($($more:literal),*) => {
        &[
            $($more,)*
            "kms:Decrypt",
            "kms:GenerateDataKey",
            "secretsmanager:CreateSecret",
            "secretsmanager:DeleteSecret",
            "secretsmanager:DescribeSecret",
            "secretsmanager:ListSecrets",
            "secretsmanager:TagResource",
            "secretsmanager:UpdateSecret",
            "tag:TagResources",
        ]
    };
}
