//! Clusters.

use aws_sdk_ecs::operation::create_cluster::{CreateClusterInput, CreateClusterOutput};
use aws_sdk_ecs::operation::delete_cluster::{DeleteClusterInput, DeleteClusterOutput};
use aws_sdk_ecs::operation::describe_clusters::{DescribeClustersInput, DescribeClustersOutput};
use aws_sdk_ecs::operation::put_cluster_capacity_providers::{
    PutClusterCapacityProvidersInput, PutClusterCapacityProvidersOutput,
};
use aws_sdk_ecs::operation::update_cluster::{UpdateClusterInput, UpdateClusterOutput};
use aws_sdk_ecs::types::{
    self, CapacityProviderStrategyItem, ClusterConfiguration, ClusterField, ClusterSetting, ClusterSettingName,
    ExecuteCommandConfiguration, ExecuteCommandLogConfiguration, ExecuteCommandLogging, Failure,
};
use serde::{Deserialize, Serialize};

use super::problem::{invalid, no_cluster, unsupported};
use super::{names, neighbours};
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

/// A cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cluster {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// `enhanced`, `enabled`, `disabled`.
    pub insights: String,
    /// What is attached to it.
    pub providers: Vec<String>,
    /// What runs where nothing else is said.
    pub strategy: Vec<Share>,
    /// Where sessions are logged.
    pub sessions: Option<Sessions>,
    /// Its tags.
    pub tags: Tags,
    /// When it was made.
    #[serde(default)]
    pub created_at: Moment,
    /// When it was deleted; it stays visible.
    pub deleted_at: Option<Moment>,
}

/// Whether Container Insights watches a cluster.
pub fn is_watched(call: &Call<'_>, name: &str) -> bool {
    call.world.ecs.clusters.get(name).is_some_and(|cluster| cluster.insights != "disabled")
}

/// How sessions of ExecuteCommand are logged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sessions {
    /// `DEFAULT`, `NONE`, `OVERRIDE`.
    pub logging: String,
    /// The key that encrypts them on their way.
    pub key: Option<String>,
    /// The log group.
    pub log_group: Option<String>,
    /// Whether that group is encrypted.
    pub encrypted: bool,
}

/// An item of a capacity provider strategy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// `FARGATE`, `FARGATE_SPOT`.
    pub provider: String,
    /// Tasks that come first.
    pub base: i32,
    /// Share of the others.
    pub weight: i32,
}

impl Share {
    /// Takes a strategy in. ECS API reference, CapacityProviderStrategyItem.
    ///
    /// # Errors
    /// Where it says too much or what can't be, or names a provider that is not attached.
    pub fn read(items: &[CapacityProviderStrategyItem], attached: &[String]) -> Result<Vec<Self>, ApiError> {
        let shares: Vec<Self> = items
            .iter()
            .map(|item| Self {
                provider: item.capacity_provider().to_owned(),
                base: item.base(),
                weight: item.weight(),
            })
            .collect();
        if shares.len() > 20 {
            return Err(invalid("A capacity provider strategy can contain at most 20 capacity providers."));
        }
        if shares.iter().any(|share| !(0..=1000).contains(&share.weight) || !(0..=100_000).contains(&share.base)) {
            return Err(invalid("The weight or base of a capacity provider strategy item is out of range."));
        }
        if shares.iter().filter(|share| share.base > 0).count() > 1 {
            return Err(invalid("Only one capacity provider in a capacity provider strategy can have a base defined."));
        }
        if !shares.is_empty() && shares.iter().all(|share| share.weight == 0) {
            return Err(invalid("At least one capacity provider must have a weight greater than 0."));
        }
        if shares.iter().any(|share| !attached.contains(&share.provider)) {
            return Err(invalid(
                "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the \
                 cluster. Associate the capacity provider with the cluster and try again.",
            ));
        }
        Ok(shares)
    }

    /// As the SDK's type.
    pub fn to_sdk(shares: &[Self]) -> Vec<CapacityProviderStrategyItem> {
        let item = |share: &Self| {
            let item = CapacityProviderStrategyItem::builder().capacity_provider(&share.provider);
            item.base(share.base).weight(share.weight).build().ok()
        };
        shares.iter().filter_map(item).collect()
    }
}

impl Sessions {
    fn read(configuration: Option<&ClusterConfiguration>) -> Result<Option<Self>, ApiError> {
        let Some(execute) = configuration.and_then(ClusterConfiguration::execute_command_configuration) else {
            return Ok(None);
        };
        let log = execute.log_configuration();
        let sessions = Self {
            logging: execute.logging().map_or("DEFAULT", ExecuteCommandLogging::as_str).to_owned(),
            key: execute.kms_key_id().map(str::to_owned),
            log_group: log.and_then(|log| log.cloud_watch_log_group_name()).map(str::to_owned),
            encrypted: log.is_some_and(ExecuteCommandLogConfiguration::cloud_watch_encryption_enabled),
        };
        // ECS API reference, ExecuteCommandConfiguration.
        if (sessions.logging == "OVERRIDE") != sessions.log_group.is_some() {
            return Err(invalid("A logConfiguration must be given with logging OVERRIDE, and with nothing else."));
        }
        Ok(Some(sessions))
    }

