//! Flow logs.

use aws_sdk_ec2::operation::create_flow_logs::{CreateFlowLogsInput, CreateFlowLogsOutput};
use aws_sdk_ec2::operation::delete_flow_logs::{DeleteFlowLogsInput, DeleteFlowLogsOutput};
use aws_sdk_ec2::operation::describe_flow_logs::{DescribeFlowLogsInput, DescribeFlowLogsOutput};
use aws_sdk_ec2::types::{
    self, FlowLogsResourceType, LogDestinationType, TrafficType, UnsuccessfulItem, UnsuccessfulItemError,
};
use serde::{Deserialize, Serialize};

use super::record::{self, Kind, Meta, Record, View, find, has_meta, invalid, query, required, unsupported};
use super::tags;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::iam;

/// EC2 API reference, CreateFlowLogs: seconds.
const INTERVALS: [i32; 2] = [60, 600];
const DEFAULT_INTERVAL: i32 = 600;
/// What assumes the role of a flow log. VPC User Guide, "IAM role for publishing flow logs to CloudWatch Logs".
const WRITER: &str = "vpc-flow-logs.amazonaws.com";
/// What that role must allow on the log group (the same).
const WRITES: [&str; 4] =
    ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"];
const DEFAULT_FORMAT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} \
                              ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";

/// A flow log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FlowLog {
    /// Id, time of birth, tags.
    pub meta: Meta,
    /// What is logged: a VPC, subnet or interface.
    pub resource_id: String,
    /// `ACCEPT`, `REJECT` or `ALL`.
    pub traffic_type: String,
    /// `cloud-watch-logs`, `s3` or `kinesis-data-firehose`.
    pub destination_type: String,
    /// ARN of a log group or bucket.
    pub destination: String,
    /// The log group, if it writes to one.
    pub log_group_name: Option<String>,
    /// The role that writes.
    pub role_arn: Option<String>,
    /// Seconds that one record sums up.
    pub interval: i32,
    /// Fields of a record.
    pub format: String,
}

impl Record for FlowLog {
    const KIND: Kind = Kind {
        prefix: "fl",
        resource_type: "vpc-flow-log",
        item: "ec2:vpc-flow-log",
        noun: "flow log ID",
        not_found: "InvalidFlowLogId.NotFound",
        malformed: "InvalidFlowLogId.Malformed",
    };
    const FILTERS: &'static [&'static str] =
        &["log-destination-type", "flow-log-id", "log-group-name", "resource-id", "traffic-type"];

    has_meta!();

    fn values(&self, filter: &str, _view: &View<'_>) -> Vec<String> {
        match filter {
            "log-destination-type" => vec![self.destination_type.clone()],
            "log-group-name" => self.log_group_name.iter().cloned().collect(),
            "resource-id" => vec![self.resource_id.clone()],
            "traffic-type" => vec![self.traffic_type.clone()],
            _ => vec![self.meta.id.clone()],
        }
    }
}

impl FlowLog {
    fn to_sdk(&self, call: &Call<'_>) -> types::FlowLog {
        let delivers = self.delivers(call);
        types::FlowLog::builder()
            .flow_log_id(&self.meta.id)
            .flow_log_status("ACTIVE")
            .creation_time(self.meta.created_at.datetime())
            .deliver_logs_status(if delivers { "SUCCESS" } else { "FAILED" })
            .set_deliver_logs_error_message((!delivers).then(|| "Access error".to_owned()))
            .set_deliver_logs_permission_arn(self.role_arn.clone())
            .resource_id(&self.resource_id)
            .traffic_type(TrafficType::from(self.traffic_type.as_str()))
            .log_destination_type(LogDestinationType::from(self.destination_type.as_str()))
            .log_destination(&self.destination)
            .set_log_group_name(self.log_group_name.clone())
            .log_format(&self.format)
            .max_aggregation_interval(self.interval)
            .set_tags(tags::to_sdk(&self.meta.tags))
            .build()
    }

