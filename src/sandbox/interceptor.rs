//! Takes the typed input out of a client, and puts the typed answer back in.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextMut, BeforeTransmitInterceptorContextMut, FinalizerInterceptorContextMut,
    OutputOrError,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

use super::engine::Sandbox;
use super::registry::{Kept, Operation};

/// A call under way: what is asked.
#[derive(Clone)]
pub(super) struct Question {
    pub(super) operation: Arc<Operation>,
    pub(super) input: Kept,
}

impl fmt::Debug for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.operation.fmt(formatter)
    }
}

impl Storable for Question {
    type Storer = StoreReplace<Self>;
}

/// One attempt at a call: the question, and the place for its answer. A lost answer leaves that empty, and the SDK's
/// own error stands.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) question: Question,
    answer: Arc<Mutex<Option<OutputOrError>>>,
}

impl Attempt {
    pub(super) fn answer(&self, answer: OutputOrError) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
    }

    fn take(&self) -> Option<OutputOrError> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Storable for Attempt {
    type Storer = StoreReplace<Self>;
}

/// The interceptor that every client of a sandbox needs.
#[derive(Clone, Debug)]
pub struct SandboxInterceptor {
    sandbox: Sandbox,
}

impl SandboxInterceptor {
    pub(super) fn new(sandbox: Sandbox) -> Self {
        Self { sandbox }
    }
}

#[dyn_dispatch_hint]
impl Intercept for SandboxInterceptor {
    fn name(&self) -> &'static str {
        "SandboxInterceptor"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let metadata = config.load::<Metadata>().ok_or("the sandbox was asked for an operation without a name")?;
        let (service, name) = (metadata.service(), metadata.name());
        let operation = self
            .sandbox
            .find(service, name)
            .ok_or_else(|| format!("the sandbox does not know the operation {name} of {service}"))?;
        let input = operation
            .keep(context.input_mut())
            .ok_or_else(|| format!("the sandbox knows {name} of {service} with another input"))?;
        config.interceptor_state().store_put(Question { operation, input });
        Ok(())
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let question = config.load::<Question>().cloned().ok_or("the sandbox lost the input of a call")?;
        let attempt = Attempt { question, answer: Arc::default() };
        context.request_mut().add_extension(attempt.clone());
        config.interceptor_state().store_put(attempt);
        Ok(())
    }

    fn modify_before_attempt_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let answer = config.load::<Attempt>().and_then(Attempt::take);
        if let (Some(answer), Some(place)) = (answer, context.output_or_error_mut()) {
            *place = answer;
        }
        Ok(())
    }
}
