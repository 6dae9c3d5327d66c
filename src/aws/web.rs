//! HTTP to what is no API of AWS: image registries, and the presigned addresses that AWS hands out.
//!
//! It goes through the SDK's own HTTP client, and so through the same proxy, roots of trust and, in the sandbox, the same simulated world as
//! every other call. Only reading, no retries: [`persist`](crate::engine::survey::persist) does that.

use std::{fmt, time::Duration};

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::{
    http::SharedHttpClient,
    interceptors::context::{Error, Output},
    orchestrator::{HttpRequest, HttpResponse, OrchestratorError},
    result::SdkError,
    ser_de::DeserializeResponse,
    stalled_stream_protection::StalledStreamProtectionConfig,
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream, config_bag::ConfigBag, timeout::TimeoutConfig};

use super::{
    CallLog, Connection,
    address::Address,
    call::{Observe, chain},
    limit::{Limited, Limiter},
};
use crate::engine::{Class, Failure};

/// How long an answer may take, its body included.
const WHOLE: Duration = Duration::from_secs(60);
/// An answer may be that long. Registries take manifests of 4 MiB (OCI distribution specification, "Pushing Manifests"); what we read is smaller.
const LONGEST: usize = 4 << 20;
/// Redirects that are followed: registries hand blobs to a store of theirs.
const REDIRECTS: usize = 5;

/// Reads from the web.
#[derive(Clone)]
pub struct Web {
    http: SharedHttpClient,
    log: CallLog,
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Web")
    }
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// What it is for, as failures and the call log name it: `GetManifest`.
    pub operation: &'static str,
    /// Where it is.
    pub address: Address,
    /// The media types that are understood.
    pub accept: &'a str,
    /// What goes into the header `Authorization`; never to another host than the address's own.
    pub authorization: Option<&'a str>,
}

/// What came, whatever its status.
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Reply {
    /// A header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Reply {
    /// Without the body, which may be a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({})", self.status)
    }
}

impl Web {
    /// Over the HTTP client of a connection.
    pub fn new(connection: &Connection, log: &CallLog) -> Self {
        let http = Limited::wrap(connection.http.clone(), Limiter::for_service("web"));
        Web { http, log: log.clone() }
    }

    /// Gets what is at an address, through redirects.
    ///
    /// # Errors
    /// No answer, one that is too long, or a way that leads out of TLS. A status of 429 or 5xx is a failure that passes; any other is an answer.
    pub async fn get(&self, ask: Ask<'_>) -> Result<Reply, Failure> {
        let mut address = ask.address.clone();
        for _ in 0..=REDIRECTS {
            if !address.is_safe() {
                let message = format!("{} is not reached by TLS, and is not this machine", address.host);
                return Err(named(&ask, Failure::new(Class::Invalid, message)));
            }
            // A token is for whoever asked for it. What comes after a redirect is another host's, signed in its address.
            let authorization = ask.authorization.filter(|_| address.has_origin_of(&ask.address));
            let reply = tokio::time::timeout(WHOLE, self.once(&ask, &address, authorization)).await;
            let reply = reply.unwrap_or_else(|_| {
                let message = format!("{} did not answer within {} s", address.host, WHOLE.as_secs());
                Err(Failure::new(Class::Unavailable, message))
            });
            let reply = reply.map_err(|failure| named(&ask, failure))?;
            match reply.header("location").filter(|_| matches!(reply.status, 301 | 302 | 303 | 307 | 308)) {
                None => return Ok(reply),
                Some(location) => {
                    address = address.at(location).ok_or_else(|| {
                        let message = format!("{} redirects to what is no address", address.host);
                        named(&ask, Failure::new(Class::Unreadable, message))
                    })?;
                }
            }
        }
        let message = format!("{} redirects more than {REDIRECTS} times", ask.address.host);
        Err(named(&ask, Failure::new(Class::Unreadable, message)))
    }