    /// Whether records arrive: the role can still be assumed and may write to the group, which is there or may be made. VPC User Guide,
    /// "Troubleshoot VPC Flow Logs": "Access error". AWS finds out after minutes, the sandbox at once.
    fn delivers(&self, call: &Call<'_>) -> bool {
        let (Some(role), Some(group)) = (self.role_arn.as_deref(), self.log_group_name.as_deref()) else { return true };
        let may = |action: &str| {
            let (group, all) = (format!("{}:*", self.destination), call.arn("logs", "log-group:*"));
            let stream = format!("{}:log-stream:{}", self.destination, self.resource_id);
            let resource = match action {
                "logs:DescribeLogGroups" => all,
                "logs:DescribeLogStreams" | "logs:CreateLogGroup" => group,
                _ => stream,
            };
            iam::may(call, role, action, &resource, &[])
        };
        let is_there = call.world.logs.groups.contains_key(group) || may("logs:CreateLogGroup");
        is_there && can_be_assumed(call, role, &self.meta.id) && WRITES.iter().all(|action| may(action))
    }

    fn is_same_as(&self, other: &Self) -> bool {
        let key = |log: &Self| (log.resource_id.clone(), log.traffic_type.clone(), log.destination.clone());
        key(self) == key(other)
    }
}

/// EC2 API reference, CreateFlowLogs: honours its client token; what fails is listed in the answer.
pub(super) fn create_flow_logs(
    call: &mut Call<'_>,
    input: &CreateFlowLogsInput,
) -> Result<CreateFlowLogsOutput, ApiError> {
    unsupported(&[
        ("DryRun", input.dry_run() == Some(true)),
        ("flow logs across accounts", input.deliver_cross_account_role().is_some()),
    ])?;
    let output = |ids: Vec<String>, unsuccessful: Vec<UnsuccessfulItem>| {
        CreateFlowLogsOutput::builder()
            .set_flow_log_ids(Some(ids))
            .set_unsuccessful(Some(unsuccessful))
            .set_client_token(input.client_token().map(str::to_owned))
            .build()
    };
    if let Some(ids) = call.world.ec2.tokens.earlier(input.client_token(), input)? {
        return Ok(output(ids.to_vec(), Vec::new()));
    }
    let mut ids = Vec::new();
    let mut unsuccessful = Vec::new();
    let resources = required(input.resource_ids.as_deref(), "ResourceIds")?;
    for resource_id in resources {
        let log = plan(call, input, resource_id)?;
        match check(call, input, &log) {
            Err(error) => unsuccessful.push(failed(resource_id, error)),
            Ok(()) => {
                ids.push(log.meta.id.clone());
                call.world.ec2.flow_logs.insert(log.meta.id.clone(), log);
            }
        }
    }
    call.world.ec2.tokens.remember(input.client_token(), input, ids.clone());
    Ok(output(ids, unsuccessful))
}

/// The flow log that the call asks for. Its parameters are the same for each of the call's resources.
fn plan(call: &mut Call<'_>, input: &CreateFlowLogsInput, resource_id: &str) -> Result<FlowLog, ApiError> {
    let cloud_watch = LogDestinationType::CloudWatchLogs;
    let destination_type = input.log_destination_type().unwrap_or(&cloud_watch).clone();
    let (destination, log_group_name) = destination(call, input, &destination_type)?;
    if destination_type == LogDestinationType::CloudWatchLogs && input.deliver_logs_permission_arn().is_none() {
        let message = "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.";
        return Err(ApiError::new("InvalidParameter", message));
    }
    // The words: github.com/hashicorp/terraform-provider-aws, internal/service/ec2/vpc_flow_log.go, which tries again on them.
    if input.deliver_logs_permission_arn().is_some_and(|role| !can_be_assumed(call, role, "fl-0")) {
        return Err(ApiError::new("InvalidParameter", "Unable to assume given IAM role"));
    }
    let interval = input.max_aggregation_interval().unwrap_or(DEFAULT_INTERVAL);
    if !INTERVALS.contains(&interval) {
        return Err(invalid(interval, "MaxAggregationInterval", "Valid values are 60 and 600."));
    }
    let tags = tags::specified(input.tag_specifications(), &FlowLog::KIND)?;
    Ok(FlowLog {
        meta: Meta::new(call, &FlowLog::KIND, tags),
        resource_id: resource_id.to_owned(),
        traffic_type: required(input.traffic_type(), "TrafficType")?.as_str().to_owned(),
        destination_type: destination_type.as_str().to_owned(),
        destination,
        log_group_name,
        role_arn: input.deliver_logs_permission_arn().map(str::to_owned),
        interval,
        format: input.log_format().unwrap_or(DEFAULT_FORMAT).to_owned(),
    })
}

