//! ECS services.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_sdk_ecs::types::{
    DeploymentController, DeploymentControllerType, PropagateTags, SchedulingStrategy, ServiceField,
    StopServiceDeploymentStopType,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    rollout,
    service_settings::observe,
    shared::{self, ClusterArn, ServiceArn, ServiceName, Share, TaskDefinitionArn},
};
use crate::{
    aws::{
        Answer, Aws,
        cloudmap::{DiscoveryService, DiscoveryServiceArn},
        cloudwatch::{Alarm, AlarmName},
        ec2::{
            NatRoute, SecurityGroupRule,
            shared::{SecurityGroupId, SubnetId},
        },
        elb::{ListenerRule, ListenerRuleArn, TargetGroup, TargetGroupArn},
        iam::RoleArn,
        tags,
    },
    engine::{
        Changes, Class, Created, Failure, Field, Gone, Handle, Identity, Key, Life, Manner, Naming, Output, Outputs,
        Physical, Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When, failure::absent_is_fine,
    },
};

/// An ECS service on Fargate behind a load balancer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Service {
    /// The cluster that it runs in.
    pub cluster: Output<ClusterArn>,
    /// What its tasks consist of. Another revision is a new deployment.
    pub task_definition: Output<TaskDefinitionArn>,
    /// How many tasks it begins with; later autoscaling decides.
    pub desired_count: u32,
    /// On which capacity providers its tasks run.
    pub capacity: Vec<Share>,
    /// Where its tasks' network interfaces are.
    pub subnets: Vec<Output<SubnetId>>,
    /// Who may reach them.
    pub security_groups: Vec<Output<SecurityGroupId>>,
    /// The container that the load balancer calls.
    pub container: String,
    /// Its port.
    pub container_port: u16,
    /// Blue and green: the one that serves first, and its alternate.
    pub target_groups: Vec<Output<TargetGroupArn>>,
    /// The rule that production traffic comes by; ECS sets its weights.
    pub production_rule: Output<ListenerRuleArn>,
    /// The rule that test traffic comes by.
    pub test_rule: Output<ListenerRuleArn>,
    /// What ECS changes rules and target groups as.
    pub balancer_role: Output<RoleArn>,
    /// Where peers find its tasks.
    pub registry: Output<DiscoveryServiceArn>,
    /// How a new revision takes over: `BLUE_GREEN`, `CANARY` or `LINEAR`.
    pub strategy: String,
    /// Percent and minutes of a canary, or of each linear step.
    pub step: Option<(u32, u32)>,
    /// Minutes that both versions run after the traffic has moved.
    pub bake_minutes: u32,
    /// A deployment whose tasks don't start is given up and rolled back.
    pub circuit_breaker: bool,
    /// Alarms that roll a deployment back.
    pub alarms: Vec<Output<AlarmName>>,
    /// Stages at which a deployment waits for a person. None: what `deploy --pause-before` sets is for that one deployment, and left behind only
    /// where platformctl was killed.
    #[serde(default)]
    pub pauses: Vec<String>,
    /// Seconds after its start during which failed health checks don't stop a task.
    pub grace_seconds: u32,
    /// A person may run commands in its containers.
    pub execute_command: bool,
    /// What its tasks need while they start, though the service itself doesn't name it: the way to the Internet.
    pub after: Vec<Output<()>>,
}

impl Handle<Service> {
    /// Its ARN.
    pub fn arn(&self) -> Output<ServiceArn> {
        self.output("arn")
    }

    /// Its name.
    pub fn name(&self) -> Output<ServiceName> {
        self.output("name")
    }
}

/// What only the tasks of a service need, not ECS to close it. The roles, the network and the cluster stay until it is closed: ECS Developer
/// Guide, "Amazon ECS infrastructure IAM role" and "Deleting an Amazon ECS service".
const NEEDED_BY_TASKS: &[&str] = &[
    Alarm::KIND,
    DiscoveryService::KIND,
    ListenerRule::KIND,
    NatRoute::KIND,
    SecurityGroupRule::KIND,
    TargetGroup::KIND,
];

