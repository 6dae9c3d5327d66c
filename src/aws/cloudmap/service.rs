//! Services of a namespace: the names under which tasks are found.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_servicediscovery::types::{
    DnsConfig, DnsConfigChange, DnsRecord, HealthCheckCustomConfig, InstanceSummary, RecordType, RoutingPolicy,
    ServiceChange,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use super::{
    NamespaceId,
    shared::{built, outputs, read_tags, services_of},
};
use crate::{
    aws::{Answer, Aws, tags},
    engine::{
        Changes, Class, Created, Failure, Field, Gone, Handle, Identity, Key, Life, Manner, Naming, Output, Outputs,
        Physical, Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
    markers, tag_list,
};

markers! {
    /// A discovery service's id.
    DiscoveryServiceId,
    /// A discovery service's ARN.
    DiscoveryServiceArn,
}

/// A name in the namespace that answers with the addresses of up to eight healthy tasks (`A` records, multivalue). ECS
/// registers the tasks and says which of them are healthy. Its physical name is the first label of its DNS name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DiscoveryService {
    /// The namespace that it is part of.
    pub namespace: Output<NamespaceId>,
    /// How long resolvers may keep an answer, in seconds.
    pub ttl_seconds: u32,
}

impl Handle<DiscoveryService> {
    /// Its id.
    pub fn id(&self) -> Output<DiscoveryServiceId> {
        self.output("id")
    }

    /// Its ARN.
    pub fn arn(&self) -> Output<DiscoveryServiceArn> {
        self.output("arn")
    }
}

/// What both a list and a single look show of a service.
struct Found {
    id: String,
    arn: String,
    name: String,
    namespace: String,
    ttl: Option<i64>,
}

fn ttl(dns: Option<&DnsConfig>) -> Option<i64> {
    dns.and_then(|dns| dns.dns_records().first()).map(DnsRecord::ttl)
}

async fn of_namespace(aws: &Aws, scope: &Scope<'_>, namespace: &str) -> Result<Vec<Found>, Failure> {
    let found = |service: &aws_sdk_servicediscovery::types::ServiceSummary| Found {
        id: service.id().unwrap_or_default().to_owned(),
        arn: service.arn().unwrap_or_default().to_owned(),
        name: service.name().unwrap_or_default().to_owned(),
        namespace: namespace.to_owned(),
        ttl: ttl(service.dns_config()),
    };
    Ok(services_of(aws, scope, namespace).await?.iter().map(found).collect())
}

async fn get(aws: &Aws, id: &str) -> Result<Option<Found>, Failure> {
    let service = match aws.cloudmap.get_service().id(id).send().await.of("servicediscovery:GetService") {
        Err(failure) if failure.class == Class::Absent => None,
        answer => answer?.service,
    };
    Ok(service.map(|service| Found {
        id: service.id().unwrap_or_default().to_owned(),
        arn: service.arn().unwrap_or_default().to_owned(),
        name: service.name().unwrap_or_default().to_owned(),
        namespace: service.namespace_id().unwrap_or_default().to_owned(),
        ttl: ttl(service.dns_config()),
    }))
}

async fn instances(aws: &Aws, id: &str) -> Result<Vec<InstanceSummary>, Failure> {
    let mut pages = aws.cloudmap.list_instances().service_id(id).max_results(100).into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        found.extend(page.of("servicediscovery:ListInstances")?.instances.unwrap_or_default());
    }
    Ok(found)
}

async fn sighting(aws: &Aws, scope: &Scope<'_>, found: Found) -> Result<Option<Sighting>, Failure> {
    let mut observed = Map::new();
    observed.insert("namespace".into(), found.namespace.into());
    observed.insert("ttl_seconds".into(), json!(found.ttl));
    let recorded = scope.by_id(&found.id).is_some();
    let seen = Sighting {
        key: Key::new(DiscoveryService::KIND, "?"),
        outputs: outputs(Some(&found.id), Some(&found.arn), &found.name),
        name: found.name,
        id: found.id,
        observed,
        tags: None,
        life: Life::Live,
    };
    match tags::searched(scope, &found.arn) {
        Some(tags) => Ok(tags::identify(scope, seen, tags)),
        None if recorded => Ok(tags::identify_recorded(scope, seen)),
        None => Ok(tags::identify(scope, seen, &read_tags(aws, &found.arn).await?)),
    }
}

