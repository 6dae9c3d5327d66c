//! Subnet groups: where a database may have its interfaces.

use async_trait::async_trait;
use aws_sdk_rds::types::DbSubnetGroup as Described;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::shared;
use crate::{
    aws::{Answer, Aws, ec2::shared::SubnetId, tags},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Key, Life, Manner, Naming, Output, Outputs, Physical,
        Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
    markers, tag_list,
};

markers! {
    /// A subnet group's name.
    DbSubnetGroupName,
}

/// A subnet group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DbSubnetGroup {
    /// What it is for.
    pub description: String,
    /// Its subnets, in two zones at least.
    pub subnets: Vec<Output<SubnetId>>,
}

impl Handle<DbSubnetGroup> {
    /// Its name.
    pub fn name(&self) -> Output<DbSubnetGroupName> {
        self.output("name")
    }
}

fn outputs(group: &Described) -> Outputs {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    Outputs::from([
        ("name".to_owned(), text(group.db_subnet_group_name())),
        ("arn".to_owned(), text(group.db_subnet_group_arn())),
    ])
}

fn observed(group: &Described) -> Map<String, Value> {
    let subnets: Vec<&str> = group.subnets().iter().filter_map(|subnet| subnet.subnet_identifier()).collect();
    Map::from_iter([
        ("description".to_owned(), json!(group.db_subnet_group_description())),
        ("subnets".to_owned(), json!(subnets)),
    ])
}

async fn sighting(aws: &Aws, scope: &Scope<'_>, group: &Described) -> Result<Option<Sighting>, Failure> {
    let name = group.db_subnet_group_name().unwrap_or_default();
    let arn = group.db_subnet_group_arn().unwrap_or_default();
    let seen = Sighting {
        key: Key::new(DbSubnetGroup::KIND, "?"),
        name: name.to_owned(),
        id: name.to_owned(),
        outputs: outputs(group),
        observed: observed(group),
        tags: None,
        life: Life::Live,
    };
    if let Some(tags) = tags::searched(scope, arn) {
        return Ok(tags::identify(scope, seen, tags));
    }
    if scope.by_id(name).is_some() {
        return Ok(tags::identify_recorded(scope, seen));
    }
    if scope.by_name(name).is_none() {
        return Ok(None);
    }
    let answer = aws.rds.list_tags_for_resource().resource_name(arn).send().await.of("rds:ListTagsForResource")?;
    Ok(tags::identify(scope, seen, &shared::read_tags(answer.tag_list())))
}

#[async_trait]
impl Resource for DbSubnetGroup {
    type Clients = Aws;
    const KIND: &'static str = "db-subnet-group";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            repeat: Repeat::Safe,
            usable: When::Created,
            create: Wait::INSTANT,
            delete: Wait::INSTANT,
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "subnets" => Field::UPDATE.unordered(),
            _ => Field::UPDATE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let mut found = Vec::new();
        if shared::is_idle(scope) {
            return Ok(found);
        }
        let mut pages = aws.rds.describe_db_subnet_groups().max_records(100).into_paginator().send();
        while let Some(page) = pages.next().await {
            for group in page.of("rds:DescribeDBSubnetGroups")?.db_subnet_groups() {
                found.extend(sighting(aws, scope, group).await?);
            }
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let mut call = aws.rds.create_db_subnet_group().db_subnet_group_name(&identity.name);
        for subnet in &self.subnets {
            call = call.subnet_ids(subnet.get()?);
        }
        let answer = call
            .db_subnet_group_description(&self.description)
            .set_tags(Some(tag_list!(aws_sdk_rds, identity.tags)))
            .send()
            .await
            .of("rds:CreateDBSubnetGroup")?;
        let known = answer.db_subnet_group().map(outputs).unwrap_or_default();
        Ok(Created { id: identity.name.clone(), outputs: known })
    }

    async fn update(&self, aws: &Aws, it: &Physical, _changes: &Changes) -> Result<Outputs, Failure> {
        let mut call = aws.rds.modify_db_subnet_group().db_subnet_group_name(&it.id);
        for subnet in &self.subnets {
            call = call.subnet_ids(subnet.get()?);
        }
        call.db_subnet_group_description(&self.description).send().await.of("rds:ModifyDBSubnetGroup")?;
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        tags::tag_arn(aws, it.output("arn")?, tags).await
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        Ok(Readiness::Ready(it.outputs.clone()))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        let call = aws.rds.delete_db_subnet_group().db_subnet_group_name(&it.id);
        call.send().await.of("rds:DeleteDBSubnetGroup")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // Nothing in the API says that it takes time (RDS API reference, DeleteDBSubnetGroup).
        Ok(Gone::Yes)
    }

    async fn blockers(aws: &Aws, it: &Physical) -> Result<Vec<String>, Failure> {
        let clusters = super::cluster::all(aws).await?;
        let inside = clusters.iter().filter(|cluster| cluster.db_subnet_group() == Some(it.id.as_str()));
        Ok(inside.map(|cluster| format!("cluster {}", cluster.db_cluster_identifier().unwrap_or_default())).collect())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "rds:AddTagsToResource",
            "rds:CreateDBSubnetGroup",
            "rds:DeleteDBSubnetGroup",
            "rds:DescribeDBClusters",
            "rds:DescribeDBSubnetGroups",
            "rds:ListTagsForResource",
            "rds:ModifyDBSubnetGroup",
            "tag:TagResources",
        ]
    }
}