/// Output, known from an update until the service is ready again: when that update was made, in seconds since 1970.
pub(super) const UPDATED: &str = "updated";

fn outputs(arn: &str, name: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned()), ("name".to_owned(), name.to_owned())])
}

/// Looks at services of one cluster by name or ARN, ten a call (ECS API reference, DescribeServices). What has been deleted is
/// left out, and so is everything where the cluster itself is gone.
/// Services as the looks at them and at what they run need them: one answer for both.
pub(super) async fn all(
    aws: &Aws,
    scope: &Scope<'_>,
    cluster: &str,
    names: impl IntoIterator<Item = String>,
) -> Result<Arc<Vec<aws_sdk_ecs::types::Service>>, Failure> {
    let names: Vec<String> = names.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let question = format!("ecs:DescribeServices {cluster} {}", names.join(","));
    scope.answers.once(&question, || describe(aws, cluster, &names)).await
}

async fn describe(aws: &Aws, cluster: &str, names: &[String]) -> Result<Vec<aws_sdk_ecs::types::Service>, Failure> {
    let mut found = Vec::new();
    for names in names.chunks(10) {
        let answer = aws
            .ecs
            .describe_services()
            .cluster(cluster)
            .set_services(Some(names.to_vec()))
            .include(ServiceField::Tags)
            .send()
            .await
            .of("ecs:DescribeServices");
        let services = absent_is_fine(answer.map(|answer| answer.services.unwrap_or_default()))?;
        found.extend(services.into_iter().filter(|service| service.status() != Some("INACTIVE")));
    }
    Ok(found)
}

/// Looks at one service.
pub(super) async fn look(aws: &Aws, it: &Physical) -> Result<Option<aws_sdk_ecs::types::Service>, Failure> {
    let cluster = cluster_of(it)?;
    Ok(describe(aws, cluster, std::slice::from_ref(&it.id)).await?.pop())
}

pub(super) fn cluster_of(it: &Physical) -> Result<&str, Failure> {
    shared::cluster_of(&it.id).ok_or_else(|| Failure::internal(format!("{} is not the ARN of an ECS service", it.id)))
}

/// The services to be looked for, by cluster: those that are wanted, and in a sweep all that the tag search knows.
pub(super) fn by_cluster(scope: &Scope<'_>) -> Vec<(String, Vec<String>)> {
    let mut wanted: Vec<(String, String)> = Vec::new();
    for target in scope.targets {
        let recorded = target.id.as_deref().and_then(shared::cluster_of);
        let named = target.text("cluster").map(|arn| arn.rsplit('/').next().unwrap_or(arn));
        wanted.extend(recorded.or(named).map(|cluster| (cluster.to_owned(), target.name.clone())));
    }
    if scope.sweep {
        let hits = scope.tagged_with(":ecs:").filter(|hit| hit.arn.contains(":service/"));
        wanted.extend(hits.filter_map(|hit| Some((shared::cluster_of(&hit.arn)?.to_owned(), hit.id().to_owned()))));
    }
    wanted.sort();
    wanted.dedup();
    let mut clusters: Vec<(String, Vec<String>)> = Vec::new();
    for (cluster, service) in wanted {
        match clusters.last_mut() {
            Some((last, services)) if *last == cluster => services.push(service),
            _ => clusters.push((cluster, vec![service])),
        }
    }
    clusters
}

fn sighting(service: &aws_sdk_ecs::types::Service) -> Sighting {
    let (arn, name) = (service.service_arn().unwrap_or_default(), service.service_name().unwrap_or_default());
    let mut observed = observe(service);
    if let Some(reason) = rollout::failed(service) {
        // Nothing runs as wanted, so that the next run tries again, with a deployment of its own.
        observed.insert("task_definition".to_owned(), json!(format!("none: {reason}")));
    }
    let life = match service.status() {
        Some("DRAINING") => Life::Ending(format!("draining, {} tasks left", service.running_count())),
        _ => Life::Live,
    };
    Sighting {
        key: Key::new(Service::KIND, "?"),
        name: name.to_owned(),
        id: arn.to_owned(),
        outputs: outputs(arn, name),
        observed,
        tags: None,
        life,
    }
}

