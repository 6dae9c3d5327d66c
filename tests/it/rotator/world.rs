//! What the rotator sees of AWS: secrets, a database, a service. Calls can be cut off at any of them.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use aws_credential_types::{Credentials as Keys, provider::SharedCredentialsProvider};
use aws_types::{SdkConfig, region::Region};
use platformctl::{
    aws::rotating::Rotating,
    rotator::{
        Event, RotationError, Settings, Step,
        secret::{Credentials, Database},
        settings::{DatabaseSettings, MeshSettings},
    },
};
use serde_json::Value;
use tokio::sync::Notify;

use super::{
    data_api,
    http::{self, Request, Response},
    lambda::Runtime,
    postgres::{DATABASE, MASTER, Postgres},
    services,
};

pub const CLUSTER: &str = "arn:aws:rds:us-east-1:123456789012:cluster:db-cluster-dev";
pub const AUTHORITY_SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:mesh-authority-dev-AbCdEf";
pub const MASTER_SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!cluster-1-AbCdEf";

/// The status of a deployment that succeeded.
pub const DONE: &str = "SUCCESSFUL";

/// A secret.
#[derive(Clone, Debug, Default)]
pub struct Secret {
    pub name: String,
    pub description: String,
    pub versions: BTreeMap<String, (Option<String>, f64)>,
    pub stages: BTreeMap<String, String>,
    pub rotated: bool,
}

impl Secret {
    pub fn credentials(&self, label: &str) -> Credentials {
        let (text, _) = &self.versions[&self.stages[label]];
        Credentials::from_json(text.as_deref().expect("a value")).expect("credentials")
    }

    pub fn label(&mut self, label: &str, version: &str) {
        let former = self.stages.insert(label.to_owned(), version.to_owned());
        if let Some(former) = former.filter(|former| label == "AWSCURRENT" && former != version) {
            self.stages.insert("AWSPREVIOUS".to_owned(), former);
        }
    }
}

/// All of it.
#[derive(Default)]
pub struct State {
    pub secrets: BTreeMap<String, Secret>,
    /// When each deployment of the service was ordered, and its status.
    pub deployments: Vec<(f64, &'static str)>,
    /// The status of deployments to come; nothing: they are done at once.
    pub becomes: &'static str,
    /// Every statement that was executed.
    pub statements: Vec<String>,
    /// Calls so far.
    pub calls: usize,
    /// After so many calls nothing is heard of the function any more.
    pub cut_after: Option<usize>,
    /// The database does not answer.
    pub unreachable: bool,
    pub runtime: Runtime,
    /// The master user's connection.
    pub master: Option<Arc<tokio_postgres::Client>>,
    /// Every statement has a connection of its own.
    pub separate: bool,
    tokens: usize,
}

/// The world, and the address at which it answers.
pub struct World {
    pub postgres: Postgres,
    pub address: SocketAddr,
    pub service: String,
    /// What names of the secrets that are rotated begin with.
    pub kind: &'static str,
    state: Arc<Mutex<State>>,
    cut: Arc<Notify>,
}

pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64()
}

fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}-AbCdEf")
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// A database without roles, and the secrets of a service as `up` makes them.
    pub async fn new(service: &str) -> Self {
        let postgres = Postgres::start().await;
        let (state, cut) = (Arc::new(Mutex::new(State::default())), Arc::new(Notify::new()));
        let (inner, cutting, port) = (state.clone(), cut.clone(), postgres.port);
        let address = http::serve(move |request| answer(&inner, &cutting, port, request));
        let it = World { postgres, address, service: service.to_owned(), kind: "db-credentials", state, cut };
        let master = Credentials { database: None, username: MASTER.0.to_owned(), password: MASTER.1.to_owned() };
        it.keep(MASTER_SECRET, "rds!cluster-1", &master.to_json());
        it.keep_service(service);
        it
    }

    /// The secrets of a further service.
    pub fn keep_service(&self, service: &str) {
        let user = format!("{}_a", service.replace('-', "_"));
        let first = Credentials { database: None, username: user, password: "the first of all passwords".to_owned() };
        let name = format!("db-credentials-{service}-dev");
        self.keep(&arn(&name), &name, &first.to_json());
        let name = format!("db-login-{service}-dev");
        self.keep(&arn(&name), &name, platformctl::rotator::secret::NOBODY);
    }

    pub fn keep(&self, arn: &str, name: &str, text: &str) {
        let secret = Secret {
            name: name.to_owned(),
            description: String::new(),
            versions: BTreeMap::from([("first".to_owned(), (Some(text.to_owned()), now()))]),
            stages: BTreeMap::from([("AWSCURRENT".to_owned(), "first".to_owned())]),
            rotated: false,
        };
        self.state().secrets.insert(arn.to_owned(), secret);
    }

    /// The same world, with the certificate of the service in view.
    pub fn of_certificate(self) -> World {
        World { kind: "mesh-certificate", ..self }
    }

    /// The same world, with another service in view.
    pub fn of(self, service: &str) -> World {
        World { service: service.to_owned(), ..self }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub fn secret_arn(&self) -> String {
        arn(&format!("{}-{}-dev", self.kind, self.service))
    }

    pub fn secret(&self) -> Secret {
        self.state().secrets[&self.secret_arn()].clone()
    }

    pub fn login_secret(&self) -> Secret {
        self.state().secrets[&arn(&format!("db-login-{}-dev", self.service))].clone()
    }

    pub fn settings(&self) -> Settings {
        let place = Database { host: "127.0.0.1".to_owned(), port: self.postgres.port, name: DATABASE.to_owned() };
        Settings {
            suffix: "dev".to_owned(),
            services: "cluster-dev".to_owned(),
            database: Some(DatabaseSettings {
                cluster: CLUSTER.to_owned(),
                master_secret: MASTER_SECRET.to_owned(),
                place,
            }),
            mesh: Some(MeshSettings {
                authority: AUTHORITY_SECRET.to_owned(),
                trust_domain: "dev.platform".to_owned(),
                namespace: "dev.local".to_owned(),
                days: 30,
            }),
        }
    }

    /// The rotator as it runs in the function, with the SDK's clients, over HTTP.
    pub fn rotator(&self) -> Rotating {
        let keys = Keys::new("AKIAIOSFODNN7EXAMPLE", "key", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .endpoint_url(format!("http://{}", self.address))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .retry_config(aws_smithy_types::retry::RetryConfig::disabled())
            // A busy machine is no failure.
            .timeout_config(aws_smithy_types::timeout::TimeoutConfig::disabled())
            .build();
        Rotating::new(self.settings(), &config).hurried()
    }

    /// Orders a rotation, as Secrets Manager does before it calls the function.
    pub fn order(&self) -> String {
        let arn = self.secret_arn();
        let mut state = self.state();
        state.tokens += 1;
        let token = format!("00000000-0000-4000-8000-{:012}", state.tokens);
        let secret = state.secrets.get_mut(&arn).expect("the secret");
        secret.versions.insert(token.clone(), (None, now()));
        secret.label("AWSPENDING", &token);
        token
    }

    pub fn event(&self, step: Step, token: &str) -> Event {
        Event { step, secret_id: self.secret_arn(), client_request_token: token.to_owned() }
    }

    /// The four steps of a rotation that was ordered.
    pub async fn steps(&self, token: &str) -> Result<(), RotationError> {
        let rotator = self.rotator();
        for step in Step::ALL {
            rotator.run(&self.event(step, token)).await?;
        }
        self.rotated();
        Ok(())
    }

    /// What Secrets Manager notes when all steps are done.
    pub fn rotated(&self) {
        let arn = self.secret_arn();
        self.state().secrets.get_mut(&arn).expect("the secret").rotated = true;
    }

    /// A whole rotation.
    pub async fn rotate(&self) {
        let token = self.order();
        self.steps(&token).await.expect("a rotation");
    }

    /// Runs something that is cut off after so many calls; true where it was done before.
    pub async fn cut_off<T, E>(&self, calls: usize, work: impl Future<Output = Result<T, E>>) -> bool {
        {
            let mut state = self.state();
            state.cut_after = Some(state.calls + calls);
        }
        let ended = tokio::select! {
            biased;
            () = self.cut.notified() => false,
            result = work => result.is_ok(),
        };
        self.state().cut_after = None;
        ended
    }

    pub async fn logs_in(&self, credentials: &Credentials) -> bool {
        self.postgres.log_in(&credentials.username, &credentials.password).await.is_ok()
    }
}

fn answer(state: &Mutex<State>, cut: &Notify, port: u16, request: &Request) -> Option<Response> {
    if request.path.contains("/runtime/") {
        return super::lambda::answer(state, request);
    }
    let dead = |state: &State| state.cut_after.is_some_and(|last| state.calls > last);
    {
        let mut state = lock(state);
        state.calls += 1;
        if dead(&state) {
            return None;
        }
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let target = request.headers.get("x-amz-target").map(String::as_str).unwrap_or_default();
    let response = match target.rsplit_once('.') {
        Some(("secretsmanager", operation)) => services::secrets(&mut lock(state), operation, &body),
        Some((_, operation)) => services::ecs(&mut lock(state), operation, &body),
        None => data_api::execute(state, port, &body),
    };
    let state = lock(state);
    // The call was made, and nobody is there to hear of it.
    if state.cut_after.is_some_and(|last| state.calls >= last) {
        cut.notify_one();
        return None;
    }
    Some(response)
}

/// Access to the state for those who answer.
pub fn with<R>(state: &Mutex<State>, act: impl FnOnce(&mut State) -> R) -> R {
    act(&mut lock(state))
}
