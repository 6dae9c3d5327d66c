//! Instances of Aurora clusters.

use async_trait::async_trait;
use aws_sdk_rds::types::DbInstance as Described;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{cluster::ClusterName, shared};
use crate::{
    aws::{Answer, Aws, tags},
    engine::{
        Changes, Class, Created, Failure, Field, Gone, Handle, Identity, Key, Manner, Naming, Output, Outputs,
        Physical, Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When, failure::absent_is_fine,
    },
    markers, tag_list,
};

markers! {
    /// An instance's ARN.
    DbInstanceArn,
}

/// An instance of a cluster; the first one is its writer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DbInstance {
    /// The cluster that it is part of.
    pub cluster: Output<ClusterName>,
    /// The cluster's engine.
    pub engine: String,
    /// `db.serverless`, or another class.
    pub class: String,
    /// Whether it has a public address.
    pub public: bool,
    /// Whether AWS moves it to newer minor versions in the maintenance window.
    pub minor_upgrades: bool,
}

impl Handle<DbInstance> {
    /// Its ARN.
    pub fn arn(&self) -> Output<DbInstanceArn> {
        self.output("arn")
    }
}

fn name(it: &Described) -> &str {
    it.db_instance_identifier().unwrap_or_default()
}

fn outputs(it: &Described) -> Outputs {
    let known = [("name", it.db_instance_identifier()), ("arn", it.db_instance_arn())];
    known.into_iter().filter_map(|(output, value)| Some((output.to_owned(), value?.to_owned()))).collect()
}

async fn describe(aws: &Aws, id: &str) -> Result<Option<Described>, Failure> {
    let answer = aws.rds.describe_db_instances().db_instance_identifier(id).send().await.of("rds:DescribeDBInstances");
    let instances = absent_is_fine(answer.map(|answer| answer.db_instances.unwrap_or_default()))?;
    Ok(instances.into_iter().next())
}

fn observed(it: &Described) -> Map<String, Value> {
    let fields = [
        ("cluster", json!(it.db_cluster_identifier())),
        ("engine", json!(it.engine())),
        ("class", json!(it.db_instance_class())),
        ("public", json!(it.publicly_accessible().unwrap_or_default())),
        ("minor_upgrades", json!(it.auto_minor_version_upgrade().unwrap_or_default())),
    ];
    fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect()
}

#[async_trait]
impl Resource for DbInstance {
    type Clients = Aws;
    const KIND: &'static str = "db-instance";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            repeat: Repeat::Safe,
            usable: When::Ready,
            create: Wait::seconds(360, 3600),
            delete: Wait::seconds(300, 3600),
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "class" | "public" | "minor_upgrades" => Field::UPDATE,
            _ => Field::REPLACE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let mut found = Vec::new();
        if shared::is_idle(scope) {
            return Ok(found);
        }
        let mut pages = aws.rds.describe_db_instances().max_records(100).into_paginator().send();
        while let Some(page) = pages.next().await {
            for it in page.of("rds:DescribeDBInstances")?.db_instances() {
                let seen = Sighting {
                    key: Key::new(Self::KIND, "?"),
                    name: name(it).to_owned(),
                    id: name(it).to_owned(),
                    outputs: outputs(it),
                    observed: observed(it),
                    tags: None,
                    life: shared::life(it.db_instance_status().unwrap_or_default()),
                };
                found.extend(tags::identify(scope, seen, &shared::read_tags(it.tag_list())));
            }
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let answer = aws
            .rds
            .create_db_instance()
            .db_instance_identifier(&identity.name)
            .db_cluster_identifier(self.cluster.get()?)
            .engine(&self.engine)
            .db_instance_class(&self.class)
            .publicly_accessible(self.public)
            .auto_minor_version_upgrade(self.minor_upgrades)
            .set_tags(Some(tag_list!(aws_sdk_rds, identity.tags)))
            .send()
            .await
            .of("rds:CreateDBInstance")?;
        let known = answer.db_instance().map(outputs).unwrap_or_default();
        Ok(Created { id: identity.name.clone(), outputs: known })
    }

    async fn update(&self, aws: &Aws, it: &Physical, _changes: &Changes) -> Result<Outputs, Failure> {
        let call = aws.rds.modify_db_instance().db_instance_identifier(&it.id).apply_immediately(true);
        let call = call.db_instance_class(&self.class).publicly_accessible(self.public);
        call.auto_minor_version_upgrade(self.minor_upgrades).send().await.of("rds:ModifyDBInstance")?;
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        tags::tag_arn(aws, it.output("arn")?, tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        let Some(found) = describe(aws, &it.id).await? else {
            return Ok(Readiness::Waiting("not visible yet".to_owned()));
        };
        Ok(match found.db_instance_status() {
            Some("available") => Readiness::Ready(outputs(&found)),
            Some(status @ ("failed" | "incompatible-network" | "inaccessible-encryption-credentials")) => {
                let failure = Failure::new(Class::Invalid, format!("instance {} is {status}", it.name));
                Readiness::Failed(failure.remedy("look at the instance's events in RDS"))
            }
            status => Readiness::Waiting(status.unwrap_or("creating").to_owned()),
        })
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        // Snapshots are the cluster's (RDS API reference, DeleteDBInstance, "SkipFinalSnapshot").
        let call = aws.rds.delete_db_instance().db_instance_identifier(&it.id).skip_final_snapshot(true);
        match call.send().await.of("rds:DeleteDBInstance") {
            // It is being deleted already.
            Err(failure) if failure.class == Class::Blocked => match describe(aws, &it.id).await? {
                Some(found) if found.db_instance_status() == Some("deleting") => Ok(()),
                _ => Err(failure),
            },
            other => other.map(|_| ()),
        }
    }

    async fn gone(aws: &Aws, it: &Physical) -> Result<Gone, Failure> {
        let found = describe(aws, &it.id).await?;
        Ok(shared::gone(found.as_ref().map(|found| found.db_instance_status().unwrap_or("deleting"))))
    }

    async fn blockers(aws: &Aws, it: &Physical) -> Result<Vec<String>, Failure> {
        let status = describe(aws, &it.id).await?.and_then(|found| found.db_instance_status);
        Ok(status.filter(|status| status != "available").map(|status| format!("it is {status}")).into_iter().collect())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "rds:AddTagsToResource",
            "rds:CreateDBInstance",
            "rds:DeleteDBInstance",
            "rds:DescribeDBInstances",
            "rds:ModifyDBInstance",
            "tag:TagResources",
        ]
    }
}
