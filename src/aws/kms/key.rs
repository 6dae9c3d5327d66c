//! Customer-managed keys.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_kms::types::{KeyManagerType, KeyMetadata, KeyState, Tag};
use aws_smithy_types::date_time::Format;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    aws::{Answer, Aws, iam::document, tags},
    engine::{
        Changes, Class, Created, Failure, Field, Gone, Handle, Identity, Key, Life, Manner, Naming, Output, Outputs,
        Physical, Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
    markers,
};

markers! {
    /// A KMS key's ARN.
    KmsKeyArn,
    /// A KMS key's id: a UUID.
    KmsKeyId,
}

/// A symmetric customer-managed key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KmsKey {
    /// What it is for.
    pub description: String,
    /// Who may use and administer it.
    pub policy: Value,
    /// AWS makes new key material every year.
    pub rotation: bool,
    /// Days between the order to delete it and its end: 7 to 30 (KMS API reference, ScheduleKeyDeletion). AWS wants to know only then, so
    /// it is kept as an output until then.
    pub deletion_window_days: u32,
}

/// The shortest window that KMS takes; for a key whose window nobody remembers.
const SHORTEST_WINDOW: i32 = 7;

const WINDOW: &str = "deletion_window_days";

impl Handle<KmsKey> {
    /// Its ARN.
    pub fn arn(&self) -> Output<KmsKeyArn> {
        self.output("arn")
    }

    /// Its id.
    pub fn id(&self) -> Output<KmsKeyId> {
        self.output("id")
    }
}

impl KmsKey {
    fn window(&self) -> (String, String) {
        (WINDOW.to_owned(), self.deletion_window_days.to_string())
    }
}

fn outputs(id: &str, arn: &str) -> Outputs {
    Outputs::from([("id".to_owned(), id.to_owned()), ("arn".to_owned(), arn.to_owned())])
}

fn tag_list(tags: &Tags) -> Vec<Tag> {
    // A tag is only incomplete without key and value, which ours have.
    tags.iter().flat_map(|(key, value)| Tag::builder().tag_key(key).tag_value(value).build()).collect()
}