    async fn once(&self, ask: &Ask<'_>, address: &Address, authorization: Option<&str>) -> Result<Reply, Failure> {
        let mut request = HttpRequest::new(SdkBody::empty());
        let bad = |what: &str| Failure::new(Class::Invalid, format!("{} has {what} that can't be sent", address.host));
        request.set_uri(address.path.as_str()).map_err(|_| bad("a path"))?;
        let headers = request.headers_mut();
        let agent = concat!("platformctl/", env!("CARGO_PKG_VERSION"));
        for (name, value) in
            [("accept", Some(ask.accept)), ("user-agent", Some(agent)), ("authorization", authorization)]
        {
            let Some(value) = value else { continue };
            headers.try_insert(name, value.to_owned()).map_err(|_| bad("a header"))?;
        }
        let operation = Operation::builder()
            .service_name("web")
            .operation_name(ask.operation)
            .http_client(self.http.clone())
            .endpoint_url(&address.origin())
            .no_auth()
            .no_retry()
            .sleep_impl(TokioSleep::new())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .interceptor(Observe(self.log.clone()))
            .serializer(|request: Unsent| Ok(request.0))
            .deserializer_impl::<Head, Never>(AsItIs)
            .build();
        let head = operation.invoke(Unsent(request)).await.map_err(|error| unanswered(&address.host, &error))?;
        head.read(&address.host).await
    }
}

fn named(ask: &Ask<'_>, failure: Failure) -> Failure {
    Failure { operation: format!("web:{}", ask.operation), ..failure }
}

/// A connection that failed. The text never holds the address beyond its host: a presigned one opens what it leads to.
fn unanswered(host: &str, error: &SdkError<Never, HttpResponse>) -> Failure {
    let class = match error {
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) | SdkError::ResponseError(_) => Class::Unavailable,
        _ => Class::Internal,
    };
    Failure::new(class, format!("{host}: {}", chain(error)))
}

/// A request on its way. Not shown: it may carry a token.
struct Unsent(HttpRequest);

impl fmt::Debug for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unsent")
    }
}

/// Every answer is one: what it means is for whoever asked.
#[derive(Debug, thiserror::Error)]
#[error("never")]
struct Never;

/// An answer whose body is still to come.
#[derive(Debug)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
    body: SdkBody,
}

impl Head {
    async fn read(self, host: &str) -> Result<Reply, Failure> {
        let Head { status, headers, body } = self;
        match status {
            429 => {
                let message = format!("{host} takes no more requests for now (HTTP 429)");
                return Err(Failure::new(Class::Throttled, message));
            }
            500.. => {
                return Err(Failure::new(Class::Unavailable, format!("{host} answered with HTTP {status}")));
            }
            _ => {}
        }
        let (mut parts, mut whole) = (ByteStream::new(body), Vec::new());
        while let Some(part) = parts.next().await {
            let part = part.map_err(|error| {
                Failure::new(Class::Unavailable, format!("the answer of {host} broke off: {}", chain(&error)))
            })?;
            if whole.len() + part.len() > LONGEST {
                let message = format!("the answer of {host} is longer than {} MiB", LONGEST >> 20);
                return Err(Failure::new(Class::Unreadable, message));
            }
            whole.extend_from_slice(&part);
        }
        Ok(Reply { status, headers, body: whole })
    }
}

/// Takes an answer as it is, its body unread.
#[derive(Debug)]
struct AsItIs;

impl DeserializeResponse for AsItIs {
    fn deserialize_streaming_with_config(
        &self,
        response: &mut HttpResponse,
        _cfg: &ConfigBag,
    ) -> Option<Result<Output, OrchestratorError<Error>>> {
        let header = |(name, value): (&str, &str)| (name.to_ascii_lowercase(), value.to_owned());
        let headers = response.headers().iter().map(header).collect();
        let body = std::mem::replace(response.body_mut(), SdkBody::taken());
        Some(Ok(Output::erase(Head { status: response.status().as_u16(), headers, body })))
    }

    fn deserialize_nonstreaming_with_config(
        &self,
        _response: &HttpResponse,
        _cfg: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        Err(OrchestratorError::other("the answer was taken before its body was read"))
    }
}
