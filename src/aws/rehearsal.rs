//! What a create would send, caught before it is sent: the production code makes the request, and nobody answers it.

use std::sync::{Arc, Mutex, PoisonError};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::{rt::sleep::TokioSleep, time::SystemTimeSource};
use aws_smithy_cbor::{Decoder, data::Type, decode::DeserializeError};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_types::{SdkConfig, region::Region};
use serde_json::{Map, Value};

use super::{Aws, CallLog, Connection, kinds};
use crate::engine::{Failure, Identity, Kinds};

/// The kinds, bound to clients that reach nobody.
pub struct Rehearsal {
    kinds: Kinds,
    sent: Sent,
}

impl Rehearsal {
    /// For an account and a region. No credentials, no network.
    pub fn new(account: &str, region: &str) -> Self {
        let sent = Sent::default();
        let http = SharedHttpClient::new(sent.clone());
        let credentials = Credentials::new("rehearsal", "rehearsal", None, None, "rehearsal");
        let config = SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .sleep_impl(TokioSleep::new())
            .time_source(SystemTimeSource::new())
            .http_client(http.clone())
            .build();
        let connection = Connection { config, http, interceptor: None };
        let aws = Aws::for_account(&connection, account.to_owned(), String::new(), CallLog::default());
        Rehearsal { kinds: kinds(&aws), sent }
    }

    /// The kinds, of which nobody is called.
    #[cfg(test)]
    pub(super) fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// The body of the request by which a resource with this specification (references replaced by some text) would be
    /// created, as JSON under AWS's own names, which is what `aws … --cli-input-json` takes.
    ///
    /// # Errors
    /// A failure of the tool itself, where the kind is unknown, sends nothing, or speaks neither JSON nor CBOR.
    pub async fn request(&self, spec: &Value, identity: &Identity) -> Result<Value, Failure> {
        let kind = self.kinds.get(identity.key.kind())?;
        self.sent.take();
        // The answer is always that nobody answers.
        let unanswered = kind.create(spec, identity).await.err();
        match self.sent.take() {
            Some(sent) => {
                sent.map_err(|reason| Failure::internal(format!("the request of {}: {reason}", identity.key)))
            }
            None => Err(unanswered.unwrap_or_else(|| Failure::internal(format!("{} sends nothing", identity.key)))),
        }
    }
}

/// What was sent first. Clones share it.
#[derive(Clone, Debug, Default)]
struct Sent(Arc<Mutex<Option<Result<Value, String>>>>);

impl Sent {
    fn take(&self) -> Option<Result<Value, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keep(&self, request: &HttpRequest) {
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sent.get_or_insert_with(|| read(request));
    }
}

impl HttpConnector for Sent {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.keep(&request);
        HttpConnectorFuture::ready(Err(ConnectorError::user("a rehearsal reaches nobody".into())))
    }
}

impl HttpClient for Sent {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

fn read(request: &HttpRequest) -> Result<Value, String> {
    let body = request.body().bytes().ok_or("it streams its body")?;
    match request.headers().get("content-type").unwrap_or_default() {
        "application/cbor" => value(&mut Decoder::new(body)).map_err(|error| format!("{error:?}")),
        json if json.contains("json") => serde_json::from_slice(body).map_err(|error| error.to_string()),
        other => Err(format!("it is neither JSON nor CBOR but '{other}'")),
    }
}

/// One item (RFC 8949). Of the kinds of items only those that the SDK writes are read.
fn value(from: &mut Decoder<'_>) -> Result<Value, DeserializeError> {
    Ok(match from.datatype()? {
        Type::Null => {
            from.null()?;
            Value::Null
        }
        Type::Bool => from.boolean()?.into(),
        Type::F16 | Type::F32 | Type::F64 => from.double()?.into(),
        Type::String | Type::StringIndef => from.string()?.into(),
        Type::Array | Type::ArrayIndef => {
            let count = from.list()?;
            let mut items = Vec::new();
            while more(from, count, items.len())? {
                items.push(value(from)?);
            }
            items.into()
        }
        Type::Map | Type::MapIndef => {
            let count = from.map()?;
            let mut fields = Map::new();
            while more(from, count, fields.len())? {
                let name = from.string()?;
                fields.insert(name, value(from)?);
            }
            fields.into()
        }
        _ => from.long()?.into(),
    })
}

/// Whether another item follows; takes the mark that ends a list of unknown length.
fn more(from: &mut Decoder<'_>, count: Option<u64>, read: usize) -> Result<bool, DeserializeError> {
    if let Some(count) = count {
        return Ok((read as u64) < count);
    }
    if from.datatype()? != Type::Break {
        return Ok(true);
    }
    from.skip()?;
    Ok(false)
}
