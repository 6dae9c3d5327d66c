//! The far end of the HTTP client: latency, faults, and the simulation's answer.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::interceptors::context::Output;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use super::clock::Moment;
use super::engine::{Outcome, Sandbox};
use super::error::ApiError;
use super::fault::{Failure, Fault};
use super::interceptor::Attempt;
use super::refusal;
use super::registry::Operation;

/// An HTTP client whose far end is the simulation.
#[derive(Clone, Debug)]
pub(super) struct SandboxHttpClient {
    pub(super) sandbox: Sandbox,
}

impl SandboxHttpClient {
    pub(super) fn new(sandbox: Sandbox) -> Self {
        Self { sandbox }
    }

    async fn exchange(self, mut request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let Some(attempt) = request.extension::<Attempt>().cloned() else { return self.browse(request).await };
        let operation = &attempt.question.operation;
        // The body arrives, as it would at AWS; the SDK watches its progress.
        let body = ByteStream::new(request.take_body()).collect().await;
        let body = body.map_err(|error| ConnectorError::io(error.into()))?.into_bytes();

        if self.sandbox.is_dead() {
            return std::future::pending().await;
        }
        let signed = request.headers().get("x-amz-date").map(str::to_owned);
        let host = request.uri().split('/').nth(2).unwrap_or_default().to_owned();
        let (index, fault) = self.sandbox.sent(&attempt.question);
        let half = self.sandbox.options().latency / 2;
        if fault == Fault::BeforeAct(Failure::Dies) {
            self.sandbox.landed(index);
            match self.die().await {}
        }
        travel(half).await;
        if self.sandbox.is_dead() {
            return std::future::pending().await;
        }
        self.sandbox.landed(index);
        let refused = self
            .off_time(operation, signed.as_deref())
            .or_else(|| self.sandbox.forbidden(&attempt.question))
            .or_else(|| self.sandbox.not_known_yet(operation, &body))
            .or_else(|| self.elsewhere(operation, &host));
        let answer = match (refused, fault) {
            (Some(refused), _) => Answer::Whole(Err(refused)),
            (None, Fault::BeforeAct(failure)) => self.fail(failure, operation, index).await?,
            (None, Fault::None) => Answer::Whole(self.act(&attempt)?),
            (None, Fault::AfterAct(failure)) => {
                // What AWS said is lost.
                let _ = self.act(&attempt)?;
                self.fail(failure, operation, index).await?
            }
            (None, Fault::Vanishes { reads }) => {
                self.sandbox.lag(operation, reads).map_err(broken)?;
                Answer::Whole(self.act(&attempt)?)
            }
        };
        travel(half).await;
        if self.sandbox.is_dead() {
            return std::future::pending().await;
        }

        let request_id = self.sandbox.request_id();
        let result = match answer {
            Answer::Whole(result) => result,
            Answer::Garbage => {
                self.sandbox.ended(index, Outcome::Lost);
                return response(200, request_id, SdkBody::from(self.sandbox.garbage()));
            }
            Answer::Cut => {
                self.sandbox.ended(index, Outcome::Lost);
                return response(200, request_id, SdkBody::from_body_1_x(CutBody::default()));
            }
        };
        let status = result.as_ref().err().map_or(200, |error| error.status);
        let outcome = result.as_ref().map_or_else(|error| Outcome::Refused(error.code.clone()), |_| Outcome::Done);
        self.sandbox.ended(index, outcome);
        attempt.answer(operation.answer(result, &request_id));
        response(status, request_id, SdkBody::empty())
    }

    fn act(&self, attempt: &Attempt) -> Result<Result<Output, ApiError>, ConnectorError> {
        self.sandbox.act(&attempt.question.operation, &attempt.question.input).map_err(broken)
    }

    async fn die(&self) -> std::convert::Infallible {
        self.sandbox.kill();
        std::future::pending().await
    }

    /// The refusal of a signature whose time is too far from AWS's.
    fn off_time(&self, operation: &Operation, signed: Option<&str>) -> Option<ApiError> {
        // Signature Version 4 of S3 bears fifteen minutes, of all others five.
        let limit = if operation.service.name == "s3" { 15 } else { 5 };
        let now = self.sandbox.now();
        let then = Moment::from_signature(signed?)?;
        let off = now.since(then).max(then.since(now));
        (off.as_secs() > limit * 60)
            .then(|| refusal::skewed(operation, signed.unwrap_or_default(), &now.signature(), limit))
    }

    /// The account has no repositories in other regions, and so no images.
    fn elsewhere(&self, operation: &Operation, host: &str) -> Option<ApiError> {
        let here = host.split('.').any(|part| part == self.sandbox.options().region);
        (operation.service.name == "ecr" && !here).then(|| {
            let message = "The repository does not exist in the registry of this region";
            ApiError::new("RepositoryNotFoundException", message)
        })
    }

    /// What the client gets of a call that fails: AWS's error, half an answer, or a connection that gives none.
    async fn fail(&self, failure: Failure, operation: &Operation, index: usize) -> Result<Answer, ConnectorError> {
        let lost = || self.sandbox.ended(index, Outcome::Lost);
        let error = match failure {
            Failure::Throttled => refusal::throttled(operation),
            Failure::ServerError => refusal::broken(operation),
            Failure::Unavailable => refusal::unavailable(operation),
            Failure::AccessDenied => refusal::denied(operation, &action(operation), "*"),
            Failure::ExpiredToken => refusal::expired(operation),
            // Where no quota counts it, its rate is still limited.
            Failure::QuotaExceeded => refusal::quota(operation).unwrap_or_else(|| refusal::throttled(operation)),
            Failure::Truncated => return Ok(Answer::Cut),
            Failure::Garbled => return Ok(Answer::Garbage),
            Failure::ConnectionLost => {
                lost();
                return Err(ConnectorError::io("the connection was lost".into()));
            }
            Failure::TimedOut => {
                lost();
                return Err(ConnectorError::timeout("the connection timed out".into()));
            }
            Failure::Hang => std::future::pending().await,
            Failure::Dies => match self.die().await {},
        };
        Ok(Answer::Whole(Err(error)))
    }
}

/// What comes back.
enum Answer {
    Whole(Result<Output, ApiError>),
    Cut,
    Garbage,
}

/// The beginning of an answer, and then the end of the connection.
#[derive(Debug, Default)]
pub(super) struct CutBody {
    began: bool,
}

impl http_body::Body for CutBody {
    type Data = bytes::Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<bytes::Bytes>, std::io::Error>>> {
        let cut = std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the answer broke off");
        let began = std::mem::replace(&mut self.began, true);
        let next = if began { Err(cut) } else { Ok(http_body::Frame::data(bytes::Bytes::from_static(b"<?xml ver"))) };
        Poll::Ready(Some(next))
    }
}

/// The IAM action of an operation.
fn action(operation: &Operation) -> String {
    format!("{}:{}", operation.service.name, operation.name)
}

pub(super) async fn travel(latency: Duration) {
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
}

pub(super) fn broken(error: super::error::SandboxError) -> ConnectorError {
    ConnectorError::other(error.into(), None)
}

fn response(status: u16, request_id: String, body: SdkBody) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(status).map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut response = HttpResponse::new(status, body);
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