    fn to_sdk(&self) -> ClusterConfiguration {
        let log = self.log_group.as_ref().map(|group| {
            let log = ExecuteCommandLogConfiguration::builder().cloud_watch_log_group_name(group);
            log.cloud_watch_encryption_enabled(self.encrypted).build()
        });
        let execute = ExecuteCommandConfiguration::builder()
            .set_kms_key_id(self.key.clone())
            .logging(ExecuteCommandLogging::from(self.logging.as_str()))
            .set_log_configuration(log);
        ClusterConfiguration::builder().execute_command_configuration(execute.build()).build()
    }
}

impl Cluster {
    fn to_sdk(&self, call: &Call<'_>, include: &[ClusterField]) -> types::Cluster {
        let wants = |field: ClusterField| include.contains(&field);
        let ecs = &call.world.ecs;
        let live = |status: &str| {
            let tasks = ecs.tasks.values().filter(|task| task.cluster == self.name);
            i32::try_from(tasks.filter(|task| task.last_status(call.now) == status).count()).unwrap_or(i32::MAX)
        };
        let services =
            ecs.services.values().filter(|service| service.cluster == self.name && service.is_active()).count();
        let insights =
            ClusterSetting::builder().name(ClusterSettingName::ContainerInsights).value(&self.insights).build();
        let status = if self.deleted_at.is_some() { "INACTIVE" } else { "ACTIVE" };
        types::Cluster::builder()
            .cluster_arn(&self.arn)
            .cluster_name(&self.name)
            .status(status)
            .registered_container_instances_count(0)
            .running_tasks_count(live("RUNNING"))
            .pending_tasks_count(live("PENDING"))
            .active_services_count(i32::try_from(services).unwrap_or(i32::MAX))
            .set_capacity_providers(Some(self.providers.clone()))
            .set_default_capacity_provider_strategy(Some(Share::to_sdk(&self.strategy)))
            .set_settings(wants(ClusterField::Settings).then(|| vec![insights]))
            .set_configuration(
                self.sessions.as_ref().filter(|_| wants(ClusterField::Configurations)).map(Sessions::to_sdk),
            )
            .set_tags(if wants(ClusterField::Tags) { names::to_sdk(&self.tags) } else { None })
            .build()
    }
}

/// Everything, for the answers of calls that change a cluster.
const ALL: [ClusterField; 3] = [ClusterField::Settings, ClusterField::Configurations, ClusterField::Tags];

/// A cluster that exists. One that was just made isn't found yet by all calls (ECS API reference, RunTask: "eventual consistency model"; CreateService is
/// known to answer so: github.com/hashicorp/terraform-provider-aws, internal/service/ecs/service.go).
pub fn find<'a>(call: &'a Call<'_>, reference: Option<&str>) -> Result<&'a Cluster, ApiError> {
    let name = names::short(reference.unwrap_or("default"));
    let found = call.world.ecs.clusters.get(name);
    found.filter(|cluster| cluster.deleted_at.is_none() && call.visible(cluster.created_at)).ok_or_else(no_cluster)
}

fn check_providers(providers: &[String]) -> Result<(), ApiError> {
    match providers.iter().find(|provider| !["FARGATE", "FARGATE_SPOT"].contains(&provider.as_str())) {
        None => Ok(()),
        Some(provider) => Err(invalid(format!("The specified capacity provider '{provider}' was not found."))),
    }
}

fn insights(settings: &[ClusterSetting]) -> Result<Option<String>, ApiError> {
    let Some(setting) = settings.first() else { return Ok(None) };
    let value = setting.value().unwrap_or_default();
    let known = setting.name() == Some(&ClusterSettingName::ContainerInsights)
        && ["enhanced", "enabled", "disabled"].contains(&value);
    if known && settings.len() == 1 {
        Ok(Some(value.to_owned()))
    } else {
        Err(invalid(format!("Invalid cluster setting value: {value}.")))
    }
}

/// The existing cluster of that name is returned as it is (ECS API reference, CreateCluster; the settings of a second call are
/// ignored).
pub(super) fn create(call: &mut Call<'_>, input: &CreateClusterInput) -> Result<CreateClusterOutput, ApiError> {
    unsupported(&[("serviceConnectDefaults", input.service_connect_defaults().is_some())])?;
    let name = input.cluster_name().unwrap_or("default");
    if !names::is_name(name) {
        return Err(invalid("Cluster names can have letters, numbers, hyphens and underscores, at most 255."));
    }
    check_providers(input.capacity_providers())?;
    let cluster = Cluster {
        arn: call.arn("ecs", &format!("cluster/{name}")),
        name: name.to_owned(),
        insights: insights(input.settings())?.unwrap_or_else(|| "disabled".to_owned()),
        providers: input.capacity_providers().to_vec(),
        strategy: Share::read(input.default_capacity_provider_strategy(), input.capacity_providers())?,
        sessions: Sessions::read(input.configuration())?,
        tags: names::tags(input.tags())?,
        created_at: call.now,
        deleted_at: None,
    };
    check_sessions(call, cluster.sessions.as_ref())?;
    let existing = call.world.ecs.clusters.get(name).filter(|existing| existing.deleted_at.is_none()).cloned();
    let cluster = existing.unwrap_or(cluster);
    let answer = cluster.to_sdk(call, &ALL);
    call.world.ecs.clusters.insert(cluster.name.clone(), cluster);
    neighbours::link(call);
    Ok(CreateClusterOutput::builder().cluster(answer).build())
}