/// Stops the deployment that is under way, if any, so that it is rolled back. What can't be stopped any more, ends by itself. True where one
/// was stopped.
pub(super) async fn stop_deployment(aws: &Aws, service: &aws_sdk_ecs::types::Service) -> Result<bool, Failure> {
    let Some(deployment) = rollout::current(aws, service).await? else { return Ok(false) };
    let Some(arn) = deployment.service_deployment_arn().filter(|_| rollout::can_be_stopped(&deployment)) else {
        return Ok(false);
    };
    let call = aws.ecs.stop_service_deployment().service_deployment_arn(arn);
    match call.stop_type(StopServiceDeploymentStopType::Rollback).send().await.of("ecs:StopServiceDeployment") {
        Err(failure) if matches!(failure.class, Class::Absent | Class::Blocked | Class::Invalid) => Ok(false),
        answer => answer.map(|_| true),
    }
}

#[async_trait]
impl Resource for Service {
    type Clients = Aws;
    const KIND: &'static str = "ecs-service";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            repeat: Repeat::Safe,
            usable: When::Created,
            // A deployment may bake for a day (ECS API reference, DeploymentConfiguration); one that doesn't get that far is
            // given up much earlier, in `ready`.
            create: Wait::seconds(100, 26 * 3600),
            // Once its tasks have stopped, nothing comes to it or leaves it any more, though ECS closes it only later.
            delete: Wait::seconds(55, 3600).releasing(45, NEEDED_BY_TASKS),
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "cluster" => Field::REPLACE,
            "desired_count" => Field::owned("autoscaling"),
            "after" => Field::SILENT,
            "capacity" | "subnets" | "security_groups" | "target_groups" | "alarms" => Field::UPDATE.unordered(),
            _ => Field::UPDATE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let mut found = Vec::new();
        for (cluster, names) in by_cluster(scope) {
            let services = all(aws, scope, &cluster, names).await?;
            let seen = services.iter().map(|service| (sighting(service), shared::read_tags(service.tags())));
            found.extend(seen.filter_map(|(seen, tags)| tags::identify(scope, seen, &tags)));
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        aws.roles.all_are_known()?;
        let answer = aws
            .ecs
            .create_service()
            .cluster(self.cluster.get()?)
            .service_name(&identity.name)
            .client_token(&identity.token)
            .task_definition(self.task_definition.get()?)
            .desired_count(shared::number(self.desired_count)?)
            .set_capacity_provider_strategy(Some(Share::items(&self.capacity)?))
            .network_configuration(self.network_configuration()?)
            .load_balancers(self.load_balancer()?)
            .service_registries(self.service_registry()?)
            .deployment_controller(
                DeploymentController::builder()
                    .r#type(DeploymentControllerType::Ecs)
                    .build()
                    .map_err(|error| Failure::internal(error.to_string()))?,
            )
            .deployment_configuration(self.deployment_configuration()?)
            .health_check_grace_period_seconds(shared::number(self.grace_seconds)?)
            .scheduling_strategy(SchedulingStrategy::Replica)
            .enable_execute_command(self.execute_command)
            .enable_ecs_managed_tags(true)
            .propagate_tags(PropagateTags::Service)
            .set_tags(Some(shared::tag_list(&identity.tags)))
            .send()
            .await
            .of("ecs:CreateService")?;
        let arn = answer.service().and_then(|service| service.service_arn()).unwrap_or_default();
        aws.services.forget(arn).await;
        Ok(Created { id: arn.to_owned(), outputs: outputs(arn, &identity.name) })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        const BALANCER: [&str; 6] =
            ["container", "container_port", "target_groups", "production_rule", "test_rule", "balancer_role"];
        let mut call = aws
            .ecs
            .update_service()
            .cluster(cluster_of(it)?)
            .service(&it.id)
            .deployment_configuration(self.deployment_configuration()?);
        if changes.touches("task_definition") {
            call = call.task_definition(self.task_definition.get()?);
        }
        if changes.touches_any(&["subnets", "security_groups"]) {
            call = call.network_configuration(self.network_configuration()?);
        }
        // Only where they really differ: sent again in their first order they would undo ECS's own swap.
        if changes.touches_any(&BALANCER) {
            call = call.load_balancers(self.load_balancer()?);
        }
        if changes.touches("registry") {
            call = call.service_registries(self.service_registry()?);
        }
        if changes.touches("capacity") {
            call = call.set_capacity_provider_strategy(Some(Share::items(&self.capacity)?));
        }
        if changes.touches("grace_seconds") {
            call = call.health_check_grace_period_seconds(shared::number(self.grace_seconds)?);
        }
        if changes.touches("execute_command") {
            call = call.enable_execute_command(self.execute_command);
        }
        // These reach running tasks by a new deployment only; ECS demands that it is asked for where the capacity changes
        // (ECS API reference, UpdateService). For a revision that failed before it is the second try.
        if changes.touches_any(&["task_definition", "capacity", "execute_command"]) {
            call = call.force_new_deployment(true);
        }
        if changes.touches("task_definition") {
            aws.roles.all_are_known()?;
        }
        let before = rollout::now(aws);
        let sent = call.send().await.of("ecs:UpdateService");
        aws.services.forget(&it.id).await;
        sent?;
        Ok(Outputs::from([(UPDATED.to_owned(), before.to_string())]))
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, &it.id, tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        // A deployment takes minutes; a service that comes up is what the whole run waits for.
        let age = Duration::from_secs(if it.outputs.contains_key(UPDATED) { 10 } else { 2 });
        let Some(service) = aws.services.service(aws, &it.id, age).await? else {
            return Ok(Readiness::Waiting("not visible yet".to_owned()));
        };
        Ok(match rollout::judge(aws, &service, self, it, age).await? {
            rollout::State::Steady => Readiness::Ready(outputs(&it.id, &it.name)),
            rollout::State::UnderWay(how_far) => Readiness::Waiting(how_far),
            rollout::State::Failed(failure) => Readiness::Failed(failure),
        })
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        let cluster = cluster_of(it)?;
        let Some(service) = look(aws, it).await? else { return Ok(()) };
        if service.status() == Some("DRAINING") {
            return Ok(());
        }
        if service.desired_count() > 0 {
            let call = aws.ecs.update_service().cluster(cluster).service(&it.id).desired_count(0);
            call.send().await.of("ecs:UpdateService")?;
        }
        // A service can't be deleted during a deployment.
        stop_deployment(aws, &service).await?;
        aws.ecs.delete_service().cluster(cluster).service(&it.id).force(true).send().await.of("ecs:DeleteService")?;
        Ok(())
    }

