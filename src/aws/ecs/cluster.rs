//! The cluster.

use async_trait::async_trait;
use aws_sdk_ecs::types::{
    ClusterConfiguration, ClusterField, ClusterSetting, ClusterSettingName, ExecuteCommandConfiguration,
    ExecuteCommandLogConfiguration, ExecuteCommandLogging,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::shared::{self, ClusterArn, ClusterName, Share};
use crate::{
    aws::{Answer, Aws, kms::KmsKeyArn, logs::LogGroupName, tags},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Key, Life, Manner, Naming, Output, Outputs, Physical,
        Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When, failure::absent_is_fine,
    },
};

/// An ECS cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cluster {
    /// `enhanced`, `enabled` or `disabled` (ECS API reference, ClusterSetting).
    pub container_insights: String,
    /// Where its tasks may run: `FARGATE`, `FARGATE_SPOT`.
    pub capacity_providers: Vec<String>,
    /// Where the tasks run of what says nothing of its own.
    pub default_strategy: Vec<Share>,
    /// Where sessions of ExecuteCommand are logged.
    pub session_log: Output<LogGroupName>,
    /// The key that sessions of ExecuteCommand are encrypted with on their way, and at rest in that log group.
    pub session_key: Output<KmsKeyArn>,
    /// Where Container Insights writes, if it does: ECS would make that group itself, without key and tags, and goes on writing for a moment
    /// after the last task.
    pub insights_log: Option<Output<LogGroupName>>,
}

impl Handle<Cluster> {
    /// Its ARN.
    pub fn arn(&self) -> Output<ClusterArn> {
        self.output("arn")
    }

    /// Its name.
    pub fn name(&self) -> Output<ClusterName> {
        self.output("name")
    }
}

impl Cluster {
    fn settings(&self) -> ClusterSetting {
        ClusterSetting::builder().name(ClusterSettingName::ContainerInsights).value(&self.container_insights).build()
    }

    fn configuration(&self) -> Result<ClusterConfiguration, Failure> {
        let log = ExecuteCommandLogConfiguration::builder()
            .cloud_watch_log_group_name(self.session_log.get()?)
            .cloud_watch_encryption_enabled(true)
            .build();
        let sessions = ExecuteCommandConfiguration::builder()
            .kms_key_id(self.session_key.get()?)
            .logging(ExecuteCommandLogging::Override)
            .log_configuration(log)
            .build();
        Ok(ClusterConfiguration::builder().execute_command_configuration(sessions).build())
    }
}

fn outputs(arn: &str, name: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned()), ("name".to_owned(), name.to_owned())])
}

