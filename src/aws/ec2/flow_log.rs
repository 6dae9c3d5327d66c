//! VPC flow logs, to CloudWatch Logs.

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, Filter, FlowLogsResourceType, LogDestinationType, ResourceType, TrafficType};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::shared::{self, Seen, VpcId};
use crate::{
    aws::{Answer, Aws, iam::RoleArn, logs::LogGroupName},
    engine::{
        Changes, Class, Created, Failure, Field, Gone, Identity, Life, Manner, Naming, Output, Outputs, Physical,
        Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
};

/// A record of all traffic in a VPC, accepted and rejected.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FlowLog {
    /// The VPC.
    pub vpc: Output<VpcId>,
    /// The log group that it is written to.
    pub log_group: Output<LogGroupName>,
    /// The role that writes it.
    pub role: Output<RoleArn>,
    /// Seconds that one record sums up: 60 or 600.
    pub aggregation_seconds: u32,
}

async fn describe(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<types::FlowLog>, Failure> {
    let call = aws.ec2.describe_flow_logs().set_filter(Some(filters));
    call.into_paginator().items().send().collect::<Result<_, _>>().await.of("ec2:DescribeFlowLogs")
}

#[async_trait]
impl Resource for FlowLog {
    type Clients = Aws;
    const KIND: &'static str = "flow-log";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Free,
            repeat: Repeat::Safe,
            usable: When::Created,
            create: Wait::INSTANT,
            delete: Wait::INSTANT,
        }
    }

    fn field(_name: &str) -> Field {
        // Nothing but tags can be changed (VPC User Guide, "Flow logs limitations").
        Field::REPLACE
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let by_tag = shared::ours(scope.suffix).into();
        let look = |filters| describe(aws, filters);
        let logs = shared::seek(scope, by_tag, "flow-log-id", types::FlowLog::flow_log_id, look).await?;
        let sighting = |log: &types::FlowLog| {
            Seen {
                id: log.flow_log_id(),
                tags: log.tags(),
                outputs: Outputs::new(),
                observed: shared::observed([
                    ("vpc", json!(log.resource_id())),
                    ("log_group", json!(log.log_group_name())),
                    ("role", json!(log.deliver_logs_permission_arn())),
                    ("aggregation_seconds", json!(log.max_aggregation_interval())),
                ]),
                life: Life::Live,
            }
            .sighting(scope, Self::KIND)
        };
        Ok(logs.iter().filter_map(sighting).collect())
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let seconds = i32::try_from(self.aggregation_seconds)
            .map_err(|_| Failure::new(Class::Invalid, "a flow log sums up 60 or 600 seconds"))?;
        let answer = aws
            .ec2
            .create_flow_logs()
            .resource_type(FlowLogsResourceType::Vpc)
            .resource_ids(self.vpc.get()?)
            .traffic_type(TrafficType::All)
            .log_destination_type(LogDestinationType::CloudWatchLogs)
            .log_group_name(self.log_group.get()?)
            .deliver_logs_permission_arn(self.role.get()?)
            .max_aggregation_interval(seconds)
            .client_token(&identity.token)
            .tag_specifications(shared::specification(ResourceType::VpcFlowLog, &identity.tags))
            .send()
            .await
            .of("ec2:CreateFlowLogs")?;
        shared::unsuccessful("ec2:CreateFlowLogs", answer.unsuccessful())?;
        let id = answer.flow_log_ids().first().map(String::as_str).unwrap_or_default();
        Ok(Created { id: id.to_owned(), outputs: shared::outputs(id) })
    }

    async fn update(&self, _aws: &Aws, _it: &Physical, _changes: &Changes) -> Result<Outputs, Failure> {
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, &it.id, tags).await
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        // CreateFlowLogs is synchronous; whether delivery works shows only after minutes of traffic.
        Ok(Readiness::Ready(shared::outputs(&it.id)))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        let answer = aws.ec2.delete_flow_logs().flow_log_ids(&it.id).send().await.of("ec2:DeleteFlowLogs")?;
        shared::unsuccessful("ec2:DeleteFlowLogs", answer.unsuccessful())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // DeleteFlowLogs is synchronous.
        Ok(Gone::Yes)
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        // The role is handed to the service that writes the log (VPC User Guide, "Control the use of flow logs").
        &["ec2:CreateFlowLogs", "ec2:CreateTags", "ec2:DeleteFlowLogs", "ec2:DescribeFlowLogs", "iam:PassRole"]
    }
}