fn check_sessions(call: &Call<'_>, sessions: Option<&Sessions>) -> Result<(), ApiError> {
    let Some(group) = sessions.and_then(|sessions| sessions.log_group.as_deref()) else { return Ok(()) };
    if neighbours::log_group_exists(call, group) {
        return Ok(());
    }
    Err(invalid(format!("The specified log group '{group}' does not exist.")))
}

pub(super) fn describe(call: &mut Call<'_>, input: &DescribeClustersInput) -> Result<DescribeClustersOutput, ApiError> {
    if input.clusters().len() > 100 {
        return Err(invalid("Clusters can have at most 100 items."));
    }
    let default = ["default".to_owned()];
    let asked = if input.clusters().is_empty() { &default[..] } else { input.clusters() };
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for reference in asked {
        let known = call.world.ecs.clusters.get(names::short(reference));
        match known.filter(|cluster| call.visible(cluster.created_at)) {
            Some(cluster) => found.push(cluster.to_sdk(call, input.include())),
            None => {
                let arn = call.arn("ecs", &format!("cluster/{}", names::short(reference)));
                failures.push(Failure::builder().arn(arn).reason("MISSING").build());
            }
        }
    }
    Ok(DescribeClustersOutput::builder().set_clusters(Some(found)).set_failures(Some(failures)).build())
}

pub(super) fn update(call: &mut Call<'_>, input: &UpdateClusterInput) -> Result<UpdateClusterOutput, ApiError> {
    unsupported(&[("serviceConnectDefaults", input.service_connect_defaults().is_some())])?;
    let mut cluster = find(call, input.cluster())?.clone();
    if let Some(value) = insights(input.settings())? {
        cluster.insights = value;
    }
    if let Some(sessions) = Sessions::read(input.configuration())? {
        check_sessions(call, Some(&sessions))?;
        cluster.sessions = Some(sessions);
    }
    let answer = cluster.to_sdk(call, &ALL);
    call.world.ecs.clusters.insert(cluster.name.clone(), cluster);
    Ok(UpdateClusterOutput::builder().cluster(answer).build())
}

pub(super) fn put_capacity_providers(
    call: &mut Call<'_>,
    input: &PutClusterCapacityProvidersInput,
) -> Result<PutClusterCapacityProvidersOutput, ApiError> {
    let mut cluster = find(call, input.cluster())?.clone();
    check_providers(input.capacity_providers())?;
    let in_use = call.world.ecs.services.values().filter(|service| service.cluster == cluster.name);
    let in_use = in_use.filter(|service| service.is_active()).flat_map(|service| &service.settings.capacity);
    if let Some(share) = in_use.into_iter().find(|share| !input.capacity_providers().contains(&share.provider)) {
        let message = format!("The capacity provider {} is in use and cannot be disassociated.", share.provider);
        return Err(ApiError::new("ResourceInUseException", message));
    }
    cluster.strategy = Share::read(input.default_capacity_provider_strategy(), input.capacity_providers())?;
    cluster.providers = input.capacity_providers().to_vec();
    let answer = cluster.to_sdk(call, &ALL);
    call.world.ecs.clusters.insert(cluster.name.clone(), cluster);
    Ok(PutClusterCapacityProvidersOutput::builder().cluster(answer).build())
}

/// ECS API reference, DeleteCluster.
pub(super) fn delete(call: &mut Call<'_>, input: &DeleteClusterInput) -> Result<DeleteClusterOutput, ApiError> {
    let mut cluster = find(call, input.cluster())?.clone();
    let ecs = &call.world.ecs;
    if ecs.services.values().any(|service| service.cluster == cluster.name && !service.is_inactive(call.now)) {
        let message = "The Cluster cannot be deleted while Services are active.";
        return Err(ApiError::new("ClusterContainsServicesException", message));
    }
    if ecs.tasks.values().any(|task| task.cluster == cluster.name && !task.has_stopped(call.now)) {
        let message = "The Cluster cannot be deleted while Tasks are active.";
        return Err(ApiError::new("ClusterContainsTasksException", message));
    }
    cluster.deleted_at = Some(call.now);
    let answer = cluster.to_sdk(call, &ALL);
    call.world.ecs.clusters.insert(cluster.name.clone(), cluster);
    Ok(DeleteClusterOutput::builder().cluster(answer).build())
}
