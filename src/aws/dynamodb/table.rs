//! Tables.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, PointInTimeRecoverySpecification,
    PointInTimeRecoveryStatus, ScalarAttributeType, SseDescription, SseSpecification, SseType, TableDescription,
    TableStatus,
};
use aws_smithy_types::error::operation::BuildError;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    aws::{Answer, Aws, kms::KmsKeyArn, tags},
    engine::{
        Changes, Class, Created, Failure, Field, Gone, Handle, Identity, Key, Life, Manner, Naming, Output, Outputs,
        Physical, Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When, failure::absent_is_fine,
    },
    markers, tag_list,
};

markers! {
    /// A table's name.
    TableName,
    /// A table's ARN.
    TableArn,
}

/// A table that is paid for by request. Its keys are strings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Table {
    /// Name of the partition key.
    pub partition_key: String,
    /// Name of the sort key, if it has one.
    pub sort_key: Option<String>,
    /// The key that it is encrypted with.
    pub key: Output<KmsKeyArn>,
    /// It can be restored to any second of the last 35 days.
    pub point_in_time_recovery: bool,
    /// DynamoDB refuses to delete it.
    pub deletion_protection: bool,
}

impl Handle<Table> {
    /// Its name.
    pub fn name(&self) -> Output<TableName> {
        self.output("name")
    }

    /// Its ARN.
    pub fn arn(&self) -> Output<TableArn> {
        self.output("arn")
    }
}

fn outputs(table: &TableDescription) -> Outputs {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    Outputs::from([("name".to_owned(), text(table.table_name())), ("arn".to_owned(), text(table.table_arn()))])
}

/// The builders complain about fields that are missing, and none of ours is.
fn built<T>(result: Result<T, BuildError>) -> Result<T, Failure> {
    result.map_err(|error| Failure::internal(error.to_string()))
}

async fn describe(aws: &Aws, name: &str) -> Result<Option<TableDescription>, Failure> {
    let answer = aws.dynamodb.describe_table().table_name(name).send().await.of("dynamodb:DescribeTable");
    absent_is_fine(answer.map(|answer| answer.table))
}

async fn recovery(aws: &Aws, name: &str) -> Result<bool, Failure> {
    let call = aws.dynamodb.describe_continuous_backups().table_name(name);
    let answer = call.send().await.of("dynamodb:DescribeContinuousBackups")?;
    let recovery =
        answer.continuous_backups_description().and_then(|backups| backups.point_in_time_recovery_description());
    let status = recovery.and_then(|recovery| recovery.point_in_time_recovery_status());
    Ok(status == Some(&PointInTimeRecoveryStatus::Enabled))
}

async fn read_tags(aws: &Aws, arn: &str) -> Result<Tags, Failure> {
    let (mut found, mut token) = (Tags::new(), None);
    loop {
        let call = aws.dynamodb.list_tags_of_resource().resource_arn(arn).set_next_token(token);
        let page = call.send().await.of("dynamodb:ListTagsOfResource")?;
        found.extend(page.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())));
        token = page.next_token;
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// The settings that describing a table shows, under the names of the specification's fields.
fn observed(table: &TableDescription) -> Map<String, Value> {
    let key_of = |kind: &KeyType| {
        let found = table.key_schema().iter().find(|element| element.key_type() == kind);
        json!(found.map(|element| element.attribute_name()))
    };
    let mut observed = Map::new();
    observed.insert("partition_key".into(), key_of(&KeyType::Hash));
    observed.insert("sort_key".into(), key_of(&KeyType::Range));
    observed.insert("key".into(), json!(table.sse_description().and_then(SseDescription::kms_master_key_arn)));
    observed.insert("deletion_protection".into(), json!(table.deletion_protection_enabled().unwrap_or_default()));
    observed
}

fn life(table: &TableDescription) -> Life {
    match table.table_status() {
        Some(TableStatus::Deleting) => Life::Ending("being deleted".to_owned()),
        Some(status @ (TableStatus::Archiving | TableStatus::Archived)) => {
            Life::Broken(format!("{} because its key can't be used", status.as_str().to_ascii_lowercase()))
        }
        _ => Life::Live,
    }
}

async fn sighting(aws: &Aws, scope: &Scope<'_>, name: &str) -> Result<Option<Sighting>, Failure> {
    let Some(table) = describe(aws, name).await? else { return Ok(None) };
    let arn = table.table_arn().unwrap_or_default();
    let mut seen = Sighting {
        key: Key::new(Table::KIND, "?"),
        name: name.to_owned(),
        id: name.to_owned(),
        outputs: outputs(&table),
        observed: observed(&table),
        tags: None,
        life: life(&table),
    };
    let recorded = scope.by_id(name).is_some();
    if matches!(table.table_status(), Some(TableStatus::Active | TableStatus::Updating)) {
        seen.observed.insert("point_in_time_recovery".into(), recovery(aws, name).await?.into());
    }
    match tags::searched(scope, arn) {
        Some(tags) => Ok(tags::identify(scope, seen, tags)),
        None if recorded => Ok(tags::identify_recorded(scope, seen)),
        None => Ok(tags::identify(scope, seen, &read_tags(aws, arn).await?)),
    }
}

impl Table {
    fn encryption(&self) -> Result<SseSpecification, Failure> {
        let encryption = SseSpecification::builder().enabled(true).sse_type(SseType::Kms);
        Ok(encryption.kms_master_key_id(self.key.get()?).build())
    }

