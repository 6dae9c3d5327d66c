//! The mechanism: typed answers, faults, limits, time, disk.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ec2::error::SdkError;
use aws_sdk_ec2::operation::RequestId;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::timeout::TimeoutConfig;

use super::support::{code, ec2, in_memory, sandbox, settle, vpc};
use crate::sandbox::clock::Moment;
use crate::sandbox::{CallInfo, Failure, Fault, Outcome, SandboxError, SandboxOptions};

fn with_fault(plan: impl Fn(&CallInfo) -> Fault + Send + Sync + 'static) -> SandboxOptions {
    SandboxOptions { faults: Some(Arc::new(plan)), ..SandboxOptions::in_memory() }
}

fn first(fault: Fault) -> impl Fn(&CallInfo) -> Fault {
    move |call| if call.mutating_index == Some(0) { fault } else { Fault::None }
}

#[tokio::test(start_paused = true)]
async fn a_call_takes_its_latency_and_is_logged() {
    let (sandbox, ec2) = in_memory();
    let start = tokio::time::Instant::now();
    let zones = ec2.describe_availability_zones().send().await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_millis(40));
    assert_eq!(zones.availability_zones().len(), 6);
    let calls = sandbox.calls();
    assert_eq!((calls.len(), calls[0].service, calls[0].operation), (1, "ec2", "DescribeAvailabilityZones"));
    assert_eq!((calls[0].mutating, &calls[0].outcome), (false, &Outcome::Done));
}

