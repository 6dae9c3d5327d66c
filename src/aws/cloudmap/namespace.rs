//! Private DNS namespaces.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use aws_sdk_servicediscovery::types::{
    FilterCondition, NamespaceFilter, NamespaceFilterName, NamespaceSummary, Operation, OperationFilter,
    OperationFilterName, OperationStatus, OperationTargetType, OperationType,
};
use serde::{Deserialize, Serialize};
use serde_json::Map;
use tokio::time::Instant;

use super::shared::{built, outputs, read_tags, services, services_of};
use crate::{
    aws::{Answer, Aws, ec2::shared::VpcId, tags},
    engine::{
        Changes, Class, Created, Failure, Field, Gone, Handle, Identity, Key, Life, Manner, Naming, Output, Outputs,
        Physical, Readiness, Repeat, Resource, Scope, Sighting, Tagged, Tags, Target, Wait, When,
        failure::absent_is_fine,
    },
    markers, tag_list,
};

markers! {
    /// A namespace's id.
    NamespaceId,
    /// A namespace's ARN.
    NamespaceArn,
    /// A namespace's DNS name.
    NamespaceName,
}

/// A DNS namespace that is seen in one VPC. Its physical name is its DNS name (`dev.local`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Namespace {
    /// The VPC whose resolver answers for it.
    pub vpc: Output<VpcId>,
}

impl Handle<Namespace> {
    /// Its id.
    pub fn id(&self) -> Output<NamespaceId> {
        self.output("id")
    }

    /// Its ARN.
    pub fn arn(&self) -> Output<NamespaceArn> {
        self.output("arn")
    }

    /// Its DNS name.
    pub fn name(&self) -> Output<NamespaceName> {
        self.output("name")
    }
}

/// What the ids of namespaces begin with. CreatePrivateDnsNamespace answers with the id of an operation only, and so that is what
/// is recorded of a namespace that we made; one that was found is recorded by its own id.
const ID: &str = "ns-";

/// How long namespaces that are being made are waited for, and the pause between two looks.
const LONGEST: Duration = Duration::from_secs(120);
const EVERY: Duration = Duration::from_secs(5);

async fn operation(aws: &Aws, id: &str) -> Result<Operation, Failure> {
    let answer = aws.cloudmap.get_operation().operation_id(id).send().await.of("servicediscovery:GetOperation")?;
    answer.operation.ok_or_else(|| Failure::new(Class::Absent, format!("Cloud Map knows no operation {id}")))
}

fn made_by(operation: &Operation) -> Option<&String> {
    operation.targets().and_then(|targets| targets.get(&OperationTargetType::Namespace))
}

/// Why an operation failed.
fn reason(operation: &Operation) -> String {
    let message = operation.error_message().unwrap_or("Cloud Map gives no reason");
    operation.error_code().map_or_else(|| message.to_owned(), |code| format!("{code}: {message}"))
}

/// The id of the namespace itself.
///
/// [`Class::Absent`] where the operation that was to make it failed, [`Class::Blocked`] while it goes on.
async fn id_of(aws: &Aws, it: &Physical) -> Result<String, Failure> {
    if let Some(id) = it.outputs.get("id").cloned().or_else(|| Some(it.id.clone()).filter(|id| id.starts_with(ID))) {
        return Ok(id);
    }
    let operation = operation(aws, &it.id).await?;
    if let Some(id) = made_by(&operation) {
        return Ok(id.clone());
    }
    match operation.status() {
        Some(OperationStatus::Fail) => Err(Failure::new(Class::Absent, reason(&operation))),
        _ => Err(Failure::new(Class::Blocked, format!("{} is still being made", it.name))),
    }
}

async fn get(aws: &Aws, id: &str) -> Result<Option<Outputs>, Failure> {
    let answer = aws.cloudmap.get_namespace().id(id).send().await.of("servicediscovery:GetNamespace");
    let found = absent_is_fine(answer.map(|answer| answer.namespace))?;
    Ok(found.map(|found| outputs(found.id(), found.arn(), found.name().unwrap_or_default())))
}

/// Whether an operation on a namespace is under way.
async fn is_busy(aws: &Aws, id: &str) -> Result<bool, Failure> {
    is_open(aws, OperationFilterName::NamespaceId, id).await
}

/// Whether an operation is under way for which this holds.
async fn is_open(aws: &Aws, name: OperationFilterName, value: &str) -> Result<bool, Failure> {
    let of = OperationFilter::builder().name(name).condition(FilterCondition::Eq).values(value);
    let open = OperationFilter::builder()
        .name(OperationFilterName::Status)
        .condition(FilterCondition::In)
        .values(OperationStatus::Submitted.as_str())
        .values(OperationStatus::Pending.as_str());
    let call = aws.cloudmap.list_operations().filters(built(of.build())?).filters(built(open.build())?);
    let answer = call.send().await.of("servicediscovery:ListOperations")?;
    Ok(!answer.operations().is_empty())
}