impl DiscoveryService {
    fn records(&self) -> Result<DnsRecord, Failure> {
        built(DnsRecord::builder().r#type(RecordType::A).ttl(self.ttl_seconds.into()).build())
    }
}

#[async_trait]
impl Resource for DiscoveryService {
    type Clients = Aws;
    const KIND: &'static str = "discovery-service";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            repeat: Repeat::Safe,
            usable: When::Created,
            create: Wait::INSTANT,
            // The service can't be deleted while tasks are registered; deregistering them takes seconds.
            delete: Wait::seconds(6, 900),
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "ttl_seconds" => Field::UPDATE,
            _ => Field::REPLACE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        if scope.targets.is_empty() && !scope.sweep {
            return Ok(Vec::new());
        }
        // Services can only be listed by their namespace: by the one that they are wanted in, else by those
        // that the tags know.
        let wanted = scope.targets.iter().filter_map(|target| target.text("namespace"));
        let tagged = scope.tagged_with(":namespace/ns-").map(|hit| hit.id());
        let mut namespaces: BTreeSet<&str> = wanted.collect();
        if scope.sweep || namespaces.is_empty() {
            namespaces.extend(tagged);
        }
        let mut services = Vec::new();
        for namespace in namespaces {
            services.extend(of_namespace(aws, scope, namespace).await?);
        }
        for id in scope.targets.iter().filter_map(|target| target.id.as_deref()) {
            if !services.iter().any(|service| service.id == id) {
                services.extend(get(aws, id).await?);
            }
        }
        let mut found = Vec::new();
        for service in services {
            found.extend(sighting(aws, scope, service).await?);
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let dns = DnsConfig::builder().routing_policy(RoutingPolicy::Multivalue).dns_records(self.records()?);
        let answer = aws
            .cloudmap
            .create_service()
            .name(&identity.name)
            .namespace_id(self.namespace.get()?)
            .creator_request_id(&identity.token)
            .dns_config(built(dns.build())?)
            // Who registers says who is healthy: ECS. The threshold is always 1, and no longer needs to be said
            // (Cloud Map API reference, HealthCheckCustomConfig).
            .health_check_custom_config(HealthCheckCustomConfig::builder().build())
            .set_tags(Some(tag_list!(aws_sdk_servicediscovery, identity.tags, fallible)))
            .send()
            .await
            .of("servicediscovery:CreateService")?;
        let service = answer.service.unwrap_or_else(|| aws_sdk_servicediscovery::types::Service::builder().build());
        let outputs = outputs(service.id(), service.arn(), &identity.name);
        Ok(Created { id: service.id.unwrap_or_default(), outputs })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        if changes.touches("ttl_seconds") {
            let dns = DnsConfigChange::builder().dns_records(self.records()?).build();
            let change = ServiceChange::builder().dns_config(built(dns)?).build();
            aws.cloudmap
                .update_service()
                .id(&it.id)
                .service(change)
                .send()
                .await
                .of("servicediscovery:UpdateService")?;
        }
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        tags::tag_arn(aws, it.output("arn")?, tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        if it.outputs.contains_key("arn") {
            return Ok(Readiness::Ready(it.outputs.clone()));
        }
        Ok(match get(aws, &it.id).await? {
            Some(found) => Readiness::Ready(outputs(Some(&found.id), Some(&found.arn), &found.name)),
            None => Readiness::Waiting("not visible yet".to_owned()),
        })
    }

    /// Deregisters first what is left of its instances: that is ECS's work, but ECS may be gone with its service before it
    /// did it (Cloud Map developer guide, "Deleting AWS Cloud Map services").
    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        for instance in instances(aws, &it.id).await? {
            let id = instance.id().unwrap_or_default();
            let call = aws.cloudmap.deregister_instance().service_id(&it.id).instance_id(id);
            match call.send().await.of("servicediscovery:DeregisterInstance") {
                // Somebody else did it, or it is under way.
                Err(failure) if matches!(failure.class, Class::Absent | Class::Blocked) => {}
                answer => drop(answer?),
            }
        }
        aws.cloudmap.delete_service().id(&it.id).send().await.of("servicediscovery:DeleteService")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // DeleteService is synchronous (Cloud Map API reference, DeleteService).
        Ok(Gone::Yes)
    }

    async fn blockers(aws: &Aws, it: &Physical) -> Result<Vec<String>, Failure> {
        let name = |instance: &InstanceSummary| {
            let attributes = instance.attributes();
            let address = attributes.and_then(|all| all.get("AWS_INSTANCE_IPV4")).map_or("no address", String::as_str);
            format!("instance {} ({address})", instance.id().unwrap_or_default())
        };
        Ok(instances(aws, &it.id).await?.iter().map(name).collect())
    }

    /// With those that Cloud Map needs of the caller (Cloud Map developer guide, "AWS Cloud Map API permissions reference").
    fn actions() -> &'static [&'static str] {
        &[
            "route53:ChangeResourceRecordSets",
            "route53:GetHostedZone",
            "servicediscovery:CreateService",
            "servicediscovery:DeleteService",
            "servicediscovery:DeregisterInstance",
            "servicediscovery:GetService",
            "servicediscovery:ListInstances",
            "servicediscovery:ListServices",
            "servicediscovery:ListTagsForResource",
            "servicediscovery:TagResource",
            "servicediscovery:UpdateService",
            "tag:TagResources",
        ]
    }
}
