//! What every call has in common: its name, its failure, its place in the call log.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeTransmitInterceptorContextMut},
        orchestrator::Metadata,
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

impl<T, E, R> Answer<T> for Result<T, SdkError<E, R>>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
    SdkError<E, R>: RequestId,
{
    fn of(self, operation: &'static str) -> Result<T, Failure> {
        self.map_err(|error| failure(operation, &error))
    }
}

fn failure<E, R>(operation: &'static str, error: &SdkError<E, R>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
    SdkError<E, R>: RequestId,
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
fn chain(error: &dyn std::error::Error) -> String {
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
    ["Describe", "Get", "List", "Head", "Simulate", "Lookup", "BatchGet"].iter().any(|verb| operation.starts_with(verb))
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
