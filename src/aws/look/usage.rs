//! How much of its quotas the account uses.

use aws_sdk_ecs::types::{DesiredStatus, Task};
use aws_sdk_elasticloadbalancingv2::types::{LoadBalancer, LoadBalancerTypeEnum};
use futures::future::try_join_all;

use crate::{
    aws::{Answer, Aws},
    engine::Failure,
};

/// How many tasks DescribeTasks takes, and ListTasks gives a page (ECS API reference).
const TASKS_AT_ONCE: usize = 100;

/// The largest page of a Describe call of EC2 (EC2 API reference, DescribeVpcs).
const EC2_PAGE: i32 = 1000;

/// The largest page of a Describe call of ELB (Elastic Load Balancing API reference, DescribeLoadBalancers).
const ELB_PAGE: i32 = 400;

/// Elastic IP addresses. DescribeAddresses has no pages (EC2 API reference).
///
/// # Errors
/// The call's own.
pub async fn elastic_ips(aws: &Aws) -> Result<usize, Failure> {
    Ok(aws.ec2.describe_addresses().send().await.of("ec2:DescribeAddresses")?.addresses().len())
}

/// VPCs.
///
/// # Errors
/// The calls' own.
pub async fn vpcs(aws: &Aws) -> Result<usize, Failure> {
    let mut pages = aws.ec2.describe_vpcs().max_results(EC2_PAGE).into_paginator().send();
    let mut count = 0;
    while let Some(page) = pages.next().await {
        count += page.of("ec2:DescribeVpcs")?.vpcs().len();
    }
    Ok(count)
}

/// Internet gateways.
///
/// # Errors
/// The calls' own.
pub async fn internet_gateways(aws: &Aws) -> Result<usize, Failure> {
    let mut pages = aws.ec2.describe_internet_gateways().max_results(EC2_PAGE).into_paginator().send();
    let mut count = 0;
    while let Some(page) = pages.next().await {
        count += page.of("ec2:DescribeInternetGateways")?.internet_gateways().len();
    }
    Ok(count)
}

/// Application Load Balancers.
///
/// # Errors
/// The calls' own.
pub async fn load_balancers(aws: &Aws) -> Result<usize, Failure> {
    let mut pages = aws.elb.describe_load_balancers().page_size(ELB_PAGE).into_paginator().send();
    let mut count = 0;
    while let Some(page) = pages.next().await {
        let page = page.of("elasticloadbalancing:DescribeLoadBalancers")?;
        let is_application = |it: &&LoadBalancer| it.r#type() == Some(&LoadBalancerTypeEnum::Application);
        count += page.load_balancers().iter().filter(is_application).count();
    }
    Ok(count)
}

/// vCPUs of Fargate tasks that run or are about to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fargate {
    /// On demand.
    pub on_demand: f64,
    /// On Spot.
    pub spot: f64,
}

/// What all ECS clusters of the account use of Fargate. Tasks of EKS count against the same quota and can't be seen from here.
///
/// # Errors
/// The calls' own.
pub async fn fargate(aws: &Aws) -> Result<Fargate, Failure> {
    let mut pages = aws.ecs.list_clusters().into_paginator().send();
    let mut clusters = Vec::new();
    while let Some(page) = pages.next().await {
        clusters.extend(page.of("ecs:ListClusters")?.cluster_arns.unwrap_or_default());
    }
    let used = try_join_all(clusters.iter().map(|cluster| fargate_of(aws, cluster))).await?;
    Ok(used.iter().fold(Fargate::default(), |sum, it| Fargate {
        on_demand: sum.on_demand + it.on_demand,
        spot: sum.spot + it.spot,
    }))
}

async fn fargate_of(aws: &Aws, cluster: &str) -> Result<Fargate, Failure> {
    let list = aws.ecs.list_tasks().cluster(cluster).desired_status(DesiredStatus::Running);
    let mut pages = list.into_paginator().send();
    let mut used = Fargate::default();
    while let Some(page) = pages.next().await {
        let arns = page.of("ecs:ListTasks")?.task_arns.unwrap_or_default();
        for arns in arns.chunks(TASKS_AT_ONCE) {
            let call = aws.ecs.describe_tasks().cluster(cluster).set_tasks(Some(arns.to_vec()));
            let answer = call.send().await.of("ecs:DescribeTasks")?;
            answer.tasks().iter().for_each(|task| used.add(task));
        }
    }
    Ok(used)
}

impl Fargate {
    fn add(&mut self, task: &Task) {
        let share = task.cpu().and_then(|units| units.parse::<f64>().ok()).unwrap_or_default() / 1024.0;
        let launch = task.launch_type().map(|launch| launch.as_str());
        match task.capacity_provider_name() {
            Some("FARGATE_SPOT") => self.spot += share,
            Some("FARGATE") => self.on_demand += share,
            None if launch == Some("FARGATE") => self.on_demand += share,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::LaunchType;

    use super::*;

    #[test]
    fn tasks_count_where_they_run() {
        let task = |cpu: &str| Task::builder().cpu(cpu);
        let tasks = [
            task("1024").capacity_provider_name("FARGATE_SPOT").launch_type(LaunchType::Fargate).build(),
            task("512").capacity_provider_name("FARGATE").build(),
            task("256").launch_type(LaunchType::Fargate).build(),
            task("4096").launch_type(LaunchType::Ec2).build(),
        ];
        let mut used = Fargate::default();
        tasks.iter().for_each(|task| used.add(task));
        assert_eq!(used, Fargate { on_demand: 0.75, spot: 1.0 });
    }
}