/// Lets the account's namespaces that are being made come to their end; false where none was. Operations tell neither names nor tags, so whether
/// one of them is ours shows only when it is there.
async fn all_are_made(aws: &Aws) -> Result<bool, Failure> {
    let (start, mut waited) = (Instant::now(), false);
    while start.elapsed() < LONGEST
        && is_open(aws, OperationFilterName::Type, OperationType::CreateNamespace.as_str()).await?
    {
        waited = true;
        tokio::time::sleep(EVERY).await;
    }
    Ok(waited)
}

async fn list(aws: &Aws) -> Result<Vec<NamespaceSummary>, Failure> {
    let filter = NamespaceFilter::builder()
        .name(NamespaceFilterName::Type)
        .condition(FilterCondition::Eq)
        .values("DNS_PRIVATE")
        .build();
    let mut pages = aws.cloudmap.list_namespaces().filters(built(filter)?).max_results(100).into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        found.extend(page.of("servicediscovery:ListNamespaces")?.namespaces.unwrap_or_default());
    }
    Ok(found)
}

/// One namespace, if it is ours. A namespace of our name that isn't is another VPC's and in nobody's way: within a VPC names
/// are unique, and the VPC is ours.
async fn sighting(aws: &Aws, scope: &Scope<'_>, found: &NamespaceSummary) -> Result<Option<Sighting>, Failure> {
    let (id, arn) = (found.id().unwrap_or_default(), found.arn().unwrap_or_default());
    let name = found.name().unwrap_or_default();
    let mut seen = Sighting {
        key: Key::new(Namespace::KIND, "?"),
        name: name.to_owned(),
        id: id.to_owned(),
        outputs: outputs(Some(id), Some(arn), name),
        observed: Map::new(),
        tags: None,
        life: Life::Live,
    };
    let tags = match tags::searched(scope, arn) {
        Some(tags) => tags.clone(),
        None if scope.by_id(id).is_some() => return Ok(tags::identify_recorded(scope, seen)),
        None if scope.by_name(name).is_some() => read_tags(aws, arn).await?,
        None => return Ok(None),
    };
    let Some(key) = tags::key_of(&tags, scope.suffix) else { return Ok(None) };
    if let Some(recorded) = scope.targets.iter().find(|target| target.key == key).and_then(|target| target.id.clone()) {
        seen.id = recorded;
    }
    Ok(tags::identify(scope, seen, &tags))
}

/// The one namespace that is wanted, where it is recorded, the tag search knows it, and it holds services: then it exists, for it can't
/// be deleted before them (Cloud Map API reference, DeleteNamespace), and the look at the services says all there is to say.
async fn with_services(aws: &Aws, scope: &Scope<'_>) -> Result<Option<Sighting>, Failure> {
    let [target] = scope.targets else { return Ok(None) };
    let Some(id) = target.id.clone().filter(|_| !scope.sweep) else { return Ok(None) };
    let is_it = |hit: &&Tagged| {
        tags::searched(scope, &hit.arn).is_some() && tags::key_of(&hit.tags, scope.suffix).as_ref() == Some(&target.key)
    };
    let Some(hit) = scope.tagged_with(":namespace/ns-").find(is_it) else { return Ok(None) };
    if absent_is_fine(services_of(aws, scope, hit.id()).await)?.is_empty() {
        return Ok(None);
    }
    Ok(Some(Sighting {
        key: target.key.clone(),
        name: target.name.clone(),
        id,
        outputs: outputs(Some(hit.id()), Some(&hit.arn), &target.name),
        observed: Map::new(),
        tags: Some(hit.tags.clone()),
        life: Life::Live,
    }))
}

/// A namespace that is recorded and not listed because its operation goes on.
async fn being_made(aws: &Aws, target: &Target) -> Result<Option<Sighting>, Failure> {
    let Some(id) = target.id.as_ref().filter(|id| !id.starts_with(ID)) else { return Ok(None) };
    let operation = match operation(aws, id).await {
        Err(failure) if failure.class == Class::Absent => return Ok(None),
        found => found?,
    };
    let is_open = matches!(operation.status(), Some(OperationStatus::Submitted | OperationStatus::Pending));
    let seen = Sighting {
        key: target.key.clone(),
        name: target.name.clone(),
        id: id.clone(),
        outputs: outputs(None, None, &target.name),
        observed: Map::new(),
        tags: None,
        life: Life::Live,
    };
    Ok(Some(seen).filter(|_| is_open))
}