    /// Whether it is encrypted with this key already: DynamoDB refuses to change it to what it is, and a change must be repeatable.
    async fn is_encrypted(&self, aws: &Aws, name: &str) -> Result<bool, Failure> {
        let table = describe(aws, name).await?;
        let present = table.as_ref().and_then(TableDescription::sse_description);
        Ok(present.and_then(SseDescription::kms_master_key_arn) == Some(self.key.get()?))
    }
}

#[async_trait]
impl Resource for Table {
    type Clients = Aws;
    const KIND: &'static str = "table";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            repeat: Repeat::Safe,
            usable: When::Created,
            create: Wait::seconds(8, 600),
            delete: Wait::seconds(5, 900),
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "point_in_time_recovery" => Field::UPDATE.later(),
            "key" | "deletion_protection" => Field::UPDATE,
            _ => Field::REPLACE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        // DynamoDB describes one table a call, so those that are wanted are asked for by name.
        let targets = scope.targets.iter().map(|target| target.id.as_deref().unwrap_or(&target.name));
        let tagged = scope.tagged_with(":dynamodb:").map(|hit| hit.id()).filter(|_| scope.sweep);
        let mut names: Vec<&str> = targets.chain(tagged).collect();
        names.sort_unstable();
        names.dedup();
        let looks = names.into_iter().map(|name| sighting(aws, scope, name));
        Ok(try_join_all(looks).await?.into_iter().flatten().collect())
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let keys = [(Some(&self.partition_key), KeyType::Hash), (self.sort_key.as_ref(), KeyType::Range)];
        let mut call = aws.dynamodb.create_table().table_name(&identity.name);
        for (name, kind) in keys.into_iter().filter_map(|(name, kind)| Some((name?, kind))) {
            let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
            let element = KeySchemaElement::builder().attribute_name(name).key_type(kind);
            call = call.attribute_definitions(built(attribute.build())?).key_schema(built(element.build())?);
        }
        let answer = call
            .billing_mode(BillingMode::PayPerRequest)
            .sse_specification(self.encryption()?)
            .deletion_protection_enabled(self.deletion_protection)
            .set_tags(Some(tag_list!(aws_sdk_dynamodb, identity.tags, fallible)))
            .send()
            .await
            .of("dynamodb:CreateTable")?;
        let known = answer.table_description().map(outputs).unwrap_or_default();
        Ok(Created { id: identity.name.clone(), outputs: known })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        // One kind of change a call (DynamoDB API reference, UpdateTable); the second is refused until the first is done,
        // and then repeated.
        if changes.touches("deletion_protection") {
            let call = aws.dynamodb.update_table().table_name(&it.id);
            let call = call.deletion_protection_enabled(self.deletion_protection);
            call.send().await.of("dynamodb:UpdateTable")?;
        }
        if changes.touches("key") && !self.is_encrypted(aws, &it.id).await? {
            let call = aws.dynamodb.update_table().table_name(&it.id).sse_specification(self.encryption()?);
            call.send().await.of("dynamodb:UpdateTable")?;
        }
        if changes.touches("point_in_time_recovery") {
            let recovery = PointInTimeRecoverySpecification::builder();
            let recovery = recovery.point_in_time_recovery_enabled(self.point_in_time_recovery).build();
            let call = aws.dynamodb.update_continuous_backups().table_name(&it.id);
            let call = call.point_in_time_recovery_specification(built(recovery)?);
            call.send().await.of("dynamodb:UpdateContinuousBackups")?;
        }
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        tags::tag_arn(aws, it.output("arn")?, tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        let Some(table) = describe(aws, &it.id).await? else {
            // DescribeTable is eventually consistent: "it may return ResourceNotFoundException … wait a few seconds, and
            // then try again" (DynamoDB API reference, DescribeTable).
            return Ok(Readiness::Waiting("not visible yet".to_owned()));
        };
        Ok(match table.table_status() {
            Some(TableStatus::Active) => Readiness::Ready(outputs(&table)),
            Some(TableStatus::InaccessibleEncryptionCredentials) => Readiness::Failed(
                Failure::new(Class::Invalid, format!("table {} can't use its KMS key", it.name))
                    .remedy("check that the key exists, is enabled and allows DynamoDB to use it"),
            ),
            Some(status) => Readiness::Waiting(status.as_str().to_ascii_lowercase()),
            None => Readiness::Waiting("creating".to_owned()),
        })
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        aws.dynamodb.delete_table().table_name(&it.id).send().await.of("dynamodb:DeleteTable")?;
        Ok(())
    }

    async fn gone(aws: &Aws, it: &Physical) -> Result<Gone, Failure> {
        Ok(match describe(aws, &it.id).await? {
            None => Gone::Yes,
            Some(_) => Gone::NotYet("being deleted".to_owned()),
        })
    }

    async fn blockers(aws: &Aws, it: &Physical) -> Result<Vec<String>, Failure> {
        let status = describe(aws, &it.id).await?.and_then(|table| table.table_status);
        Ok(match status {
            Some(TableStatus::Active) | None => Vec::new(),
            Some(status) => vec![format!("table {} is {}", it.name, status.as_str().to_ascii_lowercase())],
        })
    }

    fn actions() -> &'static [&'static str] {
        &[
            "dynamodb:CreateTable",
            "dynamodb:DeleteTable",
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:DescribeTable",
            "dynamodb:ListTagsOfResource",
            "dynamodb:TagResource",
            "dynamodb:UpdateContinuousBackups",
            "dynamodb:UpdateTable",
            // DynamoDB uses the key in the caller's name when it makes the table (DynamoDB Developer Guide, "DynamoDB encryption at rest:
            // How it works", "Authorizing use of your customer managed key").
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:GenerateDataKey",
            "tag:TagResources",
        ]
    }
}