/// Whether flow logs can assume a role: it exists, trusts them, and is known everywhere by now.
fn can_be_assumed(call: &Call<'_>, role: &str, id: &str) -> bool {
    iam::assumable(call, role, WRITER, &call.arn("ec2", &format!("vpc-flow-log/{id}"))).is_ok()
}

/// The destination's ARN, and the log group's name if it is one.
fn destination(
    call: &Call<'_>,
    input: &CreateFlowLogsInput,
    destination_type: &LogDestinationType,
) -> Result<(String, Option<String>), ApiError> {
    match (input.log_group_name(), input.log_destination()) {
        (Some(_), Some(_)) => {
            let message = "Please only provide LogGroupName or only provide LogDestination.";
            Err(ApiError::new("InvalidParameter", message))
        }
        (None, None) => Err(ApiError::new("InvalidParameter", "LogDestination or LogGroupName must be given.")),
        (Some(name), None) if *destination_type == LogDestinationType::CloudWatchLogs => {
            Ok((call.arn("logs", &format!("log-group:{name}")), Some(name.to_owned())))
        }
        (Some(_), None) => {
            let message = "LogGroupName is only for the destination type cloud-watch-logs.";
            Err(ApiError::new("InvalidParameter", message))
        }
        (None, Some(arn)) => {
            let resource = arn.split_once(":log-group:").map(|(_, rest)| rest.trim_end_matches(":*").to_owned());
            let is_log_group = *destination_type == LogDestinationType::CloudWatchLogs;
            if is_log_group != resource.is_some() || !arn.starts_with("arn:") {
                return Err(ApiError::new("InvalidParameter", format!("LogDestination is invalid: {arn}")));
            }
            Ok((arn.trim_end_matches(":*").to_owned(), resource))
        }
    }
}

/// The resource exists, and has no such flow log yet.
fn check(call: &Call<'_>, input: &CreateFlowLogsInput, log: &FlowLog) -> Result<(), ApiError> {
    let ec2 = &call.world.ec2;
    match required(input.resource_type(), "ResourceType")? {
        FlowLogsResourceType::Vpc => find(&ec2.vpcs, &log.resource_id).map(|_| ())?,
        FlowLogsResourceType::Subnet => find(&ec2.subnets, &log.resource_id).map(|_| ())?,
        FlowLogsResourceType::NetworkInterface => find(&ec2.network_interfaces, &log.resource_id).map(|_| ())?,
        other => return Err(invalid(other, "ResourceType", "The sandbox does not simulate it.")),
    }
    if ec2.flow_logs.values().any(|other| other.is_same_as(log)) {
        let message = "Error. There is an existing Flow Log with the same configuration and log destination.";
        return Err(ApiError::new("FlowLogAlreadyExists", message));
    }
    Ok(())
}

fn failed(resource_id: &str, error: ApiError) -> UnsuccessfulItem {
    let error = UnsuccessfulItemError::builder().code(error.code).message(error.message).build();
    UnsuccessfulItem::builder().resource_id(resource_id).error(error).build()
}

pub(super) fn describe_flow_logs(
    call: &mut Call<'_>,
    input: &DescribeFlowLogsInput,
) -> Result<DescribeFlowLogsOutput, ApiError> {
    let query = query!(input, flow_log_ids, filter);
    let (logs, next_token) = record::describe(call, &call.world.ec2.flow_logs, &query)?;
    let logs = logs.into_iter().map(|log| log.to_sdk(call)).collect();
    Ok(DescribeFlowLogsOutput::builder().set_flow_logs(Some(logs)).set_next_token(next_token).build())
}

pub(super) fn delete_flow_logs(
    call: &mut Call<'_>,
    input: &DeleteFlowLogsInput,
) -> Result<DeleteFlowLogsOutput, ApiError> {
    let mut unsuccessful = Vec::new();
    for id in required(input.flow_log_ids.as_deref(), "FlowLogIds")? {
        match find(&call.world.ec2.flow_logs, id) {
            Err(error) => unsuccessful.push(failed(id, error)),
            Ok(_) => {
                call.world.ec2.flow_logs.remove(id);
            }
        }
    }
    Ok(DeleteFlowLogsOutput::builder().set_unsuccessful(Some(unsuccessful)).build())
}
