//! Service revisions: what a service was at each deployment. ECS Developer Guide, "Amazon ECS service revisions".

use aws_sdk_ecs::types::{ContainerImage, ResolvedConfiguration, ServiceRevision, ServiceRevisionLoadBalancer};
use serde::{Deserialize, Serialize};

use super::cluster::Share;
use super::settings::Settings;
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;

/// A service revision.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Revision {
    /// Its ARN.
    pub arn: String,
    /// The service.
    pub service_arn: String,
    /// The deployment that brought it, as tasks name it: `ecs-svc/123`.
    pub deployment_id: String,
    /// What the service was.
    pub settings: Settings,
    /// Which of the two target groups its tasks are in.
    pub target_group: Option<String>,
    /// When it came about.
    pub created_at: Moment,
}

impl Revision {
    /// Which target group serves it, and which rule leads there. ECS API reference, ServiceRevision.
    fn resolved(&self) -> Option<ResolvedConfiguration> {
        let advanced = self.settings.balancer.as_ref()?.advanced.as_ref()?;
        let balancer = ServiceRevisionLoadBalancer::builder()
            .set_target_group_arn(self.target_group.clone())
            .production_listener_rule(&advanced.production_rule)
            .build();
        Some(ResolvedConfiguration::builder().load_balancers(balancer).build())
    }

    /// As the SDK's type.
    pub fn to_sdk(&self, call: &Call<'_>, cluster_arn: &str) -> ServiceRevision {
        let definition = call.world.ecs.task_definitions.get(&self.settings.task_definition);
        let images = definition
            .into_iter()
            .flat_map(|definition| &definition.containers)
            .map(|container| ContainerImage::builder().container_name(&container.name).image(&container.image).build());
        ServiceRevision::builder()
            .service_revision_arn(&self.arn)
            .service_arn(&self.service_arn)
            .cluster_arn(cluster_arn)
            .task_definition(&self.settings.task_definition)
            .set_capacity_provider_strategy(Some(Share::to_sdk(&self.settings.capacity)))
            .platform_version("1.4.0")
            .platform_family("Linux")
            .set_load_balancers(Some(self.settings.load_balancers()))
            .set_service_registries(Some(self.settings.service_registries()))
            .set_network_configuration(self.settings.network_configuration())
            .set_container_images(Some(images.collect()))
            .set_resolved_configuration(self.resolved())
            .guard_duty_enabled(false)
            .created_at(self.created_at.datetime())
            .build()
    }
}
