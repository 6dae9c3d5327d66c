//! Flow logs, and the role that writes them.

use aws_sdk_ec2::types::{FlowLog, FlowLogsResourceType, TrafficType};

use super::bench::Bench;
use super::estate::{self, wait};
use super::support::{code, filter, vpc};

const GROUP: &str = "/vpc/dev";
const WRITE: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*","Action":[
    "logs:CreateLogStream","logs:PutLogEvents","logs:DescribeLogGroups","logs:DescribeLogStreams"]}]}"#;

async fn create(bench: &Bench, vpc: &str, role: Option<&str>, token: Option<&str>) -> Result<Vec<String>, String> {
    let call = bench.aws.ec2.create_flow_logs().resource_ids(vpc).resource_type(FlowLogsResourceType::Vpc);
    let call = call.traffic_type(TrafficType::All).log_group_name(GROUP).max_aggregation_interval(60);
    let call = call.set_deliver_logs_permission_arn(role.map(str::to_owned)).set_client_token(token.map(str::to_owned));
    match call.send().await {
        Ok(answer) => match answer.unsuccessful().first().and_then(|it| it.error()?.code()) {
            Some(code) => Err(code.to_owned()),
            None => Ok(answer.flow_log_ids().to_vec()),
        },
        refused => Err(code(refused)),
    }
}

async fn seen(bench: &Bench, vpc: &str) -> FlowLog {
    wait(1).await;
    let found = bench.aws.ec2.describe_flow_logs().filter(filter("resource-id", vpc)).send().await.expect("described");
    found.flow_logs()[0].clone()
}

#[tokio::test(start_paused = true)]
async fn they_are_made_once_and_deleted() {
    let bench = Bench::open().await;
    let vpc = vpc(&bench.aws.ec2).await;
    let role = estate::role(&bench.aws, "flow-logs", "vpc-flow-logs.amazonaws.com").await;
    let refused = |code: &str| Err(code.to_owned());
    assert_eq!(create(&bench, &vpc, None, None).await, refused("InvalidParameter"));
    let first = create(&bench, &vpc, Some(&role), Some("log")).await.expect("a flow log");
    assert_eq!(create(&bench, &vpc, Some(&role), Some("log")).await.as_ref(), Ok(&first));
    assert_eq!(create(&bench, &vpc, Some(&role), None).await, refused("FlowLogAlreadyExists"));
    let found = seen(&bench, &vpc).await;
    assert_eq!(found.log_destination(), Some("arn:aws:logs:us-east-1:123456789012:log-group:/vpc/dev"));
    bench.aws.ec2.delete_flow_logs().set_flow_log_ids(Some(first)).send().await.expect("deleted");
    let kinds: Vec<String> = bench.sandbox.inventory().expect("readable");
    assert!(kinds.iter().all(|line| !line.starts_with("ec2:vpc-flow-log")), "{kinds:?}");
}

#[tokio::test(start_paused = true)]
async fn their_role_must_be_there_and_trust_them() {
    let bench = Bench::open().await;
    let vpc = vpc(&bench.aws.ec2).await;
    let refused = Err("InvalidParameter".to_owned());
    let ghost = "arn:aws:iam::123456789012:role/ghost";
    assert_eq!(create(&bench, &vpc, Some(ghost), None).await, refused, "there is no such role");
    let tasks = estate::role(&bench.aws, "tasks", "ecs-tasks.amazonaws.com").await;
    assert_eq!(create(&bench, &vpc, Some(&tasks), None).await, refused, "it trusts another service");
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"vpc-flow-logs.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let call = bench.aws.iam.create_role().role_name("new").assume_role_policy_document(trust);
    let new = call.send().await.expect("a role").role().expect("the role").arn().to_owned();
    assert_eq!(create(&bench, &vpc, Some(&new), None).await, refused, "it isn't known everywhere yet");
    wait(8).await;
    assert!(create(&bench, &vpc, Some(&new), None).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_may_not_write_delivers_nothing() {
    let bench = Bench::open().await;
    let vpc = vpc(&bench.aws.ec2).await;
    let role = estate::role(&bench.aws, "flow-logs", "vpc-flow-logs.amazonaws.com").await;
    create(&bench, &vpc, Some(&role), None).await.expect("a flow log");
    let fails = async || {
        let log = seen(&bench, &vpc).await;
        (log.deliver_logs_status() == Some("FAILED")).then(|| log.deliver_logs_error_message().map(str::to_owned))
    };
    let access = Some(Some("Access error".to_owned()));
    assert_eq!(fails().await, access, "the role allows nothing");
    let call = bench.aws.iam.put_role_policy().role_name("flow-logs").policy_name("write").policy_document(WRITE);
    call.send().await.expect("allowed");
    wait(10).await;
    assert_eq!(fails().await, access, "the group isn't there, and may not be made");
    bench.aws.logs.create_log_group().log_group_name(GROUP).send().await.expect("a group");
    assert_eq!(fails().await, None);
}