#[async_trait]
impl Resource for Namespace {
    type Clients = Aws;
    const KIND: &'static str = "namespace";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            repeat: Repeat::Safe,
            usable: When::Ready,
            create: Wait::seconds(45, 600),
            delete: Wait::seconds(45, 900),
        }
    }

    fn field(_name: &str) -> Field {
        Field::REPLACE
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        if scope.targets.is_empty() && !scope.sweep {
            return Ok(Vec::new());
        }
        if let Some(found) = with_services(aws, scope).await? {
            return Ok(vec![found]);
        }
        let mut found = Vec::new();
        for namespace in list(aws).await? {
            found.extend(sighting(aws, scope, &namespace).await?);
        }
        let missing: Vec<_> =
            scope.targets.iter().filter(|target| !found.iter().any(|seen| seen.key == target.key)).collect();
        // One whose operation nobody knows of any more, the create call's answer or the state being lost; it comes after its VPC.
        let unknown = |target: &&&Target| target.id.is_none() && target.text("vpc").is_some();
        if scope.sweep && missing.iter().find(unknown).is_some() && all_are_made(aws).await? {
            for namespace in list(aws).await? {
                found.extend(sighting(aws, scope, &namespace).await?);
            }
        }
        for target in missing {
            found.extend(being_made(aws, target).await?);
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let answer = aws
            .cloudmap
            .create_private_dns_namespace()
            .name(&identity.name)
            .vpc(self.vpc.get()?)
            .creator_request_id(&identity.token)
            .set_tags(Some(tag_list!(aws_sdk_servicediscovery, identity.tags, fallible)))
            .send()
            .await
            .of("servicediscovery:CreatePrivateDnsNamespace")?;
        let id = answer.operation_id.unwrap_or_default();
        Ok(Created { id, outputs: BTreeMap::from([("name".to_owned(), identity.name.clone())]) })
    }

    async fn update(&self, _aws: &Aws, _it: &Physical, _changes: &Changes) -> Result<Outputs, Failure> {
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        let known = get(aws, &id_of(aws, it).await?).await?.unwrap_or_default();
        tags::tag_arn(aws, known.get("arn").map(String::as_str).unwrap_or_default(), tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        let id = if it.id.starts_with(ID) {
            // It was found. Whether it is still being made, only its operations tell.
            if is_busy(aws, &it.id).await? {
                return Ok(Readiness::Waiting("its DNS zone is being made".to_owned()));
            }
            it.id.clone()
        } else {
            let operation = operation(aws, &it.id).await?;
            match (operation.status(), made_by(&operation)) {
                (Some(OperationStatus::Success), Some(id)) => id.clone(),
                (Some(OperationStatus::Fail), _) => {
                    let message = format!("Cloud Map could not make {}: {}", it.name, reason(&operation));
                    return Ok(Readiness::Failed(Failure::new(Class::Invalid, message).remedy(
                        "delete the private hosted zone of that name, if one is left in Route 53, and run up again",
                    )));
                }
                _ => return Ok(Readiness::Waiting("its DNS zone is being made".to_owned())),
            }
        };
        Ok(match get(aws, &id).await? {
            Some(outputs) => Readiness::Ready(outputs),
            None => Readiness::Waiting("not visible yet".to_owned()),
        })
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        let id = id_of(aws, it).await?;
        aws.cloudmap.delete_namespace().id(id).send().await.of("servicediscovery:DeleteNamespace")?;
        Ok(())
    }

    async fn gone(aws: &Aws, it: &Physical) -> Result<Gone, Failure> {
        let id = match id_of(aws, it).await {
            Err(failure) if failure.class == Class::Absent => return Ok(Gone::Yes),
            id => id?,
        };
        Ok(match get(aws, &id).await? {
            None => Gone::Yes,
            Some(_) => Gone::NotYet("its DNS zone is being deleted".to_owned()),
        })
    }

    async fn blockers(aws: &Aws, it: &Physical) -> Result<Vec<String>, Failure> {
        let services = services(aws, &id_of(aws, it).await?).await?;
        Ok(services.iter().map(|service| format!("service {}", service.name().unwrap_or_default())).collect())
    }

    /// With those that Cloud Map needs of the caller (Cloud Map developer guide, "AWS Cloud Map API permissions reference").
    fn actions() -> &'static [&'static str] {
        &[
            "ec2:DescribeRegions",
            "ec2:DescribeVpcs",
            "route53:CreateHostedZone",
            "route53:DeleteHostedZone",
            "route53:GetHostedZone",
            "route53:ListHostedZonesByName",
            "servicediscovery:CreatePrivateDnsNamespace",
            "servicediscovery:DeleteNamespace",
            "servicediscovery:GetNamespace",
            "servicediscovery:GetOperation",
            "servicediscovery:ListNamespaces",
            "servicediscovery:ListOperations",
            "servicediscovery:ListServices",
            "servicediscovery:ListTagsForResource",
            "servicediscovery:TagResource",
            "tag:TagResources",
        ]
    }
}
