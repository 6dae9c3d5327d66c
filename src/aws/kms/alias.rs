//! Names of keys.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use super::KmsKeyId;
use crate::{
    aws::{Answer, Aws},
    engine::{
        Changes, Created, Failure, Field, Gone, Identity, Key, Life, Manner, Naming, Output, Outputs, Physical,
        Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
};

/// A name of a key, such as `alias/key-dev`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KmsAlias {
    /// The key that it names.
    pub key: Output<KmsKeyId>,
}

fn outputs(name: &str) -> Outputs {
    Outputs::from([("name".to_owned(), name.to_owned())])
}

/// Which of ours an alias is: a target by its name, else whatever names a key that the tag search found.
fn key_of(scope: &Scope<'_>, name: &str, key_id: &str) -> Option<Key> {
    let orphan = || {
        let of_ours = scope.sweep && scope.tagged_with(":kms:").any(|hit| hit.id() == key_id);
        of_ours.then(|| Key::new(KmsAlias::KIND, name.trim_start_matches("alias/")))
    };
    scope.by_name(name).map(|target| target.key.clone()).or_else(orphan)
}

#[async_trait]
impl Resource for KmsAlias {
    type Clients = Aws;
    const KIND: &'static str = "kms-alias";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            repeat: Repeat::Safe,
            usable: When::Created,
            create: Wait::INSTANT,
            delete: Wait::INSTANT,
        }
    }

    fn field(_name: &str) -> Field {
        Field::UPDATE
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let mut found = Vec::new();
        if scope.targets.is_empty() && !scope.sweep {
            return Ok(found);
        }
        let mut pages = aws.kms.list_aliases().limit(100).into_paginator().send();
        while let Some(page) = pages.next().await {
            for alias in page.of("kms:ListAliases")?.aliases() {
                let (Some(name), Some(key_id)) = (alias.alias_name(), alias.target_key_id()) else { continue };
                found.extend(key_of(scope, name, key_id).map(|key| Sighting {
                    key,
                    name: name.to_owned(),
                    id: name.to_owned(),
                    outputs: outputs(name),
                    observed: Map::from_iter([("key".to_owned(), json!(key_id))]),
                    tags: None,
                    life: Life::Live,
                }));
            }
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let call = aws.kms.create_alias().alias_name(&identity.name).target_key_id(self.key.get()?);
        call.send().await.of("kms:CreateAlias")?;
        Ok(Created { id: identity.name.clone(), outputs: outputs(&identity.name) })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        if changes.touches("key") {
            let call = aws.kms.update_alias().alias_name(&it.id).target_key_id(self.key.get()?);
            call.send().await.of("kms:UpdateAlias")?;
        }
        Ok(Outputs::new())
    }

    async fn tag(_aws: &Aws, _it: &Physical, _tags: &Tags) -> Result<(), Failure> {
        // An alias takes no tags (KMS developer guide, "Tags in AWS KMS").
        Ok(())
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        Ok(Readiness::Ready(outputs(&it.id)))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        aws.kms.delete_alias().alias_name(&it.id).send().await.of("kms:DeleteAlias")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // DeleteAlias is synchronous (KMS API reference, DeleteAlias).
        Ok(Gone::Yes)
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        &["kms:CreateAlias", "kms:DeleteAlias", "kms:ListAliases", "kms:UpdateAlias"]
    }
}