#[tokio::test(start_paused = true)]
async fn errors_carry_code_message_and_request_id() {
    let (sandbox, ec2) = in_memory();
    let error = ec2.delete_vpc().vpc_id("vpc-00000000").send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidVpcID.NotFound"));
    assert_eq!(error.message(), Some("The vpc ID 'vpc-00000000' does not exist"));
    assert!(matches!(&error, SdkError::ServiceError(service) if service.raw().status().as_u16() == 400));
    assert_eq!(error.request_id().map(str::len), Some(36));
    let error = error.into_service_error();
    assert_eq!(error.meta().code(), Some("InvalidVpcID.NotFound"));
    assert_eq!(error.request_id().map(str::len), Some(36));
    assert_eq!(sandbox.calls()[0].outcome, Outcome::Refused("InvalidVpcID.NotFound".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_operation_is_a_loud_error_that_names_it() {
    let (sandbox, ec2) = in_memory();
    let error = ec2.describe_hosts().send().await.unwrap_err();
    let text = format!("{:?}", error);
    assert!(text.contains("does not know the operation DescribeHosts of EC2"), "{text}");
    assert!(sandbox.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_client_without_the_interceptor_is_told_so() {
    let (sandbox, _) = in_memory();
    let ec2 = aws_sdk_ec2::Client::new(&sandbox.sdk_config());
    let error = format!("{:?}", ec2.describe_vpcs().send().await.unwrap_err());
    assert!(error.contains("lacks the sandbox's interceptor"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_of_create_vpc_leaves_a_vpc() {
    let sandbox = sandbox(with_fault(first(Fault::AfterAct(Failure::ConnectionLost))));
    let ec2 = ec2(&sandbox);
    let error = ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap_err();
    assert!(matches!(&error, SdkError::DispatchFailure(failure) if failure.is_io()), "{error:?}");
    assert_eq!(sandbox.calls()[0].outcome, Outcome::Lost);
    settle().await;
    assert_eq!(ec2.describe_vpcs().send().await.unwrap().vpcs().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_never_arrives_leaves_nothing() {
    for failure in [Failure::ConnectionLost, Failure::TimedOut, Failure::Throttled, Failure::ServerError] {
        let sandbox = sandbox(with_fault(first(Fault::BeforeAct(failure))));
        let error = ec2(&sandbox).create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap_err();
        match failure {
            Failure::TimedOut => assert!(matches!(&error, SdkError::DispatchFailure(cause) if cause.is_timeout())),
            Failure::Throttled => assert_eq!(error.code(), Some("RequestLimitExceeded")),
            Failure::ServerError => assert_eq!(error.code(), Some("InternalError")),
            _ => assert!(matches!(&error, SdkError::DispatchFailure(cause) if cause.is_io())),
        }
        assert_eq!(sandbox.inventory().unwrap(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_ends_at_the_clients_deadline() {
    let sandbox = sandbox(with_fault(first(Fault::AfterAct(Failure::Hang))));
    let deadline = TimeoutConfig::builder().operation_timeout(Duration::from_secs(90)).build();
    let config = aws_sdk_ec2::config::Builder::from(&sandbox.sdk_config())
        .interceptor(sandbox.interceptor())
        .timeout_config(deadline)
        .build();
    let start = tokio::time::Instant::now();
    let call = aws_sdk_ec2::Client::from_conf(config).create_vpc().cidr_block("10.0.0.0/16").send().await;
    assert!(matches!(call, Err(SdkError::TimeoutError(_))), "{call:?}");
    assert_eq!(start.elapsed(), Duration::from_secs(90));
    assert_eq!(sandbox.calls()[0].outcome, Outcome::Unanswered);
    assert_eq!(sandbox.inventory().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_retry_of_the_sdk_reaches_the_simulation_again() {
    let sandbox = sandbox(with_fault(first(Fault::AfterAct(Failure::ConnectionLost))));
    let config = aws_sdk_ec2::config::Builder::from(&sandbox.sdk_config()).interceptor(sandbox.interceptor()).build();
    aws_sdk_ec2::Client::from_conf(config).create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap();
    assert_eq!(sandbox.inventory().unwrap().len(), 2, "CreateVpc knows no token");
}

#[tokio::test(start_paused = true)]
async fn a_new_thing_is_not_found_for_a_second() {
    let (_sandbox, ec2) = in_memory();
    let id = vpc(&ec2).await;
    assert_eq!(code(ec2.describe_vpcs().vpc_ids(&id).send().await), "InvalidVpcID.NotFound");
    assert!(ec2.describe_vpcs().send().await.unwrap().vpcs().is_empty());
    settle().await;
    assert_eq!(ec2.describe_vpcs().vpc_ids(&id).send().await.unwrap().vpcs().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn too_many_calls_at_once_are_refused_until_tokens_come_back() {
    let options = SandboxOptions { latency: Duration::ZERO, ..SandboxOptions::in_memory() };
    let ec2 = ec2(&sandbox(options));
    for _ in 0..100 {
        ec2.describe_vpcs().send().await.unwrap();
    }
    assert_eq!(code(ec2.describe_vpcs().send().await), "RequestLimitExceeded");
    assert_eq!(code(ec2.delete_vpc().vpc_id("vpc-00000000").send().await), "InvalidVpcID.NotFound");
    tokio::time::sleep(Duration::from_millis(51)).await;
    ec2.describe_vpcs().send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn ids_depend_on_the_seed_alone() {
    let (_first, one) = in_memory();
    let (_second, two) = in_memory();
    let other = sandbox(SandboxOptions { seed: 2, ..SandboxOptions::in_memory() });
    let id = vpc(&one).await;
    assert_eq!(id, vpc(&two).await);
    assert_ne!(id, vpc(&ec2(&other)).await);
}

#[tokio::test(start_paused = true)]
async fn an_account_on_disk_outlives_its_process_and_its_time_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let options = || SandboxOptions::in_directory(directory.path().join("aws"));
    let (id, then) = {
        let sandbox = sandbox(options());
        tokio::time::sleep(Duration::from_secs(7200)).await;
        (vpc(&ec2(&sandbox)).await, sandbox.now())
    };
    assert!(then >= Moment::wall() + Duration::from_secs(7000));
    let sandbox = sandbox(options());
    assert!(sandbox.now() + Duration::from_secs(1) >= then, "simulated time goes on from where it was");
    settle().await;
    let vpcs = ec2(&sandbox).describe_vpcs().vpc_ids(&id).send().await.unwrap();
    assert_eq!(vpcs.vpcs()[0].cidr_block(), Some("10.0.0.0/16"));
    let mode = |name: &str| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(directory.path().join("aws").join(name)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!((mode("ec2.json"), mode("account.json"), mode("")), (0o600, 0o600, 0o700));
}

#[tokio::test(start_paused = true)]
async fn two_processes_share_one_account() {
    let directory = tempfile::tempdir().unwrap();
    let open = || sandbox(SandboxOptions::in_directory(directory.path()));
    let (here, there) = (open(), open());
    let first = vpc(&ec2(&here)).await;
    let second = vpc(&ec2(&there)).await;
    let third = vpc(&ec2(&here)).await;
    settle().await;
    for sandbox in [&here, &there] {
        let found = ec2(sandbox).describe_vpcs().vpc_ids(&first).vpc_ids(&second).vpc_ids(&third).send().await;
        assert_eq!(found.unwrap().vpcs().len(), 3);
    }
    assert!(here.calls().iter().all(|call| call.outcome == Outcome::Done));
}

#[tokio::test(start_paused = true)]
async fn another_account_or_a_damaged_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    vpc(&ec2(&sandbox(SandboxOptions::in_directory(directory.path())))).await;
    let other = SandboxOptions { region: "eu-west-1".to_owned(), ..SandboxOptions::in_directory(directory.path()) };
    assert!(matches!(crate::sandbox::Sandbox::open(other), Err(SandboxError::AnotherAccount { .. })));
    std::fs::write(directory.path().join("ec2.json"), "{").unwrap();
    let same = SandboxOptions::in_directory(directory.path());
    assert!(matches!(crate::sandbox::Sandbox::open(same), Err(SandboxError::Damaged { .. })));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_written_is_not_answered() {
    let directory = tempfile::tempdir().unwrap();
    let sandbox = sandbox(SandboxOptions::in_directory(directory.path()));
    // A directory in the place of the new file makes the write fail, whoever runs the test.
    std::fs::create_dir(directory.path().join("ec2.new")).unwrap();
    let error = ec2(&sandbox).create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap_err();
    assert!(matches!(error, SdkError::DispatchFailure(_)), "{error:?}");
    std::fs::remove_dir(directory.path().join("ec2.new")).unwrap();
    assert!(sandbox.inventory().unwrap().is_empty(), "what was not written did not happen");
}