/// A key's metadata; `None` where there is no such key.
async fn describe(aws: &Aws, id: &str) -> Result<Option<KeyMetadata>, Failure> {
    match aws.kms.describe_key().key_id(id).send().await.of("kms:DescribeKey") {
        Ok(answer) => Ok(answer.key_metadata),
        Err(failure) if failure.class == Class::Absent => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Until when a key is pending deletion, if it is.
fn doom(key: &KeyMetadata) -> Option<String> {
    let date = key.deletion_date().and_then(|date| date.fmt(Format::DateTime).ok()).unwrap_or_default();
    (key.key_state() == Some(&KeyState::PendingDeletion)).then(|| format!("pending deletion until {date}"))
}

/// Keys that bear no alias, or one that ends like those of this environment, with their tags. KMS's own view of tags is there at once, the tag search
/// lags: so this finds a key whose create call was never answered. That others have aliases keeps the number of keys to look at small.
async fn unnamed(aws: &Aws, suffix: &str) -> Result<Vec<(String, Tags)>, Failure> {
    let ending = format!("-{suffix}");
    let mut named = BTreeSet::new();
    let mut pages = aws.kms.list_aliases().into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.of("kms:ListAliases")?;
        let others = page.aliases().iter().filter(|it| !it.alias_name().is_some_and(|name| name.ends_with(&ending)));
        named.extend(others.filter_map(|alias| alias.target_key_id().map(str::to_owned)));
    }
    let mut unnamed = Vec::new();
    let mut pages = aws.kms.list_keys().limit(1000).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.of("kms:ListKeys")?;
        let ids = page.keys().iter().filter_map(|key| key.key_id());
        unnamed.extend(ids.filter(|id| !named.contains(*id)).map(str::to_owned));
    }
    let mut tagged = Vec::new();
    for id in unnamed {
        match aws.kms.list_resource_tags().key_id(&id).send().await.of("kms:ListResourceTags") {
            Ok(answer) => {
                let pairs = answer.tags().iter().map(|tag| (Some(tag.tag_key()), Some(tag.tag_value())));
                tagged.push((id, tags::collect(pairs)));
            }
            // Somebody else's key, whose policy shuts us out, or one that has just gone.
            Err(failure) if matches!(failure.class, Class::Denied | Class::Absent) => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(tagged)
}

/// The ids of keys that may be the environment's, with their tags where these are known.
async fn candidates(aws: &Aws, scope: &Scope<'_>) -> Result<BTreeMap<String, Option<Tags>>, Failure> {
    let recorded = scope.targets.iter().filter_map(|target| target.id.clone());
    let mut found: BTreeMap<String, Option<Tags>> = recorded.map(|id| (id, None)).collect();
    let open = scope.targets.iter().any(|target| target.id.is_none());
    for hit in scope.tagged_with(":kms:") {
        if open || scope.sweep || found.contains_key(hit.id()) {
            found.insert(hit.id().to_owned(), Some(hit.tags.clone()));
        }
    }
    if open {
        let ours = |(_, tags): &(String, Tags)| tags::key_of(tags, scope.suffix).is_some();
        found.extend(unnamed(aws, scope.suffix).await?.into_iter().filter(ours).map(|(id, tags)| (id, Some(tags))));
    }
    Ok(found)
}

/// The settings of a key that can be used.
async fn observe(aws: &Aws, key: &KeyMetadata) -> Result<Map<String, Value>, Failure> {
    let id = key.key_id();
    let policy = async { aws.kms.get_key_policy().key_id(id).send().await.of("kms:GetKeyPolicy") };
    let rotation = async { aws.kms.get_key_rotation_status().key_id(id).send().await.of("kms:GetKeyRotationStatus") };
    let (policy, rotation) = futures::try_join!(policy, rotation)?;
    Ok(Map::from_iter([
        ("description".to_owned(), json!(key.description().unwrap_or_default())),
        ("policy".to_owned(), document::read(policy.policy().unwrap_or_default())),
        ("rotation".to_owned(), json!(rotation.key_rotation_enabled())),
    ]))
}

#[async_trait]
impl Resource for KmsKey {
    type Clients = Aws;
    const KIND: &'static str = "kms-key";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Free,
            repeat: Repeat::Lookup,
            usable: When::Created,
            create: Wait::INSTANT,
            delete: Wait::INSTANT,
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "rotation" => Field::UPDATE.later(),
            _ => Field::UPDATE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        if scope.targets.is_empty() && !scope.sweep {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for (id, tags) in candidates(aws, scope).await? {
            let Some(key) = describe(aws, &id).await? else { continue };
            if key.key_manager() == Some(&KeyManagerType::Aws) {
                continue;
            }
            let (life, observed) = match doom(&key) {
                Some(until) => (Life::Doomed(until), Map::new()),
                None => (Life::Live, observe(aws, &key).await?),
            };
            let name = tags.as_ref().map(tags::name_of).filter(|name| !name.is_empty());
            let name = name.or_else(|| scope.by_id(&id).map(|target| target.name.clone())).unwrap_or_default();
            let outputs = outputs(&id, key.arn().unwrap_or_default());
            let seen = Sighting { key: Key::new(Self::KIND, "?"), name, outputs, id, observed, tags: None, life };
            found.extend(tags::identify_unread(scope, seen, tags.as_ref()));
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let answer = aws
            .kms
            .create_key()
            .description(&self.description)
            .policy(self.policy.to_string())
            .set_tags(Some(tag_list(&identity.tags)))
            .send()
            .await
            .of("kms:CreateKey")?;
        let id = answer.key_metadata().map(KeyMetadata::key_id).unwrap_or_default();
        let mut outputs = outputs(id, answer.key_metadata().and_then(KeyMetadata::arn).unwrap_or_default());
        outputs.extend([self.window()]);
        Ok(Created { id: id.to_owned(), outputs })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        if changes.touches("description") {
            let call = aws.kms.update_key_description().key_id(&it.id).description(&self.description);
            call.send().await.of("kms:UpdateKeyDescription")?;
        }
        if changes.touches("policy") {
            let call = aws.kms.put_key_policy().key_id(&it.id).policy(self.policy.to_string());
            call.send().await.of("kms:PutKeyPolicy")?;
        }
        if changes.touches("rotation") && self.rotation {
            aws.kms.enable_key_rotation().key_id(&it.id).send().await.of("kms:EnableKeyRotation")?;
        } else if changes.touches("rotation") {
            aws.kms.disable_key_rotation().key_id(&it.id).send().await.of("kms:DisableKeyRotation")?;
        }
        Ok(Outputs::from([self.window()]))
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        let call = aws.kms.tag_resource().key_id(&it.id).set_tags(Some(tag_list(tags)));
        call.send().await.of("kms:TagResource")?;
        Ok(())
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        // A key with KMS's own material is enabled from the start (KMS developer guide, "Key states").
        let mut outputs = outputs(&it.id, it.output("arn")?);
        outputs.extend([self.window()]);
        Ok(Readiness::Ready(outputs))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        let window = it.outputs.get(WINDOW).and_then(|days| days.parse().ok()).unwrap_or(SHORTEST_WINDOW);
        let call = aws.kms.schedule_key_deletion().key_id(&it.id).pending_window_in_days(window);
        match call.send().await.of("kms:ScheduleKeyDeletion") {
            // It was scheduled before (KMS API reference, ScheduleKeyDeletion).
            Err(failure) if failure.message.contains("pending deletion") => Ok(()),
            other => other.map(|_| ()),
        }
    }

    async fn gone(aws: &Aws, it: &Physical) -> Result<Gone, Failure> {
        let Some(key) = describe(aws, &it.id).await? else { return Ok(Gone::Yes) };
        Ok(match doom(&key) {
            Some(until) => Gone::Scheduled(until),
            None => Gone::NotYet("still usable".to_owned()),
        })
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        // KMS deletes a key whoever uses it.
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "kms:CreateKey",
            "kms:DescribeKey",
            "kms:DisableKeyRotation",
            "kms:EnableKeyRotation",
            "kms:GetKeyPolicy",
            "kms:GetKeyRotationStatus",
            "kms:ListAliases",
            "kms:ListKeys",
            "kms:ListResourceTags",
            "kms:PutKeyPolicy",
            "kms:ScheduleKeyDeletion",
            "kms:TagResource",
            "kms:UpdateKeyDescription",
        ]
    }
}
