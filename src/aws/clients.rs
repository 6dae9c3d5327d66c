//! The clients of all services that the blueprint uses, made alike.

use std::sync::Arc;

use aws_smithy_http_client::tls;
use aws_smithy_runtime_api::client::{
    http::SharedHttpClient, interceptors::SharedInterceptor, stalled_stream_protection::StalledStreamProtectionConfig,
};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};
use time::OffsetDateTime;

use super::{
    Answer, CallLog, Web,
    call::Observe,
    ecs, iam,
    lambda::Packages,
    limit::{Limited, Limiter},
};
use crate::engine::{Class, Failure};

/// Where calls go: real AWS, an endpoint of the SDK's settings, or the sandbox.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Credentials, region and endpoints.
    pub config: SdkConfig,
    /// What carries the requests.
    pub http: SharedHttpClient,
    /// What stands in for the wire, if anything does.
    pub interceptor: Option<SharedInterceptor>,
}

impl Connection {
    /// The AWS of the SDK's own settings: profiles, SSO, assumed roles, `AWS_ENDPOINT_URL`.
    pub async fn from_environment(region: &str, profile: Option<&str>) -> Self {
        let mut loader =
            aws_config::defaults(aws_config::BehaviorVersion::latest()).region(Region::new(region.to_owned()));
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
            .build_https();
        Connection { config: loader.http_client(http.clone()).load().await, http, interceptor: None }
    }
}

/// Makes the clients.
struct Maker<'a> {
    connection: &'a Connection,
    log: &'a CallLog,
}

macro_rules! client {
    ($maker:expr, $sdk:ident, $service:literal) => {{
        let maker = $maker;
        let http = Limited::wrap(maker.connection.http.clone(), Limiter::for_service($service));
        let mut builder = $sdk::config::Builder::from(&maker.connection.config)
            .http_client(http)
            .retry_config(RetryConfig::disabled())
            // Time-outs begin behind the limiter's queue: see there. Stalled-stream protection would count the queue as a stall.
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .interceptor(Observe(maker.log.clone()));
        if let Some(interceptor) = &maker.connection.interceptor {
            builder = builder.interceptor(interceptor.clone());
        }
        $sdk::Client::from_conf(builder.build())
    }};
}

/// Everything that calls are made with.
#[derive(Debug)]
#[expect(missing_docs, reason = "one client for each service, named as the service")]
pub struct Aws {
    /// The account that the credentials belong to.
    pub account: String,
    /// The ARN of the identity that the credentials belong to.
    pub caller: String,
    /// The region.
    pub region: String,
    /// How many calls were made.
    pub log: CallLog,
    /// What functions are made from.
    pub packages: Packages,
    /// What those who wait for services share.
    pub services: ecs::Watch,
    /// Roles that were made or changed a moment ago.
    pub roles: iam::Fresh,
    pub appmesh: aws_sdk_appmesh::Client,
    pub autoscaling: aws_sdk_applicationautoscaling::Client,
    pub cloudmap: aws_sdk_servicediscovery::Client,
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    pub data: aws_sdk_rdsdata::Client,
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub ec2: aws_sdk_ec2::Client,
    pub ecr: aws_sdk_ecr::Client,
    pub ecs: aws_sdk_ecs::Client,
    pub elb: aws_sdk_elasticloadbalancingv2::Client,
    pub iam: aws_sdk_iam::Client,
    pub kms: aws_sdk_kms::Client,
    pub lambda: aws_sdk_lambda::Client,
    pub logs: aws_sdk_cloudwatchlogs::Client,
    pub quotas: aws_sdk_servicequotas::Client,
    pub rds: aws_sdk_rds::Client,
    pub s3: aws_sdk_s3::Client,
    pub secrets: aws_sdk_secretsmanager::Client,
    pub sns: aws_sdk_sns::Client,
    pub tagging: aws_sdk_resourcegroupstagging::Client,
    /// What is no API of AWS.
    pub web: Web,
}

