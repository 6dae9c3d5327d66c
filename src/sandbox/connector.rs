//! The far end of the HTTP client: latency, faults, and the simulation's answer.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use super::engine::{Outcome, Sandbox, throttled};
use super::error::ApiError;
use super::fault::{Failure, Fault};
use super::interceptor::Attempt;
use super::registry::Operation;

/// An HTTP client whose far end is the simulation.
#[derive(Clone, Debug)]
pub(super) struct SandboxHttpClient {
    sandbox: Sandbox,
}

impl SandboxHttpClient {
    pub(super) fn new(sandbox: Sandbox) -> Self {
        Self { sandbox }
    }

    async fn exchange(self, mut request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let attempt = request
            .extension::<Attempt>()
            .cloned()
            .ok_or_else(|| ConnectorError::user("a client of the sandbox lacks the sandbox's interceptor".into()))?;
        let operation = &attempt.question.operation;
        // The body arrives, as it would at AWS; the SDK watches its progress.
        ByteStream::new(request.take_body()).collect().await.map_err(|error| ConnectorError::io(error.into()))?;

        let (index, fault) = self.sandbox.sent(operation);
        let ended = |outcome| self.sandbox.ended(index, outcome);
        let half = self.sandbox.options().latency / 2;
        travel(half).await;
        let result = match fault {
            Fault::BeforeAct(failure) => Err(self.fail(failure, operation, index).await?),
            Fault::None => self.sandbox.act(operation, &attempt.question.input).map_err(broken)?,
            Fault::AfterAct(failure) => {
                self.sandbox.act(operation, &attempt.question.input).map_err(broken)?.ok();
                Err(self.fail(failure, operation, index).await?)
            }
        };
        travel(half).await;

        let status = result.as_ref().err().map_or(200, |error| error.status);
        ended(result.as_ref().map_or_else(|error| Outcome::Refused(error.code.clone()), |_| Outcome::Done));
        let request_id = self.sandbox.request_id();
        attempt.answer(operation.answer(result, &request_id));
        response(status, request_id)
    }

    /// The error that AWS answers, or a connection that gives none.
    async fn fail(&self, failure: Failure, operation: &Operation, index: usize) -> Result<ApiError, ConnectorError> {
        let lost = || self.sandbox.ended(index, Outcome::Lost);
        match failure {
            Failure::Throttled => Ok(throttled(operation)),
            Failure::ServerError => {
                Ok(ApiError::new("InternalError", "An internal error has occurred").with_status(500))
            }
            Failure::ConnectionLost => {
                lost();
                Err(ConnectorError::io("the connection was lost".into()))
            }
            Failure::TimedOut => {
                lost();
                Err(ConnectorError::timeout("the connection timed out".into()))
            }
            Failure::Hang => std::future::pending().await,
        }
    }
}

async fn travel(latency: Duration) {
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
}

fn broken(error: super::error::SandboxError) -> ConnectorError {
    ConnectorError::other(error.into(), None)
}

fn response(status: u16, request_id: String) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(status).map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::empty());
    response.headers_mut().insert("x-amzn-requestid", request_id);
    Ok(response)
}

impl HttpConnector for SandboxHttpClient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().exchange(request))
    }
}

impl HttpClient for SandboxHttpClient {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