    async fn gone(aws: &Aws, it: &Physical) -> Result<Gone, Failure> {
        Ok(match look(aws, it).await? {
            None => Gone::Yes,
            Some(service)
                if service.status() == Some("DRAINING") && service.running_count() + service.pending_count() == 0 =>
            {
                Gone::Released("its tasks have stopped, ECS is closing it".to_owned())
            }
            Some(service) => Gone::NotYet(format!("draining, {} tasks left", service.running_count())),
        })
    }

    async fn blockers(aws: &Aws, it: &Physical) -> Result<Vec<String>, Failure> {
        let Some(service) = look(aws, it).await? else { return Ok(Vec::new()) };
        let deployment = rollout::current(aws, &service).await?;
        let deployment = deployment.iter().map(|deployment| rollout::describe(aws, deployment, &service));
        let tasks = (service.running_count() > 0).then(|| format!("{} running tasks", service.running_count()));
        Ok(deployment.chain(tasks).collect())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "ecs:CreateService",
            "ecs:DeleteService",
            "ecs:DescribeServiceDeployments",
            "ecs:DescribeServices",
            "ecs:DescribeTasks",
            "ecs:ListServiceDeployments",
            "ecs:ListTasks",
            "ecs:StopServiceDeployment",
            "ecs:TagResource",
            "ecs:UpdateService",
            "iam:PassRole",
        ]
    }
}