/// The settings as the specification spells them.
fn observe(cluster: &aws_sdk_ecs::types::Cluster) -> Map<String, Value> {
    let insights =
        cluster.settings().iter().find(|setting| setting.name() == Some(&ClusterSettingName::ContainerInsights));
    let sessions = cluster.configuration().and_then(ClusterConfiguration::execute_command_configuration);
    let log = sessions.and_then(ExecuteCommandConfiguration::log_configuration);
    let fields = [
        ("container_insights", json!(insights.and_then(ClusterSetting::value))),
        ("capacity_providers", json!(cluster.capacity_providers())),
        ("default_strategy", json!(Share::read(cluster.default_capacity_provider_strategy()))),
        ("session_log", json!(log.and_then(ExecuteCommandLogConfiguration::cloud_watch_log_group_name))),
        ("session_key", json!(sessions.and_then(ExecuteCommandConfiguration::kms_key_id))),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Looks at clusters by name or ARN, a hundred a call (ECS API reference, DescribeClusters). What was deleted is left out.
async fn describe(aws: &Aws, names: &[String]) -> Result<Vec<aws_sdk_ecs::types::Cluster>, Failure> {
    let mut found = Vec::new();
    for names in names.chunks(100) {
        let answer = aws
            .ecs
            .describe_clusters()
            .set_clusters(Some(names.to_vec()))
            .include(ClusterField::Settings)
            .include(ClusterField::Configurations)
            .include(ClusterField::Tags)
            .send()
            .await
            .of("ecs:DescribeClusters")?;
        // A deleted cluster stays visible as INACTIVE for a while.
        found.extend(answer.clusters.unwrap_or_default().into_iter().filter(|one| one.status() != Some("INACTIVE")));
    }
    Ok(found)
}

#[async_trait]
impl Resource for Cluster {
    type Clients = Aws;
    const KIND: &'static str = "cluster";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            // CreateCluster answers with the cluster that has the name (ECS API reference, CreateCluster).
            repeat: Repeat::Safe,
            usable: When::Ready,
            create: Wait::seconds(1, 300),
            delete: Wait::seconds(1, 900),
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "capacity_providers" | "default_strategy" => Field::UPDATE.unordered(),
            "insights_log" => Field::SILENT,
            _ => Field::UPDATE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let mut names: Vec<String> = scope.targets.iter().map(|target| target.name.clone()).collect();
        if scope.sweep {
            names.extend(
                scope.tagged_with(":ecs:").filter(|hit| hit.arn.contains(":cluster/")).map(|hit| hit.id().to_owned()),
            );
        }
        names.sort();
        names.dedup();
        let sighting = |cluster: &aws_sdk_ecs::types::Cluster| {
            let (id, name) = (cluster.cluster_arn().unwrap_or_default(), cluster.cluster_name().unwrap_or_default());
            let life = match cluster.status() {
                Some("DEPROVISIONING") => Life::Ending("deprovisioning".to_owned()),
                Some("FAILED") => Life::Broken("its capacity providers could not be set up".to_owned()),
                _ => Life::Live,
            };
            let seen = Sighting {
                key: Key::new(Self::KIND, "?"),
                name: name.to_owned(),
                id: id.to_owned(),
                outputs: outputs(id, name),
                observed: observe(cluster),
                tags: None,
                life,
            };
            tags::identify(scope, seen, &shared::read_tags(cluster.tags()))
        };
        Ok(describe(aws, &names).await?.iter().filter_map(sighting).collect())
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let answer = aws
            .ecs
            .create_cluster()
            .cluster_name(&identity.name)
            .settings(self.settings())
            .configuration(self.configuration()?)
            .set_capacity_providers(Some(self.capacity_providers.clone()))
            .set_default_capacity_provider_strategy(Some(Share::items(&self.default_strategy)?))
            .set_tags(Some(shared::tag_list(&identity.tags)))
            .send()
            .await
            .of("ecs:CreateCluster")?;
        let arn = answer.cluster().and_then(|cluster| cluster.cluster_arn()).unwrap_or_default();
        Ok(Created { id: arn.to_owned(), outputs: outputs(arn, &identity.name) })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        if changes.touches_any(&["container_insights", "session_log", "session_key"]) {
            aws.ecs
                .update_cluster()
                .cluster(&it.id)
                .settings(self.settings())
                .configuration(self.configuration()?)
                .send()
                .await
                .of("ecs:UpdateCluster")?;
        }
        if changes.touches_any(&["capacity_providers", "default_strategy"]) {
            aws.ecs
                .put_cluster_capacity_providers()
                .cluster(&it.id)
                .set_capacity_providers(Some(self.capacity_providers.clone()))
                .set_default_capacity_provider_strategy(Some(Share::items(&self.default_strategy)?))
                .send()
                .await
                .of("ecs:PutClusterCapacityProviders")?;
        }
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, &it.id, tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        let found = describe(aws, std::slice::from_ref(&it.id)).await?;
        Ok(match found.first().and_then(|cluster| cluster.status()) {
            Some("ACTIVE") => Readiness::Ready(outputs(&it.id, &it.name)),
            Some(status) => Readiness::Waiting(status.to_ascii_lowercase()),
            None => Readiness::Waiting("not visible yet".to_owned()),
        })
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        aws.ecs.delete_cluster().cluster(&it.id).send().await.of("ecs:DeleteCluster")?;
        Ok(())
    }

    async fn gone(aws: &Aws, it: &Physical) -> Result<Gone, Failure> {
        let found = describe(aws, std::slice::from_ref(&it.id)).await?;
        Ok(match found.first().and_then(|cluster| cluster.status()) {
            None => Gone::Yes,
            Some(status) => Gone::NotYet(status.to_ascii_lowercase()),
        })
    }

    async fn blockers(aws: &Aws, it: &Physical) -> Result<Vec<String>, Failure> {
        let services = aws.ecs.list_services().cluster(&it.id).send().await.of("ecs:ListServices");
        let services = absent_is_fine(services.map(|answer| answer.service_arns.unwrap_or_default()))?;
        let tasks = aws.ecs.list_tasks().cluster(&it.id).send().await.of("ecs:ListTasks");
        let tasks = absent_is_fine(tasks.map(|answer| answer.task_arns.unwrap_or_default()))?;
        let last = |arn: &str| arn.rsplit('/').next().unwrap_or(arn).to_owned();
        let services = services.iter().map(|arn| format!("service {}", last(arn)));
        Ok(services.chain(tasks.iter().map(|arn| format!("task {}", last(arn)))).collect())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "ecs:CreateCluster",
            "ecs:DeleteCluster",
            "ecs:DescribeClusters",
            "ecs:ListServices",
            "ecs:ListTasks",
            "ecs:PutClusterCapacityProviders",
            "ecs:TagResource",
            "ecs:UpdateCluster",
        ]
    }
}
