//! What every call has in common: its name, its failure, its place in the call log.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeTransmitInterceptorContextMut},
        orchestrator::{HttpResponse, Metadata},
        result::SdkError,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{config_bag::ConfigBag, error::metadata::ProvideErrorMetadata};
use aws_types::request_id::RequestId;

use super::classify;
use crate::engine::Failure;

/// Names a call where it is answered: `client.create_vpc().send().await.of("ec2:CreateVpc")?`. The name is the IAM action.
pub trait Answer<T> {
    /// Turns the SDK's error into a classified [`Failure`].
    ///
    /// # Errors
    /// The call's own failure.
    fn of(self, operation: &'static str) -> Result<T, Failure>;
}

impl<T, E> Answer<T> for Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn of(self, operation: &'static str) -> Result<T, Failure> {
        self.map_err(|error| failure(operation, &error))
    }
}

fn failure<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let request_id = error.request_id().map(str::to_owned);
    let (code, message) = match error {
        SdkError::ServiceError(context) => {
            let code = context.err().code().map(str::to_owned);
            let message = context.err().message().map_or_else(|| chain(context.err()), str::to_owned);
            (code, message)
        }
        other => (None, chain(other)),
    };
    let class = classify::class(operation, error, code.as_deref(), &message);
    Failure {
        class,
        operation: operation.to_owned(),
        remedy: classify::remedy(class, operation, &message),
        code,
        message,
        request_id,
    }
}

/// An error and its sources in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let text = inner.to_string();
        if !line.contains(&text) {
            line = format!("{line}: {text}");
        }
        source = inner.source();
    }
    line
}

/// Service and operation of a call, attached to its HTTP request so that the limiter can tell reading from changing.
#[derive(Clone, Debug)]
pub struct CallName {
    /// The operation, such as `CreateVpc`.
    pub operation: String,
}

impl CallName {
    /// True where the operation only reads.
    pub fn is_reading(&self) -> bool {
        is_reading(&self.operation)
    }
}

/// True where an operation of that name only reads.
pub fn is_reading(operation: &str) -> bool {
    ["Describe", "Get", "List", "Head", "Simulate", "Lookup", "BatchGet", "Filter"]
        .iter()
        .any(|verb| operation.starts_with(verb))
}

/// How many calls were made, by service and operation. Clones share the count.
#[derive(Clone, Debug, Default)]
pub struct CallLog(Arc<Mutex<BTreeMap<(String, String), u64>>>);

impl CallLog {
    /// Calls by (service, operation).
    pub fn counts(&self) -> BTreeMap<(String, String), u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Calls that read, and calls that change something.
    pub fn totals(&self) -> (u64, u64) {
        self.counts().iter().fold((0, 0), |(reading, changing), ((_, operation), count)| {
            if is_reading(operation) { (reading + count, changing) } else { (reading, changing + count) }
        })
    }

    fn note(&self, service: &str, operation: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((service.to_owned(), operation.to_owned())).or_default() += 1;
    }
}

/// Counts each attempt that is sent and names it for the limiter.
#[derive(Debug)]
pub struct Observe(pub CallLog);

impl Intercept for Observe {
    fn name(&self) -> &'static str {
        "platformctl-observe"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(metadata) = cfg.load::<Metadata>() {
            let operation = metadata.name().to_owned();
            self.0.note(metadata.service(), &operation);
            context.request_mut().add_extension(CallName { operation });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        orchestrator::HttpRequest,
    };
    use aws_smithy_types::body::SdkBody;
    use aws_types::{SdkConfig, region::Region};

    use super::*;
    use crate::engine::Class;

    /// Answers every request alike.
    #[derive(Clone, Debug)]
    struct Always(u16, Option<&'static str>);

    impl HttpConnector for Always {
        fn call(&self, _request: HttpRequest) -> HttpConnectorFuture {
            // Without a text, the connection breaks before the body is there.
            let body = self.1.map_or_else(SdkBody::taken, SdkBody::from);
            let status = self.0.try_into().expect("a status");
            HttpConnectorFuture::ready(Ok(HttpResponse::new(status, body)))
        }
    }

    impl HttpClient for Always {
        fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }

    /// The classes of a failed call of EC2 (XML), ECS (JSON) and S3 (REST), against an endpoint that answers like this.
    async fn classes(status: u16, body: Option<&'static str>) -> [Class; 3] {
        let keys = aws_credential_types::Credentials::for_tests();
        let config = SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .retry_config(aws_smithy_types::retry::RetryConfig::disabled())
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(keys))
            .http_client(SharedHttpClient::new(Always(status, body)))
            .build();
        let vpcs = aws_sdk_ec2::Client::new(&config).describe_vpcs().send().await;
        let services = aws_sdk_ecs::Client::new(&config).describe_services().services("a").send().await;
        let versions = aws_sdk_s3::Client::new(&config).list_object_versions().bucket("a").send().await;
        [
            vpcs.of("ec2:DescribeVpcs").expect_err("no answer").class,
            services.of("ecs:DescribeServices").expect_err("no answer").class,
            versions.of("s3:ListBucketVersions").expect_err("no answer").class,
        ]
    }

    #[tokio::test]
    async fn an_answer_that_is_none_is_final_and_one_that_broke_off_is_not() {
        assert_eq!(classes(200, Some("{\"services\": [{]")).await, [Class::Unreadable; 3]);
        assert_eq!(classes(200, Some("<html><body>Sign in to the network</p>")).await, [Class::Unreadable; 3]);
        assert!(!Class::Unreadable.is_transient() && !Class::Unreadable.is_definite());
        assert_eq!(classes(200, None).await, [Class::Unavailable; 3]);
        assert_eq!(classes(503, Some("<html>no server is available")).await, [Class::Unavailable; 3]);
    }
}