/// The first call of all tells where AWS was looked for, and what may stand in the way.
fn out_of_reach(failure: Failure, endpoint: Option<&str>) -> Failure {
    if failure.class != Class::Unavailable {
        return failure;
    }
    match endpoint {
        Some(endpoint) => Failure { message: format!("nobody answers at {endpoint}: {}", failure.message), ..failure }
            .remedy(
                "start what should answer there, or unset AWS_ENDPOINT_URL (also in the profile) to reach AWS itself",
            ),
        None => failure.remedy("check the network, a proxy (HTTPS_PROXY), and that the region exists"),
    }
}

impl Aws {
    /// Now, by the clock that calls are signed with: in the sandbox the simulated one, so that certificates age there too.
    pub fn now(&self) -> OffsetDateTime {
        let time = self.secrets.config().time_source().map_or_else(std::time::SystemTime::now, |source| source.now());
        time.into()
    }

    /// The partition that the region belongs to: the second part of every ARN (AWS General Reference, "Amazon Resource Names").
    pub fn partition(&self) -> &'static str {
        match self.region.as_str() {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }

    /// Makes the clients and asks who they belong to.
    ///
    /// # Errors
    /// Where there are no usable credentials, or the network doesn't reach AWS.
    pub async fn connect(connection: &Connection) -> Result<Arc<Self>, Failure> {
        let log = CallLog::default();
        let sts = client!(&Maker { connection, log: &log }, aws_sdk_sts, "sts");
        let caller = sts.get_caller_identity().send().await.of("sts:GetCallerIdentity");
        let caller = caller.map_err(|failure| out_of_reach(failure, connection.config.endpoint_url()))?;
        let account = caller.account().unwrap_or_default().to_owned();
        if account.is_empty() {
            return Err(Failure::new(Class::Credentials, "AWS did not say which account the credentials belong to"));
        }
        let arn = caller.arn().unwrap_or_default().to_owned();
        Ok(Self::for_account(connection, account, arn, log))
    }

    /// Makes the clients for an account that is known already.
    pub(super) fn for_account(connection: &Connection, account: String, caller: String, log: CallLog) -> Arc<Self> {
        let maker = Maker { connection, log: &log };
        let region = connection.config.region().map(|region| region.to_string()).unwrap_or_default();
        Arc::new(Aws {
            account,
            caller,
            region,
            packages: Packages::default(),
            services: ecs::Watch::default(),
            roles: iam::Fresh::default(),
            appmesh: client!(&maker, aws_sdk_appmesh, "appmesh"),
            autoscaling: client!(&maker, aws_sdk_applicationautoscaling, "application-autoscaling"),
            cloudmap: client!(&maker, aws_sdk_servicediscovery, "servicediscovery"),
            cloudwatch: client!(&maker, aws_sdk_cloudwatch, "cloudwatch"),
            data: client!(&maker, aws_sdk_rdsdata, "rds-data"),
            dynamodb: client!(&maker, aws_sdk_dynamodb, "dynamodb"),
            ec2: client!(&maker, aws_sdk_ec2, "ec2"),
            ecr: client!(&maker, aws_sdk_ecr, "ecr"),
            ecs: client!(&maker, aws_sdk_ecs, "ecs"),
            elb: client!(&maker, aws_sdk_elasticloadbalancingv2, "elasticloadbalancing"),
            iam: client!(&maker, aws_sdk_iam, "iam"),
            kms: client!(&maker, aws_sdk_kms, "kms"),
            lambda: client!(&maker, aws_sdk_lambda, "lambda"),
            logs: client!(&maker, aws_sdk_cloudwatchlogs, "logs"),
            quotas: client!(&maker, aws_sdk_servicequotas, "servicequotas"),
            rds: client!(&maker, aws_sdk_rds, "rds"),
            s3: client!(&maker, aws_sdk_s3, "s3"),
            secrets: client!(&maker, aws_sdk_secretsmanager, "secretsmanager"),
            sns: client!(&maker, aws_sdk_sns, "sns"),
            tagging: client!(&maker, aws_sdk_resourcegroupstagging, "tag"),
            web: Web::new(connection, &log),
            log,
        })
    }
}
