//! Each kind of fault as a client sees it.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ec2::error::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::support::{code, ec2, sandbox};
use crate::sandbox::plans::{AtCall, Storm};
use crate::sandbox::{CallInfo, Failure, Fault, FaultPlan, Sandbox, SandboxOptions};

fn with(fault: Fault) -> Sandbox {
    let faults: Option<Arc<dyn FaultPlan>> = Some(Arc::new(AtCall { index: 0, fault }));
    sandbox(SandboxOptions { faults, ..SandboxOptions::in_memory() })
}

macro_rules! client {
    ($sdk:ident, $sandbox:expr) => {{
        let config = $sdk::config::Builder::from(&$sandbox.sdk_config())
            .retry_config(aws_smithy_types::retry::RetryConfig::disabled())
            .interceptor($sandbox.interceptor())
            .build();
        $sdk::Client::from_conf(config)
    }};
}

/// The first call's error code by one service of each protocol: EC2, query, JSON, REST.
async fn codes(failure: Failure) -> [String; 4] {
    let fault = Fault::BeforeAct(failure);
    let iam = client!(aws_sdk_iam, with(fault));
    let kms = client!(aws_sdk_kms, with(fault));
    let s3 = client!(aws_sdk_s3, with(fault));
    [
        code(ec2(&with(fault)).create_vpc().cidr_block("10.0.0.0/16").send().await),
        code(iam.create_role().role_name("r").assume_role_policy_document("{}").send().await),
        code(kms.create_key().send().await),
        code(s3.create_bucket().bucket("b-123").send().await),
    ]
}

#[tokio::test(start_paused = true)]
async fn each_protocol_refuses_in_words_of_its_own() {
    for (failure, expected) in [
        (Failure::Throttled, ["RequestLimitExceeded", "Throttling", "ThrottlingException", "SlowDown"]),
        (Failure::AccessDenied, ["UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "AccessDenied"]),
        (Failure::ExpiredToken, ["RequestExpired", "ExpiredToken", "ExpiredTokenException", "ExpiredToken"]),
        (Failure::QuotaExceeded, ["VpcLimitExceeded", "LimitExceeded", "LimitExceededException", "TooManyBuckets"]),
        (Failure::ServerError, ["InternalError", "ServiceFailure", "KMSInternalException", "InternalError"]),
        (Failure::Unavailable, ["Unavailable", "ServiceUnavailable", "ServiceUnavailable", "ServiceUnavailable"]),
    ] {
        assert_eq!(codes(failure).await, expected, "{failure:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_off_is_no_answer_though_aws_acted() {
    let sandbox = with(Fault::AfterAct(Failure::Truncated));
    let error = ec2(&sandbox).create_vpc().cidr_block("10.0.0.0/16").send().await.expect_err("half an answer");
    assert!(matches!(&error, SdkError::ResponseError(_)), "{error:?}");
    assert_eq!(sandbox.inventory().expect("readable").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_made_vanishes_for_so_many_looks() {
    let sandbox = with(Fault::Vanishes { reads: 2 });
    let ec2 = ec2(&sandbox);
    ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.expect("made");
    tokio::time::sleep(Duration::from_secs(60)).await;
    for expected in [0, 0, 1] {
        let vpcs = ec2.describe_vpcs().send().await.expect("described");
        assert_eq!(vpcs.vpcs().len(), expected);
    }
    assert_eq!(sandbox.inventory().expect("readable").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_death_ends_everything_and_what_was_under_way_arrives_or_does_not() {
    for (delivers, expected) in [(false, 1), (true, 2)] {
        let dies = |call: &CallInfo| match call.index {
            0 => Fault::AfterAct(Failure::Dies),
            _ => Fault::None,
        };
        let sandbox = sandbox(SandboxOptions { faults: Some(Arc::new(dies)), ..SandboxOptions::in_memory() });
        let ec2 = ec2(&sandbox);
        let process = async {
            let late = async {
                // Sent a moment later, so still under way when the first one kills.
                tokio::time::sleep(Duration::from_millis(10)).await;
                ec2.create_internet_gateway().send().await
            };
            tokio::join!(ec2.create_vpc().cidr_block("10.0.0.0/16").send(), late)
        };
        tokio::select! {
            biased;
            () = sandbox.killed() => {}
            _ = process => panic!("it should have died"),
        }
        assert_eq!(sandbox.inventory().expect("readable").len(), 1);
        if delivers {
            sandbox.restart_and_deliver().expect("delivered");
        } else {
            sandbox.restart();
        }
        assert_eq!(sandbox.inventory().expect("readable").len(), expected);
        ec2.describe_vpcs().send().await.expect("answered again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_storm_is_the_same_for_the_same_seed() {
    let fates = |seed| {
        let storm = Storm::new(seed, 0.3, Storm::PASSING);
        let call = CallInfo { index: 0, mutating_index: None, service: "ec2", operation: "DescribeVpcs" };
        (0..50).map(|_| storm.decide(&call)).collect::<Vec<_>>()
    };
    assert_eq!(fates(7), fates(7));
    assert_ne!(fates(7), fates(8));
    let faults = fates(7).iter().filter(|fault| **fault != Fault::None).count();
    assert!((5..=25).contains(&faults), "{faults} of 50 at 0.3");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_off_by_more_than_aws_bears_is_refused() {
    for (skew, expected) in [(240, None), (-240, None), (400, Some("RequestExpired")), (-400, Some("RequestExpired"))] {
        let sandbox = sandbox(SandboxOptions { clock_skew: skew, ..SandboxOptions::in_memory() });
        let result = ec2(&sandbox).describe_vpcs().send().await;
        assert_eq!(result.as_ref().err().and_then(|error| error.code()), expected, "{skew} s");
        // S3 bears a quarter of an hour.
        let s3 = client!(aws_sdk_s3, sandbox);
        assert!(s3.create_bucket().bucket("bucket-1").send().await.is_ok(), "{skew} s");
    }
}
