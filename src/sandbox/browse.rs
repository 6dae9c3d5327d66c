//! Requests to the simulated web: the same way, the same latency and the same faults as calls, but with real addresses, headers and bodies.

use std::convert::Infallible;

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

use super::connector::{CutBody, SandboxHttpClient, broken, travel};
use super::engine::Outcome;
use super::fault::{Failure, Fault};
use super::web::{self, Asked, Told};

impl SandboxHttpClient {
    /// Answers a request that is no call of an API.
    pub(super) async fn browse(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let host = request.uri().split('/').nth(2).unwrap_or_default();
        if host.ends_with(".amazonaws.com") && host != web::layer_host(&self.sandbox.options().region) {
            return Err(ConnectorError::user("a client of the sandbox lacks the sandbox's interceptor".into()));
        }
        let asked = read(&request)
            .ok_or_else(|| ConnectorError::user("the sandbox's web is read by GET, at an https address".into()))?;
        if self.sandbox.is_dead() {
            return std::future::pending().await;
        }
        let (index, fault) = self.sandbox.browsed();
        let half = self.sandbox.options().latency / 2;
        travel(half).await;
        let failure = match fault {
            Fault::BeforeAct(failure) | Fault::AfterAct(failure) => Some(failure),
            Fault::None | Fault::Vanishes { .. } => None,
        };
        let answer = match failure {
            Some(failure) => self.spoiled(failure).await,
            None => {
                let told = self.sandbox.look(|call| web::answer(call, &asked)).map_err(broken)?;
                // As hyper says it.
                told.ok_or_else(|| {
                    ConnectorError::io(format!("dns error: failed to lookup address of {}", asked.host).into())
                })
                .map(|told| (told, None))
            }
        };
        travel(half).await;
        if self.sandbox.is_dead() {
            return std::future::pending().await;
        }
        let outcome = answer.as_ref().map_or(Outcome::Lost, |_| Outcome::Done);
        self.sandbox.ended(index, outcome);
        let (told, body) = answer?;
        response(told, body)
    }

    async fn spoiled(&self, failure: Failure) -> Result<(Told, Option<SdkBody>), ConnectorError> {
        let status = |status: u16| Ok((Told { status, headers: Vec::new(), body: Vec::new() }, None));
        match failure {
            Failure::Throttled | Failure::QuotaExceeded => status(429),
            Failure::ServerError => status(500),
            Failure::Unavailable => status(503),
            Failure::AccessDenied | Failure::ExpiredToken => status(403),
            Failure::Truncated => {
                let told = Told { status: 200, headers: Vec::new(), body: Vec::new() };
                Ok((told, Some(SdkBody::from_body_1_x(CutBody::default()))))
            }
            Failure::Garbled => Ok((Told { status: 200, headers: Vec::new(), body: self.sandbox.garbage() }, None)),
            Failure::ConnectionLost => Err(ConnectorError::io("the connection was lost".into())),
            Failure::TimedOut => Err(ConnectorError::timeout("the connection timed out".into())),
            Failure::Hang => never(std::future::pending().await),
            Failure::Dies => {
                self.sandbox.kill();
                never(std::future::pending().await)
            }
        }
    }
}

fn never<T>(it: Infallible) -> T {
    match it {}
}

fn read(request: &HttpRequest) -> Option<Asked> {
    let rest = request.uri().strip_prefix("https://").filter(|_| request.method() == "GET")?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let header = |name: &str| request.headers().get(name).map(str::to_owned);
    Some(Asked {
        host: host.to_ascii_lowercase(),
        path: path.to_owned(),
        query: pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect(),
        authorization: header("authorization"),
        accept: header("accept").unwrap_or_default(),
    })
}

/// RFC 3986, section 2.1.
fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, after @ ..] = rest {
        let hex = std::str::from_utf8(after.get(..2).unwrap_or_default()).unwrap_or_default();
        match u8::from_str_radix(hex, 16) {
            Ok(byte) if *first == b'%' && hex.len() == 2 => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn response(told: Told, body: Option<SdkBody>) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(told.status).map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut response = HttpResponse::new(status, body.unwrap_or_else(|| SdkBody::from(told.body)));
    for (name, value) in told.headers {
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded() {
        assert_eq!(decoded("repository%3Aa%2Fb:pull%20x"), "repository:a/b:pull x");
        assert_eq!((decoded("100%"), decoded("%zz")), ("100%".to_owned(), "%zz".to_owned()));
    }
}
