//! A registry on this machine, over real HTTP, in real time: what is sent and what comes back is what registries speak.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

use platformctl::{
    aws::{
        Aws, Connection,
        deploy::{
            Reference, manifest,
            registry::{Sought, look},
        },
    },
    engine::Class,
};
use serde_json::{Value, json};

/// What was asked for: path and authorization.
type Asked = Arc<Mutex<Vec<(String, Option<String>)>>>;
/// The answer to a path, and to whether the right token came: status, headers, body.
type Answer = Box<dyn Fn(&str, bool) -> (u16, Vec<String>, Vec<u8>) + Send>;

struct Server {
    host: String,
    asked: Asked,
}

impl Server {
    /// Answers one request per connection, until the test ends.
    fn start(answer: impl FnOnce(&str) -> Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let host = listener.local_addr().expect("an address").to_string();
        let (asked, answer) = (Asked::default(), answer(&host));
        let heard = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, &heard, &answer);
            }
        });
        Server { host, asked }
    }

    fn asked(&self) -> Vec<(String, Option<String>)> {
        self.asked.lock().expect("no panics").clone()
    }
}

fn serve(stream: TcpStream, asked: &Asked, answer: &Answer) {
    let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let headers: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let authorization = headers.iter().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("authorization").then(|| value.to_owned())
    });
    let (status, headers, body) = answer(&path, authorization.as_deref() == Some("Bearer let-me-in"));
    asked.lock().expect("no panics").push((path, authorization));
    let mut head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for header in headers {
        head.push_str(&format!("{header}\r\n"));
    }
    let _ = (&stream).write_all(head.as_bytes()).and_then(|()| (&stream).write_all(b"\r\n"));
    let _ = (&stream).write_all(&body);
}

/// Clients that reach this machine: everything of the SDK's own, and an STS that knows the caller.
async fn aws() -> Arc<Aws> {
    let sts = Server::start(|_| {
        Box::new(|_, _| {
            let body = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/x</Arn>\
                        <UserId>x</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
            (200, Vec::new(), body.as_bytes().to_vec())
        })
    });
    let http = aws_smithy_http_client::Builder::new().build_http();
    let keys = aws_credential_types::Credentials::new("AKIAIOSFODNN7EXAMPLE", "x", None, None, "test");
    let config = aws_types::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(aws_types::region::Region::new("us-east-1"))
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(keys))
        .endpoint_url(format!("http://{}", sts.host))
        .http_client(http.clone())
        .build();
    Aws::connect(&Connection { config, http, interceptor: None }).await.expect("clients")
}

/// A single image for ARM, and where its parts are.
fn parts() -> (String, BTreeMap<String, Vec<u8>>) {
    let configuration = json!({ "os": "linux", "architecture": "arm64", "variant": "v8" }).to_string().into_bytes();
    let of_configuration = manifest::digest(&configuration);
    let document = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": [],
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": of_configuration },
    });
    let document = document.to_string().into_bytes();
    let digest = manifest::digest(&document);
    (digest.clone(), BTreeMap::from([(digest, document), (of_configuration, configuration)]))
}

/// A registry that gives tokens, and keeps its blobs elsewhere; `spoil` changes what comes.
fn registry(store: String, spoil: fn(Vec<u8>) -> Vec<u8>) -> (String, Server) {
    let (digest, parts) = parts();
    let known = digest.clone();
    let server = Server::start(|host| {
        let host = host.to_owned();
        Box::new(move |path, allowed| {
            if path.starts_with("/token") {
                return (200, Vec::new(), json!({ "access_token": "let-me-in" }).to_string().into_bytes());
            }
            if !allowed {
                let challenge = format!("www-authenticate: Bearer realm=\"http://{host}/token\",service=\"local\"");
                return (401, vec![challenge], b"{}".to_vec());
            }
            let wanted = path.rsplit('/').next().unwrap_or_default();
            let wanted = if wanted == "1" { known.as_str() } else { wanted };
            match parts.get(wanted) {
                Some(_) if path.contains("/blobs/") => {
                    (307, vec![format!("location: http://{store}/{wanted}")], Vec::new())
                }
                Some(body) => (200, vec![format!("Docker-Content-Digest: {wanted}")], spoil(body.clone())),
                None => (404, Vec::new(), b"{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\"}]}".to_vec()),
            }
        })
    });
    (digest, server)
}

fn store() -> Server {
    let (_, parts) = parts();
    Server::start(|_| {
        Box::new(move |path, _| match parts.get(path.trim_start_matches('/')) {
            Some(body) => (200, Vec::new(), body.clone()),
            None => (404, Vec::new(), Vec::new()),
        })
    })
}

#[tokio::test]
async fn a_registry_is_asked_with_a_token_and_its_store_without() {
    let (aws, store) = (aws().await, store());
    let (digest, registry) = registry(store.host.clone(), |body| body);
    let look = async |reference: &str| {
        look(&aws.web, &Reference::parse(&format!("{}/team/app{reference}", registry.host))).await
    };
    match look(":1").await.expect("an answer") {
        Sought::Found { digest: found, platforms } => {
            assert_eq!(found, digest);
            assert_eq!(platforms.iter().map(ToString::to_string).collect::<Vec<_>>(), ["linux/arm64/v8"]);
        }
        other => panic!("{other:?}"),
    }
    let paths: Vec<String> = registry.asked().into_iter().map(|(path, _)| path).collect();
    assert_eq!(
        paths[..3],
        ["/v2/team/app/manifests/1", "/token?service=local&scope=repository:team/app:pull", "/v2/team/app/manifests/1"]
    );
    assert_eq!(registry.asked().iter().filter(|(path, _)| path.starts_with("/token")).count(), 1, "one token for all");
    assert!(store.asked().iter().all(|(_, authorization)| authorization.is_none()), "the token stays with its host");
    assert!(matches!(look(&format!("@{digest}")).await, Ok(Sought::Found { .. })));
    assert_eq!(look(":2").await.expect("an answer"), Sought::Absent);
}

#[tokio::test]
async fn what_is_not_what_its_digest_says_is_refused() {
    let (aws, store) = (aws().await, store());
    let (_, registry) = registry(store.host.clone(), |mut body| {
        body.push(b' ');
        body
    });
    let seen = look(&aws.web, &Reference::parse(&format!("{}/team/app:1", registry.host))).await;
    assert!(
        seen.is_err_and(|failure| failure.class == Class::Unreadable && failure.message.contains("whose digest is"))
    );
}

#[tokio::test]
async fn passwords_are_not_offered_and_a_registry_that_is_not_there_is_told() {
    let aws = aws().await;
    let basic = Server::start(|_| {
        Box::new(|_, _| {
            let said: Value = json!({ "errors": [{ "code": "UNAUTHORIZED", "message": "log in first" }] });
            (401, vec!["www-authenticate: Basic realm=\"x\"".to_owned()], said.to_string().into_bytes())
        })
    });
    let seen = look(&aws.web, &Reference::parse(&format!("{}/app:1", basic.host))).await;
    assert_eq!(seen.expect("an answer"), Sought::Hidden("log in first".to_owned()));
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let gone = look(&aws.web, &Reference::parse(&format!("{free}/app:1"))).await;
    assert!(
        gone.is_err_and(|failure| failure.class == Class::Unavailable && failure.message.contains(&free.to_string()))
    );
}
