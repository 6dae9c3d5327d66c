//! One look at all services that are waited for at the same time, however many wait: a call for each ten services and one for each twenty
//! deployments, no more often than the waiting one most in a hurry wants.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use aws_sdk_ecs::types::{Service, ServiceDeployment, ServiceField};
use tokio::{sync::Mutex, time::Instant};

use super::{rollout, shared};
use crate::{
    aws::{Answer, Aws},
    engine::{Failure, failure::absent_is_fine},
};

/// DescribeServices takes that many services, DescribeServiceDeployments that many deployments (ECS API reference).
const SERVICES_AT_ONCE: usize = 10;
const DEPLOYMENTS_AT_ONCE: usize = 20;
/// Whoever has not asked for so long waits no more.
const INTEREST: Duration = Duration::from_secs(120);

/// What those who wait for services share.
#[derive(Debug, Default)]
pub struct Watch(Mutex<Looks>);

#[derive(Debug, Default)]
struct Looks {
    /// When each was last asked for, by the service's ARN.
    asked: BTreeMap<String, Instant>,
    /// What was seen of each, and when.
    services: BTreeMap<String, (Instant, Option<Service>)>,
    /// The newest deployment of each, as far as it is known, and when it was looked at.
    deployments: BTreeMap<String, (Instant, ServiceDeployment)>,
}

impl Watch {
    /// A service by its ARN, as it was at most `age` ago. `None` where there is none.
    ///
    /// # Errors
    /// The calls' own.
    pub(super) async fn service(&self, aws: &Aws, arn: &str, age: Duration) -> Result<Option<Service>, Failure> {
        let mut looks = self.0.lock().await;
        let now = Instant::now();
        looks.asked.insert(arn.to_owned(), now);
        if let Some((_, seen)) = looks.services.get(arn).filter(|(at, _)| at.elapsed() < age) {
            return Ok(seen.clone());
        }
        looks.forget_the_patient(now);
        let asked: Vec<String> = looks.asked.keys().cloned().collect();
        let mut clusters: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for one in &asked {
            clusters.entry(shared::cluster_of(one).unwrap_or_default()).or_default().push(one.clone());
        }
        for (cluster, arns) in clusters {
            for arns in arns.chunks(SERVICES_AT_ONCE) {
                let call = aws.ecs.describe_services().cluster(cluster).set_services(Some(arns.to_vec()));
                let answer = call.include(ServiceField::Tags).send().await.of("ecs:DescribeServices");
                let found = absent_is_fine(answer.map(|answer| answer.services.unwrap_or_default()))?;
                for arn in arns {
                    let seen = found.iter().find(|it| it.service_arn() == Some(arn)).cloned();
                    let seen = seen.filter(|service| service.status() != Some("INACTIVE"));
                    looks.services.insert(arn.clone(), (now, seen));
                }
            }
        }
        Ok(looks.services.get(arn).and_then(|(_, seen)| seen.clone()))
    }

    /// The deployment of a service that began last, as it was at most `age` ago. One that is over is not asked for again.
    ///
    /// # Errors
    /// The calls' own.
    pub(super) async fn deployment(
        &self,
        aws: &Aws,
        service: &Service,
        age: Duration,
    ) -> Result<Option<ServiceDeployment>, Failure> {
        let mut looks = self.0.lock().await;
        let own = service.service_arn().unwrap_or_default();
        let known = looks.deployments.get(own);
        let arn = match (service.current_service_deployment(), known) {
            (Some(arn), _) => Some(arn.to_owned()),
            (None, Some((_, known))) => known.service_deployment_arn().map(str::to_owned),
            (None, None) => rollout::listed(aws, service).await?,
        };
        let Some(arn) = arn else { return Ok(None) };
        let is_this = |it: &ServiceDeployment| it.service_deployment_arn() == Some(&arn);
        if let Some((at, known)) = known.filter(|(_, known)| is_this(known))
            && (at.elapsed() < age || rollout::is_over(known))
        {
            return Ok(Some(known.clone()));
        }
        let now = Instant::now();
        let mut arns = BTreeSet::from([arn.clone()]);
        arns.extend(looks.under_way());
        let arns: Vec<String> = arns.into_iter().collect();
        for arns in arns.chunks(DEPLOYMENTS_AT_ONCE) {
            let call = aws.ecs.describe_service_deployments().set_service_deployment_arns(Some(arns.to_vec()));
            let answer = call.send().await.of("ecs:DescribeServiceDeployments")?;
            for found in answer.service_deployments.unwrap_or_default() {
                let of = found.service_arn().unwrap_or_default().to_owned();
                looks.deployments.insert(of, (now, found));
            }
        }
        let found = looks.deployments.get(own).filter(|(_, found)| is_this(found));
        Ok(found.map(|(_, found)| found.clone()))
    }

    /// What was seen of a service before it was changed says nothing of it any more.
    pub(super) async fn forget(&self, arn: &str) {
        let mut looks = self.0.lock().await;
        looks.services.remove(arn);
        looks.deployments.remove(arn);
    }
}

impl Looks {
    fn forget_the_patient(&mut self, now: Instant) {
        self.asked.retain(|_, at| now.duration_since(*at) < INTEREST);
        let asked = &self.asked;
        self.services.retain(|arn, _| asked.contains_key(arn));
        self.deployments.retain(|arn, _| asked.contains_key(arn));
    }

    /// The deployments that are under way of services that are waited for.
    fn under_way(&self) -> Vec<String> {
        let current = self.services.values().filter_map(|(_, seen)| seen.as_ref()?.current_service_deployment());
        current.map(str::to_owned).collect()
    }
}
